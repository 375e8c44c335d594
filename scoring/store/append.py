"""The only writer of evidence: append records, supersede them, never change or remove one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import insert, update

from scoring.base.errors import ConflictError, NotFoundError
from scoring.store.audit import append_event
from scoring.store.database import Ledger
from scoring.store.tables import Record, Supersession

_BATCH = 5000
Row = Mapping[str, Any]


def append_records(ledger: Ledger, table: type[Record], rows: Sequence[Row]) -> None:
    """Append rows as recorded now; `recorded_at` is set here and by nobody else.

    Args:
        ledger: the open transaction.
        table: the record kind's table.
        rows: column values without `id`, `recorded_at` and the superseded mark.
    """
    for start in range(0, len(rows), _BATCH):
        ledger.session.execute(
            insert(table),
            [{**row, "recorded_at": ledger.now} for row in rows[start : start + _BATCH]],
        )


def supersede_record(
    ledger: Ledger,
    table: type[Record],
    record_id: int,
    *,
    replacement: Row | None,
    reason: str,
    author: str,
) -> int | None:
    """Put another record in a record's place, or none, from now on.

    What was known before stays known as of then: scores given or asked for as of an earlier day
    still see the old record.

    Args:
        ledger: the open transaction.
        table: the record kind's table.
        record_id: the record that no longer stands.
        replacement: changed columns; the others are copied. None retracts the record.
        reason: why, for the founder and the reviewer to read.
        author: who says so.

    Returns:
        The id of the replacing record, if there is one.

    Raises:
        NotFoundError: there is no such record.
        ConflictError: it was superseded before.
    """
    old = ledger.session.get(table, record_id)
    if old is None:
        raise NotFoundError(f"There is no record {record_id} in {table.__tablename__}.")
    if old.superseded_recorded_at is not None:
        raise ConflictError(
            f"Record {record_id} in {table.__tablename__} was superseded before. "
            "Correct the one that stands in its place."
        )
    # The mark comes first: two standing records under one natural key are refused.
    ledger.session.execute(
        update(table)
        .where(table.id == record_id)
        .values(superseded_learned_at=ledger.now, superseded_recorded_at=ledger.now)
    )
    replacement_id = None
    if replacement is not None:
        copied = {
            column.key: getattr(old, column.key)
            for column in table.__table__.columns
            if column.key
            not in {"id", "recorded_at", "superseded_learned_at", "superseded_recorded_at"}
        }
        row = {**copied, **replacement, "learned_at": ledger.now, "recorded_at": ledger.now}
        new = table(**row)
        ledger.session.add(new)
        ledger.session.flush()
        replacement_id = new.id
    ledger.session.add(
        Supersession(
            table_name=table.__tablename__,
            superseded_id=record_id,
            replacement_id=replacement_id,
            reason=reason,
            author=author,
            learned_at=ledger.now,
            recorded_at=ledger.now,
        )
    )
    ledger.session.flush()
    ledger.session.expire(old)
    append_event(
        ledger,
        actor=author,
        action="record.superseded",
        founder_id=old.founder_id,
        details={"table": table.__tablename__, "record": record_id, "by": replacement_id},
    )
    return replacement_id
