"""Workbooks of Excel 97 to 2003 (.xls), checked and put into a clean shell before they are read.

The shell (a compound file, MS-CFB) is a small file system whose chains may run in circles, and
the records inside (MS-XLS) may claim any size. The reader trusts both, so neither is passed on
unseen: the stream of records is taken out, looked through, and wrapped anew.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import olefile  # type: ignore[import-untyped]

from scoring.intake.containers.archive import require_room
from scoring.intake.containers.limits import LARGEST_OLD_WORKBOOK, MEBIBYTE, MOST_SHEETS
from scoring.intake.containers.refusing import has_macros, no_known_format, too_large

_RECORD = struct.Struct("<HH")
_BOUNDSHEET, _FILEPASS, _END, _DIMENSIONS, _TEXTS, _CONTINUE = 0x85, 0x2F, 0x0A, 0x200, 0xFC, 0x3C
# Number, label, truth value, RK number, formula, rich text, shared label: row and column first.
_CELLS = frozenset((0x203, 0x204, 0x205, 0x27E, 0x06, 0xD6, 0xFD))
_MANY_CELLS = 0xBD

_Record = tuple[int, bytes]


class OldWorkbook:
    """The streams of a compound file, as far as they matter here."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self.is_encrypted, self._records = False, b""
        with olefile.OleFileIO(io.BytesIO(content)) as shell:
            if shell.exists("EncryptionInfo"):
                self.is_encrypted = True
                _refuse_entities(shell.openstream("EncryptionInfo").read())
                return
            stream = next((s for s in ("Workbook", "Book") if shell.exists(s)), None)
            if stream is None:
                raise no_known_format(name)
            if any("VBA" in part.upper() for path in shell.listdir(storages=True) for part in path):
                raise has_macros(name)
            if shell.get_size(stream) > LARGEST_OLD_WORKBOOK:
                raise too_large(name, f"is larger than {LARGEST_OLD_WORKBOOK // MEBIBYTE} MiB")
            self._records = bytes(shell.openstream(stream).read())
        self.is_encrypted = any(
            kind == _FILEPASS and data[:2] != b"\0\0" for kind, data in _records(self._records, 0)
        )

    def checked(self) -> bytes:
        """The workbook in a clean shell, once it is known what it makes a reader hold.

        Raises:
            FileError: it is beyond a limit.
        """
        offsets = self._check_globals()
        if len(offsets) > MOST_SHEETS:
            raise too_large(self.name, f"has more than {MOST_SHEETS} sheets")
        for offset in offsets:
            self._check_sheet(offset)
        return _in_a_clean_shell(self._records)

    def _check_globals(self) -> list[int]:
        offsets = []
        for kind, data in _records(self._records, 0):
            if kind == _BOUNDSHEET:
                offsets.append(int.from_bytes(data[:4], "little"))
            elif kind == _TEXTS and int.from_bytes(data[4:8], "little") > len(self._records):
                raise ValueError("it claims more texts than it has")
        return offsets

    def _check_sheet(self, offset: int) -> None:
        rows, columns = 0, 0
        for kind, data in _records(self._records, offset):
            if kind in _CELLS:
                row, column = _RECORD.unpack_from(data)
            elif kind == _MANY_CELLS:
                row, column = int.from_bytes(data[:2], "little"), _RECORD.unpack(data[-4:])[1]
            elif kind == _DIMENSIONS:
                row, column = _far_corner(data)
            else:
                continue
            if row >= rows or column >= columns:
                rows, columns = max(rows, row + 1), max(columns, column + 1)
                require_room(self.name, rows, columns)


def _refuse_entities(info: bytes) -> None:
    """XML that defines its own words can be made to grow without end."""
    if b"<!" in info:
        raise ValueError("its encryption is described in an unusual way")


def _records(stream: bytes, offset: int) -> Iterator[_Record]:
    while offset + _RECORD.size <= len(stream):
        kind, length = _RECORD.unpack_from(stream, offset)
        offset += _RECORD.size
        yield kind, stream[offset : offset + length]
        if kind == _END:
            return
        offset += length


def _far_corner(data: bytes) -> tuple[int, int]:
    """Last row and column of a sheet as it claims; of 10 bytes before Excel 97, then of 14."""
    if len(data) == 10:
        first_row, after_row, first, after = struct.unpack_from("<HHHH", data)
    else:
        first_row, after_row, first, after = struct.unpack_from("<IIHH", data)
    if first_row > after_row or first > after:
        raise ValueError("a sheet ends before it starts")
    return after_row - 1, after - 1


_SECTOR = 4096
_FAT_OF_HEADER = 109
_FREE, _CHAIN_END, _IS_FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def _in_a_clean_shell(stream: bytes) -> bytes:
    """A compound file (MS-CFB, version 4) with one stream, "Workbook"."""
    # Below 4,096 bytes a stream is stored in another way; zeros after the last record are unread.
    stream = stream.ljust(_SECTOR, b"\0")
    length = -(-len(stream) // _SECTOR)
    fat_length = next(n for n in range(1, _FAT_OF_HEADER + 1) if n * 1024 >= length + n + 2)
    directory, mini, first = fat_length, fat_length + 1, fat_length + 2
    fat = [_IS_FAT] * fat_length + [_CHAIN_END] * 2
    fat += [*range(first + 1, first + length), _CHAIN_END]
    fat += [_FREE] * (fat_length * 1024 - len(fat))
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIIII",
        *(bytes.fromhex("D0CF11E0A1B11AE1"), bytes(16), 0x3E, 4, 0xFFFE, 12, 6, bytes(6)),
        *(1, fat_length, directory, 0, 4096, _CHAIN_END, 0, _CHAIN_END, 0),
        0,
    )
    difat = [*range(fat_length), *[_FREE] * (_FAT_OF_HEADER - fat_length)]
    # The header's last field above is the first entry of this list.
    header = header[:-4] + struct.pack(f"<{_FAT_OF_HEADER}I", *difat)
    entries = _entry("Root Entry", 5, child=1, start=mini, size=64)
    entries += _entry("Workbook", 2, child=_FREE, start=first, size=len(stream))
    return b"".join(
        (
            header.ljust(_SECTOR, b"\0"),
            struct.pack(f"<{len(fat)}I", *fat),
            entries.ljust(_SECTOR, b"\0"),
            bytes(_SECTOR),
            stream.ljust(length * _SECTOR, b"\0"),
        )
    )


def _entry(name: str, kind: int, *, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16sIQQIQ",
        *(text, len(text) + 2, kind, 1, _FREE, _FREE, child, bytes(16), 0, 0, 0, start, size),
    )
