"""The schedule of a loan, made of its terms: what falls due when, to the currency's unit.

Interest of a period is the outstanding principal times the yearly rate times the period's share of
a year: 1/12, 1/26 or 1/52 where days are counted 30/360, else its days over 365. Every amount is
rounded half up to the minor unit; the last instalment takes what rounding left, so that principal
parts add up to the principal. An annuity's instalment is the principal over the sum of discounted
periods, P / sum(prod(1 / (1 + i_k))), which for equal periods is P * i / (1 - (1 + i)^-n).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Self

import pyxirr

from scoring.loans.due_days import adjusted
from scoring.loans.terms import DayCount, Grace, Product, Terms

_DIGITS = 40  # of intermediate results, so that rounding to the unit is that of the exact amount


@dataclass(frozen=True)
class Due:
    """An instalment: what falls due on a day, in minor units."""

    number: int
    due_on: date
    principal: int
    interest: int
    fee: int

    @property
    def amount(self) -> int:
        """All of it."""
        return self.principal + self.interest + self.fee


@dataclass(frozen=True)
class Schedule:
    """The instalments of a loan, in order.

    Attributes:
        terms: what it was made of.
        dues: the instalments.
    """

    terms: Terms
    dues: tuple[Due, ...]

    @classmethod
    def of(cls, terms: Terms) -> Self:
        """The schedule that the terms make."""
        with localcontext() as context:
            context.prec = _DIGITS
            return cls(terms, tuple(_dues(terms)))

    @property
    def total(self) -> int:
        """All that is paid back, in minor units."""
        return sum(due.amount for due in self.dues)

    @property
    def total_cost(self) -> int:
        """Interest and fees, the one up front among them, in minor units."""
        return self.total - self.terms.principal + self.terms.upfront_fee

    @property
    def effective_annual_rate(self) -> float:
        """The compounded yearly rate at which what is paid is worth the money that went out.

        To show, and never to compare with a cap on the simple rate.
        """
        days = [self.terms.disbursed_on, *(due.due_on for due in self.dues)]
        paid_out = -(self.terms.principal - self.terms.upfront_fee)
        flows = [paid_out, *(due.amount for due in self.dues)]
        rate = pyxirr.xirr(days, [float(flow) for flow in flows])
        return 0.0 if rate is None else float(rate)

    @property
    def simple_annual_rate(self) -> Decimal:
        """Interest and all fees over the principal outstanding through time, per year.

        What the cap of the Lending Business Act (art. 8 and 15, Decree art. 5 and 9) is compared
        with: fees count as interest, and nothing is compounded.
        """
        outstanding, since, held = self.terms.principal, self.terms.disbursed_on, 0
        for due in self.dues:
            held += outstanding * (due.due_on - since).days
            outstanding, since = outstanding - due.principal, due.due_on
        return Decimal(self.total_cost) * 365 / held


def _dues(terms: Terms) -> list[Due]:
    agreed = terms.agreed_days()
    days = agreed
    if terms.holidays_of is not None:
        country = terms.holidays_of
        days = [adjusted(day, terms.convention, country=country) for day in agreed]
    rates = _period_rates(terms, days)
    principal, interest = _parts(terms, rates, agreed)
    return [
        Due(number, day, parts[0], parts[1], terms.instalment_fee)
        for number, (day, parts) in enumerate(
            zip(days, zip(principal, interest, strict=True), strict=True), start=1
        )
    ]


def _period_rates(terms: Terms, days: Sequence[date]) -> list[Decimal]:
    if terms.day_count is DayCount.THIRTY_360:
        return [terms.annual_rate / terms.frequency.a_year] * len(days)
    before = [terms.disbursed_on, *days[:-1]]
    return [
        terms.annual_rate * (day - since).days / 365
        for day, since in zip(days, before, strict=True)
    ]


def _parts(
    terms: Terms, rates: Sequence[Decimal], days: Sequence[date]
) -> tuple[list[int], list[int]]:
    """Principal and interest of each instalment."""
    planned = _planned(terms, rates, days)
    outstanding, deferred = terms.principal, 0
    principal, interest = [], []
    for place, rate in enumerate(rates):
        accrued = _rounded(outstanding * rate)
        is_grace = place < terms.grace_periods
        if is_grace and terms.grace is Grace.ALL:
            deferred += accrued
            principal.append(0)
            interest.append(0)
            continue
        if place == len(rates) - 1:
            part = outstanding
        elif is_grace:
            part = 0
        else:
            part = min(max(planned(place, accrued), 0), outstanding)
        principal.append(part)
        interest.append(accrued + deferred)
        outstanding, deferred = outstanding - part, 0
    return principal, interest


def _planned(
    terms: Terms, rates: Sequence[Decimal], days: Sequence[date]
) -> Callable[[int, int], int]:
    """How much principal an instalment after the grace holds, by its place and interest."""
    first = terms.grace_periods
    count = len(rates) - first
    match terms.product:
        case Product.BULLET:
            return lambda place, accrued: 0
        case Product.EQUAL_PRINCIPAL:
            share = _rounded(Decimal(terms.principal) / count)
            return lambda place, accrued: share
        case Product.SEASONAL:
            weights = [terms.season[day.month - 1] for day in days]
            total = sum(weights[first:]) or 1
            return lambda place, accrued: _rounded(
                Decimal(terms.principal) * weights[place] / total
            )
    growth = [
        (1 + terms.step_share) ** (place // terms.step_every)
        if terms.product is Product.STEP_UP
        else Decimal(1)
        for place in range(count)
    ]
    discount, worth = Decimal(1), Decimal(0)
    for rate, grown in zip(rates[first:], growth, strict=True):
        discount /= 1 + rate
        worth += grown * discount
    instalment = Decimal(terms.principal) / worth
    return lambda place, accrued: _rounded(instalment * growth[place - first]) - accrued


def _rounded(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))
