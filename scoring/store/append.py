"""Appending records, whose instant of recording is set here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert

from scoring.base.chunks import chunks
from scoring.store.ledger import Ledger
from scoring.store.tables import Record

_BATCH = 5000
Row = Mapping[str, Any]


def append_records(ledger: Ledger, table: type[Record], rows: Sequence[Row]) -> None:
    """Append rows as recorded now; `recorded_at` is set here and by nobody else.

    Args:
        ledger: the open transaction.
        table: the record kind's table.
        rows: column values without `id`, `recorded_at` and the superseded mark.
    """
    for some in chunks(rows, _BATCH):
        ledger.session.execute(insert(table), [{**row, "recorded_at": ledger.now} for row in some])
