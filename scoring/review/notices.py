"""Notices to lenders: a score that they were given rested on a record that was wrong.

A notice names the founder, the scores, the kind of record and the outcome, never what the record
says. A lender hears only of what its own scores rested on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from scoring.base.calendar import day_number, end_of, today
from scoring.base.errors import NotFoundError
from scoring.parties.readable import readable_by
from scoring.parties.scopes import LenderScope, Scope
from scoring.records.kinds import RecordKind
from scoring.records.plain_columns import KINDS, kind_of_table
from scoring.records.sameness import same_content
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.point_in_time import is_known
from scoring.store.tables import (
    Application,
    AuditEvent,
    Dispute,
    DisputeDecision,
    Founder,
    Lender,
    LenderNotice,
    LenderNoticeReceipt,
    Record,
    Score,
)

REACH = timedelta(days=183)  # six months (Korea, Credit Information Act art. 38)

# What a score's document counts the records of a kind under. The others are in no score.
_COUNTED_UNDER = {
    RecordKind.ATTENDANCE: "attendance",
    RecordKind.SALES: "sales",
    RecordKind.LOANS: "repayment",
    RecordKind.SCHEDULE: "repayment",
    RecordKind.REPAYMENTS: "repayment",
    RecordKind.LOAN_EVENTS: "repayment",
    RecordKind.CASH_FLOW: "cash_flow",
    RecordKind.APPLICATIONS: "application",
}

_Notices = Select[
    LenderNotice, Lender, Founder, Dispute, DisputeDecision, LenderNoticeReceipt | None
]


@dataclass(frozen=True)
class Notice:
    """What a lender must hear, and whether it has."""

    id: int
    lender: str
    founder: str
    scores: tuple[str, ...]
    kind: RecordKind
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
            "outcome": self.outcome,
            "day": today(self.decided_at, zone).isoformat(),
            "received_at": received.isoformat(timespec="seconds") if received else None,
        }


def queue_notices(ledger: Ledger, dispute: Dispute, contested: Record) -> int:
    """Queue a notice for each lender whose scores of the last six months held a wrong record.

    Args:
        ledger: the open transaction.
        dispute: upheld just now.
        contested: the record as the founder contested it.

    Returns:
        How many lenders will hear.
    """
    session = ledger.session
    kind = kind_of_table(dispute.table_name)
    table = KINDS[kind]
    # Once kept and contested again, the wrong value stood under an earlier id as well.
    wrong = [
        record
        for record in session.scalars(
            select(table).where(
                table.founder_id == dispute.founder_id,
                table.source == dispute.source,
                table.natural_key == dispute.natural_key,
            )
        )
        if record.held is None and same_content(record, contested)
    ]
    held_by: dict[int, list[str]] = {}
    for score, lender in _given(session, dispute.founder_id, since=ledger.now - REACH):
        if isinstance(contested, Application) and contested.lender != lender:
            continue  # it plays no part in other lenders' scores, and is none of their business
        if _rests_on_any(score, wrong, kind):
            held_by.setdefault(score.lender_id, []).append(score.reference)
    for lender_id, scores in sorted(held_by.items()):
        session.add(
            LenderNotice(
                lender_id=lender_id,
                founder_id=dispute.founder_id,
                dispute_id=dispute.id,
                scores=json.dumps(scores),
                queued_at=ledger.now,
            )
        )
    session.flush()
    return len(held_by)


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


def _given(session: Session, founder_id: int, *, since: datetime) -> Iterator[tuple[Score, str]]:
    """Scores that were given, or read again, since an instant, with the lender's reference."""
    events = session.scalars(
        select(AuditEvent.details).where(
            AuditEvent.founder_id == founder_id,
            AuditEvent.action == "score.read",
            AuditEvent.at >= since,
        )
    )
    read_again = {json.loads(details)["score"] for details in events}
    for score, lender in session.execute(
        select(Score, Lender.reference)
        .join(Lender, Lender.id == Score.lender_id)
        .where(Score.founder_id == founder_id)
        .order_by(Score.id)
    ):
        if score.issued_at >= since or score.reference in read_again:
            yield score, lender


def _rests_on_any(score: Score, records: Iterable[Record], kind: RecordKind) -> bool:
    """Whether a score's view held one of these records, none of which is held back."""
    document = json.loads(score.document)
    if _COUNTED_UNDER.get(kind) not in document["completeness"]:
        return False  # the deployment profile reads no such records
    as_of_end = end_of(score.as_of, ZoneInfo(document["time_zone"]))
    view = {"as_of_end": as_of_end, "known_at": score.known_at}
    return any(
        record.event_day <= day_number(score.as_of)
        and is_known(record.learned_at, record.recorded_at, **view)
        and not _was_superseded(record, view)
        for record in records
    )


def _was_superseded(record: Record, view: dict[str, datetime]) -> bool:
    learned, recorded = record.superseded_learned_at, record.superseded_recorded_at
    return learned is not None and is_known(learned, recorded, **view)


def _notices(scope: Scope) -> _Notices:
    return (
        select(LenderNotice, Lender, Founder, Dispute, DisputeDecision, LenderNoticeReceipt)
        .join(Lender, Lender.id == LenderNotice.lender_id)
        .join(Founder, Founder.id == LenderNotice.founder_id)
        .join(Dispute, Dispute.id == LenderNotice.dispute_id)
        .join(DisputeDecision, DisputeDecision.dispute_id == Dispute.id)
        .outerjoin(LenderNoticeReceipt, LenderNoticeReceipt.notice_id == LenderNotice.id)
        .where(readable_by(scope, LenderNotice))
        .order_by(LenderNotice.id)
    )


def _read(session: Session, statement: _Notices) -> Iterator[Notice]:
    for notice, lender, founder, dispute, decision, receipt in session.execute(statement):
        yield Notice(
            id=notice.id,
            lender=lender.reference,
            founder=founder.reference,
            scores=tuple(json.loads(notice.scores)),
            kind=kind_of_table(dispute.table_name),
            outcome=decision.outcome,
            decided_at=decision.decided_at,
            received_at=receipt.received_at if receipt else None,
        )
