"""Rows of a table that are records, and those that are none: totals, headings, repeated headers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pandas as pd

from scoring.base.errors import FileError
from scoring.intake.extract import PERSON
from scoring.intake.formats.cell_values import each, is_damaged_id
from scoring.intake.formats.declarations import normalised
from scoring.intake.formats.tables import Table

_TOTAL = re.compile(
    r"[<\[(※*]*(총?합계|총계|소계|누계|월계|계|합|총합|평균|출석률|출석율|출석(인원|자)?수?|결석(인원|자)?수?|"
    r"지각(인원|자)?수?|참석(인원|자)수?|인원수?|(grand|sub)?totals?|sum|average|attendancerate)"
    r"([>\]):].*|\(.*)?"
)
_NO_REFERENCE = re.compile(r"[\s|]+")
LONGEST_REFERENCE = 64


def is_total(cells: list[str]) -> bool:
    """Whether a row sums up others: its first filled cell says so."""
    first = next((cell for cell in cells if cell), "")
    return _TOTAL.fullmatch(normalised(first)) is not None


def record_rows(table: Table) -> tuple[pd.DataFrame, Counter[str]]:
    """Rows of a table as text by field, index = row of the file; how many others were left out."""
    left_out: Counter[str] = Counter()
    places = list(table.fields.values())
    headers = [normalised(table.headers[place]) for place in places]
    numbers, lines = [], []
    for number, row in table.lines():
        cells = [row[place].strip() for place in places]
        if not any(cells):
            left_out["blank"] += 1
        elif is_total(row):
            left_out["total"] += 1
        elif _repeats(headers, cells):
            left_out["repeated_header"] += 1
        else:
            numbers.append(number)
            lines.append(cells)
    index = pd.Index(numbers, dtype="int64")
    return pd.DataFrame(lines, columns=list(table.fields), index=index, dtype="str"), left_out


def titles_above(table: Table) -> Iterator[str]:
    """What stands over a table: its sheet's name and the cells above its header."""
    yield table.sheet.name
    for number, cells in table.sheet.rows():
        if number >= table.header_row:
            return
        yield from (cell for cell in cells if cell)


def references(table: Table, cells: pd.Series[str], field: str) -> pd.Series[str]:
    """Numbers that name a loan, a payment or a person, as references.

    Raises:
        FileError: a spreadsheet turned a long number into 2.02E+15, so that digits are lost; or it
            can't be a reference of its own (see `names`).
    """
    for row, cell in cells.items():
        if is_damaged_id(cell):
            raise FileError(
                table.file.name,
                "is a number whose last digits a spreadsheet has dropped",
                row=int(str(row)),
                column=table.used[field],
                remedy="Export it again and open it in no spreadsheet, or format the column as "
                "text before.",
            )
    return names(table, cells, field)


def names(table: Table, cells: pd.Series[str], field: str) -> pd.Series[str]:
    """Names as references, each of its own: never cut, and never that of another name.

    Raises:
        FileError: a name is too long, or differs from another by no more than spaces and bars.
    """
    found: dict[str, str] = {}
    taken: dict[str, str] = {}
    for row, cell in cells.drop_duplicates().items():
        reference = name_reference(cell)
        problem = None
        if not reference and cell not in {"", "-"}:
            problem = "holds nothing that names anything"
        elif len(reference) > LONGEST_REFERENCE:
            problem = f"has {len(reference)} characters, and at most {LONGEST_REFERENCE} are kept"
        elif taken.setdefault(reference, _spaced(cell)) != _spaced(cell):
            problem = "would be the same as another name above it, without its spaces and signs"
        if problem is not None:
            raise FileError(
                table.file.name,
                problem,
                row=int(str(row)),
                column=table.used[field],
                remedy="Give it another number, the same in every file, and import it again.",
            )
        found[cell] = reference
    return cells.map(found).astype("str")


def name_reference(cell: str) -> str:
    """A name of the characters that a reference may have, however long."""
    return _NO_REFERENCE.sub("-", as_typed(cell.strip())).lstrip("=+-@")


def as_typed(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from taking +82-10-… for a formula."""
    return cell.removeprefix("'")


def people(table: Table, rows: pd.DataFrame) -> pd.DataFrame:
    """The columns that name people, as far as the file has them.

    Raises:
        FileError: a person's number lost its last digits.
    """
    named = rows[[column for column in PERSON if column in rows]].copy()
    for column in named:
        named[column] = each(named[column], as_typed)
    if "person_id" in named:
        references(table, named["person_id"], "person_id")
    return named


def ignored(table: Table, unread: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Headers that nothing is kept of; those of known fields that are never read among them."""
    known = [table.headers[table.fields[field]] for field in unread if field in table.fields]
    return tuple(dict.fromkeys((*known, *table.ignored)))


def used(table: Table, unread: tuple[str, ...] = ()) -> dict[str, str]:
    """The file's header by field, without the fields that are never read."""
    return {field: header for field, header in table.used.items() if field not in unread}


def _spaced(cell: str) -> str:
    return " ".join(as_typed(cell.strip()).split())


def _repeats(headers: list[str], cells: list[str]) -> bool:
    """Whether two cells or more are their own headers and none is anything else."""
    same = 0
    for header, cell in zip(headers, cells, strict=True):
        if not cell:
            continue
        if normalised(cell) != header:
            return False
        same += 1
    return same >= min(2, len(headers))
