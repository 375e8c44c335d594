"""A workbook made to exhaust the machine is refused in words; this process holds nothing of it."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from scoring.base.errors import FileError
from scoring.intake.containers import open_container, workbook
from scoring.intake.containers.limits import WORKBOOK_LIMITS
from tests.intake.containers.files import write, xls_bytes, xlsx_bytes
from tests.intake.containers.test_workbooks import _with_cells, _with_member

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the system bounds no process")

MEBIBYTE = 2**20
# Of the cells of a sheet that reaches to the last column and row that there are.
WHOLE_SHEET = _with_cells("A1", "XFD1048576")


def _limit(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    monkeypatch.setattr(workbook, "WORKBOOK_LIMITS", replace(WORKBOOK_LIMITS, **limits))


def _processes() -> set[str]:
    """Processes that this one started, ended and not yet taken notice of too."""
    found: set[str] = set()
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that has ended in the meantime has none
            found.update((task / "children").read_text().split())
    return found


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    """Not even one that has ended and waits for somebody to take notice."""
    processes = _processes()
    yield
    assert _processes() == processes


def _with_far_corner(content: bytes, rows: int, columns: int) -> bytes:
    """An old workbook whose sheet claims so many rows and columns."""
    head = struct.pack("<HH", 0x200, 14)
    at = content.index(head) + len(head)
    claim = struct.pack("<IIHH", 0, rows, 0, columns)
    return content[:at] + claim + content[at + len(claim) :]


def _with_chain_in_a_circle(content: bytes) -> bytes:
    """An old workbook whose first sector is followed by itself."""
    (fat_sector,) = struct.unpack_from("<I", content, 76)
    at = 512 * (fat_sector + 1)
    return content[:at] + struct.pack("<I", 0) + content[at + 4 :]


def _peak_of_a_process_that_opens(path: Path) -> tuple[str, float]:
    """What it said, and how many MiB it took above those it takes for a small workbook."""
    program = """
import resource, sys
from pathlib import Path
from scoring.base.errors import FileError
from scoring.intake.containers import open_container
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
def read(name):
    for sheet in open_container(Path(name)).sheets:
        for row in sheet.rows(): pass
read(sys.argv[1])
before = peak()
try:
    read(sys.argv[2])
except FileError as refused:
    print(str(refused).replace(chr(10), " "))
print(peak() - before)
"""
    small = write(path.parent, "small.xlsx", xlsx_bytes())
    done = subprocess.run(
        [sys.executable, "-c", program, small, path], capture_output=True, text=True, check=True
    )
    *said, taken = done.stdout.splitlines()
    return " ".join(said), float(taken)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("every cell that there is", WHOLE_SHEET, "needs more than 4,096 MiB of memory"),
        ("27 million cells", _with_cells("A1", "Z1048576"), "more than 20,000,000 cells"),
        (
            "a picture that unpacks to 400 MiB",
            _with_member(xlsx_bytes(), "xl/media/image1.png", bytes(400 * MEBIBYTE)),
            "unpacks to more than 200 times its size",
        ),
        pytest.param(
            "10,000 characters in 110,000 cells",
            xlsx_bytes([["x" * 9_999] * 500] * 220),
            "holds more than 1,024 MiB of text",
            marks=pytest.mark.slow,
        ),
        (
            "an old workbook that claims 4 thousand million rows",
            _with_far_corner(xls_bytes(), 0xFFFFFFFF, 0xFFFF),
            "needs more than 4,096 MiB of memory",
        ),
    ],
)
def test_this_process_holds_nothing_of_a_bomb(
    name: str, content: bytes, said: str, tmp_path: Path
) -> None:
    message, taken = _peak_of_a_process_that_opens(write(tmp_path, "a.xlsx", content))
    assert said in message
    assert taken < 32  # MiB


def test_an_old_workbook_that_runs_in_a_circle_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "a.xls", _with_chain_in_a_circle(xls_bytes([["x" * 200] * 99] * 99)))
    with pytest.raises(FileError, match="is a damaged workbook|needs more than|takes more than"):
        open_container(path)


def test_a_reader_that_needs_too_much_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _limit(monkeypatch, memory=256 * MEBIBYTE)
    path = write(tmp_path, "a.xlsx", _with_cells("A1", "Z1000000"))
    with pytest.raises(FileError, match="needs more than 256 MiB of memory to be read"):
        open_container(path)


@pytest.mark.parametrize("limit", ["processor_seconds", "seconds"])
def test_a_reader_that_takes_too_long_is_given_up(
    limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _limit(monkeypatch, **{limit: 1})
    path = write(tmp_path, "a.xlsx", _with_cells("A1", "T900000"))
    with pytest.raises(FileError, match="takes more than .* to be read"):
        open_container(path)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_reader_that_is_killed_is_told(how: signal.Signals, tmp_path: Path) -> None:
    before = _processes()

    def kill() -> None:
        while not (started := _processes() - before):
            time.sleep(0.01)
        os.kill(int(started.pop()), how)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(FileError, match=rf"ended too early \(-{how.value}\)"):
        open_container(write(tmp_path, "a.xlsx", _with_cells("A1", "T900000")))
    killer.join()


def test_a_reader_knows_no_secret_of_the_process_that_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, str]] = []
    start = subprocess.Popen

    def watched(*args: object, **options: object) -> object:
        seen.append(options["env"])  # type: ignore[arg-type]
        return start(*args, **options)  # type: ignore[call-overload]

    monkeypatch.setenv("FOOTHOLD_SECRET", "s3cret-9")
    monkeypatch.setattr(subprocess, "Popen", watched)
    open_container(write(tmp_path, "a.xlsx", xlsx_bytes()))
    assert seen
    assert all("s3cret-9" not in options.values() for options in seen)
