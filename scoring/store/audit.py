"""The audit chain: who did what, each event holding the digest of the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.calendar import microseconds
from scoring.base.errors import IntegrityError
from scoring.store.ledger import Ledger
from scoring.store.tables import AuditEvent

GENESIS = "0" * 64


def append_event(
    ledger: Ledger,
    *,
    actor: str,
    action: str,
    founder_id: int | None = None,
    details: Mapping[str, object] | None = None,
) -> AuditEvent:
    """Add one event to the chain, in the transaction of what it tells of.

    Args:
        ledger: the open transaction.
        actor: who acted: `lender:REF`, `founder`, or a staff name.
        action: what was done, such as `score.issued`.
        founder_id: whose records were touched, if anybody's.
        details: references and counts; never names, contacts or values of records.
    """
    last = ledger.session.scalars(
        select(AuditEvent).order_by(AuditEvent.sequence.desc()).limit(1)
    ).first()
    event = AuditEvent(
        sequence=1 if last is None else last.sequence + 1,
        at=ledger.now,
        actor=actor,
        action=action,
        founder_id=founder_id,
        details=json.dumps(dict(details or {}), sort_keys=True, ensure_ascii=False),
        previous_digest=GENESIS if last is None else last.digest,
    )
    event.digest = _digest(event)
    ledger.session.add(event)
    ledger.session.flush()
    return event


def append_events(
    ledger: Ledger,
    *,
    actor: str,
    action: str,
    founder_ids: Sequence[int],
    details: Mapping[str, object],
) -> None:
    """Add an event per founder, all of one action and with the same details.

    Args:
        ledger: the open transaction.
        actor: who acted.
        action: what was done.
        founder_ids: whose records were touched, each.
        details: references; never names, contacts or values of records.
    """
    last = ledger.session.scalars(
        select(AuditEvent).order_by(AuditEvent.sequence.desc()).limit(1)
    ).first()
    sequence, previous = (0, GENESIS) if last is None else (last.sequence, last.digest)
    told = json.dumps(dict(details), sort_keys=True, ensure_ascii=False)
    for number, founder_id in enumerate(founder_ids, start=1):
        event = AuditEvent(
            sequence=sequence + number,
            at=ledger.now,
            actor=actor,
            action=action,
            founder_id=founder_id,
            details=told,
            previous_digest=previous,
        )
        event.digest = previous = _digest(event)
        ledger.session.add(event)
    ledger.session.flush()


def verify_chain(session: Session) -> int:
    """Check every link and return how many there are.

    Raises:
        IntegrityError: an event was changed, removed or put in between; says which.
    """
    previous, expected = GENESIS, 1
    events = session.scalars(select(AuditEvent).order_by(AuditEvent.sequence)).yield_per(1000)
    for event in events:
        if event.sequence != expected or event.previous_digest != previous:
            raise IntegrityError(f"Audit event {expected} is missing or out of order.")
        verify_event(event)
        previous, expected = event.digest, expected + 1
    return expected - 1


def verify_event(event: AuditEvent) -> None:
    """Check one event against its own digest; `verify_chain` checks that none is missing.

    Raises:
        IntegrityError: it was changed; says which.
    """
    if event.digest != _digest(event):
        raise IntegrityError(f"Audit event {event.sequence} was changed after it was written.")


def _digest(event: AuditEvent) -> str:
    at: datetime = event.at
    content = [
        event.sequence,
        microseconds(at),
        event.actor,
        event.action,
        event.founder_id,
        event.details,
        event.previous_digest,
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()
