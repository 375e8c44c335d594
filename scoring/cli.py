"""Commands on records and scores; each does one thing and says what it did."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from scoring.calendar import end_of
from scoring.console import open_database, print_json, progress_bar
from scoring.errors import InputError
from scoring.records.consents import (
    Purpose,
    grant_consent,
    withdraw_consent,
)
from scoring.records.database import Database
from scoring.records.intake.forms import RecordKind
from scoring.records.parties import (
    add_founders,
    add_lender,
    find_founder,
    find_lender,
    issue_key,
    random_reference,
    revoke_key,
)
from scoring.settings import Settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
founder_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
lender_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
key_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
consent_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
audit_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(founder_app, name="founder")
app.add_typer(lender_app, name="lender")
app.add_typer(key_app, name="key")
app.add_typer(consent_app, name="consent")
app.add_typer(audit_app, name="audit")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object to stdout.")]
Author = Annotated[str, typer.Option("--by", help="Who does this, for the audit chain.")]
LenderOption = Annotated[str | None, typer.Option("--lender", help="Reference of the lender.")]
PurposeOption = Annotated[Purpose, typer.Option("--purpose", help="What the consent is for.")]


@app.command()
def init(as_json: AsJson = False) -> None:
    """Create the store, or bring its schema up to date; records are kept."""
    database = Database(Settings())
    database.migrate()
    database.settings.secret()
    where = database.engine.url.render_as_string(hide_password=True)
    if as_json:
        print_json({"store": where, "data_dir": str(database.settings.data_dir)})
    else:
        typer.echo(f"The store is ready: {where}")


@founder_app.command("add")
def founder_add(
    references: Annotated[
        list[str] | None, typer.Argument(help="References; a random one when left out.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help='CSV with a column "founder".')
    ] = None,
    by: Author = "operator",
    as_json: AsJson = False,
) -> None:
    """Add founders by pseudonymous reference; never a name or a number of a person."""
    wanted = list(references or [])
    if file is not None:
        wanted += _references_in(file)
    wanted = wanted or [random_reference("F")]
    with open_database().writing() as ledger:
        founders = [f.reference for f in add_founders(ledger, wanted, actor=by)]
    if as_json:
        print_json({"founders": founders})
    else:
        typer.echo("\n".join(founders))


@lender_app.command("add")
def lender_add(
    reference: str,
    name: Annotated[str, typer.Option(help="Name of the institution, shown to founders.")] = "",
    by: Author = "operator",
    as_json: AsJson = False,
) -> None:
    """Add a lender."""
    with open_database().writing() as ledger:
        add_lender(ledger, reference, name=name or reference, actor=by)
    if as_json:
        print_json({"lender": reference})
    else:
        typer.echo(f"Lender {reference} was added. Issue a key: foothold key issue {reference}")


@key_app.command("issue")
def key_issue(lender: str, by: Author = "operator", as_json: AsJson = False) -> None:
    """Issue an API key to a lender; it is shown once."""
    with open_database().writing() as ledger:
        key = issue_key(ledger, find_lender(ledger.session, lender), actor=by)
    if as_json:
        print_json({"lender": lender, "key": key})
    else:
        typer.echo(key)


@key_app.command("revoke")
def key_revoke(key: str, by: Author = "operator", as_json: AsJson = False) -> None:
    """Revoke an API key, given whole or by its identifier."""
    with open_database().writing() as ledger:
        revoke_key(ledger, key, actor=by)
    if as_json:
        print_json({"revoked": True})
    else:
        typer.echo("The key was revoked.")


@consent_app.command("grant")
def consent_grant(
    founder: str,
    purpose: PurposeOption,
    lender: LenderOption = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day; a year when left out.")
    ] = None,
    by: Author = "operator",
    as_json: AsJson = False,
) -> None:
    """Record that a founder consents to a purpose (and lender)."""
    database = open_database()
    with database.writing() as ledger:
        consent = grant_consent(
            ledger,
            find_founder(ledger.session, founder),
            lender=find_lender(ledger.session, lender) if lender else None,
            purpose=purpose,
            expires_at=end_of(until.date(), database.settings.zone) if until else None,
            actor=by,
        )
        result = {
            "consent": consent.id,
            "founder": founder,
            "lender": lender,
            "purpose": purpose.value,
            "expires_at": consent.expires_at.isoformat(),
        }
    if as_json:
        print_json(result)
    else:
        typer.echo(f"Consent {consent.id} stands until {consent.expires_at:%Y-%m-%d}.")


@consent_app.command("withdraw")
def consent_withdraw(
    founder: str,
    purpose: PurposeOption,
    lender: LenderOption = None,
    by: Author = "founder",
    as_json: AsJson = False,
) -> None:
    """Withdraw a founder's consent; the next query is refused."""
    with open_database().writing() as ledger:
        count = withdraw_consent(
            ledger,
            find_founder(ledger.session, founder),
            lender=find_lender(ledger.session, lender) if lender else None,
            purpose=purpose,
            actor=by,
        )
    if as_json:
        print_json({"withdrawn": count})
    else:
        typer.echo(f"Withdrawn: {count}.")


