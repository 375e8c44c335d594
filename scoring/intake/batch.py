"""Cells whose owners and loans are known, on their way to rows of the store."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from scoring.intake.checking.cells import Problem, raise_first
from scoring.intake.extract import Extract
from scoring.records.forms import FORMS
from scoring.store.database import Ledger


@dataclass(frozen=True)
class Task:
    """Cells of one kind that can all be resolved, and what they are resolved with.

    Attributes:
        ledger: the open transaction.
        file: name of the file, for messages.
        extract: where the cells are from.
        cells: checked; every row has an owner or refers to a record that is on file.
        founder_ids: of the rows' owners; for kinds that refer to a loan or application, of its.
        referred: the loans or applications referred to, else None.
        source: where the records come from.
        secret: the installation's, for hashes.
    """

    ledger: Ledger
    file: str
    extract: Extract
    cells: pd.DataFrame
    founder_ids: pd.Series[int]
    referred: pd.DataFrame | None
    source: str
    secret: bytes

    @property
    def absent(self) -> frozenset[str]:
        """Columns of the table that the file says nothing in."""
        names = FORMS[self.extract.kind].names
        return frozenset(name for name in names if name not in self.extract.cells)

    def refuse(self, problems: list[Problem]) -> None:
        """Refuse the file for its first problem, if there is any.

        Raises:
            FileError: there is one.
        """
        raise_first(self.file, self.extract, problems)
