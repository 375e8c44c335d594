"""The text of a cell: the same letters for the same thing, whatever program wrote the file."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from scoring.base.errors import FileError
from scoring.intake.containers.limits import LONGEST_CELL

# Spaces of other widths, which pages and word processors leave behind.
_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
# Soft hyphen, zero-width spaces and joiners, direction marks, byte order marks: nobody sees them.
_UNSEEN = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_ODD = re.compile(f"[{_SPACES}{_UNSEEN}]")
_SPACE = re.compile(f"[{_SPACES}]")
_NOT_SEEN = re.compile(f"[{_UNSEEN}]")

# Up to here every whole number has its own float, so its digits are the ones that were typed.
_EXACT = 2**53

Value = str | int | float | bool | datetime | date | time | timedelta | None


def is_plain(text: str) -> bool:
    """Whether a text needs nothing but stripping; quick, as nearly every text is plain."""
    return text.isascii() or (_ODD.search(text) is None and unicodedata.is_normalized("NFC", text))


def clean(text: str) -> str:
    """Plain spaces, nothing unseen, Hangul in syllables (macOS writes its letters apart)."""
    if not is_plain(text):
        text = _NOT_SEEN.sub("", _SPACE.sub(" ", text))
        text = unicodedata.normalize("NFC", text)
    return text.strip()


def require_short_cells(name: str, row: int, cells: list[str]) -> None:
    """Refuse a row with a cell longer than anything a record has.

    Raises:
        FileError: a cell is too long.
    """
    if cells and len(max(cells, key=len)) > LONGEST_CELL:
        raise FileError(
            name,
            f"has a cell of more than {LONGEST_CELL:,} characters",
            row=row,
            remedy="Shorten it, or look for a quotation mark that is never closed.",
        )


def workbook_text(value: Value) -> str:
    """A worksheet's value as text: numbers without exponent, days and instants as ISO 8601."""
    match value:
        case None:
            return ""
        case str():
            return clean(value)
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case float():
            return _number(value)
        case datetime():
            return _instant(value)
        case date():
            return value.isoformat()
        case time():
            return value.isoformat("seconds")
        case timedelta():
            return _duration(value)


def _number(value: float) -> str:
    if value.is_integer() and abs(value) <= _EXACT:
        return str(int(value))
    return format(Decimal(repr(value)), "f")


def _instant(value: datetime) -> str:
    """To the millisecond: a day's fraction in binary is seldom a whole second."""
    value += timedelta(microseconds=500)
    if value.time() < time(microsecond=1000):
        return value.date().isoformat()
    return value.isoformat(" ", "milliseconds" if value.microsecond >= 1000 else "seconds")


def _duration(value: timedelta) -> str:
    seconds = round(value.total_seconds())
    sign = "-" if seconds < 0 else ""
    minutes, seconds = divmod(abs(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}:{minutes:02}:{seconds:02}"