@app.command("import")
def import_records(
    file: Path,
    kind: Annotated[
        RecordKind | None, typer.Option(help="Record kind; recognised by the columns if left out.")
    ] = None,
    learned: Annotated[
        str,
        typer.Option(
            help="When such records are learned: live (on arrival), or a number of days after "
            "the event day, for a backfill."
        ),
    ] = "live",
    source: Annotated[
        str | None, typer.Option(help="Where the records come from; part of what names a record.")
    ] = None,
    by: Author = "operator",
    as_json: AsJson = False,
) -> None:
    """Import a CSV or Parquet file of records: all of it, or nothing."""
    from scoring.records.intake.importing import Learned, import_file

    database = open_database()
    with progress_bar() as progress:
        receipt = import_file(
            database,
            file,
            kind=kind,
            learned=Learned.parse(learned),
            source=source,
            author=by,
            progress=progress,
        )
    if as_json:
        print_json(receipt.as_dict())
        return
    typer.echo(
        f"{receipt.file}: {receipt.kind}, {receipt.rows} rows from {receipt.first_day} to "
        f"{receipt.last_day}; {receipt.added} records added, {receipt.repeated} known already, "
        f"{receipt.corrected} corrected; learned {receipt.learned}. Receipt {receipt.import_id}."
    )
    if receipt.ignored_columns:
        typer.echo(f"Columns not read or stored: {', '.join(receipt.ignored_columns)}.")


@app.command()
def imports(as_json: AsJson = False) -> None:
    """List import receipts."""
    from scoring.records.tables import Import

    with open_database().reading() as session:
        rows = [
            {
                "id": entry.id,
                "kind": entry.kind,
                "source": entry.source,
                "learned": entry.learned,
                "rows": entry.rows,
                "added": entry.added,
                "repeated": entry.repeated,
                "corrected": entry.corrected,
                "by": entry.author,
                "at": entry.imported_at.isoformat(timespec="seconds"),
                "file_digest": entry.file_digest,
            }
            for entry in session.scalars(select(Import).order_by(Import.id))
        ]
    if as_json:
        print_json({"imports": rows})
    else:
        _print_table(rows, leave_out={"file_digest"})


@app.command()
def score(
    founder: Annotated[str | None, typer.Argument(help="Reference of the founder.")] = None,
    lender: LenderOption = None,
    purpose: PurposeOption = Purpose.LOAN_APPLICATION,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="As of the end of this day; today if left out."),
    ] = None,
    application: Annotated[str | None, typer.Option(help="The loan asked for.")] = None,
    everybody: Annotated[
        bool, typer.Option("--all", help="Score everybody who consents to it.")
    ] = False,
    by: Author = "operator",
    as_json: AsJson = False,
) -> None:
    """Score a founder for a lender and a purpose that the founder consents to."""
    if lender is None:
        raise InputError("Say for which lender with --lender: consent is given per lender.")
    if (founder is None) != everybody:
        raise InputError("Name one founder, or say --all.")
    day = as_of.date() if as_of else None
    if founder is None:
        _score_everybody(lender, purpose, day, by, as_json)
    else:
        _score_one(founder, lender, purpose, day, application, by, as_json)


