"""Files of text with separated cells, decoded and read line by line from the disk."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice
from pathlib import Path

from scoring.base.errors import FileError
from scoring.intake.containers.cell_text import clean, is_plain, require_short_cells
from scoring.intake.containers.limits import (
    LONGEST_CELL,
    LONGEST_STREAMED_ROW,
    MEBIBYTE,
    MOST_STREAMED_ROWS,
)
from scoring.intake.containers.refusing import is_empty, no_known_format, refusing, too_large
from scoring.intake.containers.sheets import Row, Sheet

_CHUNK = MEBIBYTE
_SAMPLE_CHARACTERS = 64 * 1024
_SAMPLE_ROWS = 60
_DELIMITERS = ",\t;|"
_HANGUL = re.compile("[가-힣]")
# A first line by which Excel is told the delimiter.
_TOLD = re.compile(r'"?sep=(?P<delimiter>[^\w\s"]|\t)"?\r?\n?', re.IGNORECASE)
_SAVE_AS_UTF8 = "Save it as CSV UTF-8 and import that."


@dataclass(frozen=True)
class Encoding:
    """How bytes become text: a name for people, and the codec that does it."""

    name: str
    codec: str


def recognise_encoding(path: Path, head: bytes) -> Encoding:
    """By byte order mark, then UTF-8, then UTF-16 by its NULs, then CP949; never by guess.

    Raises:
        FileError: the file holds binary data, or text in none of these; says in which row.
    """
    name = path.name
    marked = _by_mark(head)
    encoding = marked or _utf16_by_nuls(head) or Encoding("utf-8", "utf-8")
    if encoding.name != "utf-16" and b"\x00" in head.partition(b"\n")[0]:
        raise no_known_format(name)
    failed_in, saw_hangul = _first_failure(path, encoding.codec)
    if failed_in is None:
        return encoding
    if encoding.name != "utf-8" or saw_hangul:
        # Hangul that was read well shows that the encoding is right, and the file damaged.
        label = encoding.name.removesuffix("-sig").upper()
        raise FileError(name, f"is not {label} text", row=failed_in, remedy=_SAVE_AS_UTF8)
    cp949_failed_in, _ = _first_failure(path, "cp949")
    if cp949_failed_in is None:
        return Encoding("cp949", "cp949")
    row = max(failed_in, cp949_failed_in)
    raise FileError(name, "is neither UTF-8 nor CP949 text", row=row, remedy=_SAVE_AS_UTF8)


def _by_mark(head: bytes) -> Encoding | None:
    if head.startswith(codecs.BOM_UTF8):
        return Encoding("utf-8-sig", "utf-8-sig")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Encoding("utf-16", "utf-16")
    return None


def _utf16_by_nuls(head: bytes) -> Encoding | None:
    """Digits and delimiters have a NUL in UTF-16, always on the same side."""
    sample = head[:4096]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    enough = len(sample) // 16
    if odd > enough and odd > 8 * even:
        return Encoding("utf-16", "utf-16-le")
    if even > enough and even > 8 * odd:
        return Encoding("utf-16", "utf-16-be")
    return None


def _first_failure(path: Path, codec: str) -> tuple[int | None, bool]:
    """The row in which decoding fails, if it does, and whether Hangul was read before."""
    decoder = codecs.getincrementaldecoder(codec)()
    row, saw_hangul = 1, False
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(codec, "ignore")
                saw_hangul = saw_hangul or _HANGUL.search(before) is not None
                return row + before.count("\n"), saw_hangul
            row += text.count("\n")
            saw_hangul = saw_hangul or (not text.isascii() and _HANGUL.search(text) is not None)
            if not chunk:
                return None, saw_hangul


def text_sheet(path: Path, encoding: Encoding) -> Sheet:
    """The one sheet of a text file, its delimiter found from its first lines.

    Raises:
        FileError: it has no row with anything in it, or the first is damaged.
    """
    with refusing(path.name, "can't be read", remedy=_SAVE_AS_UTF8):
        with _open(path, encoding) as stream:
            sample = stream.read(_SAMPLE_CHARACTERS)
            is_cut = bool(stream.read(1))
        told = _TOLD.match(sample)
        delimiter = told["delimiter"] if told else _likely_delimiter(sample, is_cut=is_cut)
    rows = partial(_rows, path, encoding, delimiter, int(told is not None))
    if next(rows(), None) is None:
        raise is_empty(path.name)
    return Sheet("", rows)


def _open(path: Path, encoding: Encoding) -> io.TextIOWrapper:
    return path.open(encoding=encoding.codec, newline="")


def _likely_delimiter(sample: str, *, is_cut: bool) -> str:
    """The delimiter by which most rows on end have the same width of two or more; else a comma.

    The true one cuts the header like the rows below it. One that only occurs in the cells, as in
    "1,5" or "a|b", seldom occurs in the header as well; titles above it have one cell or any.
    """
    best, most = ",", (0, 0)
    for delimiter in _DELIMITERS:
        widths = _widths(sample, delimiter, is_cut=is_cut)
        run, width = max(
            ((len(list(group)), width) for width, group in groupby(widths) if width > 1),
            default=(0, 0),
        )
        # A text of one column may have any mark in some of its rows.
        is_rare = run and 2 * widths.count(width) < len(widths) - widths.index(width)
        if (run, width) > most and not (is_rare and delimiter != ","):
            best, most = delimiter, (run, width)
    return best


def _widths(sample: str, delimiter: str, *, is_cut: bool) -> list[int]:
    widths = []
    try:
        for cells in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if any(cell.strip() for cell in cells):
                widths.append(len(cells))
            if len(widths) == _SAMPLE_ROWS:
                return widths
    except csv.Error:
        return widths
    return widths[:-1] if is_cut else widths


class _Lines:
    """Lines of a stream, watched as the reader takes them: how long, and whether plain."""

    def __init__(self, name: str, stream: io.TextIOWrapper) -> None:
        self._name, self._stream = name, stream
        self.number, self.taken, self.plain = 0, 0, True

    def start_row(self) -> None:
        """Forget the lines of the row before."""
        self.taken, self.plain = 0, True

    def __iter__(self) -> Iterator[str]:
        while line := self._stream.readline(LONGEST_STREAMED_ROW):
            self.number += 1
            self.taken += len(line)
            if self.taken >= LONGEST_STREAMED_ROW:
                raise FileError(
                    self._name,
                    f"has a row of more than {LONGEST_STREAMED_ROW:,} characters",
                    row=self.number,
                    remedy="Look for a quotation mark that is never closed.",
                )
            self.plain = self.plain and is_plain(line)
            yield line


def _rows(path: Path, encoding: Encoding, delimiter: str, skipped: int) -> Iterator[Row]:
    with (
        refusing(path.name, "can't be read", remedy=_SAVE_AS_UTF8),
        _open(path, encoding) as stream,
    ):
        lines = _Lines(path.name, stream)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        rows = 0
        try:
            for cells in islice(reader, skipped, None):
                if lines.plain:
                    cells = [cell.strip() for cell in cells]
                else:
                    cells = [clean(cell) for cell in cells]
                if lines.taken > LONGEST_CELL:
                    require_short_cells(path.name, reader.line_num, cells)
                lines.start_row()
                if any(cells):
                    rows += 1
                    if rows > MOST_STREAMED_ROWS:
                        raise too_large(path.name, f"has more than {MOST_STREAMED_ROWS:,} rows")
                    yield reader.line_num, cells
        except csv.Error as error:
            raise FileError(
                path.name, f"is not well-formed CSV ({error})", row=reader.line_num
            ) from error
