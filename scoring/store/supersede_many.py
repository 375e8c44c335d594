"""Many records superseded as one step, by rows in the stored form."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from sqlalchemy import select

from scoring.base.calendar import microseconds
from scoring.base.chunks import chunks
from scoring.store.audit import append_event
from scoring.store.bulk import append_frame
from scoring.store.key_chunks import KEYS_AT_ONCE
from scoring.store.ledger import Ledger
from scoring.store.supersede import keep_supersessions, mark_superseded
from scoring.store.tables import Record


def supersede_all(
    ledger: Ledger,
    table: type[Record],
    pairs: Sequence[tuple[int, str | None]],
    replacements: pd.DataFrame,
    *,
    reason: str,
    author: str,
) -> None:
    """Put records in the place of others, or none, as one step with one audit event.

    What was known before stays known as of then.

    Args:
        ledger: the open transaction.
        table: the record kind's table.
        pairs: ids of standing records, each with the natural key of its replacement or None.
        replacements: rows as `append_frame` takes them, each under a natural key of `pairs`.
        reason: why, for the founder and the reviewer to read.
        author: who says so.
    """
    if not pairs:
        return
    # The marks come first: two standing records under one natural key are refused.
    mark_superseded(ledger, table, [old for old, _ in pairs])
    append_frame(ledger, table, replacements.assign(learned_at=microseconds(ledger.now)))
    standing = _ids(ledger, table, replacements)
    replaced = [(old, None if key is None else standing[key]) for old, key in pairs]
    keep_supersessions(ledger, table, replaced, reason=reason, author=author)
    append_event(
        ledger,
        actor=author,
        action="records.superseded",
        details={
            "table": table.__tablename__,
            "records": len(pairs),
            "retracted": sum(key is None for _, key in pairs),
        },
    )


def _ids(ledger: Ledger, table: type[Record], rows: pd.DataFrame) -> dict[str, int]:
    found: dict[str, int] = {}
    if rows.empty:
        return found
    for source, group in rows.groupby("source"):
        keys = group["natural_key"].tolist()
        for some in chunks(keys, KEYS_AT_ONCE):
            statement = select(table.natural_key, table.id).where(
                table.source == source,
                table.superseded_recorded_at.is_(None),
                table.natural_key.in_(some),
            )
            found |= {key: number for key, number in ledger.session.execute(statement)}  # noqa: C416
    return found
