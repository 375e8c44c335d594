"""Rows of a sales file: those that tell of an order, and those that only stand around them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

import pandas as pd

from scoring.intake.extract import Given
from scoring.intake.formats.cell_values import is_day
from scoring.intake.formats.day_columns import read_days
from scoring.intake.formats.declarations import normalised
from scoring.intake.formats.tables import Table

_TOTALS = frozenset({"합계", "총계", "소계", "계", "누계", "총합계", "총합", "total", "subtotal"})
_TOTALS_BEGIN = frozenset(word[0] for word in _TOTALS) | {"T", "S"}
_DAY = "_on"
_PLANNED = "예정"
MOMENT = "moment"  # of order and payment as written, to the second: tells rows apart


@dataclass(frozen=True)
class SaleRows:
    """The rows of orders in a file.

    Attributes:
        rows: a column of text per field that the file has, days cleaned; index = row of the file.
        left_out: the other rows, by reason.
        repeated: rows that say word for word what another says.
        last_day: the latest day that is neither planned nor ahead of today: how far the file goes.
    """

    rows: pd.DataFrame
    left_out: Counter[str]
    repeated: int
    last_day: date | None


def sale_rows(
    table: Table, given: Given, notes: list[str], *, identity: tuple[str, ...]
) -> SaleRows:
    """Read a table's rows once, and part what is no order from them.

    Args:
        table: the table.
        given: what was said beside the file; no day after today counts as how far the file goes.
        notes: filled with what was assumed of its days.
        identity: fields of which a row of an order has at least one, if it has no day.

    Raises:
        FileError: a column of days can be read in more than one order.
    """
    rows, left_out = order_rows(table)
    empty = pd.Series(True, index=rows.index)
    for name in rows.columns:
        if name in identity or name.endswith(_DAY):
            empty &= rows[name].isin(["", "-"])
    if empty.any():
        numeric = rows[empty].apply(lambda cells: cells.str.contains("[0-9]").any(), axis=1)
        left_out["total"] += int(numeric.sum())
        left_out["guide"] += int((~numeric).sum())
        rows = rows[~empty]
    same = rows.duplicated()
    rows = rows[~same].copy()
    rows[MOMENT] = column(rows, "ordered_on") + " " + column(rows, "paid_on")
    for name in rows.columns:
        if name.endswith(_DAY):
            rows[name] = read_days(table, rows[name], str(name), given, notes)
    # A settlement that is only planned lies beyond the day on which the export was made.
    planned = {name for name, header in table.used.items() if _PLANNED in header}
    return SaleRows(rows, +left_out, int(same.sum()), _last_day(rows, given.today, planned))


def order_rows(table: Table) -> tuple[pd.DataFrame, Counter[str]]:
    """All rows but repeated headers and labelled totals, and how many of those there were."""
    left_out: Counter[str] = Counter()
    numbers, lines = [], []
    places = list(table.fields.values())
    header = table.headers[0]
    for number, cells in table.lines():
        first = cells[0] or next(filter(None, cells), "")
        if first[:1] in _TOTALS_BEGIN and normalised(first).rstrip(":") in _TOTALS:
            left_out["total"] += 1
        elif cells[0] == header and table.repeats_header(cells):
            left_out["header"] += 1
        else:
            numbers.append(number)
            lines.append(cells)
    columns = list(zip(*lines, strict=True)) if lines else [()] * len(table.headers)
    frame = pd.DataFrame(
        {
            name: pd.array(columns[place], dtype="str")
            for name, place in zip(table.fields, places, strict=True)
        },
        index=pd.Index(numbers, dtype="int64"),
    )
    return frame, left_out


def column(rows: pd.DataFrame, name: str) -> pd.Series[str]:
    """A field's cells; empty where the file has no such column."""
    if name in rows:
        return rows[name]
    return pd.Series("", index=rows.index, dtype="str")


def first_filled(rows: pd.DataFrame, names: Iterable[str]) -> pd.Series[str]:
    """Per row, the first of several fields that has something."""
    filled = pd.Series("", index=rows.index, dtype="str")
    for name in names:
        filled = filled.where(filled != "", column(rows, name))
    return filled


def digests(rows: pd.DataFrame, names: Iterable[str], *, length: int) -> pd.Series[str]:
    """A short digest of some cells per row, so that what they say need not be kept."""
    columns = [column(rows, name).tolist() for name in names]
    return pd.Series(
        [
            hashlib.sha256("\x1f".join(cells).encode()).hexdigest()[:length]
            for cells in zip(*columns, strict=True)
        ],
        index=rows.index,
        dtype="str",
    )


def header_of(table: Table, *names: str) -> str | None:
    """The file's header for the first of several fields that it has."""
    return next((table.used[name] for name in names if name in table.fields), None)


def _last_day(rows: pd.DataFrame, today: date, planned: Collection[str]) -> date | None:
    known = {
        cell
        for name in rows.columns
        if name.endswith(_DAY) and name not in planned
        for cell in rows[name].unique()
        if is_day(cell) and cell <= today.isoformat()
    }
    return date.fromisoformat(max(known)) if known else None
