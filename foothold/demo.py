"""The demonstration: the sample portfolio from files to scores and pages, safe to run again."""

from __future__ import annotations

import json
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from sqlalchemy import select

from scoring.base.errors import ConflictError
from scoring.base.settings import read_settings
from scoring.cli.console import progress_bar, stderr
from scoring.governance.registry import promote_model
from scoring.intake.importing import import_file
from scoring.intake.learned_at import Learned
from scoring.intake.listed import read_list
from scoring.parties.consents import Purpose, grant_consent
from scoring.parties.founders import add_founders
from scoring.parties.keys import issue_key, scope_of_key
from scoring.parties.lenders import add_lender, find_lender
from scoring.portfolio import PortfolioSummary, score_portfolio
from scoring.score.document import Scored, ScoreDocument
from scoring.store.database import Database
from scoring.store.tables import Consent, Founder, Lender, Score

if TYPE_CHECKING:
    from training.candidate import Candidate

app = typer.Typer(rich_markup_mode=None)

LENDER = "L-DEMO"
_LAG_DAYS = 1  # the sample's sources report the day after
_BERKA = Path(__file__).resolve().parent.parent / "data" / "berka"


@app.callback()
def _group() -> None:
    """Keep `demo` a command of a group."""


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port to serve on.")] = 8000,
    serve: Annotated[bool, typer.Option(help="Serve at the end, or print figures.")] = True,
) -> None:
    """Load the invented sample portfolio, train, promote, score, and serve pages and API."""
    started = time.monotonic()
    database = Database(read_settings())
    sample = database.settings.data_dir / "sample"
    _refuse_own_records(database, sample)
    with progress_bar() as progress:
        files = _write_sample(sample, database.today - timedelta(days=1), progress)
        _add_people(database, files)
        for file in files[1:]:
            import_file(
                database,
                file,
                learned=Learned(_LAG_DAYS),
                source="sample",
                author="demo operator",
                progress=progress,
            )
        candidate = _train_and_promote(database, progress)
        summary = score_portfolio(
            database,
            lender_reference=LENDER,
            purpose=Purpose.LOAN_APPLICATION,
            actor="demo operator",
            progress=progress,
        )
        berka_auc = _berka_auc(progress)
    handout = _hand_out(database, summary, candidate.report, port)
    result = {
        "model": candidate.reference,
        "auc_out_of_time": candidate.auc_out_of_time,
        "founders_scored": summary.scored,
        "insufficient": summary.insufficient,
        "in_default": summary.in_default,
        "berka_auc": berka_auc,
        "seconds": round(time.monotonic() - started, 1),
    }
    _say_what_to_try(handout, result)
    if not serve:
        stderr.print(f"Nothing is served yet: start with `foothold serve --port {port}`.\n")
        typer.echo(json.dumps(result))
        return
    from api.cli import serve as serve_command

    serve_command(port=port)


def _refuse_own_records(database: Database, sample: Path) -> None:
    database.migrate()
    invented: set[str] = set()
    if (sample / "founders.csv").exists():
        listed = read_list(sample / "founders.csv", required=("founder",))
        invented = set(listed["founder"])
    with database.reading() as session:
        if not set(session.scalars(select(Founder.reference))) <= invented:
            raise ConflictError(
                "This store holds records of its own, and invented ones must not be mixed with "
                "them. Set FOOTHOLD_DATA_DIR to another folder for the demonstration, and unset "
                "FOOTHOLD_DATABASE_URL."
            )


def _write_sample(sample: Path, until: date, progress: Any) -> list[Path]:
    """The sample's files, founders first. Once written they stay: other days, other records."""
    from sample.simulate import write_sample_portfolio

    marker = sample / "complete.json"
    if not marker.exists():
        manifest = write_sample_portfolio(sample, until=until, progress=progress)
        ordered = [
            manifest.founders,
            manifest.attendance,
            *manifest.sales.values(),
            manifest.applications,
            manifest.loans,
            manifest.schedule,
            manifest.repayments,
            manifest.cash_flow,
        ]
        names = [str(path.relative_to(sample)) for path in ordered]
        marker.write_text(json.dumps({"until": until.isoformat(), "files": names}))
    return [sample / name for name in json.loads(marker.read_text())["files"]]


