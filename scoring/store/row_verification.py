"""Every row of every table against the event that answers for it, and marks against supersessions.

Tables are streamed in the order of their positions, beside the events in the chain's order, so
what is in memory does not grow with the store.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from scoring.base.errors import IntegrityError
from scoring.store.coverage import DATED, POSITIONS, place_of_position, position_of
from scoring.store.sealing import ROWS_WRITTEN, RowsDigest, rows_in_pieces
from scoring.store.tables import (
    AuditEvent,
    Base,
    QuarantinedRow,
    QuarantineResolution,
    Supersession,
)
from scoring.store.tables.bookkeeping import MARKS

_EVENTS_AT_ONCE = 5000


@dataclass(frozen=True)
class _Told:
    """What one event says of the rows of one table."""

    sequence: int
    last: int
    rows: int
    digest: str


def verify_rows(session: Session) -> dict[str, int]:
    """Check all rows of all tables that the chain answers for against its events.

    Returns:
        How many rows each table has.

    Raises:
        IntegrityError: a row was changed, removed, or added without an event; says which table,
            which rows, and what had written them.
    """
    ends: dict[str, int | None] = dict.fromkeys(POSITIONS)
    counts: dict[str, int] = dict.fromkeys(POSITIONS, 0)
    for told in _told_by_events(session):
        for name, entries in sorted(told.items()):
            if name not in POSITIONS:
                raise IntegrityError(
                    f"Audit event {entries[0].sequence} tells of a table {name}, and there is none."
                )
            _compare(session, name, entries, after=ends[name])
            ends[name] = entries[-1].last
            counts[name] += sum(entry.rows for entry in entries)
    for name, end in ends.items():
        _refuse_rows_after(session, name, end)
    return counts


def verify_marks(session: Session) -> int:
    """Check that exactly the records that were superseded or decided on say so.

    Returns:
        How many supersessions there are.

    Raises:
        IntegrityError: a record's mark differs from the row that it is copied from.
    """
    for name, table in sorted(Base.metadata.tables.items()):
        if MARKS[0] not in table.columns or name == QuarantinedRow.__tablename__:
            continue
        joined = table.outerjoin(
            Supersession,
            and_(Supersession.table_name == name, Supersession.superseded_id == table.c.id),
        )
        differing = or_(
            table.c[MARKS[0]].is_distinct_from(Supersession.learned_at),
            table.c[MARKS[1]].is_distinct_from(Supersession.recorded_at),
        )
        _refuse_mark(session, name, select(table.c.id).select_from(joined).where(differing))
    resolved = select(QuarantinedRow.id).outerjoin(
        QuarantineResolution, QuarantineResolution.quarantined_row_id == QuarantinedRow.id
    )
    differs = or_(
        QuarantinedRow.superseded_learned_at.is_distinct_from(QuarantineResolution.resolved_at),
        QuarantinedRow.superseded_recorded_at.is_distinct_from(QuarantineResolution.resolved_at),
    )
    _refuse_mark(session, QuarantinedRow.__tablename__, resolved.where(differs))
    return session.scalar(select(func.count()).select_from(Supersession)) or 0


def _refuse_mark(session: Session, name: str, differing: Any) -> None:
    found = session.scalar(differing.limit(1))
    if found is not None:
        raise IntegrityError(
            f"{name}, row {found}: whether and when it was superseded is not what its supersession "
            "says."
        )


def _told_by_events(session: Session) -> Iterator[dict[str, list[_Told]]]:
    """What events say of each table's rows, for some thousand events at a time."""
    events = session.execute(
        select(AuditEvent.sequence, AuditEvent.details)
        .where(AuditEvent.action == ROWS_WRITTEN)
        .order_by(AuditEvent.sequence),
        execution_options={"yield_per": _EVENTS_AT_ONCE},
    )
    while some := list(islice(events, _EVENTS_AT_ONCE)):
        told: dict[str, list[_Told]] = defaultdict(list)
        for sequence, details in some:
            for name, said in json.loads(details).items():
                told[name].append(_Told(sequence, said["last"], said["rows"], said["digest"]))
        yield told


def _compare(session: Session, name: str, told: Sequence[_Told], *, after: int | None) -> None:
    """Compare what events say of a table with its rows, both in their order."""
    place = place_of_position(name)
    waiting, digest = 0, RowsDigest()

    def close() -> None:
        entry = told[waiting]
        if (digest.rows, digest.last, digest.told()["digest"]) != (
            entry.rows,
            entry.last,
            entry.digest,
        ):
            start = after if waiting == 0 else told[waiting - 1].last
            raise IntegrityError(_words(session, name, entry, start, digest.rows))

    for piece in rows_in_pieces(session, name, after, told[-1].last):
        while piece:
            here = bisect_right(piece, told[waiting].last, key=itemgetter(place))
            digest.add(piece[:here], place=place)
            piece = piece[here:]
            if piece:
                close()
                waiting, digest = waiting + 1, RowsDigest()
    while waiting < len(told):
        close()
        waiting, digest = waiting + 1, RowsDigest()


def _words(session: Session, name: str, entry: _Told, after: int | None, found: int) -> str:
    event = session.get_one(AuditEvent, entry.sequence)
    actions = session.execute(
        select(AuditEvent.action, AuditEvent.actor)
        .where(AuditEvent.at == event.at, AuditEvent.action != ROWS_WRITTEN)
        .order_by(AuditEvent.sequence)
        .limit(3)
    )
    by = ", ".join(f"{action} by {actor}" for action, actor in actions)
    if found > entry.rows:
        what = f"{found - entry.rows} more than the audit chain tells of"
    elif found < entry.rows:
        what = f"{entry.rows - found} of {entry.rows} gone"
    else:
        what = "changed after they were written" if found > 1 else "changed after it was written"
    which = ""
    if name not in DATED:
        first = 1 if after is None else after + 1
        which = f" {first}" if first == entry.last else f" {first} to {entry.last}"
    return (
        f"{name}, row{'' if entry.rows == 1 else 's'}{which} (written {event.at:%Y-%m-%d %H:%M:%S} "
        f"UTC{f' with {by}' if by else ''}; event {entry.sequence}): {what}."
    )


def _refuse_rows_after(session: Session, name: str, end: int | None) -> None:
    table = Base.metadata.tables[name]
    position = position_of(table)
    statement = select(func.count(), func.min(position)).select_from(table)
    if end is not None:
        statement = statement.where(position > end)
    found, first = session.execute(statement).one()
    if found:
        which = "" if name in DATED else f" from number {first} on"
        raise IntegrityError(
            f"{name}: {found} row{'s' if found > 1 else ''}{which} that no event of the audit "
            "chain tells of."
        )
