"""Small lists that are no records: founders' references, mappings, session days."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from scoring.base.errors import FileError
from scoring.intake.containers import open_container


def read_list(
    path: Path,
    *,
    required: tuple[str, ...],
    optional: tuple[str, ...] = (),
    also_called: Mapping[str, tuple[str, ...]] | None = None,
) -> pd.DataFrame:
    """Columns of a list by name, as text; the index is the row in the file.

    Optional columns that the file lacks are empty; others are ignored. `also_called` holds other
    headers of a column.

    Raises:
        FileError: the file can't be read, has no rows, or lacks a required column.
    """
    file = open_container(path)
    rows = file.sheets[0].rows() if file.sheets else iter(())
    _, cells = next(rows, (1, []))
    header = [_own_name(cell, also_called or {}) for cell in cells]
    for name in required:
        if name not in header:
            raise FileError(
                file.name,
                f"the column is missing; the file has {', '.join(header)}",
                row=1,
                column=name,
                remedy="Add the column and give the file again.",
            )
    lines = list(rows)
    if not lines:
        raise FileError(file.name, "has a header and no rows", remedy="Fill in its rows.")
    places = {name: header.index(name) for name in (*required, *optional) if name in header}
    return pd.DataFrame(
        [
            [
                line[places[name]] if name in places and places[name] < len(line) else ""
                for name in (*required, *optional)
            ]
            for _, line in lines
        ],
        columns=[*required, *optional],
        index=pd.Index([number for number, _ in lines], dtype="int64"),
        dtype="str",
    )


def _own_name(header: str, also_called: Mapping[str, tuple[str, ...]]) -> str:
    written = unicodedata.normalize("NFC", header).lower()
    return next((name for name, others in also_called.items() if written in others), written)
