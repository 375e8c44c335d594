"""Workbooks, each read by a process of its own, whose memory and time are bounded.

What a workbook makes its reader hold is known only by reading it: one stray cell of 40 bytes makes
a sheet of 17 thousand million. So none is read in this process; what comes back is kept packed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from io import BufferedIOBase
from pathlib import Path
from threading import Event, Timer
from typing import cast

from scoring.base.errors import FileError
from scoring.intake.containers.limits import WORKBOOK_LIMITS, WorkbookLimits
from scoring.intake.containers.refusing import (
    SAVE_AGAIN,
    needs_too_much_memory,
    refusing,
    takes_too_long,
)
from scoring.intake.containers.sheets import Row, Sheet
from scoring.intake.containers.workbook_messages import (
    Kind,
    read_refusal,
    receive,
    unpacked_rows,
)

_READER = (sys.executable, "-P", "-m", "scoring.intake.containers.workbook_reader")
_ROOT = Path(__file__).resolve().parents[3]
# Where Python finds its libraries; no secret of this process reaches the one that reads.
_PASSED_ON = ("LD_LIBRARY_PATH", "SYSTEMROOT")


def open_workbook(path: Path, password: str | None) -> tuple[str, tuple[Sheet, ...]]:
    """The wrapper of a workbook ("xlsx" or "xls") and its sheets; the process is gone by then.

    Args:
        path: of the workbook.
        password: opens it, if it has one.

    Raises:
        FileError: it is damaged, beyond a limit, or its password is missing or wrong; of a sheet
            that can't be read, its rows raise it.
    """
    limits = WORKBOOK_LIMITS
    request = {"path": str(path.absolute()), "password": password, "limits": asdict(limits)}
    environment = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
    with subprocess.Popen(
        _READER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment | {"PYTHONPATH": str(_ROOT)},
    ) as process:
        reading = _Reading(path.name, limits, process)
        try:
            with refusing(path.name, "is a damaged workbook"):
                return reading.ask(request)
        finally:
            reading.end()


@dataclass
class _KeptSheet:
    """A sheet as it was told: its rows packed, and the refusal that they end with."""

    file: str
    blocks: list[bytes] = field(default_factory=list)
    refusal: FileError | None = None

    def rows(self) -> Iterator[Row]:
        for block in self.blocks:
            with refusing(self.file, "is a damaged workbook"):
                rows = unpacked_rows(block)
            yield from rows
        if self.refusal is not None:
            raise self.refusal


class _Reading:
    """The process that reads one workbook, given up when it takes too long."""

    def __init__(self, name: str, limits: WorkbookLimits, process: subprocess.Popen[bytes]) -> None:
        self._name, self._limits, self._process = name, limits, process
        self._gave_up = Event()
        self._timer = Timer(limits.seconds, self._give_up)
        self._timer.daemon = True
        self._timer.start()

    def ask(self, request: Mapping[str, object]) -> tuple[str, tuple[Sheet, ...]]:
        """Send the request, and keep all that is told."""
        try:
            pipe = cast(BufferedIOBase, self._process.stdin)
            with pipe:
                pipe.write(json.dumps(request).encode() + b"\n")
            return self._all_told(cast(BufferedIOBase, self._process.stdout))
        except (EOFError, BrokenPipeError):
            raise self._why_it_ended(self._process.wait()) from None

    def end(self) -> None:
        """Stop the process, if it goes on, and the clock."""
        self._timer.cancel()
        self._process.kill()

    def _give_up(self) -> None:
        self._gave_up.set()
        self._process.kill()

    def _all_told(self, pipe: BufferedIOBase) -> tuple[str, tuple[Sheet, ...]]:
        wrapper, room = "", self._limits.text
        titles: list[str] = []
        kept: list[_KeptSheet] = []
        while True:
            kind, at, body = receive(pipe)
            room -= len(body)
            if room < 0:
                raise ValueError("its reader tells more than it may")
            match kind:
                case Kind.WORKBOOK:
                    wrapper, titles = json.loads(body)
                    kept = [_KeptSheet(self._name) for _ in titles]
                case Kind.ROWS:
                    kept[at].blocks.append(body)
                case Kind.SHEET_REFUSED:
                    kept[at].refusal = read_refusal(self._name, body)
                case Kind.REFUSED:
                    raise read_refusal(self._name, body)
                case Kind.END:
                    pairs = zip(titles, kept, strict=True)
                    return wrapper, tuple(Sheet(title, sheet.rows) for title, sheet in pairs)

    def _why_it_ended(self, code: int) -> FileError:
        if self._gave_up.is_set() or code == -signal.SIGXCPU:
            return takes_too_long(self._name, self._limits)
        if code == -signal.SIGABRT:  # so ends a reader that is refused memory
            return needs_too_much_memory(self._name, self._limits)
        return FileError(
            self._name,
            f"can't be read: the process that reads it ended too early ({code})",
            remedy=SAVE_AGAIN,
        )
