"""Looking through a workbook's zip archive before anything is unpacked by a reader.

Sizes in an archive's directory are claims. So each member is unpacked here once, piece by piece
and without keeping it, and what it really holds is counted.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from scoring.base.errors import FileError
from scoring.intake.containers.limits import (
    LARGEST_UNPACKED,
    LARGEST_UNPACKED_RATIO,
    MEBIBYTE,
    MOST_MEMBERS,
    MOST_SHEET_CELLS,
    MOST_SHEET_COLUMNS,
    MOST_SHEET_ROWS,
    MOST_SHEET_TEXT,
    RATIO_COUNTS_FROM,
)
from scoring.intake.containers.refusing import SAVE_AGAIN, has_macros, refusing, too_large

_PIECE = MEBIBYTE
_OVERLAP = 64 * 1024
_LOCAL_HEADER = struct.Struct("<4s22xHH")

_COLUMNS = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]+)[0-9]")
_ROWS = re.compile(rb"\sr\s*=\s*[\"'][A-Za-z]*([0-9]+)[\"']")
_ANY_ROW = re.compile(rb"<(?:\w+:)?row(?=[\s/>])")
_ANY_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s/>])")
_PLACED = re.compile(rb"<(?:\w+:)?(?:c|row)\s(?:[^>]*?\s)?r\s*=")
_TEXT_STARTS = re.compile(rb"<(?:\w+:)?si(?=[\s/>])")
_TEXT_USES = re.compile(rb"\st\s*=\s*[\"']s[\"'][^>]*>\s*<(?:\w+:)?v[^>]*>\s*([0-9]{1,9})")


def is_archive(content: bytes) -> bool:
    """Whether bytes start as a zip archive does."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"))


def require_safe_workbook(name: str, content: bytes) -> None:
    """Refuse an archive that is no plain workbook, or that unpacks to more than is read.

    Raises:
        FileError: it is another kind of archive, has macros, is damaged, or is too large.
    """
    with refusing(name, "is a damaged workbook"):
        with ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
        _require_workbook(name, members)
        _require_sizes(name, members)
        extent = _Extent(name)
        for member in members:
            extent.look_through(_unpacked(name, content, member))
        if extent.may_hold_too_much_text():
            _require_text(name, content, members)


def _require_workbook(name: str, members: list[ZipInfo]) -> None:
    paths = [member.filename.replace("\\", "/").lower() for member in members]
    if "xl/workbook.bin" in paths:
        raise FileError(name, "is a binary workbook (.xlsb)", remedy=SAVE_AGAIN)
    if "mimetype" in paths and "content.xml" in paths:
        raise FileError(name, "is an OpenDocument file (.ods)", remedy=SAVE_AGAIN)
    if "xl/workbook.xml" not in paths:
        raise FileError(
            name,
            "is an archive (zip), and no workbook",
            remedy="Unpack it and import the files in it one by one.",
        )
    if any("vbaproject" in path or "macrosheets/" in path for path in paths):
        raise has_macros(name)
    if len(set(paths)) < len(paths):
        raise BadZipFile("a part stands in it twice")


def _require_sizes(name: str, members: list[ZipInfo]) -> None:
    if len(members) > MOST_MEMBERS:
        raise too_large(name, f"has more than {MOST_MEMBERS:,} parts")
    if sum(member.file_size for member in members) > LARGEST_UNPACKED:
        raise _unpacks_to_too_much(name)
    for member in members:
        _require_ratio(name, member.file_size, member.compress_size)


def _require_ratio(name: str, size: int, packed: int) -> None:
    if size > RATIO_COUNTS_FROM and size > packed * LARGEST_UNPACKED_RATIO:
        raise FileError(
            name,
            f"unpacks to more than {LARGEST_UNPACKED_RATIO} times its size, as no export does",
            remedy="Export it again, or save it as CSV UTF-8 and import that.",
        )


def _unpacks_to_too_much(name: str) -> FileError:
    return too_large(name, f"unpacks to more than {LARGEST_UNPACKED // MEBIBYTE:,} MiB")


def _unpacked(name: str, content: bytes, member: ZipInfo) -> Iterator[bytes]:
    """A member's bytes in pieces, up to the size that its directory claims and never beyond."""
    signature, name_length, extra_length = _LOCAL_HEADER.unpack_from(content, member.header_offset)
    if signature != b"PK\x03\x04":
        raise BadZipFile("a part does not start where it should")
    start = member.header_offset + _LOCAL_HEADER.size + name_length + extra_length
    packed = memoryview(content)[start : start + member.compress_size]
    if len(packed) < member.compress_size or member.flag_bits & 1:
        raise BadZipFile("a part is cut off or locked")
    pieces: Iterator[bytes]
    if member.compress_type == ZIP_STORED:
        pieces = (bytes(packed[at : at + _PIECE]) for at in range(0, len(packed), _PIECE))
    elif member.compress_type == ZIP_DEFLATED:
        pieces = _inflated(packed)
    else:
        raise BadZipFile("it is packed in an unusual way")
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > member.file_size:
            raise BadZipFile("a part is larger than it claims")
        yield piece
    if size < member.file_size:
        raise BadZipFile("a part is smaller than it claims")


