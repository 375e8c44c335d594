"""Who is in the invented portfolio: hidden traits, and when each founder learns, sells and borrows.

Days are whole numbers counted from the last day of the sample: 0 is that day, -30 a month before.
Nothing in the simulation knows the calendar, so another last day moves every date and changes
nothing else.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.str_]

WEEKS: Final = 157
FIRST_DAY: Final = 1 - 7 * WEEKS
"""The first simulated day: three years before the last one."""
NEVER: Final = 100_000
"""A day after the end of the sample: not yet, or never."""
MONTH_DAYS: Final = 365.25 / 12
"""Mean length of a month; instalments fall due at multiples of it, rounded to days."""
WINDOW_DAYS: Final = 366
"""Twelve months, at their longest: the performance window from the first instalment due."""

PROGRAMMES: Final = 11
PROGRAMME_EVERY: Final = 104
PROGRAMME_DAYS: Final = 119
"""A programme runs for seventeen weeks, a new one begins every fifteen; the last is still on."""

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SHARES: Final = (0.73, 0.14, 0.07, 0.06)
_MATURED_SHARE: Final = 0.9
_IN_PROGRAMME_SHARE: Final = 0.86
_GIVES_ACCOUNT_SHARE: Final = 0.36


class Group(IntEnum):
    """What a founder's file holds at the end of the sample."""

    BORROWER = 0
    """Sales of three months and more, and at least one loan."""
    SELLER = 1
    """Sales of three months and more, no loan yet."""
    THIN = 2
    """Under three months of sales and no loan: too thin to score."""
    LEARNER = 3
    """Attendance and nothing else."""


@dataclass(frozen=True)
class People:
    """One entry per founder in every array; traits are standard normal, higher is safer."""

    reference: Texts
    group: Ints
    commitment: Floats
    quality: Floats
    liquidity: Floats
    hidden: Floats
    size: Floats
    sells_from: Ints
    borrows_on: Ints
    programme: Ints
    gives_account: Flags

    def __len__(self) -> int:
        return int(self.reference.size)


def draw_people(rng: np.random.Generator, founders: int) -> People:
    """Draw `founders` founders; `programme` is -1 for those who never joined one."""
    group = _groups(rng, founders)
    commitment, own, liquidity, hidden, scale = rng.standard_normal((5, founders))
    quality = 0.3 * commitment + np.sqrt(1 - 0.3**2) * own
    borrows_on = _loan_days(rng, group)
    return People(
        reference=_references(rng, founders),
        group=group,
        commitment=commitment,
        quality=quality,
        liquidity=liquidity,
        hidden=hidden,
        size=0.35 * quality + np.sqrt(1 - 0.35**2) * scale,
        sells_from=_first_sales_days(rng, group, borrows_on),
        borrows_on=borrows_on,
        programme=_programmes(rng, group, borrows_on),
        gives_account=(rng.random(founders) < _GIVES_ACCOUNT_SHARE) & (group <= Group.SELLER),
    )


def programme_start(programme: Ints | int) -> Ints:
    """First day of each programme, numbered from 0."""
    return np.asarray(FIRST_DAY + PROGRAMME_EVERY * np.asarray(programme), dtype=np.int64)


def _groups(rng: np.random.Generator, founders: int) -> Ints:
    ends = np.rint(np.cumsum(_SHARES) * founders)
    return rng.permutation(np.searchsorted(ends, np.arange(founders), side="right")).astype(
        np.int64
    )


def _references(rng: np.random.Generator, founders: int) -> Texts:
    letters = np.array(list(_ALPHABET))
    seen: dict[str, None] = {}
    while len(seen) < founders:
        seen["F-" + "".join(letters[rng.integers(0, 32, 10)])] = None
    return np.array(list(seen))


def _loan_days(rng: np.random.Generator, group: Ints) -> Ints:
    latest_matured = -(WINDOW_DAYS + round(MONTH_DAYS) + 5)
    matured = rng.integers(FIRST_DAY + 160, latest_matured, group.size)
    still_open = rng.integers(latest_matured + 10, -20, group.size)
    drawn = np.where(rng.random(group.size) < _MATURED_SHARE, matured, still_open)
    return np.where(group == Group.BORROWER, drawn, NEVER).astype(np.int64)


def _first_sales_days(rng: np.random.Generator, group: Ints, borrows_on: Ints) -> Ints:
    share = rng.random(group.size)
    latest: Ints = np.select(
        [group == Group.BORROWER, group == Group.SELLER, group == Group.THIN],
        [borrows_on - 110, -130, -12],
        default=NEVER,
    )
    earliest: Ints = np.select(
        [group == Group.BORROWER, group == Group.SELLER, group == Group.THIN],
        [np.maximum(FIRST_DAY, latest - 420), FIRST_DAY, -80],
        default=NEVER,
    )
    return np.rint(earliest + share * (latest - earliest)).astype(np.int64)


def _programmes(rng: np.random.Generator, group: Ints, borrows_on: Ints) -> Ints:
    over_by = np.where(group == Group.BORROWER, borrows_on - 10, PROGRAMME_DAYS)
    last = (over_by - PROGRAMME_DAYS - FIRST_DAY) // PROGRAMME_EVERY
    last = np.clip(last, 0, PROGRAMMES - 1)
    first = np.where(group == Group.BORROWER, np.maximum(0, last - 4), PROGRAMMES - 4)
    first = np.minimum(first, last)
    drawn = first + np.floor(rng.random(group.size) * (last - first + 1)).astype(np.int64)
    joined = (rng.random(group.size) < _IN_PROGRAMME_SHARE) | (group == Group.LEARNER)
    return np.where(joined, drawn, -1).astype(np.int64)
