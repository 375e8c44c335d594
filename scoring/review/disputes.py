"""Disputes: a founder says that a record is wrong, and it leaves scoring at once.

What rests on it leaves with it: the refund of a sale, the instalments and repayments of a loan.
Both are held under one code; what has no dispute of its own goes with what it rests on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.calendar import today
from scoring.base.errors import ConflictError, NotFoundError
from scoring.parties.persons import require_name_and_reason
from scoring.records.kinds import RecordKind
from scoring.records.plain import find_standing
from scoring.records.plain_columns import kind_of_table
from scoring.records.resting import resting_on
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.supersede import supersede_record
from scoring.store.tables import Dispute, DisputeDecision, Founder, Record

HELD = "disputed"
DAYS_TO_DECIDE = 7


@dataclass(frozen=True)
class DisputeEntry:
    """A dispute as a reviewer sees it; `decide_by` is the last day for its decision."""

    dispute: Dispute
    founder: str
    kind: RecordKind
    decide_by: date
    is_overdue: bool
    decision: DisputeDecision | None

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        decision = self.decision
        return {
            "id": self.dispute.id,
            "founder": self.founder,
            "kind": self.kind.value,
            "record": self.dispute.record_id,
            "opened_by": self.dispute.opened_by,
            "opened_at": self.dispute.opened_at.isoformat(timespec="seconds"),
            "decide_by": self.decide_by.isoformat(),
            "overdue": self.is_overdue,
            "outcome": decision.outcome if decision else None,
            "decided_by": decision.decided_by if decision else None,
            "decided_at": decision.decided_at.isoformat(timespec="seconds") if decision else None,
            "reason": self.dispute.reason,
            "decision_reason": decision.reason if decision else None,
        }


def open_dispute(
    ledger: Ledger,
    founder: Founder,
    kind: RecordKind,
    record_id: int,
    *,
    reason: str,
    opened_by: str,
) -> Dispute:
    """Take a founder's word that a record is wrong; it stays out of scoring until decided.

    Args:
        ledger: the open transaction.
        founder: whose record it is.
        kind: of the record.
        record_id: the record that stands.
        reason: what is wrong, in the founder's words.
        opened_by: `founder`, or who acts for them; that person may not decide.

    Raises:
        NotFoundError: the founder has no such record.
        ConflictError: it was superseded before, or is disputed already, itself or with its loan.
        InputError: name or reason are missing.
    """
    require_name_and_reason(opened_by, reason)
    record = find_standing(ledger.session, kind, record_id)
    if record.founder_id != founder.id:
        raise NotFoundError(
            f"Founder {founder.reference} has no record {record_id} of {kind}. "
            "`foothold records FOUNDER` lists what there is."
        )
    if record.held == HELD:
        raise ConflictError(
            f"Record {record_id} of {kind}, or what it rests on, is disputed already. "
            "`foothold dispute list --open` shows it; decide that first."
        )
    dispute = Dispute(
        founder_id=founder.id,
        table_name=record.__tablename__,
        source=record.source,
        natural_key=record.natural_key,
        record_id=record.id,
        reason=reason,
        opened_by=opened_by,
        opened_at=ledger.now,
    )
    ledger.session.add(dispute)
    ledger.session.flush()
    resting = [one for one in resting_on(ledger.session, record) if one.held is None]
    for one in (record, *resting):
        supersede_record(
            ledger,
            type(one),
            one.id,
            replacement={"held": HELD},
            reason=f"dispute {dispute.id} was opened",
            author=opened_by,
        )
    append_event(
        ledger,
        actor=opened_by,
        action="dispute.opened",
        founder_id=founder.id,
        details={"dispute": dispute.id, "table": dispute.table_name, "record": record_id},
    )
    return dispute


def open_dispute_on(session: Session, record: Record) -> Dispute | None:
    """The undecided dispute on a record, if there is one."""
    return session.scalars(
        select(Dispute)
        .outerjoin(DisputeDecision, DisputeDecision.dispute_id == Dispute.id)
        .where(
            Dispute.table_name == record.__tablename__,
            Dispute.source == record.source,
            Dispute.natural_key == record.natural_key,
            DisputeDecision.dispute_id.is_(None),
        )
    ).first()


def list_disputes(session: Session, *, day: date, zone: ZoneInfo) -> list[DisputeEntry]:
    """Every dispute in the order of opening, with the last day for its decision.

    Args:
        session: an open transaction.
        day: what is undecided after its last day is overdue on this one.
        zone: the installation's.
    """
    rows = session.execute(
        select(Dispute, Founder.reference, DisputeDecision)
        .join(Founder, Founder.id == Dispute.founder_id)
        .outerjoin(DisputeDecision, DisputeDecision.dispute_id == Dispute.id)
        .order_by(Dispute.id)
    )
    entries = []
    for dispute, founder, decision in rows:
        decide_by = today(dispute.opened_at, zone) + timedelta(days=DAYS_TO_DECIDE)
        kind = kind_of_table(dispute.table_name)
        overdue = decision is None and day > decide_by
        entries.append(DisputeEntry(dispute, founder, kind, decide_by, overdue, decision))
    return entries
