"""The same weeks a year before, with the holidays that move lined up.

Seollal and Chuseok follow the moon: a year later they come some ten days earlier or twenty later,
and with them the weeks in which gifts are sold. So the 90 days up to a day are compared with 90
days of the year before that hold as many days of each selling season: 52 weeks back, moved by as
few days as that takes. It is worked out here, once per day, so that SQL only compares integers.
"""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from pathlib import Path

from scoring.base.calendar import day_number

WINDOW = 90
SEASON = 21  # days up to the holiday, itself included, in which people buy for it
_YEAR = 364  # 52 whole weeks, so that weekdays line up as well
_FARTHEST = 28
LONGEST_AGO = _YEAR + _FARTHEST + WINDOW  # days: the window of a year before begins after that
_PATH = Path(__file__).with_name("holidays.toml")


@cache
def holidays() -> dict[str, tuple[date, ...]]:
    """Days of each moving holiday, by name; `holidays.toml` says for which years."""
    read = tomllib.loads(_PATH.read_text(encoding="utf-8"))
    return {name: tuple(days) for name, days in read.items()}


@cache
def year_before_day(as_of: date) -> int:
    """Day number of the last day of the 90 that are the season of those up to `as_of`."""
    last = day_number(as_of)
    here = _season_days(last)
    if not any(here) and not any(_season_days(last - _YEAR)):
        return last - _YEAR
    return min(
        (last - _YEAR + shift for shift in range(-_FARTHEST, _FARTHEST + 1)),
        key=lambda day: (_mismatch(here, _season_days(day)), abs(last - _YEAR - day), day),
    )


def _season_days(last: int) -> list[int]:
    """How many days of each holiday's season lie in the window up to a day."""
    first = last - WINDOW + 1
    return [
        sum(
            max(0, min(last, day_number(day)) - max(first, day_number(day) - SEASON + 1) + 1)
            for day in days
        )
        for days in holidays().values()
    ]


def _mismatch(here: list[int], there: list[int]) -> int:
    return sum(abs(a - b) for a, b in zip(here, there, strict=True))
