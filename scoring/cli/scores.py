"""Commands on scores and models."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from scoring.base.errors import InputError
from scoring.cli.console import open_database, print_json, print_table, progress_bar
from scoring.cli.options import AsJson, Author, LenderOption
from scoring.parties.consents import Purpose
from scoring.parties.lenders import find_lender

if TYPE_CHECKING:
    from scoring.score.document import InDefault, Scored, ScoreDocument

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def score(
    founder: Annotated[str | None, typer.Argument(help="Reference of the founder.")] = None,
    lender: LenderOption = None,
    purpose: Annotated[
        Purpose | None, typer.Option("--purpose", help="What the founder consents to.")
    ] = None,
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
    if lender is None or purpose is None:
        raise InputError(
            "Say for which lender and purpose, with --lender and --purpose (such as "
            "loan_application): consent is given for each."
        )
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
    from scoring.score.replay import replay_score

    result = replay_score(open_database(), reference)
    if as_json:
        print_json(result)
    else:
        typer.echo(f"{reference}: equal to the byte (SHA-256 {result['digest']}).")


@app.command()
def models(as_json: AsJson = False) -> None:
    """List models, newest first; the champion is the one that scores."""
    from scoring.governance.registry import list_models

    with open_database().reading() as session:
        entries = [asdict(entry) for entry in list_models(session)]
    if as_json:
        print_json({"models": entries})
    else:
        print_table(entries, leave_out={"figures"})


def _score_one(
    founder: str,
    lender: str,
    purpose: Purpose,
    as_of: date | None,
    application: str | None,
    by: str,
    as_json: bool,
) -> None:
    from scoring.score.document import InDefault, Scored, ScoreDocument
    from scoring.score.scoring import score_founder
    from scoring.score.views import staff_view

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
    if as_json:
        print_json(staff_view(result))
        return
    document = ScoreDocument.from_canonical(result.document)
    if isinstance(document.result, Scored):
        _say_score(document, document.result)
        typer.echo(f"Score {result.reference}, model {document.model.id}, as of {document.as_of}.")
    elif isinstance(document.result, InDefault):
        _say_default(document, document.result)
    else:
        _say_what_is_missing(document)
    _say_arrears(document)


def _say_default(document: ScoreDocument, result: InDefault) -> None:
    from scoring.reasons.arrears import arrears_text, default_cure, default_reason, iso

    reason = default_reason(
        result.cause,
        written=iso,
        since=result.since,
        through=result.reported_through,
        days=result.days,
    )
    cure = default_cure(result.cause, clean_days=result.clean_days, paid_dues=result.paid_dues)
    typer.echo(f"{document.founder}: no score, in default. {reason.en}")
    typer.echo(f"  {cure.en}")
    if result.last_reported is not None:
        silent = arrears_text("silent", written=iso, through=result.last_reported)
        typer.echo(f"  {silent.en}")


def _say_arrears(document: ScoreDocument) -> None:
    from scoring.reasons.arrears import arrears_text, iso
    from scoring.score.arrears import arrears_code

    arrears = document.current_arrears
    text = arrears_text(
        arrears_code(arrears), written=iso, through=arrears.reported_through, days=arrears.days
    )
    whose = f" ({arrears.whose} loan)" if arrears.whose else ""
    typer.echo(f"Arrears: {text.en}{whose}")


def _say_score(document: ScoreDocument, result: Scored) -> None:
    from scoring.reasons.texts import reason_text

    span = result.score_range
    typer.echo(
        f"{document.founder}: {result.score} points (this model gives {span.lowest} to "
        f"{span.highest}), band {result.band}, probability of default "
        f"{result.pd:.1%} ({result.pd_low:.1%} to {result.pd_high:.1%})"
    )
    for side, reasons in result.reasons.by_side.items():
        for reason in reasons:
            text = reason_text(reason.code, side, is_missing=reason.missing)
            typer.echo(f"  {reason.points:+5.3g}  {text.en}")
    at_cut_off = result.backgrounds.reasons.founders
    if at_cut_off is not None:
        typer.echo(f"Reasons compare with {at_cut_off} applicants at or just above the cut-off.")
    if document.model.positive_only:
        typer.echo("Training, sales and account records count in favour only.")


def _say_what_is_missing(document: ScoreDocument) -> None:
    from scoring.reasons.texts import missing_text

    width = document.evidence
    typer.echo(
        f"{document.founder}: no score, the file is too thin. Its score could lie anywhere in "
        f"{width.interval_points:.0f} points; this model scores files up to "
        f"{width.allowed_points:.0f}. These records would narrow it, the most first:"
    )
    for entry in document.missing:
        text = missing_text(entry.code, records=entry.have.records)
        typer.echo(f"  {text.en} (by about {entry.narrows_by_points:.0f} points)")


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
            f"{summary.scored} scored, {summary.insufficient} with too thin a file, "
            f"{summary.in_default} in default, {len(summary.refused)} refused, for {lender}."
        )
        for reference, why in summary.refused.items():
            typer.echo(f"{reference}: {why}", err=True)
