"""What the process that reads a workbook tells the one that asked: messages on a pipe.

A message has a head (its kind, the sheet it is of, how many bytes follow) and a body of JSON. Rows
are packed (zlib), since they are kept as they come. Nothing in a message is run: it is read as
JSON, and no more of it than is allowed.
"""

from __future__ import annotations

import json
import struct
import zlib
from enum import IntEnum
from io import BufferedIOBase
from typing import Any

from scoring.base.errors import FileError
from scoring.intake.containers.limits import MEBIBYTE
from scoring.intake.containers.sheets import Row

# One row may be as long as a line of a text file, each character of six bytes.
LARGEST_BODY = 64 * MEBIBYTE
_HEAD = struct.Struct(">BHI")


class Kind(IntEnum):
    """What a message tells."""

    WORKBOOK = 1  # its wrapper, and the titles of its sheets
    ROWS = 2  # some rows of a sheet
    SHEET_REFUSED = 3  # why a sheet can't be read
    REFUSED = 4  # why the workbook can't be read
    END = 5  # that all was told


def send(pipe: BufferedIOBase, kind: Kind, sheet: int, body: bytes = b"") -> None:
    """Write a message."""
    pipe.write(_HEAD.pack(kind, sheet, len(body)) + body)


def receive(pipe: BufferedIOBase) -> tuple[Kind, int, bytes]:
    """Read a message: its kind, its sheet, its body.

    Raises:
        EOFError: there is no whole message left.
        ValueError: it is none.
    """
    kind, sheet, length = _HEAD.unpack(_exactly(pipe, _HEAD.size))
    if length > LARGEST_BODY:
        raise ValueError("a message is too long")
    return Kind(kind), sheet, _exactly(pipe, length)


def packed_rows(text: bytes) -> bytes:
    """Rows, written as JSON, as a message's body."""
    return zlib.compress(text, 1)


def rows_as_json(rows: list[Row]) -> bytes:
    """Rows as JSON."""
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


def unpacked_rows(body: bytes) -> list[Row]:
    """The rows of a message.

    Raises:
        ValueError: it holds more than a message may.
    """
    unpacking = zlib.decompressobj()
    text = unpacking.decompress(body, LARGEST_BODY)
    if not unpacking.eof:
        raise ValueError("a message is too long")
    return [(number, cells) for number, cells in json.loads(text)]


def refusal_as_json(refusal: FileError) -> bytes:
    """All that a refusal says but the file's name."""
    told = {
        "problem": refusal.problem,
        "row": refusal.row,
        "column": refusal.column,
        "remedy": refusal.remedy,
    }
    return json.dumps(told).encode()


def read_refusal(name: str, body: bytes) -> FileError:
    """The refusal that a message tells."""
    told: dict[str, Any] = json.loads(body)
    return FileError(name, told.pop("problem"), **told)


def _exactly(pipe: BufferedIOBase, size: int) -> bytes:
    found = pipe.read(size)
    if len(found) < size:
        raise EOFError
    return found
