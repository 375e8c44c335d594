"""Cells that can't be used, and the refusal of their file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from scoring.intake.extract import Extract


@dataclass(frozen=True)
class Problem:
    """One cell that can't be used, by its index in the extract."""

    index: int
    column: str
    text: str


def raise_first(file: str, extract: Extract, problems: list[Problem]) -> None:
    """Refuse the file for its first problem, if it has any.

    Raises:
        FileError: with row, column and how many more there are.
    """
    if problems:
        first = min(problems, key=lambda problem: (problem.index, problem.column))
        raise extract.error(file, first.index, first.column, first.text, further=len(problems) - 1)


def by_index(cells: pd.Series[str]) -> Iterator[tuple[int, str]]:
    """Cells with their index in the extract."""
    return zip(cells.index.tolist(), cells.tolist(), strict=True)