def _add_people(database: Database, files: list[Path]) -> None:
    references = read_list(files[0], required=("founder",))["founder"].tolist()
    with database.writing() as ledger:
        session = ledger.session
        founders = add_founders(ledger, references, actor="demo operator")
        lender = session.scalars(select(Lender).where(Lender.reference == LENDER)).first()
        if lender is None:
            lender = add_lender(
                ledger, LENDER, name="Sample lender (invented)", actor="demo operator"
            )
        for purpose, given_to in (
            (Purpose.MODEL_TRAINING, None),
            (Purpose.LOAN_APPLICATION, lender),
        ):
            # Asked once: a consent that was withdrawn since is not given again.
            asked = set(
                session.scalars(
                    select(Consent.founder_id).where(
                        Consent.purpose == purpose.value,
                        Consent.lender_id == (given_to.id if given_to else None),
                    )
                )
            )
            for founder in founders:
                if founder.id not in asked:
                    grant_consent(
                        ledger, founder, lender=given_to, purpose=purpose, actor="demo operator"
                    )


def _train_and_promote(database: Database, progress: Any) -> Candidate:
    from training.candidate import train_candidate

    candidate = train_candidate(database, by="demo analyst", progress=progress)
    with database.writing() as ledger:
        promote_model(
            ledger, candidate.reference, by="demo reviewer", reason="first model of the sample"
        )
    return candidate


def _berka_auc(progress: Any) -> float:
    from training.backtest.cross_validation import backtest_berka

    return round(backtest_berka(_BERKA, progress=progress).berka_auc, 4)


def _hand_out(
    database: Database, summary: PortfolioSummary, report: Path, port: int
) -> dict[str, str]:
    """What a visitor needs, kept in `demo.json` and out of version control."""
    from api.pages.founder.links import make_link

    path = database.settings.data_dir / "demo.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    founder = _most_telling(database, summary)
    with database.writing() as ledger:
        key = str(known.get("lender_key", ""))
        if scope_of_key(ledger.session, key) is None:
            key = issue_key(ledger, find_lender(ledger.session, LENDER), actor="demo operator")
        base_url = f"http://127.0.0.1:{port}"
        link = make_link(database, ledger, founder, base_url=base_url, actor="demo operator")
    handout = {
        "base_url": base_url,
        "lender_key": key,
        "founder": founder,
        "founder_link": link,
        "report": str(report.resolve()),
    }
    path.write_text(json.dumps(handout, indent=2) + "\n")
    path.chmod(0o600)
    return handout


def _most_telling(database: Database, summary: PortfolioSummary) -> str:
    """A founder with the most kinds of record and a score near the middle: a page worth reading."""
    with database.reading() as session:
        scores = session.scalars(
            select(Score).where(
                Score.reference.in_(summary.references.values()), Score.score.is_not(None)
            )
        )
        ranked = []
        for score in scores:
            document = ScoreDocument.from_canonical(score.document)
            if isinstance(document.result, Scored):
                kinds = sum(content.records > 0 for content in document.completeness.values())
                from_the_middle = abs(document.result.score - document.result.base_points)
                ranked.append((kinds, -from_the_middle, document.founder))
    return max(ranked)[2]


def _say_what_to_try(handout: dict[str, str], result: dict[str, Any]) -> None:
    body = json.dumps({"founder": handout["founder"], "purpose": "loan_application"})
    stderr.print()
    stderr.print(
        f"{result['founders_scored']} founders scored, {result['insufficient']} files too thin, "
        f"{result['in_default']} in default, "
        f"model {result['model']}, {result['seconds']} s."
    )
    stderr.print("Everybody in this portfolio is invented.\n")
    stderr.print("As a lender, ask for a score:", style="bold")
    stderr.print(
        f"curl -s {handout['base_url']}/v1/scores -H 'Authorization: Bearer "
        f"{handout['lender_key']}' -H 'Content-Type: application/json' -d '{body}'",
        soft_wrap=True,
        highlight=False,
    )
    stderr.print("\nAs a founder, open your page (the link works once):", style="bold")
    stderr.print(handout["founder_link"], soft_wrap=True, highlight=False)
    stderr.print("\nAs an analyst, read the report:", style="bold")
    stderr.print(handout["report"], soft_wrap=True, highlight=False)
    stderr.print()
