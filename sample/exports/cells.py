"""Cells of an export, and the many ways in which people's programs write the same thing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from sample.exports.formula_safe import formula_safe

_EXCEL_EPOCH: Final = datetime(1899, 12, 30)
_WIDE: Final = str.maketrans("0123456789,", "０１２３４５６７８９，")


@dataclass(frozen=True)
class Amount:
    """Money, in whole won or in pounds with pence."""

    value: float


@dataclass(frozen=True)
class Moment:
    """A day, or a moment of one."""

    at: date

    @property
    def day(self) -> date:
        """The day, without its time."""
        return self.at.date() if isinstance(self.at, datetime) else self.at


@dataclass(frozen=True)
class Digits:
    """A long number that names something, and that spreadsheets like to take for an amount."""

    digits: str


Cell = str | int | float | Amount | Moment | Digits | None


class AmountStyle(StrEnum):
    """Ways of writing money."""

    PLAIN = "1234"
    COMMAS = "1,234"
    WON_SIGN = "₩1,234"
    BACKSLASH = "\\1,234"  # the won sign of Korean fonts, as CP949 has it
    WON = "1,234원"
    FULL_WIDTH = "１，２３４"
    ACCOUNTING = "(1,234)"


class DayStyle(StrEnum):
    """Ways of writing a day or a moment."""

    SECONDS = "2026-03-01 09:12:33"
    DOTS = "2026.3.1"
    DIGITS = "20260301091233"
    SHORT = "26/03/01"
    KOREAN = "2026년 3월 1일"
    HALF_DAYS = "2026-03-01 오전 9:12:33"
    SERIAL = "46082.38371"
    MONTH_FIRST = "3/1/26 9:12"


@dataclass(frozen=True)
class Style:
    """How one program writes its cells.

    Attributes:
        amount: money.
        day: days and moments; workbooks have real ones where it is None.
        quoted_digits: whether long numbers have an apostrophe in front.
        padding: what follows every text: spaces of odd widths, and such as nobody sees.
    """

    amount: AmountStyle = AmountStyle.PLAIN
    day: DayStyle | None = DayStyle.SECONDS
    quoted_digits: bool = False
    padding: str = ""


def text_of(cell: Cell, style: Style) -> str:
    """A cell as text, safe to open in a spreadsheet."""
    return formula_safe(_written(cell, style))


def _written(cell: Cell, style: Style) -> str:
    match cell:
        case None | "":
            return ""
        case Amount(value):
            return amount_text(value, style.amount)
        case Moment(at):
            return _DAYS[style.day or DayStyle.SECONDS](at)
        case Digits(digits):
            return f"'{digits}" if style.quoted_digits else digits
        case int() | float():
            return str(cell)
        case _:
            return f"{cell}{style.padding}"


def amount_text(value: float, style: AmountStyle) -> str:
    """Money as text."""
    whole = value == int(value)
    plain = f"{abs(value):,.0f}" if whole else f"{abs(value):,.2f}"
    if style is AmountStyle.PLAIN:
        plain = plain.replace(",", "")
    minus = "-" if value < 0 else ""
    match style:
        case AmountStyle.WON_SIGN:
            return f"₩{minus}{plain}"
        case AmountStyle.BACKSLASH:
            return f"\\{minus}{plain}"
        case AmountStyle.WON:
            return f"{minus}{plain}원"
        case AmountStyle.FULL_WIDTH:
            return minus + plain.translate(_WIDE)
        case AmountStyle.ACCOUNTING:
            return f"({plain})" if value < 0 else plain
        case _:
            return minus + plain


def serial(at: date) -> float:
    """A moment as Excel counts it: days since 1900, by its own calendar."""
    since = _moment(at) - _EXCEL_EPOCH
    return round(since.days + since.seconds / 86_400, 10)


def _moment(at: date) -> datetime:
    return at if isinstance(at, datetime) else datetime(at.year, at.month, at.day)


def _iso(at: date) -> str:
    return at.isoformat(" ", "seconds") if isinstance(at, datetime) else at.isoformat()


def _half_days(at: date) -> str:
    if not isinstance(at, datetime):
        return at.isoformat()
    half = "오전" if at.hour < 12 else "오후"
    return f"{at:%Y-%m-%d} {half} {at.hour % 12 or 12}:{at:%M:%S}"


def _digits(at: date) -> str:
    return f"{at:%Y%m%d%H%M%S}" if isinstance(at, datetime) else f"{at:%Y%m%d}"


def _month_first(at: date) -> str:
    moment = _moment(at)
    return f"{moment.month}/{moment.day}/{moment:%y} {moment.hour}:{moment:%M}"


_DAYS: Final[Mapping[DayStyle, Callable[[date], str]]] = MappingProxyType(
    {
        DayStyle.SECONDS: _iso,
        DayStyle.DOTS: lambda at: f"{at.year}.{at.month}.{at.day}",
        DayStyle.DIGITS: _digits,
        DayStyle.SHORT: lambda at: f"{at:%y/%m/%d}",
        DayStyle.KOREAN: lambda at: f"{at.year}년 {at.month}월 {at.day}일",
        DayStyle.HALF_DAYS: _half_days,
        DayStyle.SERIAL: lambda at: f"{serial(at):.5f}",
        DayStyle.MONTH_FIRST: _month_first,
    }
)
