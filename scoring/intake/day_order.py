"""Days whose parts don't say which of them is the year, the month and the day: `12/1/26`."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_PARTS = re.compile(
    r"(?<![0-9./-])(?P<first>[0-9]{1,2})\s*(?P<separator>[-./])\s*(?P<second>[0-9]{1,2})"
    r"\s*(?P=separator)\s*(?P<third>[0-9]{4}|[0-9]{1,2})(?![0-9])(?!\s*[-./]\s*[0-9])"
)
_LAST_SHORT_YEAR = 69  # 70 to 99 may be of either century


class DayOrder(StrEnum):
    """The order in which a file writes year, month and day."""

    YEAR_FIRST = "year-first"
    MONTH_FIRST = "month-first"
    DAY_FIRST = "day-first"

    @property
    def words(self) -> str:
        """For a sentence: `year first`."""
        return self.value.replace("-", " ")


@dataclass(frozen=True)
class OpenDay:
    """A day of three numbers, none of which is a year of four digits that comes first.

    Attributes:
        text: as written.
        separator: between the numbers.
        parts: the numbers.
    """

    text: str
    separator: str
    parts: tuple[str, str, str]

    @property
    def style(self) -> tuple[str, bool]:
        """How it is written; days of one style in a column are of one order."""
        return self.separator, len(self.parts[2]) == 4

    def read(self, order: DayOrder) -> date | None:
        """The day in an order; None where there is no such day, or its century is open."""
        first, second, third = self.parts
        match order:
            case DayOrder.YEAR_FIRST:
                year, month, day = first, second, third
            case DayOrder.MONTH_FIRST:
                year, month, day = third, first, second
            case DayOrder.DAY_FIRST:
                year, month, day = third, second, first
        full = _full_year(year)
        if full is None or len(day) > 2:
            return None
        try:
            return date(full, int(month), int(day))
        except ValueError:
            return None

    @property
    def readings(self) -> dict[DayOrder, date]:
        """The days that it can be, by order."""
        found = {order: self.read(order) for order in DayOrder}
        return {order: day for order, day in found.items() if day is not None}


def open_day(cell: str) -> OpenDay | None:
    """The open day that a cell begins with, a time of day behind it or not."""
    text = cell.strip().removeprefix("'")
    found = _PARTS.match(text)
    return _of_match(found) if found else None


def open_day_in(header: str) -> OpenDay | None:
    """The first open day that stands anywhere in a header and is a day in some order."""
    days = map(_of_match, _PARTS.finditer(header))
    return next((day for day in days if day.readings), None)


def possible_orders(days: Collection[OpenDay]) -> list[DayOrder]:
    """Orders in which every one of the days is a day of the calendar."""
    return [order for order in DayOrder if all(day.read(order) is not None for day in days)]


def _full_year(year: str) -> int | None:
    if len(year) == 4:
        return int(year)
    if len(year) == 2 and int(year) <= _LAST_SHORT_YEAR:
        return 2000 + int(year)
    return None


def _of_match(found: re.Match[str]) -> OpenDay:
    parts = found["first"], found["second"], found["third"]
    return OpenDay(found[0], found["separator"], parts)
