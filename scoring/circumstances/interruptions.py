"""Days that are nobody's fault: a founder's pauses, and failures of a channel.

Why somebody paused is never asked. Both are records like any other: learned when declared, kept
when withdrawn, so that a score given before is computed again without them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.calendar import day_number, today
from scoring.base.errors import ConflictError, InputError, NotFoundError
from scoring.parties.persons import require_name_and_reason
from scoring.parties.references import REFERENCE
from scoring.records.checking import EARLIEST, refuse_pause_days
from scoring.records.kinds import RecordKind
from scoring.review.corrections import retract_record
from scoring.store.append import append_records
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.point_in_time import known_as_of, standing_as_of
from scoring.store.supersede import keep_supersessions, mark_superseded
from scoring.store.tables import Founder, Pause, PlatformEvent

SOURCE = "declared"
_DECLARED = "declared by hand"  # the reason of a step that needs none


class PlatformEventKind(StrEnum):
    """How a channel can fail its sellers."""

    PAYOUT_STOPPED = "payout_stopped"
    OUTAGE = "outage"


def declare_pause(
    ledger: Ledger,
    founder: Founder,
    *,
    first_day: date,
    last_day: date,
    author: str,
    zone: ZoneInfo,
) -> Pause:
    """Record that a founder could not trade from one day to another, both included.

    Args:
        ledger: the open transaction.
        founder: who paused.
        first_day: has come; a pause is declared once it has begun.
        last_day: may lie ahead.
        author: who declares it.
        zone: the installation's.

    Raises:
        InputError: the days are in the wrong order or can't be, or the name is missing.
        ConflictError: the founder has a pause that shares days with it.
    """
    require_name_and_reason(author, _DECLARED)
    _refuse_days(first_day, last_day, today(ledger.now, zone))
    refuse_pause_days(ledger.session, founder.id, first_day, last_day)
    key = f"{founder.reference}|{first_day}"
    append_records(
        ledger,
        Pause,
        [
            {
                "founder_id": founder.id,
                "source": SOURCE,
                "natural_key": key,
                "event_date": first_day,
                "event_day": day_number(first_day),
                "ends_on": last_day,
                "ends_day": day_number(last_day),
                "learned_at": ledger.now,
            }
        ],
    )
    pause = ledger.session.scalars(
        select(Pause).where(
            Pause.source == SOURCE,
            Pause.natural_key == key,
            Pause.superseded_recorded_at.is_(None),
        )
    ).one()
    append_event(
        ledger,
        actor=author,
        action="pause.declared",
        founder_id=founder.id,
        details={"pause": pause.id},
    )
    return pause


def withdraw_pause(ledger: Ledger, pause_id: int, *, reason: str, author: str) -> None:
    """Take a pause back, from now on.

    Raises:
        NotFoundError: there is no such pause.
        ConflictError: it was withdrawn or corrected before, or is disputed.
        InputError: name or reason are missing.
    """
    retract_record(ledger, RecordKind.PAUSES, pause_id, reason=reason, author=author)


def pauses_as_known(
    session: Session, founder_id: int, *, as_of_end: datetime, known_at: datetime
) -> list[Pause]:
    """A founder's pauses in the view of a day, as the store knew them at an instant."""
    return list(
        session.scalars(
            select(Pause)
            .where(
                Pause.founder_id == founder_id,
                standing_as_of(Pause, as_of_end=as_of_end, known_at=known_at),
            )
            .order_by(Pause.event_day, Pause.id)
        )
    )


def declare_platform_event(
    ledger: Ledger,
    channel: str,
    kind: PlatformEventKind,
    *,
    first_day: date,
    last_day: date,
    author: str,
    zone: ZoneInfo,
) -> PlatformEvent:
    """Record that a channel failed its sellers from one day to another, both included.

    Raises:
        InputError: the channel's reference or the days can't be used, or the name is missing.
        ConflictError: such an event of the channel shares days with it.
    """
    require_name_and_reason(author, _DECLARED)
    if not REFERENCE.fullmatch(channel):
        raise InputError(
            f'"{channel}" can\'t be a channel: up to 64 letters, digits and ._:- only, as the '
            "channel is written in files of sales."
        )
    _refuse_days(first_day, last_day, today(ledger.now, zone))
    other = ledger.session.scalars(
        select(PlatformEvent)
        .where(
            PlatformEvent.channel == channel,
            PlatformEvent.kind == kind.value,
            PlatformEvent.superseded_recorded_at.is_(None),
            PlatformEvent.event_day <= day_number(last_day),
            PlatformEvent.ends_day >= day_number(first_day),
        )
        .limit(1)
    ).first()
    if other is not None:
        raise ConflictError(
            f"{channel} has such an event from {other.event_date} to {other.ends_on} (event "
            f"{other.id}), which shares days with this one. Withdraw that one first."
        )
    event = PlatformEvent(
        channel=channel,
        kind=kind.value,
        event_date=first_day,
        event_day=day_number(first_day),
        ends_on=last_day,
        ends_day=day_number(last_day),
        author=author,
        learned_at=ledger.now,
        recorded_at=ledger.now,
    )
    ledger.session.add(event)
    ledger.session.flush()
    append_event(
        ledger,
        actor=author,
        action="platform_event.declared",
        details={"event": event.id, "channel": channel, "kind": kind.value},
    )
    return event


def withdraw_platform_event(ledger: Ledger, event_id: int, *, reason: str, author: str) -> None:
    """Take a platform event back, from now on.

    Raises:
        NotFoundError: there is no such event.
        ConflictError: it was withdrawn before.
        InputError: name or reason are missing.
    """
    require_name_and_reason(author, reason)
    event = ledger.session.get(PlatformEvent, event_id)
    if event is None:
        raise NotFoundError(
            f"There is no platform event {event_id}. `foothold platform-event list` shows them."
        )
    if event.superseded_recorded_at is not None:
        raise ConflictError(f"Platform event {event_id} was withdrawn before.")
    mark_superseded(ledger, PlatformEvent, [event_id])
    keep_supersessions(ledger, PlatformEvent, [(event_id, None)], reason=reason, author=author)
    ledger.session.expire(event)
    append_event(
        ledger, actor=author, action="platform_event.withdrawn", details={"event": event_id}
    )


def platform_events_as_known(
    session: Session, *, as_of_end: datetime, known_at: datetime
) -> Sequence[PlatformEvent]:
    """Platform events in the view of a day, as the store knew them at an instant."""
    return session.scalars(
        select(PlatformEvent)
        .where(known_as_of(PlatformEvent, as_of_end=as_of_end, known_at=known_at))
        .order_by(PlatformEvent.event_day, PlatformEvent.id)
    ).all()


def _refuse_days(first: date, last: date, current: date) -> None:
    if last < first:
        raise InputError(f"The last day ({last}) lies before the first ({first}).")
    if first > current:
        raise InputError(
            f"{first} is in the future (today is {current}). Declare it once it has begun."
        )
    if first < EARLIEST:
        raise InputError(f"{first} lies before {EARLIEST}, the first day that can be.")
