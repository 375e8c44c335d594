"""The one place that supersedes: it marks rows as standing no more, and keeps by whom and why.

A superseded row stays as it was, for whoever asks what was known before. Only its two marks are
set, once; triggers refuse every other change. `supersede_many` does it for rows of files.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, update

from scoring.base.chunks import chunks
from scoring.base.errors import ConflictError, NotFoundError
from scoring.base.lines import require_line
from scoring.store.append import Row
from scoring.store.audit import append_event
from scoring.store.key_chunks import KEYS_AT_ONCE
from scoring.store.ledger import Ledger
from scoring.store.tables import PlatformEvent, QuarantinedRow, Record, Supersession
from scoring.store.tables.bookkeeping import SET_BY_STORE

Supersedable = Record | PlatformEvent | QuarantinedRow


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
    mark_superseded(ledger, table, [record_id])
    replacement_id = None
    if replacement is not None:
        copied = {
            column.key: getattr(old, column.key)
            for column in table.__table__.columns
            if column.key not in SET_BY_STORE
        }
        row = {**copied, **replacement, "learned_at": ledger.now, "recorded_at": ledger.now}
        new = table(**row)
        ledger.session.add(new)
        ledger.session.flush()
        replacement_id = new.id
    keep_supersessions(ledger, table, [(record_id, replacement_id)], reason=reason, author=author)
    ledger.session.expire(old)
    append_event(
        ledger,
        actor=author,
        action="record.superseded",
        founder_id=old.founder_id,
        details={"table": table.__tablename__, "record": record_id, "by": replacement_id},
    )
    return replacement_id


def mark_superseded(ledger: Ledger, table: type[Supersedable], ids: Sequence[int]) -> None:
    """Set the marks of rows that stand no more from now on.

    Of records, call it before a replacement is appended, and `keep_supersessions` after. What
    became of a row that waited is kept as its resolution.
    """
    for some in chunks(ids, KEYS_AT_ONCE):
        ledger.session.execute(
            update(table)
            .where(table.id.in_(some))
            .values(superseded_learned_at=ledger.now, superseded_recorded_at=ledger.now)
            .execution_options(synchronize_session=False)
        )


def keep_supersessions(
    ledger: Ledger,
    table: type[Record | PlatformEvent],
    pairs: Sequence[tuple[int, int | None]],
    *,
    reason: str,
    author: str,
) -> None:
    """Keep which rows stand in whose place, by whom and why.

    Args:
        ledger: the open transaction.
        table: of the rows.
        pairs: ids of superseded rows, each with the id of its replacement or None.
        reason: why, for the founder and the reviewer to read.
        author: who says so.

    Raises:
        InputError: reason or author don't fit into a line.
    """
    require_line("The reason", reason, longest=400)
    require_line("The author", author, longest=120)
    for some in chunks(pairs, KEYS_AT_ONCE):
        ledger.session.execute(
            insert(Supersession),
            [
                {
                    "table_name": table.__tablename__,
                    "superseded_id": superseded,
                    "replacement_id": replacement,
                    "reason": reason,
                    "author": author,
                    "learned_at": ledger.now,
                    "recorded_at": ledger.now,
                }
                for superseded, replacement in some
            ],
        )
