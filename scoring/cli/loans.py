"""Commands of loans: what one would cost, and the book that is kept here."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from scoring.base.errors import InputError
from scoring.base.money import money_text
from scoring.cli.console import open_database, print_json, print_table, progress_bar
from scoring.cli.loan_terms import minor, with_terms
from scoring.cli.options import AsJson
from scoring.lending.book import Book, find_loan
from scoring.lending.kept import Kept
from scoring.lending.loan_view import loan_view
from scoring.lending.new_dues import read_dues
from scoring.loans.codes import LoanEventCode, LoanEventReason
from scoring.loans.events import Event
from scoring.loans.posting import Received
from scoring.loans.rate_cap import RATE_CAP
from scoring.loans.schedule import Schedule
from scoring.loans.terms import Terms
from scoring.parties.lenders import find_lender
from scoring.score.arrears_told import tell_everybody
from scoring.store.database import Database
from scoring.store.ledger import Ledger
from scoring.store.tables import Founder

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
loan_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(loan_app, name="loan")

LenderArgument = Annotated[str, typer.Argument(metavar="LENDER", help="Reference of the lender.")]
LoanArgument = Annotated[str, typer.Argument(metavar="LOAN", help="Its number at the lender.")]
OnOption = Annotated[
    datetime, typer.Option("--on", formats=["%Y-%m-%d"], help="Day on which it happened.")
]
By = Annotated[str, typer.Option("--by", help="Name of who does this, for the audit chain.")]
EventReference = Annotated[
    str, typer.Option("--event-id", help="Your reference; the same again changes nothing.")
]


@loan_app.callback()
def loans() -> None:
    """What a loan would cost, and the book that is kept here."""


@loan_app.command("schedule")
@with_terms
def schedule(
    terms: Terms,
    currency: str,
    as_json: AsJson = False,
) -> None:
    """Show when a loan falls due and what it costs, before anybody agrees to it."""
    made = Schedule.of(terms)
    if as_json:
        print_json(_plain(made))
        return
    _show(made, currency)


@loan_app.command("disburse")
@with_terms
def disburse(
    lender: LenderArgument,
    founder: Annotated[str, typer.Argument(metavar="FOUNDER", help="Reference of the borrower.")],
    loan: LoanArgument,
    by: By,
    terms: Terms,
    currency: str,
    as_json: AsJson = False,
) -> None:
    """Put a loan on file that was paid out, with the schedule that its terms make."""
    made = Schedule.of(terms)
    database = open_database()
    with database.writing() as ledger:
        kept = _book(ledger, database, lender, by).disburse(founder, loan, made, currency=currency)
        view = _view(ledger.session, database, kept)
    _answer(view, as_json)


@loan_app.command("show")
def show(
    lender: LenderArgument,
    loan: LoanArgument,
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="As of this day; today if left out."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a loan: how it stands, what was paid for it, and what pays it off."""
    database = open_database()
    with database.reading() as session:
        kept = find_loan(session, find_lender(session, lender), loan)
        view = _view(session, database, kept, on=on.date() if on else None)
    _answer(view, as_json)


@loan_app.command("repay")
def repay(
    lender: LenderArgument,
    loan: LoanArgument,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="Received, such as 888488.")],
    on: OnOption,
    by: By,
    repayment: Annotated[
        str, typer.Option("--repayment", help="Your reference; the same again changes nothing.")
    ],
    as_json: AsJson = False,
) -> None:
    """Take a payment of any day and amount: what is due comes first, the rest waits."""
    database = open_database()
    with database.writing() as ledger:
        book = _book(ledger, database, lender, by)
        units = minor(amount, book.find(loan).row.currency)
        kept, is_new = book.repay(loan, Received(repayment, on.date(), units))
        view = _view(ledger.session, database, kept)
    _answer(view, as_json, is_new=is_new)


