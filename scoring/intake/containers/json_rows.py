"""Rows as JSON: an object per line, or one list of objects; read one by one from the disk.

Python's own decoder reads each value. Measured beside it on 2026-12-01, ijson 3.6 on yajl is 2.5
times as fast, but makes half a character a question mark without a word, and fails inside its C
code where a number has more than 4,300 digits (`SystemError`; a segmentation fault for whoever
looks at the events before it). ijson in Python does neither, and is 3.5 times as slow.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from scoring.base.errors import FileError
from scoring.intake.containers.cell_text import clean, require_short_cells
from scoring.intake.containers.limits import (
    LONGEST_STREAMED_ROW,
    MOST_SHEET_COLUMNS,
    MOST_STREAMED_ROWS,
)
from scoring.intake.containers.refusing import is_empty, too_large
from scoring.intake.containers.sheets import Row, Sheet
from scoring.intake.containers.text_file import Encoding

_BEGINNING = re.compile(rb"\s*(\[\s*)?\{|\s*\[\s*\]")
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_PIECE = 64 * 1024
_SPACE = " \t\r\n"
_LARGEST_EXPONENT = 30
_REMEDY = "Write one object with texts and numbers per line, and send the rows again."


def looks_like_json(head: bytes) -> bool:
    """Whether a file begins as an object or as a list of objects, which no table of text does."""
    return _BEGINNING.match(head.removeprefix(codecs.BOM_UTF8)) is not None


def json_sheet(path: Path, encoding: Encoding) -> Sheet:
    """The one sheet of a file of objects: row 0 has the names of all fields.

    A row has the number of its line or, in a list, its place from 1 on. A field that an object
    leaves out, or has as null, is an empty cell. Numbers keep the digits that were written.

    Raises:
        FileError: an object can't be read, or the file is beyond a limit.
    """
    header: dict[str, None] = {}
    for number, fields in _objects(path, encoding):
        header.update(dict.fromkeys(fields))
        if len(header) > MOST_SHEET_COLUMNS:
            raise too_large(path.name, f"has more than {MOST_SHEET_COLUMNS} columns")
        require_short_cells(path.name, number, list(fields))
    if not header:
        raise is_empty(path.name)
    return Sheet("", partial(_rows, path, encoding, list(header)))


def _rows(path: Path, encoding: Encoding, header: list[str]) -> Iterator[Row]:
    yield 0, [clean(name) for name in header]
    for number, fields in _objects(path, encoding):
        cells = [_cell(path.name, number, name, fields.get(name)) for name in header]
        require_short_cells(path.name, number, cells)
        if any(cells):
            yield number, cells


def _objects(path: Path, encoding: Encoding) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding=encoding.codec) as stream:
        is_list = stream.read(_PIECE).lstrip().startswith("[")
        stream.seek(0)
        found = _listed(path.name, stream) if is_list else _lines(path.name, stream)
        for count, (number, item) in enumerate(found):
            if count == MOST_STREAMED_ROWS:
                raise too_large(path.name, f"has more than {MOST_STREAMED_ROWS:,} rows")
            if not isinstance(item, dict):
                raise _refused(path.name, "is no object", number)
            yield number, item


def _lines(name: str, stream: TextIO) -> Iterator[tuple[int, object]]:
    number = 0
    while line := stream.readline(LONGEST_STREAMED_ROW):
        number += 1
        if len(line) == LONGEST_STREAMED_ROW:
            raise _too_long(name, number)
        if line.strip():
            with _reading(name, number):
                value = _DECODER.decode(line)
            yield number, value


def _listed(name: str, stream: TextIO) -> Iterator[tuple[int, object]]:
    text, number = _Text(stream), 0
    text.take_mark()  # the bracket that begins the list
    mark = "," if text.next_mark() != "]" else text.take_mark()
    while mark == ",":
        number += 1
        with _reading(name, number):
            value = text.take_value()
        yield number, value
        mark = text.take_mark()
    if mark != "]":
        raise _refused(name, "is not followed by a comma or by the end of the list", number)
    if text.next_mark():
        raise _refused(name, "is followed by more than the end of the list", number)


@contextmanager
def _reading(name: str, number: int) -> Iterator[None]:
    """Refuse the file where JSON can't be read; nothing of what was read is told."""
    try:
        yield
    except OverflowError:
        raise _too_long(name, number) from None
    except json.JSONDecodeError as error:
        raise _refused(name, f"is no JSON object ({error.msg})", number) from None
    except RecursionError:
        raise _refused(name, "is nested too deeply", number) from None
    except ValueError as error:
        raise _refused(name, f"is no JSON object ({error})", number) from None


class _Text:
    """A stream of text of which only what was not yet taken is held."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._held = stream, ""

    def next_mark(self) -> str:
        """The next character that is no space, left where it is; "" at the end."""
        self._held = self._held.lstrip(_SPACE)
        while not self._held and (piece := self._stream.read(_PIECE)):
            self._held = piece.lstrip(_SPACE)
        return self._held[:1]

    def take_mark(self) -> str:
        """The next character that is no space."""
        mark = self.next_mark()
        self._held = self._held[1:]
        return mark

    def take_value(self) -> object:
        """The value that begins here.

        Raises:
            ValueError: there is none.
            OverflowError: it is longer than any row.
        """
        self.next_mark()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._held)
            except json.JSONDecodeError:
                if len(self._held) > LONGEST_STREAMED_ROW:
                    raise OverflowError from None
                # Twice as much each time, so that a long value is not tried too often.
                piece = self._stream.read(max(_PIECE, len(self._held)))
                if not piece:
                    raise
                self._held += piece
            else:
                self._held = self._held[end:]
                return value


def _cell(name: str, number: int, column: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _refused(name, "is neither a text nor a number", number, column)
    if not value.isascii() and _HALF_CHARACTER.search(value):
        raise _refused(name, "holds half a character", number, column)
    return clean(value)


def _fields(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field stands there twice")
    if any(not name.isascii() and _HALF_CHARACTER.search(name) for name in fields):
        raise ValueError("the name of a field holds half a character")
    return fields


def _number(digits: str) -> str:
    """A number as it was written, without an exponent: 5e-2 is 0.05."""
    if "e" not in digits.lower():
        return digits
    exponent = digits.lower().partition("e")[2]
    if abs(float(exponent)) > _LARGEST_EXPONENT:
        raise ValueError("a number is out of range")
    return format(Decimal(digits), "f")


def _no_number(constant: str) -> str:
    raise ValueError(f"{constant} is no number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_fields, parse_int=str, parse_float=_number, parse_constant=_no_number
)


def _refused(name: str, problem: str, row: int, column: str | None = None) -> FileError:
    return FileError(name, problem, row=row, column=column, remedy=_REMEDY)


def _too_long(name: str, row: int) -> FileError:
    problem = f"has a row of more than {LONGEST_STREAMED_ROW:,} characters"
    return FileError(name, problem, row=row, remedy="Shorten it, and send the rows again.")
