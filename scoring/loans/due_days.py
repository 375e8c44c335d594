"""The days on which instalments fall due, moved off holidays where that is agreed."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from enum import StrEnum

import holidays


class Frequency(StrEnum):
    """How often an instalment falls due."""

    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"

    @property
    def a_year(self) -> int:
        """Periods of a year, each 1/52, 1/26 or 1/12 of it where days are counted 30/360."""
        return {"weekly": 52, "fortnightly": 26, "monthly": 12}[self.value]


class Convention(StrEnum):
    """Where a due day goes that falls on a holiday (ISDA's business day conventions)."""

    UNADJUSTED = "unadjusted"
    FOLLOWING = "following"
    MODIFIED_FOLLOWING = "modified_following"
    PRECEDING = "preceding"


def due_day(first: date, number: int, frequency: Frequency) -> date:
    """The day of a period, counted from 0: months from the first day's own, so that none drifts."""
    if frequency is not Frequency.MONTHLY:
        days = 7 if frequency is Frequency.WEEKLY else 14
        return first + timedelta(days=days * number)
    months = first.year * 12 + first.month - 1 + number
    year, month = divmod(months, 12)
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))


def adjusted(day: date, convention: Convention, *, country: str) -> date:
    """A due day moved to a business day of a country; Saturdays and Sundays are none.

    Args:
        day: as agreed.
        convention: where it goes.
        country: ISO 3166 code whose holidays count, such as KR.
    """
    closed = holidays.country_holidays(country, years=(day.year - 1, day.year, day.year + 1))

    def moved(step: int) -> date:
        found = day
        while found.weekday() >= 5 or found in closed:
            found += timedelta(days=step)
        return found

    match convention:
        case Convention.UNADJUSTED:
            return day
        case Convention.PRECEDING:
            return moved(-1)
        case Convention.FOLLOWING:
            return moved(1)
        case Convention.MODIFIED_FOLLOWING:
            later = moved(1)
            return later if later.month == day.month else moved(-1)


def business_days_later(day: date, count: int, *, country: str) -> date:
    """The day after so many business days of a country; Saturdays and Sundays are none.

    Args:
        day: from which is counted, itself not counted.
        count: how many business days, 0 or more.
        country: ISO 3166 code whose holidays count, such as KR.
    """
    closed = holidays.country_holidays(country, years=(day.year, day.year + 1))
    found, left = day, count
    while left:
        found += timedelta(days=1)
        left -= found.weekday() < 5 and found not in closed
    return found
