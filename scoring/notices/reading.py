"""Notices to lenders as they stand, and that a lender has received one.

A notice names the founder, the scores, the kind of record and the outcome, never what the record
says. A lender hears only of what its own scores rested on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from scoring.base.calendar import today
from scoring.base.errors import NotFoundError
from scoring.parties.readable import readable_by
from scoring.parties.scopes import LenderScope, Scope
from scoring.records.kinds import RecordKind
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.tables import Founder, Lender, LenderNotice, LenderNoticeReceipt

_Notices = Select[LenderNotice, Lender, Founder, LenderNoticeReceipt | None]


@dataclass(frozen=True)
class Notice:
    """What a lender must hear, and whether it has.

    `cause` is what corrected the record: a dispute, a person's correction, a file, a withdrawal.
    """

    id: int
    lender: str
    founder: str
    scores: tuple[str, ...]
    kind: RecordKind
    cause: str
    outcome: str
    decided_at: datetime
    received_at: datetime | None

    def as_dict(self, zone: ZoneInfo) -> dict[str, Any]:
        """Plain data for the API and `--json`; the day is that of the decision."""
        received = self.received_at
        return {
            "id": self.id,
            "lender": self.lender,
            "founder": self.founder,
            "scores": list(self.scores),
            "kind": self.kind.value,
            "cause": self.cause,
            "outcome": self.outcome,
            "day": today(self.decided_at, zone).isoformat(),
            "received_at": received.isoformat(timespec="seconds") if received else None,
        }


def list_notices(session: Session, scope: Scope) -> list[Notice]:
    """Every notice that a scope may read, received or not, in the order of queueing."""
    return list(_read(session, _notices(scope)))


def pending_notices(session: Session, scope: LenderScope) -> list[Notice]:
    """Notices to a lender that it has not said to have received, in the order of queueing."""
    return [notice for notice in list_notices(session, scope) if notice.received_at is None]


def receive_notice(ledger: Ledger, scope: LenderScope, notice_id: int) -> Notice:
    """Record that a lender has received a notice; saying so again changes nothing.

    Raises:
        NotFoundError: the lender has no such notice.
    """
    statement = _notices(scope).where(LenderNotice.id == notice_id)
    notice = next(_read(ledger.session, statement), None)
    lender = scope.lender
    if notice is None:
        raise NotFoundError(f"Lender {lender.reference} has no notice {notice_id}.")
    if notice.received_at is not None:
        return notice
    ledger.session.add(LenderNoticeReceipt(notice_id=notice_id, received_at=ledger.now))
    ledger.session.flush()
    append_event(
        ledger,
        actor=scope.actor,
        action="notice.received",
        founder_id=ledger.session.get_one(LenderNotice, notice_id).founder_id,
        details={"notice": notice_id, "lender": lender.reference},
    )
    return replace(notice, received_at=ledger.now)


def _notices(scope: Scope) -> _Notices:
    return (
        select(LenderNotice, Lender, Founder, LenderNoticeReceipt)
        .join(Lender, Lender.id == LenderNotice.lender_id)
        .join(Founder, Founder.id == LenderNotice.founder_id)
        .outerjoin(LenderNoticeReceipt, LenderNoticeReceipt.notice_id == LenderNotice.id)
        .where(readable_by(scope, LenderNotice))
        .order_by(LenderNotice.id)
    )


def _read(session: Session, statement: _Notices) -> Iterator[Notice]:
    for notice, lender, founder, receipt in session.execute(statement):
        yield Notice(
            id=notice.id,
            lender=lender.reference,
            founder=founder.reference,
            scores=tuple(json.loads(notice.scores)),
            kind=RecordKind(notice.kind),
            cause=notice.cause,
            outcome=notice.outcome,
            decided_at=notice.queued_at,
            received_at=receipt.received_at if receipt else None,
        )
