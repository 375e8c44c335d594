"""A founder's records as somebody looks at them: what stands, what stood, and why no more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from scoring.base.calendar import day_number, end_of
from scoring.records.kinds import RecordKind
from scoring.records.plain import plain_cells
from scoring.records.plain_columns import KINDS
from scoring.store.point_in_time import LATEST, is_known, known_as_of
from scoring.store.tables import Founder, Record, Supersession


@dataclass(frozen=True)
class Seen:
    """From when one looks; None is now.

    Args:
        as_of: what happened and was learned up to the end of this day.
        known_at: what this store held at this instant.
        zone: in which the day ends.
    """

    zone: ZoneInfo
    as_of: date | None = None
    known_at: datetime | None = None

    @property
    def view(self) -> dict[str, datetime]:
        """`as_of_end`, the first instant after the day, and `known_at`."""
        as_of_end = LATEST if self.as_of is None else end_of(self.as_of, self.zone)
        return {"as_of_end": as_of_end, "known_at": self.known_at or LATEST}


@dataclass(frozen=True)
class Listed:
    """One record; `superseded` says by what, when, why and by whom, where it stands no more."""

    id: int
    kind: RecordKind
    event_day: date
    cells: dict[str, str]
    source: str
    import_id: int | None
    learned_at: datetime
    recorded_at: datetime
    held: str | None
    superseded: Supersession | None

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        gone = self.superseded
        return {
            "id": self.id,
            "kind": self.kind.value,
            "event_day": self.event_day.isoformat(),
            "values": self.cells,
            "source": self.source,
            "import": self.import_id,
            "learned_at": self.learned_at.isoformat(),
            "recorded_at": self.recorded_at.isoformat(),
            "held": self.held,
            "superseded": None
            if gone is None
            else {
                "by": gone.replacement_id,
                "at": gone.recorded_at.isoformat(),
                "reason": gone.reason,
                "author": gone.author,
            },
        }


def records_standing(
    session: Session, founder: Founder, kinds: Iterable[RecordKind], seen: Seen
) -> list[Listed]:
    """Records that stand, by kind and event day, those that are held back among them.

    As of a day and known at an instant these are the records that a score sees, and the held ones.
    """
    return _list(session, founder, kinds, seen, _stands)


def records_ever(
    session: Session, founder: Founder, kinds: Iterable[RecordKind], seen: Seen
) -> list[Listed]:
    """Every record ever kept, superseded ones with what became of them: the records' history."""
    return _list(session, founder, kinds, seen, lambda table, seen: true())


def _list(
    session: Session,
    founder: Founder,
    kinds: Iterable[RecordKind],
    seen: Seen,
    chosen: Callable[[type[Record], Seen], ColumnElement[bool]],
) -> list[Listed]:
    found: list[Listed] = []
    for kind in kinds:
        table = KINDS[kind]
        conditions = [table.founder_id == founder.id, *_known(table, seen), chosen(table, seen)]
        records = session.scalars(
            select(table).where(*conditions).order_by(table.event_day, table.id)
        ).all()
        gone = _superseded(session, table, founder, records)
        found += [
            Listed(
                id=record.id,
                kind=kind,
                event_day=record.event_date,
                cells={k: v for k, v in plain_cells(session, record).items() if k != "founder"},
                source=record.source,
                import_id=record.import_id,
                learned_at=record.learned_at,
                recorded_at=record.recorded_at,
                held=record.held,
                superseded=None if _still_stands(record, seen) else gone.get(record.id),
            )
            for record in records
        ]
    return found


def _known(table: type[Record], seen: Seen) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        is_known(table.learned_at, table.recorded_at, **seen.view)
    ]
    if seen.as_of is not None:
        conditions.append(table.event_day <= day_number(seen.as_of))
    return conditions


def _stands(table: type[Record], seen: Seen) -> ColumnElement[bool]:
    return known_as_of(table, **seen.view)


def _still_stands(record: Record, seen: Seen) -> bool:
    learned, recorded = record.superseded_learned_at, record.superseded_recorded_at
    return learned is None or not is_known(learned, recorded, **seen.view)


def _superseded(
    session: Session, table: type[Record], founder: Founder, records: Sequence[Record]
) -> dict[int, Supersession]:
    if all(record.superseded_recorded_at is None for record in records):
        return {}
    own = select(table.id).where(
        table.founder_id == founder.id, table.superseded_recorded_at.is_not(None)
    )
    entries = session.scalars(
        select(Supersession).where(
            Supersession.table_name == table.__tablename__, Supersession.superseded_id.in_(own)
        )
    )
    return {entry.superseded_id: entry for entry in entries}
