"""Appending records, and whether a record counts in the view of a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, insert, or_

from scoring.base.chunks import chunks
from scoring.store.database import Ledger
from scoring.store.tables import Record

_BATCH = 5000
Row = Mapping[str, Any]


def standing_as_of(
    table: type[Record], *, as_of_end: datetime, known_at: datetime
) -> ColumnElement[bool]:
    """Whether a record counts in the view of a day, as the store knew it at an instant.

    A record that is held back (a doubt, a dispute) does not.

    Args:
        table: the record kind's table.
        as_of_end: the first instant after the day; what was learned before it counts.
        known_at: what was recorded later does not exist for this view.
    """
    return and_(
        table.learned_at < as_of_end,
        table.recorded_at <= known_at,
        table.held.is_(None),
        or_(
            table.superseded_recorded_at.is_(None),
            table.superseded_learned_at >= as_of_end,
            table.superseded_recorded_at > known_at,
        ),
    )


def append_records(ledger: Ledger, table: type[Record], rows: Sequence[Row]) -> None:
    """Append rows as recorded now; `recorded_at` is set here and by nobody else.

    Args:
        ledger: the open transaction.
        table: the record kind's table.
        rows: column values without `id`, `recorded_at` and the superseded mark.
    """
    for some in chunks(rows, _BATCH):
        ledger.session.execute(insert(table), [{**row, "recorded_at": ledger.now} for row in some])
