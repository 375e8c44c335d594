"""The process that reads one workbook: it may use little, write no file, and knows no secret.

It is started by `open_workbook` for each workbook. A line of JSON on standard input says what to
read; rows come back on standard output as messages. Where the system has no limits for a process
(`resource` is of Unix), the time after which `open_workbook` gives it up is the only bound.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from io import BufferedIOBase
from pathlib import Path
from typing import cast

from python_calamine import CalamineWorkbook, PasswordError

from scoring.base.errors import FileError
from scoring.intake.containers.archive import is_archive, require_plain_workbook
from scoring.intake.containers.limits import MEBIBYTE, WorkbookLimits
from scoring.intake.containers.refusing import needs_too_much_memory, refusing, too_large
from scoring.intake.containers.sheets import Row
from scoring.intake.containers.workbook_messages import (
    Kind,
    packed_rows,
    refusal_as_json,
    rows_as_json,
    send,
)
from scoring.intake.containers.worksheets import worksheet_rows, worksheets

_OPEN_FILES = 64
_BLOCK_ROWS = 256
_BLOCK_CHARACTERS = MEBIBYTE


def main() -> None:
    """Read what the request names, and tell it."""
    request = json.loads(sys.stdin.buffer.readline())
    limits = WorkbookLimits(**request["limits"])
    _bound_this_process(limits)
    path, pipe = Path(request["path"]), cast(BufferedIOBase, sys.stdout.buffer)
    try:
        _tell(pipe, path, request["password"], limits)
        send(pipe, Kind.END, 0)
    except FileError as refusal:
        send(pipe, Kind.REFUSED, 0, _told(refusal, limits))
    pipe.flush()


def _bound_this_process(limits: WorkbookLimits) -> None:
    try:
        import resource
    except ImportError:
        return
    for which, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.processor_seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        hard = resource.getrlimit(which)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # Processor time ends with a signal that says so only below the hard limit.
        last = hard if which == resource.RLIMIT_CPU else least
        with suppress(ValueError, OSError):  # macOS has no bound of the address space
            resource.setrlimit(which, (least, last))


def _tell(pipe: BufferedIOBase, path: Path, password: str | None, limits: WorkbookLimits) -> None:
    name, room = path.name, limits.text
    with refusing(name, "is a damaged workbook"):
        wrapper, book = _opened(name, path.read_bytes(), password, limits)
        found = worksheets(name, book, most=limits.sheets)
    titles = [title for _, title in found]
    send(pipe, Kind.WORKBOOK, 0, json.dumps([wrapper, titles]).encode())
    for place, (at, title) in enumerate(found):
        try:
            with refusing(name, f'has a damaged sheet "{title}"'):
                for block in _blocks(worksheet_rows(name, book.get_sheet_by_index(at))):
                    room -= len(block)
                    if room < 0:
                        most = limits.text // MEBIBYTE
                        raise too_large(name, f"holds more than {most:,} MiB of text")
                    send(pipe, Kind.ROWS, place, packed_rows(block))
        except FileError as refusal:
            send(pipe, Kind.SHEET_REFUSED, place, _told(refusal, limits))


def _opened(
    name: str, content: bytes, password: str | None, limits: WorkbookLimits
) -> tuple[str, CalamineWorkbook]:
    if is_archive(content):
        require_plain_workbook(name, content, unpacked=limits.unpacked)
        return "xlsx", CalamineWorkbook.from_filelike(io.BytesIO(content))
    # What few workbooks need is loaded for them alone.
    from scoring.intake.containers.old_workbook import is_locked_in_a_shell

    if not is_locked_in_a_shell(name, content):
        with suppress(PasswordError):
            return "xls", CalamineWorkbook.from_filelike(io.BytesIO(content))
    from scoring.intake.containers.encrypted import decrypt

    return _opened(name, decrypt(name, content, password), None, limits)


def _blocks(rows: Iterator[Row]) -> Iterator[bytes]:
    """Rows as JSON, so many at a time that a message stays small."""
    block: list[Row] = []
    characters = 0
    for row in rows:
        block.append(row)
        characters += sum(map(len, row[1]))
        if len(block) == _BLOCK_ROWS or characters > _BLOCK_CHARACTERS:
            yield rows_as_json(block)
            block, characters = [], 0
    if block:
        yield rows_as_json(block)


def _told(refusal: FileError, limits: WorkbookLimits) -> bytes:
    if isinstance(refusal.__cause__, MemoryError):
        refusal = needs_too_much_memory(refusal.file, limits)
    return refusal_as_json(refusal)


if __name__ == "__main__":
    main()
