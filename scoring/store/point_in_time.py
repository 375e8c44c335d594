"""The one condition of knowledge: what is known in the view of a day, as the store knew it then.

A view is a day, which ends at the instant `as_of_end`, asked with what the store held at the
instant `known_at`. Something is known in it that was learned before the day ended and recorded by
the instant. A record counts that is known, unless that another took its place is known as well.

When it happened is another question, which the caller asks of the event day: a schedule is known
ahead of its due days.

The rules are plain expressions, so that the store (SQLAlchemy), features (Ibis) and Python read
them alike.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement

from scoring.store.tables import PlatformEvent, Record

# The columns that decide whether a record counts.
DECIDING = frozenset(
    {"learned_at", "recorded_at", "superseded_learned_at", "superseded_recorded_at", "held"}
)
LATEST = datetime.max.replace(tzinfo=UTC)  # a view up to here sees all that is on file


def is_known(learned_at: Any, recorded_at: Any, *, as_of_end: Any, known_at: Any) -> Any:
    """Whether something is known in a view.

    Args:
        learned_at: when somebody learned of it; an instant, or a column or expression of instants.
        recorded_at: when it was written down here, likewise.
        as_of_end: the first instant after the view's day, likewise.
        known_at: what was recorded later does not exist for the view, likewise.

    Returns:
        A bool of instants, else an expression of the operands' kind.
    """
    return (learned_at < as_of_end) & (recorded_at <= known_at)


def is_known_and_stands(record: Any, *, stands_today: Any, as_of_end: Any, known_at: Any) -> Any:
    """Whether a record is known in a view, and that another took its place is not.

    Args:
        record: a table of SQLAlchemy or Ibis with the columns of `DECIDING`, but for `held`.
        stands_today: the expression that nothing took the record's place so far.
        as_of_end: as `is_known` takes it.
        known_at: as `is_known` takes it.
    """
    view = {"as_of_end": as_of_end, "known_at": known_at}
    replaced = is_known(record.superseded_learned_at, record.superseded_recorded_at, **view)
    return is_known(record.learned_at, record.recorded_at, **view) & (stands_today | ~replaced)


def known_as_of(
    table: type[Record] | type[PlatformEvent], *, as_of_end: datetime, known_at: datetime
) -> ColumnElement[bool]:
    """Whether a row is known and stands in the view of a day, held back or not.

    Args:
        table: a record kind's, or that of platform events.
        as_of_end: the first instant after the day; what was learned before it counts.
        known_at: what was recorded later does not exist for this view.
    """
    found: ColumnElement[bool] = is_known_and_stands(
        table,
        stands_today=table.superseded_recorded_at.is_(None),
        as_of_end=as_of_end,
        known_at=known_at,
    )
    return found


def standing_as_of(
    table: type[Record], *, as_of_end: datetime, known_at: datetime
) -> ColumnElement[bool]:
    """Whether a record is known in the view of a day, stands and is not held back.

    Its event day may lie ahead. The arguments are those of `known_as_of`.
    """
    return known_as_of(table, as_of_end=as_of_end, known_at=known_at) & table.held.is_(None)
