"""Founders by reference and by number: each that rows name is looked up once per import."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from sqlalchemy import ColumnElement, select

from scoring.intake.problems import Problem, by_index
from scoring.store.key_chunks import key_chunks
from scoring.store.ledger import Ledger
from scoring.store.tables import Founder


class Founders:
    """The founders that an import names so far."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._ids: dict[str, int] = {}
        self._references: dict[int, str] = {}
        self._unknown: set[str] = set()

    def ids(self, references: Iterable[str]) -> dict[str, int]:
        """The ids of those who are on file, by reference."""
        asked = set(references)
        for keys in key_chunks(asked - self._ids.keys() - self._unknown - {""}):
            self._remember(Founder.reference.in_(keys))
            self._unknown.update(set(keys) - self._ids.keys())
        return {one: self._ids[one] for one in asked if one in self._ids}

    def references(self, ids: Iterable[int]) -> dict[int, str]:
        """The references by id."""
        asked = set(ids)
        for keys in key_chunks(asked - self._references.keys()):
            self._remember(Founder.id.in_(keys))
        return {one: self._references[one] for one in asked}

    def of_rows(self, references: pd.Series[str]) -> pd.Series[float]:
        """The id of each row's founder; missing where nobody is known by the reference."""
        return references.map(self.ids(references.unique())).astype("float64")

    def _remember(self, condition: ColumnElement[bool]) -> None:
        statement = select(Founder.id, Founder.reference).where(condition)
        for founder_id, reference in self._ledger.session.execute(statement):
            self._ids[reference], self._references[founder_id] = founder_id, reference


def unknown_founders(references: pd.Series[str], ids: pd.Series[float]) -> list[Problem]:
    """The rows whose founder is not on file."""
    return [
        Problem(index, "founder", f'"{cell}" is not known; add them with `foothold founder add`')
        for index, cell in by_index(references[ids.isna()])
    ]
