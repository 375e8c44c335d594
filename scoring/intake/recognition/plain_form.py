"""Our own plain form: English columns, one file per record kind, read in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pandas as pd

from scoring.base.errors import FileError
from scoring.intake.containers import Container, Sheet
from scoring.intake.extract import Extract, Reading
from scoring.records.forms import FORMS, Form
from scoring.records.kinds import RecordKind

_PIECE = 50_000  # rows held in memory at once
_NO_ROWS = "Export it again with its rows."


def plain_form(file: Container, kind: RecordKind | None) -> Form | None:
    """The form whose columns the file's first row has: the one named, or the fullest that fits.

    Raises:
        FileError: the kind was named and a required column is missing, or a column stands there
            twice.
    """
    _, header = _header(file)
    if kind is not None:
        _refuse_repeated_columns(file.name, header)
        form = FORMS[kind]
        lacking = [name for name in form.required if name not in header]
        if lacking:
            raise lacking_column(file.name, form, lacking[0], header)
        return form
    fitting = [form for form in FORMS.values() if set(form.required) <= set(header)]
    if not fitting:
        return None
    _refuse_repeated_columns(file.name, header)
    return max(fitting, key=lambda form: len(form.required))


def read_plain(file: Container, form: Form) -> Reading:
    """A file in the plain form of one record kind.

    Raises:
        FileError: it has a header and no rows.
    """
    sheet = file.sheets[0]
    row, header = _header(file)
    if next(islice(sheet.rows(), 1, None), None) is None:
        words = "has no rows" if file.wrapper in {"parquet", "json"} else "has a header and no rows"
        raise FileError(file.name, words, remedy=_NO_ROWS)
    return Reading(
        format="plain",
        kind=form.kind.value,
        sheet=sheet.name,
        header_row=row,
        used={name: name for name in header if name in form.names},
        ignored=tuple(name for name in header if name and name not in form.names),
        extracts=lambda: _pieces(file.name, sheet, form, header),
    )


def unrecognised(file: Container) -> FileError:
    """Say what a file that fits no form is nearest to."""
    _, header = _header(file)
    nearest = max(FORMS.values(), key=lambda form: len(set(form.required) & set(header)))
    lacking = [column for column in nearest.required if column not in header]
    shared = len(nearest.required) - len(lacking)
    if len(lacking) == 1 and shared > 1:
        return lacking_column(file.name, nearest, lacking[0], header)
    hint = f"; nearest is {nearest.kind}, which also needs {', '.join(lacking)}" if shared else ""
    shown = ", ".join(name[:24] for name in header[:20] if name) or "none"
    return FileError(
        file.name,
        f"is in no known form by its columns ({shown}){hint}",
        row=1,
        remedy="See docs/records.md for the columns of each kind and docs/operator.md for the "
        "exports that are read; force one with --format, or add your headers to formats.toml.",
    )


def lacking_column(name: str, form: Form, column: str, header: list[str]) -> FileError:
    """That a required column is missing."""
    return FileError(
        name,
        f"the column is missing; {form.kind} needs {', '.join(form.required)} and the file has "
        f"{', '.join(header)}",
        row=1,
        column=column,
        remedy="Add the column and import the file again.",
    )


def _header(file: Container) -> tuple[int, list[str]]:
    row, cells = next(file.sheets[0].rows(), (1, []))
    return row, [cell.lower() for cell in cells]


def _pieces(name: str, sheet: Sheet, form: Form, header: list[str]) -> Iterator[Extract]:
    rows = islice(sheet.rows(), 1, None)
    wanted = [(place, column) for place, column in enumerate(header) if column in form.names]
    while piece := list(islice(rows, _PIECE)):
        width = len(header)
        for number, cells in piece:
            if len(cells) != width:
                _fit(name, number, cells, width)
        numbers, lines = zip(*piece, strict=True)
        columns = list(zip(*lines, strict=True))
        index = pd.Index(numbers, dtype="int64")
        yield Extract(
            form.kind,
            pd.DataFrame(
                {column: pd.array(columns[place], dtype="str") for place, column in wanted},
                index=index,
            ),
        )


def _fit(name: str, row: int, cells: list[str], width: int) -> None:
    """Cut empty cells that stand beyond the header; others are a comma too many or too few."""
    if len(cells) > width and not any(cells[width:]):
        del cells[width:]
        return
    raise FileError(name, f"has {len(cells)} cells where the header has {width}", row=row)


def _refuse_repeated_columns(name: str, header: list[str]) -> None:
    repeated = {column for column in header if column and header.count(column) > 1}
    if repeated:
        raise FileError(name, "the column stands there twice", row=1, column=min(repeated))