@app.command()
def replay(reference: str, as_json: AsJson = False) -> None:
    """Compute a stored score again from the records known then; equal to the byte, or an error."""
    from scoring.score import replay_score

    result = replay_score(open_database(), reference)
    if as_json:
        print_json(result)
    else:
        typer.echo(f"{reference}: equal to the byte (SHA-256 {result['digest']}).")


@app.command()
def models(as_json: AsJson = False) -> None:
    """List models, newest first; the champion is the one that scores."""
    from scoring.models.registry import list_models

    with open_database().reading() as session:
        entries = [asdict(entry) for entry in list_models(session)]
    if as_json:
        print_json({"models": entries})
    else:
        _print_table(entries, leave_out={"figures"})


@audit_app.command("verify")
def audit_verify(as_json: AsJson = False) -> None:
    """Check every link of the audit chain."""
    from scoring.records.audit import verify_chain

    with open_database().reading() as session:
        count = verify_chain(session)
    if as_json:
        print_json({"events": count, "intact": True})
    else:
        typer.echo(f"The audit chain is intact: {count} events.")


def _score_one(
    founder: str,
    lender: str,
    purpose: Purpose,
    as_of: date | None,
    application: str | None,
    by: str,
    as_json: bool,
) -> None:
    from scoring.score import score_founder
    from scoring.views import operator_view

    database = open_database()
    with database.writing() as ledger:
        result = score_founder(
            ledger,
            database.settings,
            founder,
            lender=find_lender(ledger.session, lender),
            purpose=purpose,
            as_of=as_of,
            application=application,
            actor=by,
        )
    view = operator_view(result)
    if as_json:
        print_json(view)
        return
    if view["score"] is None:
        typer.echo(f"{founder}: no score, the file is too thin. Any one of these would do:")
        for entry in view["missing"]:
            typer.echo(f"  {entry['text']['en']}")
        return
    span = view["score_range"]
    typer.echo(
        f"{founder}: {view['score']} points (this model gives {span['lowest']} to "
        f"{span['highest']}), band {view['band']}, probability of default "
        f"{view['pd']:.1%} ({view['pd_low']:.1%} to {view['pd_high']:.1%})"
    )
    for side in ("against", "for"):
        for reason in view["reasons"][side]:
            typer.echo(f"  {reason['points']:+4d}  {reason['text']['en']}")
    typer.echo(f"Score {view['id']}, model {view['model']['id']}, as of {view['as_of']}.")


def _score_everybody(
    lender: str, purpose: Purpose, as_of: date | None, by: str, as_json: bool
) -> None:
    from scoring.portfolio import score_portfolio

    database = open_database()
    with progress_bar() as progress:
        summary = score_portfolio(
            database,
            lender_reference=lender,
            purpose=purpose,
            as_of=as_of,
            actor=by,
            progress=progress,
        )
    if as_json:
        print_json(asdict(summary))
    else:
        typer.echo(
            f"{summary.scored} scored, {summary.insufficient} with too thin a file, for {lender}."
        )


def _references_in(file: Path) -> list[str]:
    from scoring.errors import FileError
    from scoring.records.intake.reading import read_file

    cells = read_file(file).cells
    if "founder" not in cells:
        raise FileError(file.name, "the column is missing", row=1, column="founder")
    return [str(reference) for reference in cells["founder"]]


def _print_table(rows: list[dict[str, object]], *, leave_out: set[str]) -> None:
    if not rows:
        typer.echo("None yet.")
        return
    # Never shortened: a reference that was cut can't be typed again.
    names = [name for name in rows[0] if name not in leave_out]
    lines = [names] + [[str(row[name]) for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(padded).rstrip())
