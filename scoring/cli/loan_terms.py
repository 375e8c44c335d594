"""The terms of a loan as options of commands, and amounts as people write them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import wraps
from typing import Annotated, Any

import typer
from babel.numbers import get_currency_precision

from scoring.base.errors import InputError
from scoring.loans.due_days import Convention, Frequency
from scoring.loans.terms import DayCount, Grace, Product, Terms

ProductOption = Annotated[Product, typer.Option("--product", help="How it is repaid.")]
PrincipalOption = Annotated[str, typer.Option("--principal", help="Amount lent, such as 10000000.")]
RateOption = Annotated[
    str, typer.Option("--annual-rate", help="Nominal rate per year; 0.12 is 12 %.")
]
DisbursedOption = Annotated[
    datetime,
    typer.Option("--disbursed", formats=["%Y-%m-%d"], help="Day on which the money goes out."),
]
MonthsOption = Annotated[
    int | None, typer.Option("--months", help="Term in months, of monthly instalments.")
]
InstalmentsOption = Annotated[
    int | None, typer.Option("--instalments", help="Number of instalments.")
]
FrequencyOption = Annotated[Frequency, typer.Option("--frequency", help="Of the instalments.")]
FirstDueOption = Annotated[
    datetime | None,
    typer.Option(
        "--first-due", formats=["%Y-%m-%d"], help="First due day; a period later if left out."
    ),
]
CurrencyOption = Annotated[str, typer.Option("--currency", help="ISO 4217 code.")]
DayCountOption = Annotated[DayCount, typer.Option("--day-count", help="Of interest.")]
GracePeriodsOption = Annotated[
    int, typer.Option("--grace-periods", help="Instalments of grace, at the start.")
]
GraceOption = Annotated[Grace, typer.Option("--grace", help="What the grace spares.")]
HolidaysOption = Annotated[
    str | None,
    typer.Option("--holidays", help="Country whose holidays move due days, such as KR."),
]
ConventionOption = Annotated[
    Convention, typer.Option("--convention", help="Where due days on holidays move.")
]
UpfrontFeeOption = Annotated[str, typer.Option("--upfront-fee", help="Taken off what goes out.")]
InstalmentFeeOption = Annotated[
    str, typer.Option("--instalment-fee", help="Due with each instalment.")
]
StepShareOption = Annotated[
    str, typer.Option("--step-share", help="By how much instalments grow a step.")
]
StepEveryOption = Annotated[int, typer.Option("--step-every", help="Instalments of a step.")]
SeasonOption = Annotated[
    str, typer.Option("--season", help="Twelve weights of months from January on, by commas.")
]
_ALL_YEAR = ",".join(["1"] * 12)


def terms_of(
    *,
    product: ProductOption,
    principal: PrincipalOption,
    annual_rate: RateOption,
    disbursed: DisbursedOption,
    months: MonthsOption = None,
    instalments: InstalmentsOption = None,
    frequency: FrequencyOption = Frequency.MONTHLY,
    first_due: FirstDueOption = None,
    currency: CurrencyOption = "KRW",
    day_count: DayCountOption = DayCount.THIRTY_360,
    grace_periods: GracePeriodsOption = 0,
    grace: GraceOption = Grace.PRINCIPAL,
    holidays: HolidaysOption = None,
    convention: ConventionOption = Convention.FOLLOWING,
    upfront_fee: UpfrontFeeOption = "0",
    instalment_fee: InstalmentFeeOption = "0",
    step_share: StepShareOption = "0.1",
    step_every: StepEveryOption = 6,
    season: SeasonOption = _ALL_YEAR,
) -> Terms:
    """The terms that the options of a command give.

    Raises:
        InputError: they make no loan.
    """
    return Terms(
        product=product,
        principal=minor(principal, currency),
        annual_rate=number(annual_rate),
        instalments=_count(months, instalments, frequency),
        disbursed_on=disbursed.date(),
        frequency=frequency,
        first_due_on=first_due.date() if first_due else None,
        day_count=day_count,
        grace_periods=grace_periods,
        grace=grace,
        holidays_of=holidays,
        convention=convention,
        upfront_fee=minor(upfront_fee, currency),
        instalment_fee=minor(instalment_fee, currency),
        step_share=number(step_share),
        step_every=step_every,
        season=tuple(int(number(weight)) for weight in season.split(",")),
    )


def with_terms(command: Callable[..., None]) -> Callable[..., None]:
    """A command that takes the options of a loan's terms in place of its `terms` and `currency`.

    They are declared once, as the parameters of `terms_of`.
    """
    options = inspect.signature(terms_of, eval_str=True).parameters
    own = inspect.signature(command, eval_str=True).parameters
    taken: dict[str, inspect.Parameter] = {}
    for name, parameter in own.items():
        if name == "terms":
            taken |= options
        elif name != "currency":
            taken[name] = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)

    @wraps(command)
    def run(**given: Any) -> None:
        asked = {name: given.pop(name) for name in options}
        command(**given, terms=terms_of(**asked), currency=asked["currency"])

    run.__signature__ = inspect.Signature(list(taken.values()))  # type: ignore[attr-defined]
    run.__annotations__ = {name: parameter.annotation for name, parameter in taken.items()}
    return run


def _count(months: int | None, instalments: int | None, frequency: Frequency) -> int:
    if (months is None) == (instalments is None):
        raise InputError("Say the term with --months, or the number of --instalments: one of them.")
    if months is None:
        return instalments or 0
    if frequency is not Frequency.MONTHLY:
        raise InputError(f"Of {frequency} instalments say how many with --instalments.")
    return months


def number(text: str) -> Decimal:
    """A number as somebody typed it.

    Raises:
        InputError: it is none.
    """
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        raise InputError(f'"{text}" is not a number, such as 0.12 or 10000000.') from None
    if not found.is_finite():
        raise InputError(f'"{text}" is not a number, such as 0.12 or 10000000.')
    return found


def minor(text: str, currency: str) -> int:
    """An amount as somebody typed it, in minor units.

    Raises:
        InputError: it is none, or has more decimals than the currency.
    """
    digits = get_currency_precision(currency)
    units = number(text).scaleb(digits)
    if units != units.to_integral_value():
        raise InputError(f'"{text}" has more decimals than the currency has.')
    return int(units)
