"""`foothold book`: the figures of a lender's book, in the terminal and as a page."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from scoring.base.errors import ConflictError
from scoring.base.money import money_text
from scoring.cli.console import open_database, print_json, print_table
from scoring.cli.options import AsJson
from scoring.lending.book_page import book_html, percent_text
from scoring.lending.figures import book_figures
from scoring.parties.lenders import find_lender

app = typer.Typer(rich_markup_mode=None)
_BAR = 30


@app.callback()
def _group() -> None:
    """Keep `book` a command of a group."""


@app.command("book")
def book(
    lender: Annotated[str, typer.Argument(metavar="LENDER", help="Reference of the lender.")],
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="At the end of this day; today's if out."),
    ] = None,
    known: Annotated[
        datetime | None,
        typer.Option(
            "--known",
            formats=["%Y-%m-%d"],
            help="As it was known when this day began; now if left out.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write a page; it is not there yet.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a lender's book on any day: arrears, ageing, portfolio at risk, vintages."""
    database = open_database()
    zone = database.settings.zone
    day = on.date() if on else database.today
    known_at = known.replace(tzinfo=zone) if known else database.clock()
    with database.reading() as session:
        found = book_figures(
            session, find_lender(session, lender), on=day, known_at=known_at, zone=zone
        ).as_dict()
    if out is not None:
        if out.exists():
            raise ConflictError(f"{out} is there already; name another file.")
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(book_html(found), encoding="utf-8")
    if as_json:
        print_json(found | ({"page": str(out)} if out else {}))
        return
    for part in found["currencies"]:
        _show(part)
    for name, formula in found["formulas"].items():
        typer.echo(f"{name}: {formula}")
    if out is not None:
        typer.echo(f"The page: {out}")


def _show(part: dict[str, Any]) -> None:
    def money(amount: int) -> str:
        return money_text(amount, part["currency"])

    typer.echo(
        f"{part['loans']} loans in {part['currency']}, {part['running']} running, "
        f"{money(part['outstanding_principal'])} outstanding, "
        f"reported through {part['reported_through']} at least."
    )
    typer.echo(
        f"PAR30 {percent_text(part['par30'])} ({percent_text(part['par30_with_rescheduled'])} with "
        f"rescheduled loans, {percent_text(part['par30_contractual'])} by schedules as granted), "
        f"PAR90 {percent_text(part['par90'])}, repayment rate "
        f"{percent_text(part['repayment_rate'])}, written off {money(part['written_off'])} "
        f"({percent_text(part['write_off_ratio'])})."
    )
    typer.echo("\nAgeing")
    whole = part["outstanding_principal"] or 1
    print_table(
        [
            {
                "days": bucket["days"],
                "loans": bucket["loans"],
                "outstanding": money(bucket["outstanding_principal"]),
                "": "█" * round(_BAR * bucket["outstanding_principal"] / whole),
            }
            for bucket in part["ageing"]
        ],
        leave_out=set(),
    )
    typer.echo("\nArrears, the latest first")
    print_table(
        [
            {
                "loan": loan["loan"],
                "founder": loan["founder"],
                "days": loan["days_past_due"],
                "past due": money(loan["past_due"]),
                "outstanding": money(loan["outstanding_principal"]),
                "reported": loan["reported_through"],
            }
            for loan in part["arrears"]
        ],
        leave_out=set(),
    )
    typer.echo("\nVintages")
    print_table(
        [
            {
                "paid out": vintage["month"],
                "loans": vintage["loans"],
                "principal": money(vintage["principal"]),
                "outstanding": money(vintage["outstanding_principal"]),
                "ever 30 days": percent_text(vintage["ever_30_days"]),
                "ever 90 days": percent_text(vintage["ever_90_days"]),
            }
            for vintage in part["vintages"]
        ],
        leave_out=set(),
    )
    typer.echo("")
