"""Whether two records say the same, whatever is noted about when and by whom they were learned."""

from __future__ import annotations

from scoring.store.tables import Record
from scoring.store.tables.bookkeeping import SET_BY_STORE

_ABOUT_THE_RECORD = SET_BY_STORE | {"import_id", "learned_at", "held", "stated_on"}


def same_content(one: Record, other: Record) -> bool:
    """Whether two records of a kind hold the same values; times, import and doubt aside."""
    return all(
        getattr(one, column.key) == getattr(other, column.key)
        for column in type(one).__table__.columns
        if column.key not in _ABOUT_THE_RECORD
    )
