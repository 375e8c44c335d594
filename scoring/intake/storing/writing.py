"""Rows of one import on their way into the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from scoring.base.calendar import microseconds
from scoring.intake.learned_at import Learned
from scoring.intake.settling.stored_rows import day_numbers
from scoring.intake.telling.tally import Tally
from scoring.store.bulk import append_frame, supersede_all
from scoring.store.database import Database, Ledger
from scoring.store.tables import Record

IMPORT_REASON = "import %: the source now says otherwise"
"""What `superseding_reason` gives for any import, as a pattern of SQL."""


def superseding_reason(import_id: int) -> str:
    """Why an import superseded a record; what it took back is found again by it."""
    return f"import {import_id}: the source now says otherwise"


@dataclass(frozen=True)
class Writer:
    """Appends and supersedes in the name of one import, and counts both.

    Rows are in the stored form, with `known_from` and without the import's own columns.
    """

    database: Database
    ledger: Ledger
    import_id: int
    source: str
    learned: Learned
    author: str
    tally: Tally
    progress: Callable[[str, int], None] | None = None

    def append(self, table: type[Record], rows: pd.DataFrame) -> None:
        """Append new rows, learned as the import's records are."""
        if rows.empty:
            return
        now = microseconds(self.ledger.now)
        instants = {
            day: microseconds(self.learned.learned_at(str(day), self.ledger.now, self.database))
            for day in rows["known_from"].unique()
        }
        stored = self._stored(rows).assign(
            learned_at=rows["known_from"].map(instants) if instants else now
        )
        append_frame(self.ledger, table, stored)
        self.tally.added += len(rows)
        if self.progress is not None:
            self.progress(table.__tablename__, self.tally.added)

    def supersede(self, table: type[Record], rows: pd.DataFrame, known: pd.DataFrame) -> None:
        """Put rows in the place of the known records under their natural keys."""
        if rows.empty:
            return
        keys = rows["natural_key"].tolist()
        ids = known.loc[keys, "id"].tolist()
        supersede_all(
            self.ledger,
            table,
            list(zip(map(int, ids), keys, strict=True)),
            self._stored(rows),
            reason=self._reason,
            author=self.author,
        )
        self.tally.corrected += len(rows)

    def retract(self, table: type[Record], ids: list[int]) -> None:
        """Let records stand no more."""
        supersede_all(
            self.ledger,
            table,
            [(record_id, None) for record_id in ids],
            pd.DataFrame(),
            reason=self._reason,
            author=self.author,
        )
        self.tally.corrected += len(ids)

    @property
    def _reason(self) -> str:
        return superseding_reason(self.import_id)

    def _stored(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows.drop(columns="known_from").assign(
            event_day=day_numbers(rows["event_date"]).to_numpy(),
            source=self.source,
            import_id=self.import_id,
        )
