"""Checking the cells of an extract against its form: pandera at the border, trust inside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
import pyarrow.compute as pc
from babel.numbers import get_currency_precision

from scoring.base.lines import control_character
from scoring.intake.extract import DAY_INFERRED, PERSON, SUSPECT, Extract
from scoring.records.forms import DAY, FORMS, POSITIVE_COUNT, Column, Form
from scoring.records.kinds import RecordKind

FIRST_DAY = date(1990, 1, 1)
# C0 and C1, and bytes that are no character; halves of characters can't be in Arrow's text.
_CONTROL = r"[\x00-\x1f\x7f-\x{9f}]"


@dataclass(frozen=True)
class Problem:
    """One cell that can't be used, by its index in the extract."""

    index: int
    column: str
    text: str


def check_cells(file: str, extract: Extract, *, today: date) -> pd.DataFrame:
    """The form's columns as text, every cell checked; columns that are absent are empty.

    The reader's own columns (doubts, people) are passed on.

    Raises:
        FileError: the first problem by place in the file, with the count of the others.
    """
    form = FORMS[extract.kind]
    given = extract.cells
    empty = pd.Series("", index=given.index, dtype="str")
    marks = [name for name in (SUSPECT, DAY_INFERRED, *PERSON) if name in given]
    cells = pd.DataFrame(
        {
            name: given[name].astype("str") if name in given else empty
            for name in (*form.names, *marks)
        },
        index=given.index,
    )
    problems = _control_characters(cells)
    if not problems:
        named_otherwise = any(name in given for name in PERSON)
        problems = [
            problem
            for column in form.columns
            if column.name in given or (column.required and not _is_named(column, named_otherwise))
            for problem in _problems(cells[column.name], column, named_otherwise)
        ]
    if not problems:
        problems = _days_out_of_range(cells, form, today)
    if not problems:
        problems = _contradictions(cells, form)
    raise_first(file, extract, problems)
    for column in form.columns:  # 1 and 1.0 name one record
        if column.name in form.key and column.content is POSITIVE_COUNT:
            cells[column.name] = cells[column.name].map(lambda cell: str(int(float(cell))))
    return cells


def raise_first(file: str, extract: Extract, problems: list[Problem]) -> None:
    """Refuse the file for its first problem, if it has any.

    Raises:
        FileError: with row, column and how many more there are.
    """
    if problems:
        first = min(problems, key=lambda problem: (problem.index, problem.column))
        raise extract.error(file, first.index, first.column, first.text, further=len(problems) - 1)


def by_index(cells: pd.Series[str]) -> Iterator[tuple[int, str]]:
    """Cells with their index in the extract."""
    return zip(cells.index.tolist(), cells.tolist(), strict=True)


def minor_units(amounts: pd.Series[str], currencies: pd.Series[str]) -> pd.Series[int]:
    """Amounts as integers of the currency's minor unit; an empty cell is 0.

    Raises:
        ValueError: an amount has more decimals than its currency; `args` holds index and text.
    """
    written = amounts.where(amounts != "", "0").astype("str")
    is_negative = written.str.startswith("-").to_numpy(dtype=bool)
    with_point = written.str.contains(".", regex=False).to_numpy(dtype=bool)
    whole = written.str.replace(r"^-|[.].*$", "", regex=True).astype("int64").to_numpy()
    values = np.zeros(len(amounts), dtype="int64")
    for code in currencies.unique():
        digits = get_currency_precision(code)
        chosen = (currencies == code).to_numpy(dtype=bool)
        values[chosen] = whole[chosen] * 10**digits
        pointed = chosen & with_point
        if not pointed.any():
            continue
        decimals = written[pointed].str.replace(r"^[^.]*[.]", "", regex=True).str.rstrip("0")
        too_fine = decimals.index[decimals.str.len() > digits]
        if len(too_fine):
            first = too_fine[0]
            raise ValueError(int(first), f'"{amounts[first]}" has more decimals than {code} has')
        if digits:
            values[pointed] += decimals.str.pad(digits, side="right", fillchar="0").astype("int64")
    values[is_negative] *= -1
    return pd.Series(values, index=amounts.index, dtype="int64")


def _is_named(column: Column, named_otherwise: bool) -> bool:
    return named_otherwise and column.name == "founder"


def _control_characters(cells: pd.DataFrame) -> list[Problem]:
    problems = []
    for name in cells.columns:
        column = arrow.array(cells[name], type=arrow.string())
        if pc.any(pc.match_substring_regex(column, _CONTROL)).as_py():
            problems += [
                Problem(index, str(name), f"holds a control character ({found})")
                for index, cell in by_index(cells[name])
                if (found := control_character(cell))
            ]
    return problems


def _days_out_of_range(cells: pd.DataFrame, form: Form, today: date) -> list[Problem]:
    problems = []
    for column in form.columns:
        if column.content is not DAY:
            continue
        days = cells.loc[cells[column.name] != "", column.name]
        early = days[days < FIRST_DAY.isoformat()]
        late = days[days > today.isoformat()] if not column.later_allowed else days[:0]
        problems += [
            Problem(int(index), column.name, f'"{day}" {words}')
            for found, words in (
                (early, f"lies before {FIRST_DAY}, the first day that can be"),
                (late, f"is in the future (today is {today})"),
            )
            for index, day in zip(found.index, found, strict=True)
        ]
    return problems


def _problems(cells: pd.Series[str], column: Column, named_otherwise: bool) -> list[Problem]:
    empty = cells == ""
    problems = []
    if column.required and not _is_named(column, named_otherwise):
        problems = [
            Problem(int(index), column.name, "is empty and must be filled")
            for index in cells.index[empty]
        ]
    filled = cells[~empty]
    if filled.empty:
        return problems
    schema = pa.SeriesSchema(checks=column.content.is_valid)
    # A cell is as good as its like: one check serves all that are equal.
    distinct = pd.Series(filled.unique(), dtype="str")
    try:
        schema.validate(distinct, lazy=True)
    except pa.errors.SchemaErrors as error:
        wrong = set(error.failure_cases.dropna(subset=["index"])["failure_case"])
        problems += [
            Problem(index, column.name, f'"{_shortened(cell)}" is not {column.content.expected}')
            for index, cell in by_index(filled[filled.isin(list(wrong))])
        ]
    return problems


def _shortened(text: object) -> str:
    # A cell in the wrong column may be long or personal: show enough to find it, no more.
    written = str(text)
    return written if len(written) <= 24 else written[:20] + "…"


def _contradictions(cells: pd.DataFrame, form: Form) -> list[Problem]:
    if form.kind is RecordKind.PAUSES:
        ends_early = cells.index[cells["last_day"] < cells["first_day"]]
        return [Problem(int(i), "last_day", "lies before first_day") for i in ends_early]
    if form.kind is RecordKind.REFUNDS:
        alone = cells["of_sale"] == "no"
        return [
            Problem(int(i), column, "is empty, and no sale is named that would tell")
            for column in ("refund", "currency")
            for i in cells.index[alone & (cells[column] == "")]
        ]
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
        Problem(int(i), "refunded_on", "is empty, but the order line was cancelled or refunded")
        for i in undated
    ] + [Problem(int(i), "refunded_on", "lies before ordered_on") for i in early]
