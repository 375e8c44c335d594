"""Whether two records say the same, whatever is noted about when and by whom they were learned."""

from __future__ import annotations

from collections.abc import Collection

from scoring.store.tables import Record
from scoring.store.tables.bookkeeping import SET_BY_STORE

_ABOUT_THE_RECORD = SET_BY_STORE | {"import_id", "learned_at", "held", "stated_on"}


def same_content(one: Record, other: Record, *, but_for: Collection[str] = ()) -> bool:
    """Whether two records of a kind hold the same values; times, import and doubt aside.

    Args:
        one: a record.
        other: of the same kind.
        but_for: columns that don't matter either.
    """
    return all(
        getattr(one, column.key) == getattr(other, column.key)
        for column in type(one).__table__.columns
        if column.key not in _ABOUT_THE_RECORD and column.key not in but_for
    )