def _inflated(packed: memoryview) -> Iterator[bytes]:
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    for at in range(0, len(packed), _PIECE):
        rest = bytes(packed[at : at + _PIECE])
        while rest and not inflating.eof:
            yield inflating.decompress(rest, _PIECE)
            rest = inflating.unconsumed_tail
    while not inflating.eof and (piece := inflating.decompress(b"", _PIECE)):
        yield piece


@dataclass
class _Extent:
    """How far a workbook's sheets reach, and how much text they may repeat."""

    name: str
    uses: int = 0
    longest: int = 0
    _column_numbers: dict[bytes, int] = field(default_factory=dict)

    def look_through(self, pieces: Iterator[bytes]) -> None:
        """Find the far corner of a part, if it is a sheet.

        Cells may say where they stand or just follow one another; the latter are counted.

        Raises:
            FileError: the sheet is beyond a limit.
        """
        rows, columns, unnamed_rows, widest, cells = 0, 0, 0, 0, 0
        text_at, position, rest = 0, 0, b""
        for piece in pieces:
            if position == 0 and piece[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise BadZipFile("a part is in UTF-16")
            data, rest = _whole_tags(rest + piece)
            columns = max([columns, *map(self._column, set(_COLUMNS.findall(data)))])
            rows = max([rows, *(int(digits[:20]) for digits in set(_ROWS.findall(data)))])
            breaks = [found.start() for found in _ANY_ROW.finditer(data)]
            if len(breaks) + len(_ANY_CELL.findall(data)) > len(_PLACED.findall(data)):
                unnamed_rows += len(breaks)
                for start, end in pairwise([0, *breaks, len(data)]):
                    cells = len(_ANY_CELL.findall(data, start, end)) + (0 if start else cells)
                    widest = max(widest, cells)
            require_room(self.name, rows + unnamed_rows, columns + widest)
            self.uses += len(_TEXT_USES.findall(data))
            for found in _TEXT_STARTS.finditer(data):
                self.longest = max(self.longest, position + found.start() - text_at)
                text_at = position + found.start()
            position += len(data)
        self.longest = max(self.longest, position - text_at if text_at else 0)

    def may_hold_too_much_text(self) -> bool:
        """Whether the longest text in every cell would be too much; seldom so, and cheap."""
        return self.longest * self.uses > MOST_SHEET_TEXT

    def _column(self, letters: bytes) -> int:
        if letters not in self._column_numbers:
            number = 0
            for letter in letters[:8].upper():
                number = number * 26 + letter - 64
            self._column_numbers[letters] = number
        return self._column_numbers[letters]


def require_room(name: str, rows: int, columns: int) -> None:
    """Refuse a sheet that reaches further than is read.

    Raises:
        FileError: too many rows, columns, or cells in the rectangle they span.
    """
    if rows > MOST_SHEET_ROWS:
        raise too_large(name, f"has a sheet of more than {MOST_SHEET_ROWS:,} rows")
    if columns > MOST_SHEET_COLUMNS:
        raise too_large(name, f"has a sheet of more than {MOST_SHEET_COLUMNS} columns")
    if rows * columns > MOST_SHEET_CELLS:
        raise too_large(
            name,
            f"has a sheet that spans {rows:,} rows and {columns} columns, more than "
            f"{MOST_SHEET_CELLS:,} cells",
        )


def _whole_tags(data: bytes) -> tuple[bytes, bytes]:
    """Split so that no tag is cut in two; a long stretch without one is passed on as it is."""
    cut = data.rfind(b"<", max(0, len(data) - _OVERLAP))
    return (data, b"") if cut < 0 else (data[:cut], data[cut:])


def _require_text(name: str, content: bytes, members: list[ZipInfo]) -> None:
    """Count text exactly: how long each shared one is, times the cells that show it."""
    lengths: list[int] = []
    uses: dict[int, int] = {}
    for member in members:
        whole = b"".join(_unpacked(name, content, member))
        starts = [found.start() for found in _TEXT_STARTS.finditer(whole)]
        lengths += [end - start for start, end in pairwise([*starts, len(whole)])]
        for digits in _TEXT_USES.findall(whole):
            uses[int(digits)] = uses.get(int(digits), 0) + 1
    held = sum(lengths[at] * times for at, times in uses.items() if at < len(lengths))
    if held > MOST_SHEET_TEXT:
        raise too_large(name, f"holds more than {MOST_SHEET_TEXT // MEBIBYTE:,} MiB of text")
