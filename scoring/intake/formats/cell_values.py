"""Cells as people write them, turned into the plain form's text: amounts, days, counts.

What can't be understood is left as it is, so that the form's own check refuses it with its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pandas as pd

from scoring.intake.formats.currency_signs import currencies_of, parted

# Moments with an offset are turned into the day that people here had; the shops are Korean.
SHOPS_ZONE = ZoneInfo("Asia/Seoul")

_GROUPED = re.compile(r"[-+]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_AMOUNT = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_SCIENTIFIC = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?[eE]\+?[0-9]{1,2}")
_MASKED = re.compile(r"[*＊○●]|^\+?(82)?0?50[0-9]-?[0-9]{3,4}-?[0-9]{4}$")
_EXCEL_EPOCH = date(1899, 12, 30)
_SERIALS = (20_000, 80_000)  # 1954 to 2119: other numbers are not days
_SERIAL = re.compile(r"([0-9]{5})(\.[0-9]+)?")
_SIMPLE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?)?")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]{5,15}\s?(Z|UTC|[-+][0-9]{2}:?[0-9]{2})"
)
_DAY_PATTERNS = (
    re.compile(
        r"(?P<y>[0-9]{4})\s*[-./년]\s*(?P<m>[0-9]{1,2})\s*[-./월]\s*(?P<d>[0-9]{1,2})"
        r"\s*\.?일?(?![0-9])"
    ),
    re.compile(r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})(?:[0-9]{4}|[0-9]{6})?(?![0-9])"),
)


def amounts(cells: pd.Series[str]) -> pd.Series[str]:
    """`1,234원`, `₩1,234`, `(1,234)`, `−1,234` as `1234` or `-1234`; `-` and blank as empty."""
    return each(cells, amount)


def each(cells: pd.Series[str], convert: Callable[[str], str]) -> pd.Series[str]:
    """A cell's value by its text, each different text looked at once."""
    known = {cell: convert(cell) for cell in cells.unique().tolist()}
    return cells.map(known).astype("str")


def amount(cell: str) -> str:
    """One amount as text with an ordinary minus and a point; unchanged if it is none.

    A comma that doesn't part thousands may be another country's point: such a cell is no amount.
    """
    nothing = "".join(cell.split()).replace("-", "", 1)
    if not nothing or currencies_of(nothing):  # accountants write ₩- for zero
        return ""
    found = parted(cell)
    if found is None or not all(map(currencies_of, found.signs)):
        return cell
    text = found.number
    if text.startswith("(") and text.endswith(")"):
        text = "-" + text[1:-1]
    elif text.endswith("-"):
        text = "-" + text[:-1]
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    if _SCIENTIFIC.fullmatch(text):
        text = format(float(text), "f")
    if not _AMOUNT.fullmatch(text):
        return cell
    whole, _, decimals = text.removeprefix("+").partition(".")
    written = (whole if whole.strip("-") else f"{whole}0") + (
        f".{decimals}" if decimals.strip("0") else ""
    )
    return written if written.strip("-0.") else "0"


def day(cell: str) -> str:
    """One day as `YYYY-MM-DD`; unchanged if it is none. A time of day is dropped.

    Read are days that say which number is the year: one of four digits that comes first, Excel's
    serial numbers, and months by name. `day_columns` reads the others, a whole column at once.
    """
    text = cell.strip().removeprefix("'")
    if not text or text == "-":
        return ""
    if _SIMPLE.fullmatch(text):
        return text[:10] if _is_real(text[:10]) else cell
    if _MOMENT.fullmatch(text):
        return _here(text) or cell
    for pattern in _DAY_PATTERNS:
        found = pattern.match(text)
        if found:
            try:
                return date(int(found["y"]), int(found["m"]), int(found["d"])).isoformat()
            except ValueError:
                return cell
    serial = _SERIAL.fullmatch(text)
    if serial and _SERIALS[0] <= int(serial[1]) <= _SERIALS[1]:
        return (_EXCEL_EPOCH + timedelta(days=int(serial[1]))).isoformat()
    for written in ("%d %b %Y", "%d %B %Y", "%b %d, %Y"):  # Fineract's default
        try:
            return datetime.strptime(text, written).date().isoformat()
        except ValueError:
            continue
    return cell


@cache
def _is_real(iso: str) -> bool:
    try:
        date.fromisoformat(iso)
    except ValueError:
        return False
    return True


def _here(moment: str) -> str:
    written = moment[:10] + "T" + moment[11:].replace(" ", "").replace("UTC", "Z")
    try:
        return datetime.fromisoformat(written).astimezone(SHOPS_ZONE).date().isoformat()
    except ValueError:
        return ""


def is_day(cell: str) -> bool:
    """Whether a cell that `day` has seen is one."""
    return len(cell) == 10 and cell[4] == "-" and cell[7] == "-" and cell[:4].isdecimal()


def is_masked(cell: str) -> bool:
    """Whether a name or number is masked, such as 홍*동 or a safe number (0504)."""
    return _MASKED.search(cell) is not None


def is_damaged_id(cell: str) -> bool:
    """Whether a spreadsheet turned a long number into 2.02E+15, so that digits are lost."""
    return _SCIENTIFIC.fullmatch(cell.strip()) is not None
