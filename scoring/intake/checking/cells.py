"""Checking the cells of an extract against its form: pandera at the border, trust inside."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pandera.pandas as pa
import pyarrow as arrow
import pyarrow.compute as pc

from scoring.base.lines import control_character
from scoring.intake.extract import DAY_INFERRED, PERSON, SUSPECT, Extract
from scoring.intake.problems import Problem, by_index, raise_first
from scoring.records.forms import COUNT, DAY, FORMS, POSITIVE_COUNT, Column, Form
from scoring.records.kinds import RecordKind

FIRST_DAY = date(1990, 1, 1)
# C0 and C1, and bytes that are no character; halves of characters can't be in Arrow's text.
_CONTROL = r"[\x00-\x1f\x7f-\x{9f}]"


def all_columns(extract: Extract) -> pd.DataFrame:
    """The form's columns as text; those that the file lacks are empty.

    The reader's own columns (doubts, people) are passed on.
    """
    given = extract.cells
    empty = pd.Series("", index=given.index, dtype="str")
    marks = [name for name in (SUSPECT, DAY_INFERRED, *PERSON) if name in given]
    return pd.DataFrame(
        {
            name: given[name].astype("str") if name in given else empty
            for name in (*FORMS[extract.kind].names, *marks)
        },
        index=given.index,
    )


def check_cells(file: str, extract: Extract, *, today: date) -> pd.DataFrame:
    """The columns of `all_columns`, every cell checked.

    Raises:
        FileError: the first problem by place in the file, with the count of the others.
    """
    form, given, cells = FORMS[extract.kind], extract.cells, all_columns(extract)
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
        if column.name in form.key and column.content in (COUNT, POSITIVE_COUNT):
            filled = cells[column.name].replace("", column.when_empty)
            cells[column.name] = filled.map(lambda cell: str(int(float(cell))))
    return cells


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