@loan_app.command("event")
def event(
    lender: LenderArgument,
    loan: LoanArgument,
    what: Annotated[LoanEventCode, typer.Argument(metavar="EVENT", help="What became of it.")],
    on: OnOption,
    by: By,
    event_id: EventReference,
    reason: Annotated[LoanEventReason | None, typer.Option(help="Why.")] = None,
    amount: Annotated[
        str, typer.Option(help="Charged, waived, written off, recovered or paid for it.")
    ] = "0",
    repayment: Annotated[
        str | None, typer.Option(help="Of a reversal: reference of the payment that bounced.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Record what became of a loan: reversed, fee charged, written off, recovered, closed.

    A rescheduling has a command of its own.
    """
    database = open_database()
    with database.writing() as ledger:
        book = _book(ledger, database, lender, by)
        units = minor(amount, book.find(loan).row.currency)
        happened = Event(event_id, on.date(), what, reason, units, repayment)
        kept, is_new = book.record(loan, happened)
        view = _view(ledger.session, database, kept)
    _answer(view, as_json, is_new=is_new)


@loan_app.command("reschedule")
def reschedule(
    lender: LenderArgument,
    loan: LoanArgument,
    dues: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="CSV of the new instalments: number,due_on,principal,interest,fee."
        ),
    ],
    on: OnOption,
    by: By,
    event_id: EventReference,
    reason: Annotated[
        LoanEventReason,
        typer.Option(help="distress: the borrower could not pay as agreed, which is a default."),
    ],
    as_json: AsJson = False,
) -> None:
    """Agree on new instalments from a day on; what was past due then is kept."""
    database = open_database()
    with database.writing() as ledger:
        book = _book(ledger, database, lender, by)
        new = read_dues(dues, book.find(loan).row.currency)
        kept = book.reschedule(loan, new, on=on.date(), reference=event_id, reason=reason)
        view = _view(ledger.session, database, kept)
    _answer(view, as_json)


@loan_app.command("tell")
def tell(as_json: AsJson = False) -> None:
    """Tell founders of arrears that other lenders will see five business days from now.

    Run it each day, and after each import of loans: until a founder was told, no other lender sees
    the arrears (Credit Information Act art. 35-3).
    """
    with progress_bar() as progress:
        given = tell_everybody(open_database(), actor="operator", progress=progress)
    if as_json:
        print_json({"notices": given})
        return
    typer.echo(f"{given} notices given; they stand on the founders' pages.")


def _book(ledger: Ledger, database: Database, lender: str, actor: str) -> Book:
    if not actor.strip():
        raise InputError("Say who does this with --by NAME.")
    return Book(ledger, database.settings, find_lender(ledger.session, lender), actor)


def _view(
    session: Session, database: Database, kept: Kept, *, on: date | None = None
) -> dict[str, Any]:
    founder = session.get_one(Founder, kept.row.founder_id).reference
    return loan_view(kept, founder, on=on or database.today)


def _answer(view: dict[str, Any], as_json: bool, *, is_new: bool = True) -> None:
    """Show a loan, once the step is kept: a pipe that closes early takes nothing back."""
    if as_json:
        print_json(view | {"is_new": is_new})
        return
    currency, standing = view["currency"], view["standing"]
    if not is_new:
        typer.echo("This was on file already; nothing changed.")
    typer.echo(
        f"Loan {view['loan']} of {view['founder']}, {money_text(view['principal'], currency)}:"
    )
    for words, name in (
        ("outstanding principal", "outstanding_principal"),
        ("past due", "past_due"),
        ("late interest", "late_interest"),
        ("paid ahead", "waiting"),
        ("pays it off", "payoff_amount"),
    ):
        typer.echo(f"  {words:24}{money_text(standing[name], currency)}")
    typer.echo(f"  {'days past due':24}{standing['days_past_due']}")
    if standing["closed_on"]:
        typer.echo(f"  nothing is owed since {standing['closed_on']}")


def _plain(made: Schedule) -> dict[str, object]:
    return {
        "instalments": [
            {
                "due_on": due.due_on.isoformat(),
                "principal": due.principal,
                "interest": due.interest,
                "fee": due.fee,
            }
            for due in made.dues
        ],
        "total": made.total,
        "effective_annual_rate": made.effective_annual_rate,
    }


def _show(made: Schedule, currency: str) -> None:
    print_table(
        [
            {
                "number": due.number,
                "due_on": due.due_on.isoformat(),
                "principal": money_text(due.principal, currency),
                "interest": money_text(due.interest, currency),
                "fee": money_text(due.fee, currency),
                "total": money_text(due.amount, currency),
            }
            for due in made.dues
        ],
        leave_out=set(),
    )
    simple = made.simple_annual_rate
    typer.echo(
        f"To pay back: {money_text(made.total, currency)}; "
        f"cost: {money_text(made.total_cost, currency)}."
    )
    typer.echo(f"Effective rate, compounded: {made.effective_annual_rate:.2%} a year.")
    compared = "within" if simple <= RATE_CAP else "ABOVE"
    typer.echo(
        f"Simple rate with all fees: {simple:.2%} a year, {compared} the cap of {RATE_CAP:.0%}."
    )
