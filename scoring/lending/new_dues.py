"""The instalments of a new schedule, from a file that somebody wrote."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from babel.numbers import get_currency_precision

from scoring.base.errors import FileError
from scoring.loans.schedule import Due

_COLUMNS = ("number", "due_on", "principal", "interest")


def read_dues(path: Path, currency: str) -> list[Due]:
    """Read instalments from CSV: `number`, `due_on`, `principal`, `interest`, and `fee` if any.

    Raises:
        FileError: a column is missing, or a cell can't be read; names row and column.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise FileError(path.name, f"has no column {missing[0]}", column=missing[0])
            return [
                _due(path.name, row, line, get_currency_precision(currency))
                for line, row in enumerate(reader, start=2)
            ]
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(path.name, f"can't be read ({error})") from None


def _due(file: str, row: dict[str, str], line: int, digits: int) -> Due:
    def cell(name: str) -> str:
        return (row.get(name) or "").strip()

    def amount(name: str) -> int:
        try:
            units = Decimal(cell(name) or "0").scaleb(digits)
        except InvalidOperation:
            units = Decimal("NaN")
        if not units.is_finite() or units < 0 or units != units.to_integral_value():
            raise FileError(file, "is no amount of the currency", row=line, column=name)
        return int(units)

    try:
        due_on = date.fromisoformat(cell("due_on"))
    except ValueError:
        raise FileError(file, "is no day as YYYY-MM-DD", row=line, column="due_on") from None
    if not cell("number").isdigit():
        raise FileError(file, "is no whole number", row=line, column="number")
    return Due(int(cell("number")), due_on, amount("principal"), amount("interest"), amount("fee"))
