"""Rows of earlier files that waited for what a batch brought: stored in their own import's name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from scoring.base.errors import FileError
from scoring.intake.batch import Batch
from scoring.intake.current_import import CurrentImport
from scoring.intake.matching.quarantine import waiting_for
from scoring.records.kinds import RecordKind
from scoring.store.tables import QuarantinedRow

# What waits for records of a kind.
_WAITS_FOR = {
    RecordKind.SALES: (RecordKind.REFUNDS,),
    RecordKind.LOANS: (RecordKind.SCHEDULE, RecordKind.REPAYMENTS, RecordKind.LOAN_EVENTS),
}
Release = Callable[[Sequence[QuarantinedRow]], object]


class ReleaseWaiting:
    """Refunds that waited for a sale, and what waited for a loan, are stored once it is on file."""

    def __init__(self, current: CurrentImport, release: Release) -> None:
        self._current, self._release = current, release

    def __call__(self, batch: Batch) -> Batch:
        """The batch with how many rows of earlier files it released."""
        if batch.kind not in _WAITS_FOR or not batch.changes:
            return batch
        keys = batch.changes[0].new["natural_key"].tolist()
        for kind in _WAITS_FOR[batch.kind]:
            batch = self._released(batch, kind, keys)
        return batch

    def _released(self, batch: Batch, kind: RecordKind, keys: list[str]) -> Batch:
        ledger, released, blocked = self._current.ledger, 0, 0
        rows = waiting_for(ledger, kind, keys, source=self._current.source)
        for import_id in dict.fromkeys(row.import_id for row in rows):
            own = [row for row in rows if row.import_id == import_id]
            try:
                with ledger.session.begin_nested():
                    self._release(own)
            except FileError:  # what is wrong with another file's rows is no fault of this one
                blocked += len(own)
            else:
                released += len(own)
        return replace(batch, released=batch.released + released, blocked=batch.blocked + blocked)
