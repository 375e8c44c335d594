"""Commands of the loan book: what a loan would cost, and when it falls due."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer
from babel.numbers import format_currency, get_currency_precision

from scoring.base.errors import InputError
from scoring.cli.console import open_database, print_json, print_table, progress_bar
from scoring.cli.options import AsJson
from scoring.loans.due_days import Convention, Frequency
from scoring.loans.rate_cap import RATE_CAP
from scoring.loans.schedule import Schedule
from scoring.loans.terms import DayCount, Grace, Product, Terms
from scoring.score.arrears_told import tell_everybody

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
loan_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(loan_app, name="loan")


@loan_app.callback()
def loans() -> None:
    """What a loan would cost, and when it falls due."""


@loan_app.command("schedule")
def schedule(
    product: Annotated[Product, typer.Option(help="How it is repaid.")],
    principal: Annotated[str, typer.Option(help="Amount lent, such as 10000000.")],
    annual_rate: Annotated[str, typer.Option(help="Nominal rate per year; 0.12 is 12 %.")],
    disbursed: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="Day on which the money goes out.")
    ],
    months: Annotated[
        int | None, typer.Option(help="Term in months, of monthly instalments.")
    ] = None,
    instalments: Annotated[int | None, typer.Option(help="Number of instalments.")] = None,
    frequency: Annotated[Frequency, typer.Option(help="Of the instalments.")] = Frequency.MONTHLY,
    first_due: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First due day; a period later if left out."),
    ] = None,
    currency: Annotated[str, typer.Option(help="ISO 4217 code.")] = "KRW",
    day_count: Annotated[DayCount, typer.Option(help="Of interest.")] = DayCount.THIRTY_360,
    grace_periods: Annotated[int, typer.Option(help="Instalments of grace, at the start.")] = 0,
    grace: Annotated[Grace, typer.Option(help="What the grace spares.")] = Grace.PRINCIPAL,
    holidays: Annotated[
        str | None, typer.Option(help="Country whose holidays move due days, such as KR.")
    ] = None,
    convention: Annotated[
        Convention, typer.Option(help="Where due days on holidays move.")
    ] = Convention.FOLLOWING,
    upfront_fee: Annotated[str, typer.Option(help="Taken off what goes out.")] = "0",
    instalment_fee: Annotated[str, typer.Option(help="Due with each instalment.")] = "0",
    step_share: Annotated[str, typer.Option(help="By how much instalments grow a step.")] = "0.1",
    step_every: Annotated[int, typer.Option(help="Instalments of a step.")] = 6,
    season: Annotated[
        str, typer.Option(help="Twelve weights of months from January on, by commas.")
    ] = ",".join(["1"] * 12),
    as_json: AsJson = False,
) -> None:
    """Show when a loan falls due and what it costs, before anybody agrees to it."""
    digits = get_currency_precision(currency)
    terms = Terms(
        product=product,
        principal=_minor(principal, digits),
        annual_rate=_number(annual_rate),
        instalments=_count(months, instalments, frequency),
        disbursed_on=disbursed.date(),
        frequency=frequency,
        first_due_on=first_due.date() if first_due else None,
        day_count=day_count,
        grace_periods=grace_periods,
        grace=grace,
        holidays_of=holidays,
        convention=convention,
        upfront_fee=_minor(upfront_fee, digits),
        instalment_fee=_minor(instalment_fee, digits),
        step_share=_number(step_share),
        step_every=step_every,
        season=tuple(int(_number(weight)) for weight in season.split(",")),
    )
    made = Schedule.of(terms)
    if as_json:
        print_json(
            {
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
        )
        return

    def money(amount: int) -> str:
        return str(format_currency(Decimal(amount).scaleb(-digits), currency, locale="en"))

    print_table(
        [
            {
                "number": due.number,
                "due_on": due.due_on.isoformat(),
                "principal": money(due.principal),
                "interest": money(due.interest),
                "fee": money(due.fee),
                "total": money(due.amount),
            }
            for due in made.dues
        ],
        leave_out=set(),
    )
    simple = made.simple_annual_rate
    typer.echo(f"To pay back: {money(made.total)}; cost: {money(made.total_cost)}.")
    typer.echo(f"Effective rate, compounded: {made.effective_annual_rate:.2%} a year.")
    compared = "within" if simple <= RATE_CAP else "ABOVE"
    typer.echo(
        f"Simple rate with all fees: {simple:.2%} a year, {compared} the cap of {RATE_CAP:.0%}."
    )


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


def _count(months: int | None, instalments: int | None, frequency: Frequency) -> int:
    if (months is None) == (instalments is None):
        raise InputError("Say the term with --months, or the number of --instalments: one of them.")
    if months is None:
        return instalments or 0
    if frequency is not Frequency.MONTHLY:
        raise InputError(f"Of {frequency} instalments say how many with --instalments.")
    return months


def _number(text: str) -> Decimal:
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        raise InputError(f'"{text}" is not a number, such as 0.12 or 10000000.') from None
    if not found.is_finite():
        raise InputError(f'"{text}" is not a number, such as 0.12 or 10000000.')
    return found


def _minor(text: str, digits: int) -> int:
    units = _number(text).scaleb(digits)
    if units != units.to_integral_value():
        raise InputError(f'"{text}" has more decimals than the currency has.')
    return int(units)
