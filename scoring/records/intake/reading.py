"""Reading a file into a frame of text, one row per record, labelled with its place in the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scoring.errors import FileError
from scoring.records.intake.forms import FORMS, Form, RecordKind

_PARQUET = b"PAR1"


@dataclass(frozen=True)
class TextFile:
    """A file as read: its cells as text, index = row in the file (a CSV's header is row 1)."""

    name: str
    digest: str
    cells: pd.DataFrame


def read_file(path: Path) -> TextFile:
    """Read CSV (UTF-8) or Parquet, by content and not by name.

    Raises:
        FileError: the file is missing, empty, or neither of the two.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileError(path.name, f"can't be read ({error.strerror})") from error
    if not content.strip():
        raise _empty(path.name)
    digest = sha256(content).hexdigest()
    if content.startswith(_PARQUET):
        return TextFile(path.name, digest, _read_parquet(path.name, content))
    return TextFile(path.name, digest, _read_csv(path.name, content))


def recognise_form(file: TextFile, kind: RecordKind | None) -> Form:
    """The form that a file is in: the one named, or the one whose columns it has.

    Raises:
        FileError: a required column is missing, or no form fits; says what was found.
    """
    found = list(file.cells.columns)
    if kind is None:
        fitting = [form for form in FORMS.values() if set(form.required) <= set(found)]
        if len(fitting) != 1:
            raise _unrecognised(file.name, found)
        return fitting[0]
    form = FORMS[kind]
    for name in form.required:
        if name not in found:
            raise _lacking(file.name, form, name, found)
    return form


def _lacking(name: str, form: Form, column: str, found: list[str]) -> FileError:
    return FileError(
        name,
        f"the column is missing; {form.kind} needs {', '.join(form.required)} and the file has "
        f"{', '.join(found)}",
        row=1,
        column=column,
        remedy="Add the column and import the file again.",
    )


def _unrecognised(name: str, found: list[str]) -> FileError:
    """Say what is nearest: another separator, or a form with some columns missing."""
    if len(found) == 1:
        for separator, word in ((";", "semicolons"), ("\t", "tabs")):
            if separator in found[0]:
                return FileError(
                    name,
                    f"has its cells separated by {word}",
                    row=1,
                    remedy="Save it as CSV with commas (in Excel: CSV UTF-8, comma delimited).",
                )
    nearest = max(FORMS.values(), key=lambda form: len(set(form.required) & set(found)))
    lacking = [column for column in nearest.required if column not in found]
    shared = len(nearest.required) - len(lacking)
    if len(lacking) == 1 and shared > 1:
        return _lacking(name, nearest, lacking[0], found)
    hint = f"; nearest is {nearest.kind}, which also needs {', '.join(lacking)}" if shared else ""
    return FileError(
        name,
        f"is in no known form by its columns ({', '.join(found) or 'none'}){hint}",
        row=1,
        remedy="Add what is missing, or see docs/records.md for the columns of each kind.",
    )


def _read_csv(name: str, content: bytes) -> pd.DataFrame:
    if b"\x00" in content.partition(b"\n")[0]:
        raise FileError(
            name,
            "is neither CSV nor Parquet: it holds binary data",
            remedy="Save it as CSV (UTF-8) and import that.",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise FileError(
            name, "is not UTF-8 text", row=row, remedy="Save it as CSV (UTF-8) and import that."
        ) from error
    lines = _csv_lines(name, text)
    _, header = next(lines, (0, []))
    if not header:
        raise _empty(name)
    header = [cell.strip().lower() for cell in header]
    _refuse_repeated_columns(name, header)
    rows, cells = [], []
    for row, line in lines:
        if len(line) != len(header):
            raise FileError(
                name, f"has {len(line)} cells where the header has {len(header)}", row=row
            )
        rows.append(row)
        cells.append([cell.strip() for cell in line])
    if not rows:
        raise FileError(name, "has a header and no rows", remedy="Export it again with its rows.")
    return pd.DataFrame(cells, columns=header, index=pd.Index(rows, name="row"), dtype=object)


def _csv_lines(name: str, text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for line in reader:
            if any(cell.strip() for cell in line):
                yield reader.line_num, line
    except csv.Error as error:
        raise FileError(name, f"is not well-formed CSV ({error})", row=reader.line_num) from error


def _read_parquet(name: str, content: bytes) -> pd.DataFrame:
    try:
        table = pq.ParquetFile(io.BytesIO(content)).read()
        _refuse_repeated_columns(name, table.column_names)
        columns = {
            column: [_as_text(value) for value in table.column(column).to_pylist()]
            for column in table.column_names
        }
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise FileError(name, f"is a damaged Parquet file ({error})") from error
    if not table.num_rows:
        raise FileError(name, "has no rows", remedy="Export it again with its rows.")
    index = pd.RangeIndex(1, table.num_rows + 1, name="row")
    return pd.DataFrame(columns, index=index, dtype=object)


def _refuse_repeated_columns(name: str, columns: list[str]) -> None:
    repeated = {column for column in columns if columns.count(column) > 1}
    if repeated:
        raise FileError(name, "the column stands there twice", row=1, column=min(repeated))


def _empty(name: str) -> FileError:
    return FileError(name, "is empty", remedy="Export it again: it should have a header.")


def _as_text(value: object) -> str:
    match value:
        case None:
            return ""
        case float():
            return "" if value != value else format(Decimal(repr(value)), "f")
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.date().isoformat() if value.time() == time() else str(value)
        case date():
            return value.isoformat()
        case _:
            return str(value).strip()
