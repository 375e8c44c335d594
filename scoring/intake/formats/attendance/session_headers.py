"""Days of sessions as headers of attendance sheets name them, and the year they leave out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from scoring.intake.day_order import OpenDay, open_day_in

FEWEST_SESSIONS = 2  # a sheet with one dated column may be anything

_EXCEL_EPOCH = date(1899, 12, 30)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    rf"(?<![a-z])(?P<name>{'|'.join(_MONTHS)})"
    r"(?:uary|ruary|ch|il|e|y|ust|t|tember|ober|ember)?\.?(?![a-z])"
)
# Sessions and groups are numbered like days (1-2회차, 3/1조): such numbers are none.
_NOT_COUNTED = r"(?![0-9])(?!\s*(?:회|차|주|강|조|교시|명|시간|분|h\b))"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<![0-9])(?P<y>20[0-9]{2})\s*[-./년]\s*(?P<m>[0-9]{1,2})\s*[-./월]\s*"
        r"(?P<d>[0-9]{1,2})(?![0-9])",
        r"(?<![0-9])(?P<y>20[0-9]{2})(?P<m>[0-9]{2})(?P<d>[0-9]{2})(?![0-9])",
        rf"(?<![0-9])(?P<d>[0-9]{{1,2}})[ -]?{_MONTH}(?:[ ,-]+(?P<y>20[0-9]{{2}}))?(?![0-9])",
        rf"{_MONTH} ?(?P<d>[0-9]{{1,2}})(?:,? +(?P<y>20[0-9]{{2}}))?(?![0-9])",
        rf"(?<![0-9./-])(?P<m>[0-9]{{1,2}})\s*(?:/|월)\s*(?P<d>[0-9]{{1,2}})\s*일?{_NOT_COUNTED}",
        rf"(?<![0-9./-])(?P<m>[0-9]{{1,2}})\.\s?(?P<d>[0-9]{{1,2}}){_NOT_COUNTED}",
        rf"(?<![0-9./-])(?P<m>[01][0-9])-(?P<d>[0-3][0-9]){_NOT_COUNTED}",
    )
)
_SERIAL = re.compile(r"(?P<serial>[45][0-9]{4})(\.0+)?")  # 2009 to 2064
_MONTH_ABOVE = re.compile(r"(?:(?P<y>20[0-9]{2})\s*[-./년]\s*)?(?P<m>[0-9]{1,2})\s*월")
_DAY_BELOW = re.compile(r"(?P<d>[0-9]{1,2})\s*일?\s*(\([월화수목금토일]\)|[월화수목금토일])?")
_YEAR = re.compile(r"(?<![0-9])(20[0-9]{2})(?![0-9])")
_WRAP = 6  # months back: the next year has begun; fewer is a session out of turn


@dataclass(frozen=True)
class WrittenDay:
    """A day as written, perhaps without its year."""

    month: int
    day: int
    year: int | None = None


def written_day(header: str) -> WrittenDay | OpenDay | None:
    """The day that a header names: `1회차(9/2)`, `9월 2일`, `2026.9.2`, a serial number.

    `26.9.2` says of itself not which number is the year: all of the sheet's headers tell together.
    """
    text = header.strip().casefold()
    serial = _SERIAL.fullmatch(text)
    if serial:
        found = _EXCEL_EPOCH + timedelta(days=int(serial["serial"]))
        return WrittenDay(found.month, found.day, found.year)
    unclear = open_day_in(text)
    if unclear is not None:
        return unclear
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            parts = match.groupdict()
            named = parts.get("name")
            month = _MONTHS.index(named) + 1 if named else int(parts["m"])
            year = parts.get("y")
            known = _existing(month, int(parts["d"]), int(year) if year else None)
            if known:
                return known
    return None


def session_days(
    names: Sequence[tuple[str, ...]], *, taken: Collection[int]
) -> dict[int, WrittenDay | OpenDay]:
    """Columns whose header names a day, by position; in one line, or a month above its days.

    Args:
        names: each column's header: its one line, or the lower and the upper one.
        taken: positions of columns that are known to be something else.
    """
    free = [place for place in range(len(names)) if place not in taken]
    lines = [{place: names[place][0] for place in free}]
    if all(len(name) > 1 for name in names):
        lines.append({place: names[place][1] for place in free})
    found = [_in_line(line) for line in lines]
    if len(lines) > 1:
        found.append(_days_below_months(below=lines[0], above=lines[1]))
    return max(found, key=len)


def dated(
    days: Sequence[WrittenDay],
    *,
    marked: Sequence[bool],
    year: int | None,
    titles: Iterable[str],
    today: date,
) -> list[date]:
    """The days of sessions, which run forward: January after December is the next year's.

    The year is the headers' own, else the one told, else one named above the table in which no
    marked session lies in the future, else the latest such.

    Raises:
        ValueError: a day doesn't exist in its year.
    """
    later = _years_later(days)
    for written, years in zip(days, later, strict=True):
        if written.year is not None:
            return _in_years(days, later, written.year - years)
    if year is not None:
        return _in_years(days, later, year)
    named = sorted({int(found) for title in titles for found in _YEAR.findall(title)}, reverse=True)
    for first in (*named, *range(today.year, today.year - 8, -1)):
        try:
            found_days = _in_years(days, later, first)
        except ValueError:
            continue
        if all(
            day <= today for day, is_marked in zip(found_days, marked, strict=True) if is_marked
        ):
            return found_days
    return _in_years(days, later, today.year)


def _in_line(line: Mapping[int, str]) -> dict[int, WrittenDay | OpenDay]:
    days = {place: written_day(header) for place, header in line.items()}
    return {place: day for place, day in days.items() if day is not None}


def _days_below_months(
    *, below: Mapping[int, str], above: Mapping[int, str]
) -> dict[int, WrittenDay | OpenDay]:
    days: dict[int, WrittenDay | OpenDay] = {}
    month: re.Match[str] | None = None
    for place, upper in above.items():
        if upper.strip():
            month = _MONTH_ABOVE.fullmatch(upper.strip())
        day = _DAY_BELOW.fullmatch(below[place].strip())
        if month and day:
            year = int(month["y"]) if month["y"] else None
            known = _existing(int(month["m"]), int(day["d"]), year)
            if known:
                days[place] = known
    return days


def _existing(month: int, day: int, year: int | None) -> WrittenDay | None:
    try:
        date(year or 2000, month, day)  # 2000 had a 29 February
    except ValueError:
        return None
    return WrittenDay(month, day, year)


def _years_later(days: Sequence[WrittenDay]) -> list[int]:
    later = [0] if days else []
    for before, after in pairwise(days):
        later.append(later[-1] + (before.month - after.month >= _WRAP))
    return later


def _in_years(days: Sequence[WrittenDay], later: Sequence[int], first: int) -> list[date]:
    return [
        date(
            written.year if written.year is not None else first + years, written.month, written.day
        )
        for written, years in zip(days, later, strict=True)
    ]
