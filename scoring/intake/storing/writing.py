"""Rows of one import on their way into the store."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from scoring.base.calendar import microseconds
from scoring.intake.batch import Batch
from scoring.intake.current_import import CurrentImport
from scoring.intake.settling.stored_rows import day_numbers
from scoring.intake.superseding import superseding_reason
from scoring.store.bulk import append_frame
from scoring.store.supersede_many import supersede_all
from scoring.store.tables import LoanEvent, Record

Progress = Callable[[str, int], None]


class StoreRecords:
    """New rows are appended, changed ones supersede, in the name of one import.

    Rows are in the stored form, with `known_from` and without the import's own columns.
    """

    def __init__(self, current: CurrentImport, progress: Progress | None) -> None:
        self._current, self._progress = current, progress
        self._added = 0

    def __call__(self, batch: Batch) -> Batch:
        """The batch, its changes stored."""
        for changes in batch.changes:
            self._append(changes.table, changes.new)
            self._supersede(changes.table, changes.changed, changes.known)
            self._retract(changes.table, changes.retracted)
        return batch

    def _append(self, table: type[Record], rows: pd.DataFrame) -> None:
        """Append new rows, learned as the import's records are."""
        if rows.empty:
            return
        current = self._current
        instants = {
            day: microseconds(
                current.learned.learned_at(str(day), current.ledger.now, current.database)
            )
            for day in rows["known_from"].unique()
        }
        stored = self._stored(table, rows).assign(learned_at=rows["known_from"].map(instants))
        append_frame(current.ledger, table, stored)
        self._added += len(rows)
        if self._progress is not None:
            self._progress(table.__tablename__, self._added)

    def _supersede(self, table: type[Record], rows: pd.DataFrame, known: pd.DataFrame) -> None:
        """Put rows in the place of the known records under their natural keys."""
        if rows.empty:
            return
        keys = rows["natural_key"].tolist()
        ids = known.loc[keys, "id"].tolist()
        supersede_all(
            self._current.ledger,
            table,
            list(zip(map(int, ids), keys, strict=True)),
            self._stored(table, rows),
            reason=self._reason,
            author=self._current.author,
        )

    def _retract(self, table: type[Record], ids: tuple[int, ...]) -> None:
        """Let records stand no more."""
        supersede_all(
            self._current.ledger,
            table,
            [(record_id, None) for record_id in ids],
            pd.DataFrame(),
            reason=self._reason,
            author=self._current.author,
        )

    @property
    def _reason(self) -> str:
        return superseding_reason(self._current.import_id)

    def _stored(self, table: type[Record], rows: pd.DataFrame) -> pd.DataFrame:
        stored = rows.drop(columns="known_from").assign(
            event_day=day_numbers(rows["event_date"]).to_numpy(),
            source=self._current.source,
            import_id=self._current.import_id,
        )
        return stored.assign(author=self._current.author) if table is LoanEvent else stored
