"""Parquet files, read batch by batch and written out as text column by column."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scoring.intake.containers.cell_text import clean, require_short_cells
from scoring.intake.containers.limits import (
    LARGEST_UNPACKED,
    LONGEST_CELL,
    MEBIBYTE,
    MOST_SHEET_COLUMNS,
    MOST_STREAMED_ROWS,
)
from scoring.intake.containers.refusing import is_empty, refusing, too_large
from scoring.intake.containers.sheets import Row, Sheet

_BATCH = 8192
_BUFFER = MEBIBYTE
_MIDNIGHT = " 00:00:00"
_DAYS = pa.scalar(date.min), pa.scalar(date.max)
_SECONDS = tuple(pa.scalar(at, pa.timestamp("s")) for at in (datetime.min, datetime(9999, 12, 31)))
_REMEDY = "Export it again, or save it as CSV UTF-8 and import that."


def parquet_sheet(path: Path) -> Sheet:
    """The one sheet of a Parquet file: row 0 has the names of the columns.

    Raises:
        FileError: the file is damaged, or beyond a limit.
    """
    with _refusing(path), _open(path) as file:
        if not file.schema_arrow.names:
            raise is_empty(path.name)
    return Sheet("", partial(_rows, path))


def _refusing(path: Path) -> AbstractContextManager[None]:
    return refusing(path.name, "is a damaged Parquet file", remedy=_REMEDY)


def _open(path: Path) -> pq.ParquetFile:
    """Texts stay as they are stored, each once: written out they may be any size."""
    with pq.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False) as file:
        _require_sizes(path.name, file.metadata)
        schema = file.schema_arrow
        texts = [
            field.name
            for field in schema
            if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
        ]
    return pq.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False, read_dictionary=texts)


def _require_sizes(name: str, metadata: pq.FileMetaData) -> None:
    if metadata.num_rows > MOST_STREAMED_ROWS:
        raise too_large(name, f"has more than {MOST_STREAMED_ROWS:,} rows")
    if metadata.num_columns > MOST_SHEET_COLUMNS:
        raise too_large(name, f"has more than {MOST_SHEET_COLUMNS} columns")
    groups = range(metadata.num_row_groups)
    if any(metadata.row_group(at).total_byte_size > LARGEST_UNPACKED for at in groups):
        raise too_large(
            name, f"has a row group of more than {LARGEST_UNPACKED // MEBIBYTE:,} MiB unpacked"
        )


def _rows(path: Path) -> Iterator[Row]:
    number = 0
    with _refusing(path), _open(path) as file:
        header = [clean(column) for column in file.schema_arrow.names]
        require_short_cells(path.name, 0, header)
        yield 0, header
        for batch in file.iter_batches(batch_size=_BATCH):
            columns = [_texts(column) for column in batch.columns]
            is_short = all(max(map(len, texts), default=0) <= LONGEST_CELL for texts in columns)
            for cells in map(list, zip(*columns, strict=True)):
                number += 1
                if any(cells):
                    if not is_short:
                        require_short_cells(path.name, number, cells)
                    yield number, cells
            if number > MOST_STREAMED_ROWS:
                raise too_large(path.name, f"has more than {MOST_STREAMED_ROWS:,} rows")


def _texts(column: pa.Array) -> list[str]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _words(column)
    if pa.types.is_integer(kind):
        return _cast(column)
    if pa.types.is_date32(kind) and _is_within(column, _DAYS):
        return _cast(column)
    if pa.types.is_timestamp(kind) and kind.tz is None:
        return _instants(column)
    return [_as_text(value) for value in column.to_pylist()]


def _cast(column: pa.Array) -> list[str]:
    texts: list[str] = pc.fill_null(pc.cast(column, pa.string()), "").to_pylist()
    return texts


def _is_within(column: pa.Array, bounds: tuple[pa.Scalar, pa.Scalar]) -> bool:
    """Whether Python has these days too; where it has not, the slower way says so."""
    found = pc.min_max(column)
    return not found["min"].is_valid or bool(
        pc.and_(
            pc.greater_equal(found["min"], bounds[0]), pc.less_equal(found["max"], bounds[1])
        ).as_py()
    )


def _instants(column: pa.Array) -> list[str]:
    """Whole seconds, as nearly all are, the quick way; finer ones one by one."""
    try:
        seconds = pc.cast(column, pa.timestamp("s"))
    except pa.ArrowInvalid:
        return [_as_text(value) for value in column.to_pylist()]
    if not _is_within(seconds, _SECONDS):
        return [_as_text(value) for value in column.to_pylist()]
    return [text.removesuffix(_MIDNIGHT) for text in _cast(seconds)]


def _words(column: pa.DictionaryArray) -> list[str]:
    """Each word once; the dictionary may be far longer than the batch that uses it."""
    used = column.indices.unique().drop_null()
    words = map(_as_text, column.dictionary.take(used).to_pylist())
    text_of: dict[int | None, str] = dict(zip(used.to_pylist(), words, strict=True))
    text_of[None] = ""
    return [text_of[at] for at in column.indices.to_pylist()]


def _as_text(value: object) -> str:
    match value:
        case None:
            return ""
        case str():
            return clean(value)
        case float():
            return _number(value)
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.date().isoformat() if value.time() == time() else str(value)
        case date():
            return value.isoformat()
        case _:
            return clean(str(value))


def _number(value: float) -> str:
    if value != value:
        return ""
    digits = repr(value)
    return format(Decimal(digits), "f") if "e" in digits or "n" in digits else digits
