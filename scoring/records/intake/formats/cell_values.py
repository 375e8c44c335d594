"""Cells as people write them, turned into the plain form's text: amounts, days, counts.

What can't be understood is left as it is, so that the form's own check refuses it with its place.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pandas as pd

_MINUS = str.maketrans({"−": "-", "－": "-", "–": "-", "△": "-", "▲": "-"})
_AMOUNT_DIRT = re.compile(r"[\s,₩￦\\$€£원]|KRW|krw")
_AMOUNT = re.compile(r"[-+]?\d+(\.\d+)?")
_SCIENTIFIC = re.compile(r"[-+]?\d+(\.\d+)?[eE][-+]?\d+")
_EXCEL_EPOCH = date(1899, 12, 30)
_SERIALS = (20_000, 80_000)  # 1954 to 2119: other numbers are not days
_DAY_PATTERNS = (
    re.compile(
        r"(?P<y>\d{4})\s*[-./년]\s*(?P<m>\d{1,2})\s*[-./월]\s*(?P<d>\d{1,2})\s*\.?일?(?!\d)"
    ),
    re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:\d{4,6})?(?!\d)"),
    re.compile(r"(?P<y>\d{2})[-./](?P<m>\d{1,2})[-./](?P<d>\d{1,2})(?!\d)"),
)


def amounts(cells: pd.Series[str]) -> pd.Series[str]:
    """`1,234원`, `₩1,234`, `(1,234)`, `−1,234` as `1234` or `-1234`; `-` and blank as empty."""
    return _each(cells, amount)


def days(cells: pd.Series[str]) -> pd.Series[str]:
    """Days and moments in any common writing as `YYYY-MM-DD`; year first, or Excel's serial."""
    return _each(cells, day)


def amount(cell: str) -> str:
    """One amount as text with an ordinary minus and a point; unchanged if it is none."""
    text = _AMOUNT_DIRT.sub("", cell.translate(_MINUS))
    if text in {"", "-"}:
        return ""
    if text.startswith("(") and text.endswith(")"):
        text = "-" + text[1:-1]
    if text.endswith("-"):
        text = "-" + text[:-1]
    if _SCIENTIFIC.fullmatch(text):
        number = float(text)
        text = str(int(number)) if number == int(number) else format(number, "f")
    if not _AMOUNT.fullmatch(text):
        return cell
    whole, _, decimals = text.removeprefix("+").partition(".")
    return whole + (f".{decimals}" if decimals.strip("0") else "")


def day(cell: str) -> str:
    """One day as `YYYY-MM-DD`; unchanged if it is none. A time of day is dropped."""
    text = cell.strip()
    if not text or text == "-":
        return ""
    for pattern in _DAY_PATTERNS:
        found = pattern.match(text)
        if found:
            year = int(found["y"]) + (2000 if len(found["y"]) == 2 else 0)
            try:
                return date(year, int(found["m"]), int(found["d"])).isoformat()
            except ValueError:
                return cell
    serial = re.fullmatch(r"(\d{5})(\.\d+)?", text)
    if serial and _SERIALS[0] <= int(serial[1]) <= _SERIALS[1]:
        return (_EXCEL_EPOCH + timedelta(days=int(serial[1]))).isoformat()
    for written in ("%d %b %Y", "%d %B %Y", "%b %d, %Y"):  # Fineract's default
        try:
            return datetime.strptime(text, written).date().isoformat()
        except ValueError:
            continue
    return cell


def is_masked(cell: str) -> bool:
    """Whether a name or number is masked, such as 홍*동 or a safe number (0504)."""
    return "*" in cell or cell.replace("-", "").startswith(("0502", "0503", "0504", "0505", "050"))


def is_damaged_id(cell: str) -> bool:
    """Whether a spreadsheet turned a long number into 2.02E+15, so that digits are lost."""
    return _SCIENTIFIC.fullmatch(cell.strip()) is not None


def _each(cells: pd.Series[str], convert) -> pd.Series[str]:  # type: ignore[no-untyped-def]
    known = {cell: convert(cell) for cell in cells.unique()}
    return cells.map(known).astype(str)
