"""Commands on lenders: adding them, their policies, and the backgrounds of their reasons."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select

from scoring.base.errors import InputError
from scoring.cli.console import open_database, print_json, print_table
from scoring.cli.options import AsJson, Author
from scoring.parties.lender_policies import CutOff, Policy, decide_policy, policy_in_force
from scoring.parties.lenders import add_lender, find_lender
from scoring.store.tables import Lender

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
lender_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(lender_app, name="lender")

LenderArgument = Annotated[str, typer.Argument(metavar="LENDER", help="Reference of the lender.")]
Named = Annotated[str, typer.Option("--by", help="Name of who does this, for the audit chain.")]


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


@lender_app.command("policy")
def lender_policy(
    lender: LenderArgument,
    by: Named,
    reason: Annotated[str, typer.Option("--reason", help="Why, for an auditor to read.")],
    cut_off: Annotated[
        int | None,
        typer.Option("--cut-off", help="The least score from which the lender usually lends."),
    ] = None,
    margin: Annotated[
        int | None,
        typer.Option(help="How many points above the cut-off are still just above it."),
    ] = None,
    no_cut_off: Annotated[
        bool, typer.Option("--no-cut-off", help="Reasons compare with whom points compare with.")
    ] = False,
    positive_only: Annotated[
        bool | None,
        typer.Option(
            "--positive-only/--no-positive-only",
            help="Training, sales and account records count in favour only.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Decide a lender's policy for scores from now on; what is left out stays as it was."""
    from scoring.governance.policy_in_force import lender_policy_in_force

    if cut_off is None and margin is None and positive_only is None and not no_cut_off:
        raise InputError(
            "Say what to change: --cut-off N --margin N, --no-cut-off, --positive-only or "
            "--no-positive-only. `foothold lender show` says what is in force."
        )
    if no_cut_off and (cut_off is not None or margin is not None):
        raise InputError("--no-cut-off goes with neither --cut-off nor --margin.")
    with open_database().writing() as ledger:
        found = find_lender(ledger.session, lender)
        before = policy_in_force(ledger.session, found.id, at=ledger.now)
        policy = Policy(
            None if no_cut_off else _cut_off(cut_off, margin, before.cut_off),
            before.positive_only if positive_only is None else positive_only,
        )
        decide_policy(ledger, found, policy, by=by, reason=reason)
        shown = lender_policy_in_force(ledger.session, found, at=ledger.now).as_dict()
    _print(shown, as_json)


@lender_app.command("show")
def lender_show(lender: LenderArgument, as_json: AsJson = False) -> None:
    """Show a lender's policy in force, and what it still lacks."""
    from scoring.governance.policy_in_force import lender_policy_in_force

    database = open_database()
    with database.reading() as session:
        found = find_lender(session, lender)
        shown = lender_policy_in_force(session, found, at=database.clock()).as_dict()
    _print(shown, as_json)


@lender_app.command("list")
def lender_list(as_json: AsJson = False) -> None:
    """List lenders with their policies in force."""
    from scoring.governance.policy_in_force import lender_policy_in_force

    database = open_database()
    with database.reading() as session:
        rows = [
            lender_policy_in_force(session, found, at=database.clock()).as_dict()
            for found in session.scalars(select(Lender).order_by(Lender.reference))
        ]
    if as_json:
        print_json({"lenders": rows})
        return
    columns = ("lender", "cut_off", "margin", "positive_only", "background")
    print_table(
        [{name: "" if row[name] is None else row[name] for name in columns} for row in rows],
        leave_out=set(),
    )


@lender_app.command("background")
def lender_background(
    lender: LenderArgument,
    by: Named,
    model: Annotated[
        str | None, typer.Option(help="Reference of a model; the champion when left out.")
    ] = None,
    portfolio: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.parquet",
            help="Take applicants from a file written by `foothold score-portfolio`.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compute whom reasons compare with: applicants at or just above the lender's cut-off."""
    from scoring.governance.registry import champion, find_model
    from scoring.portfolio.applicants import applicants_in_file
    from scoring.score.cut_off import store_cut_off_background

    with open_database().writing() as ledger:
        found = find_lender(ledger.session, lender)
        of = find_model(ledger.session, model) if model else champion(ledger.session)
        applicants = None
        if portfolio is not None:
            applicants = applicants_in_file(ledger.session, portfolio, found, of)
        row = store_cut_off_background(ledger, found, of, by=by, applicants=applicants)
        shown = {
            "background": row.reference,
            "lender": lender,
            "model": of.reference,
            "founders": row.founders,
            "cut_off": row.cut_off,
            "margin": row.margin,
            "positive_only": row.positive_only,
        }
    if as_json:
        print_json(shown)
    else:
        typer.echo(
            f"Background {row.reference}: {row.founders} applicants with {row.cut_off} to "
            f"{row.cut_off + row.margin} points by model {of.reference}. Reasons of {lender}'s "
            "scores compare with them from now on."
        )


def _cut_off(score: int | None, margin: int | None, before: CutOff | None) -> CutOff | None:
    if score is None and margin is None:
        return before
    if before is not None:
        score = before.score if score is None else score
        margin = before.margin if margin is None else margin
    if score is None or margin is None:
        raise InputError(
            "A cut-off goes with a margin: --cut-off N, the least score from which the lender "
            "usually lends, and --margin N, how many points above it are still just above it (20 "
            "double the odds)."
        )
    return CutOff(score, margin)


def _print(shown: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(shown)
        return
    typer.echo(_said_of_policy(shown))
    if shown["positive_only"]:
        raised = shown["base_points_raised"]
        by = "" if raised is None else f" The champion's base rises by {raised} points with it."
        typer.echo(f"Training, sales and account records count in favour only.{by}")
    if shown["background"] is not None:
        typer.echo(
            f"Reasons compare with background {shown['background']}: "
            f"{shown['background_founders']} applicants, as of {shown['background_computed_at']}."
        )
    elif shown["reasons_against"] is not None:
        from scoring.models.backgrounds import BackgroundKind

        typer.echo(f"Reasons compare with {BackgroundKind(shown['reasons_against']).words}.")
    for lack in shown["missing"]:
        typer.echo(f"Missing: {lack}")


def _said_of_policy(shown: dict[str, Any]) -> str:
    if shown["by"] is None:
        return f"{shown['lender']}: no policy was decided."
    cut_off = "no cut-off"
    if shown["cut_off"] is not None:
        cut_off = f"cut-off {shown['cut_off']}, margin {shown['margin']}"
    return (
        f"{shown['lender']}: {cut_off}, by {shown['by']} since {shown['since']} "
        f"({shown['reason']})."
    )
