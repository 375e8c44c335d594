"""Whatever goes wrong inside a reader becomes a refusal that says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scoring.base.errors import FileError
from scoring.intake.containers.limits import (
    MEBIBYTE,
    MOST_SHEET_CELLS,
    MOST_SHEET_COLUMNS,
    MOST_SHEET_ROWS,
    WorkbookLimits,
)

SAVE_AGAIN = "Open it in Excel, save it as Excel workbook (.xlsx) or CSV UTF-8, and import that."


@contextmanager
def refusing(name: str, problem: str, *, remedy: str = SAVE_AGAIN) -> Iterator[None]:
    """Turn any failure into a FileError; a person's interruption passes.

    Readers written in Rust fail with an exception that stands outside Python's `Exception`, and
    that can't be imported; it is known by its name.

    Raises:
        FileError: something inside failed.
    """
    try:
        yield
    except FileError:
        raise
    except Exception as error:
        raise FileError(name, f"{problem} ({reason(error)})", remedy=remedy) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise FileError(name, f"{problem} ({reason(error)})", remedy=remedy) from error


def reason(error: BaseException) -> str:
    """An error in one short line."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200].rstrip(".")


def no_known_format(name: str) -> FileError:
    """The refusal of a file that is neither a table nor text."""
    return FileError(
        name,
        "is no format that can be read: it holds binary data",
        remedy="Save it as Excel workbook (.xlsx) or CSV UTF-8 and import that.",
    )


def is_empty(name: str) -> FileError:
    """The refusal of a file without anything in it."""
    return FileError(name, "is empty", remedy="Export it again: it should have a header.")


def has_macros(name: str) -> FileError:
    """The refusal of a workbook that carries a program."""
    return FileError(
        name,
        "has macros, which a file of records never needs",
        remedy="Save it as Excel workbook without macros (.xlsx) and import that.",
    )


def too_large(name: str, problem: str) -> FileError:
    """The refusal of a file beyond what is read at once."""
    return FileError(
        name, problem, remedy="Export a shorter period at a time, or save it as CSV UTF-8."
    )


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


def needs_too_much_memory(name: str, limits: WorkbookLimits) -> FileError:
    """The refusal of a workbook that can't be read within its memory."""
    most = limits.memory // MEBIBYTE
    return too_large(name, f"needs more than {most:,} MiB of memory to be read")


def takes_too_long(name: str, limits: WorkbookLimits) -> FileError:
    """The refusal of a workbook that can't be read within its time."""
    return too_large(
        name,
        f"takes more than {limits.processor_seconds} seconds of work to be read, or more than "
        f"{limits.seconds} in all",
    )
