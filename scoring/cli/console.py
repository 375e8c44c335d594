"""How commands speak: results on stdout, progress on stderr, one JSON object where asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from scoring.base.settings import read_settings
from scoring.parties.scopes import AUTHENTICATED, StaffScope
from scoring.store.database import Database

stdout = Console()
stderr = Console(stderr=True)


def open_database() -> Database:
    """The store of this installation.

    Raises:
        ConflictError: it was not made yet, or has an older schema.
    """
    database = Database(read_settings())
    database.require_schema()
    return database


def staff_scope() -> StaffScope:
    """The scope of whoever types a command: their account reaches the store itself."""
    return StaffScope(AUTHENTICATED)


def print_json(data: Any) -> None:
    """Write one JSON object to stdout, and nothing else."""
    typer.echo(json.dumps(data, ensure_ascii=False, default=str))


def print_table(rows: list[dict[str, object]], *, leave_out: set[str]) -> None:
    """Write rows as aligned columns; nothing is cut, or it could not be typed again."""
    if not rows:
        typer.echo("None yet.")
        return
    names = [name for name in rows[0] if name not in leave_out]
    lines = [names] + [[str(row[name]) for name in names] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(padded).rstrip())


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """A callback (label, done, total) that draws a bar per label on stderr."""
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=stderr,
    )
    tasks: dict[str, TaskID] = {}

    def advance(label: str, done: int, total: int) -> None:
        if not tasks:
            progress.start()
        if label not in tasks:  # a new label means that the one before is done
            for task in progress.tasks:
                progress.update(task.id, completed=task.total)
            tasks[label] = progress.add_task(label, total=total)
        progress.update(tasks[label], completed=done, total=total)

    try:
        yield advance
    finally:
        if tasks:
            progress.stop()
