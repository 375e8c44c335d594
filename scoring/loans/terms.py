"""What is agreed of a loan before it is paid out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from holidays import list_supported_countries

from scoring.base.errors import InputError
from scoring.loans.due_days import Convention, Frequency, due_day

_EARLIEST, _LATEST = 1990, 2200  # years that a lender means


class Product(StrEnum):
    """How principal and interest are spread over the instalments."""

    ANNUITY = "annuity"  # equal instalments
    EQUAL_PRINCIPAL = "equal_principal"
    BULLET = "bullet"  # interest only, then the principal
    STEP_UP = "step_up"  # instalments that grow
    SEASONAL = "seasonal"  # principal by the weight of the month


class DayCount(StrEnum):
    """How the interest of a period is counted."""

    THIRTY_360 = "30/360"
    ACTUAL_365 = "actual/365"


class Grace(StrEnum):
    """What is not paid during the grace periods."""

    PRINCIPAL = "principal"
    ALL = "all"  # the interest of the grace falls due with the first instalment after it


@dataclass(frozen=True)
class Terms:
    """The terms of a loan.

    Attributes:
        product: how it is repaid.
        principal: in minor units.
        annual_rate: nominal, simple, per year; 0.12 is 12 %.
        instalments: how many fall due, those of the grace among them.
        disbursed_on: the day on which the money goes out.
        frequency: of the instalments.
        first_due_on: of the first; one period after the disbursement when None.
        day_count: of interest.
        grace_periods: in which principal, or nothing, is paid.
        grace: which.
        holidays_of: country whose holidays move due days; none are moved when None.
        convention: where they move.
        upfront_fee: taken off the money that goes out, in minor units.
        instalment_fee: due with each instalment, in minor units.
        step_share: of `STEP_UP`, by how much instalments grow at each step, such as 0.1.
        step_every: after so many instalments.
        season: of `SEASONAL`, twelve weights from January to December; 0 is interest only.
    """

    product: Product
    principal: int
    annual_rate: Decimal
    instalments: int
    disbursed_on: date
    frequency: Frequency = Frequency.MONTHLY
    first_due_on: date | None = None
    day_count: DayCount = DayCount.THIRTY_360
    grace_periods: int = 0
    grace: Grace = Grace.PRINCIPAL
    holidays_of: str | None = None
    convention: Convention = Convention.UNADJUSTED
    upfront_fee: int = 0
    instalment_fee: int = 0
    step_share: Decimal = Decimal("0.1")
    step_every: int = 6
    season: tuple[int, ...] = (1,) * 12

    def __post_init__(self) -> None:
        """Refuse terms that no schedule can be made of.

        Raises:
            InputError: says which and what to do.
        """
        if not _EARLIEST <= self.disbursed_on.year <= _LATEST:
            raise InputError(f"{self.disbursed_on} is no day on which a loan is paid out.")
        if self.holidays_of is not None and self.holidays_of not in list_supported_countries():
            raise InputError(f'"{self.holidays_of}" is no country whose holidays are known.')
        if self.principal <= 0 or not 1 <= self.instalments <= 600:
            raise InputError("A loan has a principal above zero and 1 to 600 instalments.")
        if not 0 <= self.annual_rate <= 1:
            raise InputError(f"{self.annual_rate} is no rate per year; 12 % is 0.12.")
        if not 0 <= self.grace_periods < self.instalments:
            raise InputError("The grace must leave at least one instalment after it.")
        if self.first_due_on is not None and self.first_due_on <= self.disbursed_on:
            raise InputError("The first instalment falls due after the disbursement.")
        if not 0 <= self.upfront_fee < self.principal or self.instalment_fee < 0:
            raise InputError("Fees are zero or more, and less than the principal up front.")
        if self.step_every < 1 or self.step_share < 0:
            raise InputError("Instalments grow by zero or more, every one or more instalments.")
        if len(self.season) != 12 or min(self.season) < 0 or max(self.season) == 0:
            raise InputError("A season has twelve weights of zero or more, not all of them zero.")

    def agreed_days(self) -> list[date]:
        """The due days before holidays move them."""
        if self.first_due_on is not None:
            return [
                due_day(self.first_due_on, number, self.frequency)
                for number in range(self.instalments)
            ]
        return [
            due_day(self.disbursed_on, number + 1, self.frequency)
            for number in range(self.instalments)
        ]
