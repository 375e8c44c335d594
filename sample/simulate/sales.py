"""Order lines of the invented shops: level, trend, season, pauses and channels.

A founder's order lines in a week are Poisson with mean

    exp(level + trend t + walk) * season * dip * lump

where the level and trend rise with quality, the walk drifts from week to week, `season` lifts the
three weeks before a festival and empties the festival week, `dip` is a bad spell of some months
that low liquidity makes likelier, and `lump` is a Gamma factor of mean 1 that is wide for low
commitment (irregular sales). During a founder's pause there is nothing.

Two festivals a year stand in for Seollal and Chuseok. Their days are fixed before the end of the
sample rather than taken from a calendar: see `people.py`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from sample.simulate.people import FIRST_DAY, NEVER, WEEKS, Floats, Group, Ints, People

CHANNELS: Final = (
    "smartstore",
    "coupang",
    "gmarket",
    "auction",
    "11st",
    "own_shop",
    "kakao",
    "consignment",
    "events",
    "cafe24",
)
FESTIVALS: Final = (-1038, -908, -671, -554, -300, -170)
"""Days of the festivals, about 235 and 130 days apart in turn, as the lunar calendar has it."""
_POPULARITY: Final = np.array([3.0, 2.2, 1.0, 0.8, 0.9, 1.2, 0.9, 0.7, 0.9, 0.8])
_PAUSE_SHARE: Final = 0.12


@dataclass(frozen=True)
class Pauses:
    """Declared-like pauses (illness, birth, stock), one per founder at most; `NEVER` for none."""

    first_day: Ints
    last_day: Ints


def draw_pauses(rng: np.random.Generator, people: People) -> Pauses:
    """Give some selling founders one pause of 30 to 110 days, well after their first sale."""
    pausing = (rng.random(len(people)) < _PAUSE_SHARE) & (people.group <= Group.SELLER)
    room = np.maximum(1, -people.sells_from - 60)
    first = people.sells_from + 60 + np.floor(rng.random(len(people)) * room).astype(np.int64)
    days = rng.integers(30, 111, len(people))
    return Pauses(
        first_day=np.where(pausing, first, NEVER),
        last_day=np.where(pausing, first + days - 1, NEVER),
    )


def sell(rng: np.random.Generator, people: People, pauses: Pauses) -> pd.DataFrame:
    """Return order lines by founder and day: `who`, `day`, `channel` (a number into `CHANNELS`)."""
    weekly = rng.poisson(_weekly_means(rng, people))
    who, week = np.repeat(np.indices(weekly.shape).reshape(2, -1), weekly.ravel(), axis=1)
    day = FIRST_DAY + 7 * week + rng.integers(0, 7, who.size)
    paused = (day >= pauses.first_day[who]) & (day <= pauses.last_day[who])
    open_shop = (day >= people.sells_from[who]) & ~paused
    who, day = who[open_shop], day[open_shop]
    order = np.lexsort((day, who))
    who, day = who[order], day[order]
    return pd.DataFrame({"who": who, "day": day, "channel": _channels(rng, people, who, day)})


def _weekly_means(rng: np.random.Generator, people: People) -> Floats:
    founders = len(people)
    level = np.minimum(np.log(1.9) + 0.72 * people.size, np.log(17.0))
    trend = 0.0022 * people.quality + 0.003 * rng.standard_normal(founders)
    steps = rng.normal(0.0, 0.06, (founders, WEEKS))
    walk = np.zeros((founders, WEEKS))
    for week in range(1, WEEKS):
        walk[:, week] = 0.985 * walk[:, week - 1] + steps[:, week]
    starts = (people.sells_from - FIRST_DAY) / 7
    weeks_open = np.arange(WEEKS)[None, :] - starts[:, None]
    path = level[:, None] + trend[:, None] * np.clip(weeks_open, 0, 104) + walk
    return np.asarray(
        np.exp(path) * _season(rng, founders) * _dips(rng, people) * _lumps(rng, people)
    )


def _season(rng: np.random.Generator, founders: int) -> Floats:
    gift_share = rng.gamma(2.0, 0.18, founders)
    week_end = FIRST_DAY + 7 * np.arange(WEEKS) + 6
    to_festival = np.array(FESTIVALS)[:, None] - week_end[None, :]
    before = np.any((to_festival >= 0) & (to_festival < 21), axis=0)
    during = np.any((to_festival < 0) & (to_festival >= -7), axis=0)
    lift = gift_share[:, None] * before - 0.9 * during
    return np.asarray(np.exp(lift), dtype=np.float64)


def _dips(rng: np.random.Generator, people: People) -> Floats:
    founders = len(people)
    chance = 0.0075 * np.exp(-0.5 * people.liquidity)
    begins = rng.random((founders, WEEKS)) < chance[:, None]
    length = rng.integers(6, 22, (founders, WEEKS))
    depth = rng.uniform(0.15, 0.6, (founders, WEEKS))
    factor = np.ones((founders, WEEKS))
    for row, week in zip(*np.nonzero(begins), strict=True):
        spell = slice(week, week + length[row, week])
        factor[row, spell] = np.minimum(factor[row, spell], depth[row, week])
    return factor


def _lumps(rng: np.random.Generator, people: People) -> Floats:
    shape = np.clip(np.exp(0.75 + 0.9 * people.commitment), 0.25, 12.0)
    return rng.gamma(shape[:, None], 1 / shape[:, None], (len(people), WEEKS))


def _channels(rng: np.random.Generator, people: People, who: Ints, day: Ints) -> Ints:
    founders, kinds = len(people), len(CHANNELS)
    wanted = 1 + rng.binomial(kinds - 1, 1 / (1 + np.exp(1.7 - 1.1 * people.size)))
    ranked = np.argsort(-(np.log(_POPULARITY) + rng.gumbel(size=(founders, kinds))), axis=1)
    rank = np.argsort(ranked, axis=1)
    opens = people.sells_from[:, None] + rng.exponential(150.0, (founders, kinds))
    opens = np.where(rank == 0, -np.inf, np.where(rank < wanted[:, None], opens, np.inf))
    weight = rng.gamma(0.9, 1.0, (founders, kinds)) + 0.05 + 0.6 * (rank == 0)
    share = np.where(opens[who] <= day[:, None], weight[who], 0.0).cumsum(axis=1)
    pick = rng.random(who.size) * share[:, -1]
    return np.asarray((share <= pick[:, None]).sum(axis=1), dtype=np.int64)
