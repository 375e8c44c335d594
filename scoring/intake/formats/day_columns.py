"""Columns of days: each read in the one order that is certain for it, or refused.

Certain is what every other order contradicts somewhere in the column, what the format's
declaration states, and what whoever imports the file says beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from scoring.base.errors import FileError
from scoring.intake.day_order import DayOrder, OpenDay, open_day, possible_orders
from scoring.intake.extract import Given
from scoring.intake.formats.cell_values import day, each, is_day
from scoring.intake.formats.tables import Table

_REMEDY = (
    "Write the year with four digits and first (2026-03-01), or say in which order the file has "
    "its days: --dates year-first, month-first or day-first (over HTTP: the parameter dates)."
)


@dataclass(frozen=True)
class Placed:
    """An open day, and where in the file it stands first."""

    row: int
    column: str
    day: OpenDay


def read_days(
    table: Table, cells: pd.Series[str], field: str, given: Given, notes: list[str]
) -> pd.Series[str]:
    """A column's days as `YYYY-MM-DD`; what is no day is left as written.

    Args:
        table: that the cells are of.
        cells: of one column, index = row of the file.
        field: that the column was found for.
        given: what was said beside the file.
        notes: filled with the order that days were read in, where it was not declared.

    Raises:
        FileError: more than one order of year, month and day fits the column, or none does.
    """
    read = each(cells, day)
    texts = {cell: open_day(cell) for cell in read.unique().tolist() if not is_day(cell)}
    found = {cell: written for cell, written in texts.items() if written is not None}
    if not found:
        return read
    first_rows = read[read.isin(list(found))].drop_duplicates()
    header = table.used[field]
    placed = [Placed(int(str(row)), header, found[cell]) for row, cell in first_rows.items()]
    days = decided(table, placed, given, notes)
    return each(read, lambda cell: _iso(days.get(found[cell]) if cell in found else None) or cell)


def decided(
    table: Table, placed: Sequence[Placed], given: Given, notes: list[str]
) -> dict[OpenDay, date]:
    """What each open day of a column is; those that are no day in any order are left out.

    Raises:
        FileError: more than one order of year, month and day fits, or none does.
    """
    days: dict[OpenDay, date] = {}
    for style in dict.fromkeys(one.day.style for one in placed):
        alike = [one for one in placed if one.day.style == style and one.day.readings]
        if alike:
            days |= _of_one_style(table, alike, given, notes)
    return days


def _of_one_style(
    table: Table, placed: Sequence[Placed], given: Given, notes: list[str]
) -> dict[OpenDay, date]:
    declared = table.format.defaults.get("dates")
    if given.dates is not None:
        order = given.dates
        _require(table, placed, order, because="as --dates says")
    elif declared:
        order = DayOrder(declared)
        because = f"as {table.format.name} files have it"
        _require(table, placed, order, because=because, earliest=table.format.earliest_short_year)
        return _all_read(placed, order)
    else:
        order = _certain_order(table, placed)
    one, says = placed[0], f"Days are read {order.words}, "
    if not any(note.startswith(says) for note in notes):
        notes.append(f"{says}such as {one.day.text} for {one.day.read(order)}.")
    return _all_read(placed, order)


def _certain_order(table: Table, placed: Sequence[Placed]) -> DayOrder:
    """The order that no row contradicts while some row contradicts every other."""
    orders = possible_orders([one.day for one in placed])
    if not orders:
        breaking = next(_breaking(placed))
        raise _refused(
            table,
            breaking,
            f'"{breaking.day.text}" is in another order of day and month than '
            "rows above it, or is no day",
        )
    open_still = [one for one in placed if len(_as_read(one, orders)) > 1]
    if open_still:
        one = open_still[0]
        several = " or ".join(day.isoformat() for day in _as_read(one, orders))
        raise _refused(
            table,
            one,
            f'"{one.day.text}" can be {several}, and nothing in the column shows which',
            further=len(open_still) - 1,
        )
    return orders[0]


def _as_read(one: Placed, orders: Collection[DayOrder]) -> list[date]:
    days = (one.day.read(order) for order in orders)
    return list(dict.fromkeys(day for day in days if day is not None))


def _breaking(placed: Sequence[Placed]) -> Iterator[Placed]:
    """Rows that leave no order that all rows above them have left."""
    for count, one in enumerate(placed, 1):
        if not possible_orders([above.day for above in placed[:count]]):
            yield one


def _require(
    table: Table,
    placed: Sequence[Placed],
    order: DayOrder,
    *,
    because: str,
    earliest: int | None = None,
) -> None:
    for one in placed:
        day = one.day.read(order)
        if day is None:
            problem = f'"{one.day.text}" is no day when it is read {order.words}, {because}'
            raise _refused(table, one, problem)
        if earliest is not None and day.year < earliest:
            problem = (
                f'"{one.day.text}" is {day} when it is read {order.words}, {because}, and a year '
                f"before {earliest} shows that another order is meant"
            )
            raise _refused(table, one, problem)


def _all_read(placed: Sequence[Placed], order: DayOrder) -> dict[OpenDay, date]:
    read: Mapping[OpenDay, date | None] = {one.day: one.day.read(order) for one in placed}
    return {written: day for written, day in read.items() if day is not None}


def _refused(table: Table, one: Placed, problem: str, *, further: int = 0) -> FileError:
    return FileError(
        table.file.name, problem, row=one.row, column=one.column, remedy=_REMEDY, further=further
    )


def _iso(day: date | None) -> str:
    return "" if day is None else day.isoformat()
