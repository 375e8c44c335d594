"""The columns that every record has and that are about the record, not about what happened."""

from __future__ import annotations

from scoring.store.tables.base import Record

_WHOSE_AND_WHEN = frozenset({"id", "founder_id", "event_date", "event_day"})

# Where a record came from, when it was learned and recorded, when another took its place, and why
# it is held back: whatever else `Record` declares. What a kind adds for itself is not among them.
BOOKKEEPING: frozenset[str] = frozenset(Record.__annotations__) - _WHOSE_AND_WHEN

# The two derived marks of a row that another took the place of.
MARKS = ("superseded_learned_at", "superseded_recorded_at")
# What the store sets when it appends a row; a copy of a record leaves these out.
SET_BY_STORE = frozenset({"id", "recorded_at", *MARKS})
