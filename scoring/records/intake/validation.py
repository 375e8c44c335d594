"""Checking the cells of a file against its form, and turning text into values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd
import pandera.pandas as pa
from babel.numbers import get_currency_precision

from scoring.errors import FileError
from scoring.records.intake.forms import DAY, POSITIVE_COUNT, Column, Form, RecordKind
from scoring.records.intake.reading import TextFile
from scoring.records.texts import control_character

FIRST_DAY = date(1990, 1, 1)


@dataclass(frozen=True)
class Problem:
    """One cell that can't be used."""

    row: int
    column: str
    text: str


def check_cells(file: TextFile, form: Form, *, today: date) -> pd.DataFrame:
    """The form's columns as text, every cell checked; optional columns that are absent are empty.

    Raises:
        FileError: the first problem by row, with the count of the others.
    """
    cells = pd.DataFrame(
        {
            name: file.cells[name] if name in file.cells else pd.Series("", index=file.cells.index)
            for name in form.names
        },
        dtype=object,
    )
    problems = _control_characters(cells)
    if not problems:
        problems = [
            problem for column in form.columns for problem in _problems(cells[column.name], column)
        ]
    if not problems:
        problems = _days_out_of_range(cells, form, today)
    if not problems:
        problems = _contradictions(cells, form)
    raise_first(file, problems)
    for column in form.columns:  # 1 and 1.0 name one record
        if column.name in form.key and column.content is POSITIVE_COUNT:
            cells[column.name] = cells[column.name].map(lambda cell: str(int(float(cell))))
    return cells


def raise_first(file: TextFile, problems: list[Problem]) -> None:
    """Refuse the file for its first problem, if it has any.

    Raises:
        FileError: with row, column and how many more there are.
    """
    if problems:
        first = min(problems, key=lambda problem: (problem.row, problem.column))
        raise FileError(
            file.name,
            first.text,
            row=first.row,
            column=first.column,
            further=len(problems) - 1,
        )


def minor_units(amounts: pd.Series[str], currencies: pd.Series[str]) -> pd.Series[int]:
    """Amounts as integers of the currency's minor unit; an empty cell is 0.

    Raises:
        ValueError: an amount has more decimals than its currency; `args` holds row and text.
    """
    digits = {code: get_currency_precision(code) for code in currencies.unique()}
    known: dict[tuple[str, int], int] = {}
    values = []
    for row, text, currency in zip(amounts.index, amounts, currencies, strict=True):
        key = (text, digits[currency])
        if key not in known:
            whole, _, decimals = text.partition(".")
            decimals = decimals.rstrip("0")
            if len(decimals) > digits[currency]:
                raise ValueError(row, f'"{text}" has more decimals than {currency} has')
            known[key] = int((whole or "0") + decimals.ljust(digits[currency], "0"))
        values.append(known[key])
    return pd.Series(values, index=amounts.index, dtype="int64")


def _control_characters(cells: pd.DataFrame) -> list[Problem]:
    return [
        Problem(int(row), str(name), f"holds a control character ({found})")
        for name in cells.columns
        if control_character("".join(cells[name]))
        for row, cell in zip(cells.index, cells[name], strict=True)
        if (found := control_character(cell))
    ]


def _days_out_of_range(cells: pd.DataFrame, form: Form, today: date) -> list[Problem]:
    problems = []
    for column in form.columns:
        if column.content is not DAY:
            continue
        days = cells.loc[cells[column.name] != "", column.name]
        early = days[days < FIRST_DAY.isoformat()]
        late = days[days > today.isoformat()] if not column.later_allowed else days[:0]
        problems += [
            Problem(int(row), column.name, f'"{day}" {words}')
            for found, words in (
                (early, f"lies before {FIRST_DAY}, the first day that can be"),
                (late, f"is in the future (today is {today})"),
            )
            for row, day in zip(found.index, found, strict=True)
        ]
    return problems


def _problems(cells: pd.Series[str], column: Column) -> list[Problem]:
    empty = cells == ""
    problems = []
    if column.required:
        problems = [
            Problem(int(row), column.name, "is empty and must be filled")
            for row in cells.index[empty]
        ]
    schema = pa.SeriesSchema(str, checks=column.content.is_valid)
    try:
        schema.validate(cells[~empty].astype(str), lazy=True)
    except pa.errors.SchemaErrors as error:
        wrong = error.failure_cases.dropna(subset=["index"])
        problems += [
            Problem(int(row), column.name, f'"{_shortened(text)}" is not {column.content.expected}')
            for row, text in zip(wrong["index"], wrong["failure_case"], strict=True)
        ]
    return problems


def _shortened(text: object) -> str:
    # A cell in the wrong column may be long or personal: show enough to find it, no more.
    written = str(text)
    return written if len(written) <= 24 else written[:20] + "…"


def _contradictions(cells: pd.DataFrame, form: Form) -> list[Problem]:
    if form.kind is not RecordKind.SALES:
        return []
    refunded = cells["status"].isin(["cancelled", "returned"]) | cells["refund"].str.contains(
        "[1-9]", regex=True
    )
    undated = cells.index[refunded & (cells["refunded_on"] == "")]
    early = cells.index[
        refunded & (cells["refunded_on"] != "") & (cells["refunded_on"] < cells["ordered_on"])
    ]
    return [
        Problem(int(row), "refunded_on", "is empty, but the order line was cancelled or refunded")
        for row in undated
    ] + [Problem(int(row), "refunded_on", "lies before ordered_on") for row in early]
