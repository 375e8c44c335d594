"""Opening a file by its content, never by its name."""

from __future__ import annotations

import errno
import os
import stat
from hashlib import sha256
from pathlib import Path

from scoring.base.errors import FileError
from scoring.intake.containers.archive import is_archive
from scoring.intake.containers.limits import LARGEST_FILE, LARGEST_HTML, MEBIBYTE
from scoring.intake.containers.refusing import is_empty, no_known_format, refusing, too_large
from scoring.intake.containers.sheets import Container
from scoring.intake.containers.text_file import recognise_encoding, text_sheet
from scoring.intake.containers.workbook import open_workbook

_PARQUET = b"PAR1"
_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
# Only what also passes as text for a while; anything else is known by its NULs.
_NEVER_TEXT = (b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")
_CHUNK = 4 * MEBIBYTE
_HEAD = 64 * 1024


def open_container(path: Path, *, password: str | None = None) -> Container:
    """Open a file: CSV, JSON, a workbook old or new, a web page's table, or Parquet.

    CSV, JSON and Parquet are read from the disk while their rows are asked for, and never held
    whole. A workbook is read at once, by a process of its own, and held packed.

    Args:
        path: the file.
        password: opens a workbook that has one; ignored by any other.

    Raises:
        FileError: the file can't be read, is nothing known, or is beyond a limit. Rows may still
            raise it while they are read.
    """
    # Loaded by the first file, not with this module: the process that reads a workbook passes
    # here, needs none of them, and starts in a tenth of a second.
    from scoring.intake.containers.html_table import html_sheets, looks_like_html
    from scoring.intake.containers.json_rows import json_sheet, looks_like_json
    from scoring.intake.containers.parquet import parquet_sheet

    name = path.name
    try:
        digest, head = _read_through(path)
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or str(error)
        raise FileError(
            name, f"can't be read ({what})", remedy="Check its path and permissions."
        ) from error
    if head.startswith(_PARQUET):
        return Container(name, digest, "parquet", None, (parquet_sheet(path),))
    if is_archive(head) or head.startswith(_OLE):
        wrapper, sheets = open_workbook(path, password)
        return Container(name, digest, wrapper, None, sheets)
    if head.startswith(_NEVER_TEXT):
        raise no_known_format(name)
    with refusing(name, "can't be read", remedy="Save it as CSV UTF-8 and import that."):
        encoding = recognise_encoding(path, head)
        if looks_like_html(head, encoding):
            if path.stat().st_size > LARGEST_HTML:
                raise too_large(name, f"is a web page of more than {LARGEST_HTML // MEBIBYTE} MiB")
            sheets = html_sheets(name, path.read_bytes().decode(encoding.codec))
            return Container(name, digest, "html", encoding.name, sheets)
        if looks_like_json(head):
            return Container(name, digest, "json", encoding.name, (json_sheet(path, encoding),))
        return Container(name, digest, "csv", encoding.name, (text_sheet(path, encoding),))


def _read_through(path: Path) -> tuple[str, bytes]:
    """The digest and the first bytes, in one pass that holds little."""
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is no ordinary file")
    if status.st_size > LARGEST_FILE:
        raise too_large(path.name, f"is larger than {LARGEST_FILE // MEBIBYTE} MiB")
    digest, head, blank = sha256(), b"", True
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            head = head or chunk[:_HEAD]
            digest.update(chunk)
            blank = blank and not chunk.strip()
    if blank:
        raise is_empty(path.name)
    return digest.hexdigest(), head
