"""Schedules of the invented loans and how each instalment was paid.

What becomes of a loan (`Fate`) is decided before; this room writes the payments that make it so.
Every instalment has a day on which it is settled; those days never run backwards, so that payments
settle the oldest instalment first. A good loan's instalments are settled within 22 days, an
indeterminate one's worst between 33 and 80 days, and a bad one's from the missed instalment on not
at all for the first 95 days.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from sample.simulate.people import MONTH_DAYS, Ints

_LAST_MISSED: Final = 9
"""The ninth instalment is due 244 days after the first: 90 days later is within the window."""
_WORST_GOOD_DELAY: Final = 22


class Fate(StrEnum):
    """What becomes of a loan within twelve months from its first instalment due."""

    GOOD = "good"
    INDETERMINATE = "indeterminate"
    BAD = "bad"


@dataclass(frozen=True)
class Schedule:
    """One loan's instalments: days due and whole KRW, each of shape (instalments,)."""

    due_on: Ints
    principal: Ints
    interest: Ints

    @property
    def due(self) -> Ints:
        """What falls due each time."""
        return np.asarray(self.principal + self.interest, dtype=np.int64)


@dataclass(frozen=True)
class Payments:
    """One loan's repayments in the order of their days, and what they say.

    `delays` holds the days from due to settled for each instalment that was settled before any
    was missed; `missed_on` is the day the first missed instalment was due, if any was.
    """

    paid_on: Ints
    amount: Ints
    delays: Ints
    missed_on: int | None


def annuity(principal: int, *, annual_rate: float, instalments: int) -> int:
    """Equal monthly instalment in whole KRW."""
    monthly = annual_rate / 12
    return round(principal * monthly / (1 - (1 + monthly) ** -instalments))


def make_schedule(
    principal: int, *, annual_rate: float, months: int, grace_months: int, disbursed_on: int
) -> Schedule:
    """Monthly annuity after `grace_months` of interest only; the last instalment takes the rest."""
    equal = annuity(principal, annual_rate=annual_rate, instalments=months - grace_months)
    outstanding, parts, interests = principal, [], []
    for number in range(1, months + 1):
        interest = round(outstanding * annual_rate / 12)
        part = 0 if number <= grace_months else min(equal - interest, outstanding)
        if number == months:
            part = outstanding
        outstanding -= part
        parts.append(part)
        interests.append(interest)
    days = disbursed_on + np.rint(MONTH_DAYS * np.arange(1, months + 1))
    return Schedule(
        due_on=days.astype(np.int64),
        principal=np.array(parts, dtype=np.int64),
        interest=np.array(interests, dtype=np.int64),
    )


def pay(rng: np.random.Generator, schedule: Schedule, *, fate: Fate, lateness: float) -> Payments:
    """Pay `schedule` so that the loan meets its `fate`.

    `lateness` is the chance, 0 to 1, that an instalment is paid some days late. Payments after the
    end of the sample are included; whoever writes the records drops them.
    """
    count = schedule.due_on.size
    delays = _usual_delays(rng, count, lateness)
    stop = count
    if fate is Fate.BAD:
        stop = int(rng.choice(np.arange(1, _LAST_MISSED), p=_MISSED_CHANCES))
        delays[max(0, stop - 3) : stop] += rng.integers(0, 6, min(3, stop))
        delays = np.minimum(delays, _WORST_GOOD_DELAY)
    elif fate is Fate.INDETERMINATE:
        delays[rng.integers(2, min(count, 10))] = rng.integers(33, 81)
    settled_on = np.maximum.accumulate(schedule.due_on + delays)[:stop]

    days, amounts = _split_some(rng, schedule, settled_on)
    missed_on = None
    if fate is Fate.BAD:
        missed_on = int(schedule.due_on[stop])
        last_day, last_amount = _after_default(rng, schedule, stop)
        days, amounts = np.concatenate([days, last_day]), np.concatenate([amounts, last_amount])
    order = np.argsort(days, kind="stable")
    return Payments(
        paid_on=days[order],
        amount=amounts[order],
        delays=settled_on - schedule.due_on[:stop],
        missed_on=missed_on,
    )


_MISSED_CHANCES: Final = np.array([1.0, 2.0, 3.0, 3.5, 3.5, 3.0, 2.5, 2.0]) / 20.5


def _usual_delays(rng: np.random.Generator, count: int, lateness: float) -> Ints:
    late = rng.random(count) < lateness
    days = 1 + np.floor(rng.gamma(1.3, 4.5, count)).astype(np.int64)
    delays = np.where(late, np.minimum(days, _WORST_GOOD_DELAY), -rng.integers(0, 3, count))
    ahead = rng.random(count) < 0.01
    return np.where(ahead & ~late, -rng.integers(10, 25, count), delays).astype(np.int64)


def _split_some(
    rng: np.random.Generator, schedule: Schedule, settled_on: Ints
) -> tuple[Ints, Ints]:
    """Pay a share of the late instalments in two parts; the second settles them."""
    due_on, due = schedule.due_on[: settled_on.size], schedule.due[: settled_on.size]
    split = (settled_on > due_on + 2) & (rng.random(due.size) < 0.35)
    first = np.where(split, 10 * np.rint(due * rng.uniform(0.3, 0.7, due.size) / 10), 0)
    first = first.astype(np.int64)
    earlier = due_on + np.floor(rng.random(due.size) * (settled_on - due_on)).astype(np.int64)
    floor = np.concatenate([due_on[:1], settled_on[:-1]])
    earlier = np.minimum(np.maximum(earlier, floor), settled_on)
    return (
        np.concatenate([earlier[split], settled_on]),
        np.concatenate([first[split], due - first]),
    )


def _after_default(rng: np.random.Generator, schedule: Schedule, stop: int) -> tuple[Ints, Ints]:
    """Part of the missed instalment for some, and recoveries after 95 days for others."""
    missed_on, due = int(schedule.due_on[stop]), int(schedule.due[stop])
    days: list[int] = []
    amounts: list[int] = []
    if rng.random() < 0.3:
        days.append(missed_on + int(rng.integers(5, 40)))
        amounts.append(10 * round(due * rng.uniform(0.2, 0.6) / 10))
    if rng.random() < 0.4:
        first = missed_on + int(rng.integers(95, 240))
        count = int(rng.integers(1, 6))
        days += [first + round(MONTH_DAYS * number) for number in range(count)]
        amounts += [10 * round(due * share / 10) for share in rng.uniform(0.3, 0.9, count)]
    return np.array(days, dtype=np.int64), np.array(amounts, dtype=np.int64)
