"""Lending in the invented portfolio: terms, the true PD of each loan, and what became of it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from sample.simulate.behaviour import Records, measure, monthly_net_sales
from sample.simulate.people import MONTH_DAYS, NEVER, Floats, Group, Ints, People
from sample.simulate.process import intercept, log_odds, sigmoid
from sample.simulate.repayments import Fate, Payments, Schedule, annuity, make_schedule, pay

_SMALLEST: Final = 3_000_000
_LARGEST: Final = 30_000_000
_STEP: Final = 500_000
_TERMS: Final = np.array([12, 18, 24])
_SECOND_SHARE: Final = 0.38
_YEAR: Final = 365


@dataclass(frozen=True)
class Loan:
    """One loan from application to last payment; days from the end of the sample, whole KRW."""

    who: int
    applied_on: int
    disbursed_on: int
    principal: int
    annual_rate: float
    months: int
    grace_months: int
    instalment: int
    true_pd: float
    fate: Fate
    schedule: Schedule
    payments: Payments


@dataclass(frozen=True)
class Terms:
    """What is asked for, one entry per application."""

    applied_on: Ints
    principal: Ints
    annual_rate: Floats
    months: Ints
    grace_months: Ints
    instalment: Ints


def lend(
    rng: np.random.Generator, luck: np.random.Generator, people: People, records: Records
) -> list[Loan]:
    """Grant first loans, then second ones to founders who repay, in the order of the founders.

    `luck` decides outcomes and payments, `rng` everything before.

    The intercept of the true PD is found on the first loans and kept for the second ones, whose
    borrowers have a repayment record that counts.
    """
    borrowers = np.flatnonzero(people.group == Group.BORROWER)
    nothing_late = np.full(borrowers.size, np.nan)
    days = people.borrows_on[borrowers]
    terms, odds = _apply(rng, people, records, borrowers, days, nothing_late)
    base = intercept(odds)
    first = _grant(luck, people, borrowers, days, terms, sigmoid(base + odds))

    again, days = _second_days(rng, first)
    worst = np.array([_worst_delay(loan, day) for loan, day in zip(again, days, strict=True)])
    who = np.array([loan.who for loan in again], dtype=np.int64)
    terms, odds = _apply(rng, people, records, who, days, worst)
    return first + _grant(luck, people, who, days, terms, sigmoid(base + odds))


def draw_terms(
    rng: np.random.Generator, records: Records, *, who: Ints, disbursed_on: Ints
) -> Terms:
    """Ask for an amount whose instalment stands in some proportion to sales, 0.28 in the median.

    Principal 3 to 30 million KRW, 12 to 24 months, 4.5 to 9 % a year, whatever the risk.
    """
    count = who.size
    applied_on = disbursed_on - rng.integers(5, 21, count)
    sales = monthly_net_sales(records, who=who, as_of=applied_on)
    ratio = np.exp(np.log(0.28) + 0.55 * rng.standard_normal(count))
    months = rng.choice(_TERMS, count, p=[0.3, 0.35, 0.35])
    asked = np.clip(ratio * sales * months * 0.95, _SMALLEST, _LARGEST)
    principal = (_STEP * np.rint(asked / _STEP)).astype(np.int64)
    rate = rng.integers(18, 37, count) / 400
    grace = np.where(rng.random(count) < 0.15, rng.integers(1, 3, count), 0)
    instalment = [
        annuity(int(p), annual_rate=float(r), instalments=int(n))
        for p, r, n in zip(principal, rate, months - grace, strict=True)
    ]
    return Terms(applied_on, principal, rate, months, grace, np.array(instalment, dtype=np.int64))


def shrink_sales(rng: np.random.Generator, lines: pd.DataFrame, loans: list[Loan]) -> pd.DataFrame:
    """Drop order lines of founders on their way to default, for two bad loans in three.

    Sales fall over sixty days to a fraction, starting one to three months before the first missed
    instalment but never before the loan; some shops close for good two months after it.
    """
    who, day = lines["who"].to_numpy(dtype=np.int64), lines["day"].to_numpy(dtype=np.int64)
    founders = int(who.max(initial=0)) + 1
    begins, floor, closes = np.full(founders, NEVER), np.ones(founders), np.full(founders, NEVER)
    for loan in loans:
        missed_on = loan.payments.missed_on
        visible, lead, rest, closing = rng.random(4)
        if missed_on is None or visible > 0.65:
            continue
        begins[loan.who] = max(missed_on - int(30 + 60 * lead), loan.disbursed_on + 1)
        floor[loan.who] = 0.15 + 0.4 * rest
        closes[loan.who] = missed_on + 60 if closing < 0.35 else NEVER
    fall = np.clip((day - begins[who]) / 60, 0.0, 1.0)
    kept = (rng.random(who.size) < 1 - fall * (1 - floor[who])) & (day < closes[who])
    left: pd.DataFrame = lines.loc[kept].reset_index(drop=True)
    return left


def _apply(
    rng: np.random.Generator,
    people: People,
    records: Records,
    who: Ints,
    disbursed_on: Ints,
    worst_delay: Floats,
) -> tuple[Terms, Floats]:
    terms = draw_terms(rng, records, who=who, disbursed_on=disbursed_on)
    behaviour = measure(records, who=who, as_of=disbursed_on - 1)
    sales = np.maximum(behaviour["monthly_net_sales_180d"].to_numpy(dtype=np.float64), 20_000.0)
    behaviour["instalment_over_net_sales"] = terms.instalment / sales
    behaviour["worst_days_past_due_365d"] = worst_delay
    odds = log_odds(behaviour, liquidity=people.liquidity[who], hidden=people.hidden[who])
    return terms, odds


def _grant(
    luck: np.random.Generator,
    people: People,
    who: Ints,
    disbursed_on: Ints,
    terms: Terms,
    true_pd: Floats,
) -> list[Loan]:
    bad = luck.random(who.size) < true_pd
    wavering = luck.random(who.size) < 0.03 + 0.08 * true_pd
    traits = 0.6 * people.commitment + 0.7 * people.hidden + 0.4 * people.liquidity
    lateness = sigmoid(-1.5 - traits)
    loans = []
    for i, founder in enumerate(who.tolist()):
        fate = Fate.BAD if bad[i] else Fate.INDETERMINATE if wavering[i] else Fate.GOOD
        schedule = make_schedule(
            int(terms.principal[i]),
            annual_rate=float(terms.annual_rate[i]),
            months=int(terms.months[i]),
            grace_months=int(terms.grace_months[i]),
            disbursed_on=int(disbursed_on[i]),
        )
        loans.append(
            Loan(
                who=founder,
                applied_on=int(terms.applied_on[i]),
                disbursed_on=int(disbursed_on[i]),
                principal=int(terms.principal[i]),
                annual_rate=float(terms.annual_rate[i]),
                months=int(terms.months[i]),
                grace_months=int(terms.grace_months[i]),
                instalment=int(terms.instalment[i]),
                true_pd=float(true_pd[i]),
                fate=fate,
                schedule=schedule,
                payments=pay(luck, schedule, fate=fate, lateness=float(lateness[founder])),
            )
        )
    return loans


def _second_days(rng: np.random.Generator, first: list[Loan]) -> tuple[list[Loan], Ints]:
    """First loans that are followed by a second, after nine instalments or at the end."""
    again, days = [], []
    for loan in first:
        wants, late_start, wait = rng.random(3)
        earliest = loan.disbursed_on + MONTH_DAYS * (loan.months if late_start < 0.4 else 9) + 15
        day = round(earliest + 60 * wait)
        if loan.fate is not Fate.BAD and wants < _SECOND_SHARE and day < -20:
            again.append(loan)
            days.append(day)
    return again, np.array(days, dtype=np.int64)


def _worst_delay(loan: Loan, day: int) -> float:
    """Most days past due in the year before `day`, instalments still unsettled included."""
    due_on = loan.schedule.due_on
    past_due = np.minimum(loan.payments.delays, day - 1 - due_on)
    past_due = past_due[(due_on < day) & (due_on >= day - _YEAR)]
    return float(max(0, past_due.max(initial=0)))
