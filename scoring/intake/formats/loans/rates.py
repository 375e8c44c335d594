"""Yearly rates: in per cent or as shares of one, decided for a whole column by what is certain."""

from __future__ import annotations

import re

import pandas as pd

from scoring.base.errors import FileError
from scoring.intake.formats.cell_values import each
from scoring.intake.formats.declarations import RateUnit
from scoring.intake.formats.tables import Table

_FIELD = "annual_rate"
_SIGN = re.compile(r"[%％]|per ?cent|퍼센트|프로", re.IGNORECASE)
_BESIDE = re.compile(r"[%％\s]|per ?cent|퍼센트|프로|연|p\.?a\.?", re.IGNORECASE)


def annual_rates(table: Table, cells: pd.Series[str], notes: list[str]) -> pd.Series[str]:
    """Rates per year as decimals: `5.5%` as 0.055. What is no number is left without its signs.

    A column is in per cent if its header or all of its cells say so, or if none of its rates can
    be a share, as all are above one: nobody may lend at more than 100 % a year.

    Args:
        table: that the column is of.
        cells: as written, index = row of the file.
        notes: filled with the unit.

    Raises:
        FileError: nothing says whether the column is in per cent, or only some of its cells do.
    """
    plain = each(cells, lambda cell: _BESIDE.sub("", cell))
    values = pd.to_numeric(plain.where(plain != ""), errors="coerce")
    if _unit(table, cells, values) is RateUnit.PERCENT:
        notes.append("Rates are read as per cent a year.")
        values = values / 100
    text = values.map(lambda value: "" if value != value else f"{value:.6f}".rstrip("0"))
    text = text.map(lambda value: value.rstrip(".") or value).astype("str")
    return text.where(values.notna(), plain)


def _unit(table: Table, cells: pd.Series[str], values: pd.Series[float]) -> RateUnit:
    if _SIGN.search(table.used[_FIELD]):
        return RateUnit.PERCENT
    told = values[values.notna() & (values != 0)]
    has_sign = each(cells[told.index], lambda cell: "%" if _SIGN.search(cell) else "") == "%"
    if has_sign.any():
        if not has_sign.all():
            without = cells[told.index][~has_sign]
            raise _refused(
                table, without, "has no % sign, while other rates of the column have one"
            )
        return RateUnit.PERCENT
    declared = table.format.defaults.get("rates")
    if declared:
        return RateUnit(declared)
    open_still = told[told <= 1]
    if len(open_still):
        problem = "can be a share of one or per cent a year, and nothing in the column says which"
        raise _refused(table, cells[open_still.index], problem)
    return RateUnit.PERCENT


def _refused(table: Table, cells: pd.Series[str], problem: str) -> FileError:
    row, cell = next(iter(cells.items()))
    return FileError(
        table.file.name,
        f'"{cell}" {problem}',
        row=int(str(row)),
        column=table.used[_FIELD],
        remedy="Write % behind each rate or into the header, such as 금리(%), or say it for all "
        f"such files in formats.toml: [{table.format.name}.defaults] "
        'rates = "percent" or "fraction".',
        further=len(cells) - 1,
    )
