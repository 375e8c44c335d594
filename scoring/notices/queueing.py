"""Whose scores rested on a record that was wrong, whoever corrected it: they are told.

What a correction says was wrong on the day of a score counts. Later statuses, refunds and payments
are news: they come as records of their own, or change nothing but days on which money moved.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.calendar import day_number, end_of
from scoring.records.kinds import RecordKind
from scoring.records.plain_columns import KINDS, kind_of_table
from scoring.records.sameness import same_content
from scoring.store.key_chunks import key_chunks
from scoring.store.ledger import Ledger
from scoring.store.point_in_time import is_known
from scoring.store.tables import (
    Application,
    AuditEvent,
    Dispute,
    Lender,
    LenderNotice,
    Record,
    Score,
    Supersession,
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
# Columns that tell how far a sale has come: a later word on them is news.
_NEWS = frozenset({"paid_on", "settled_on", "stated_on", "fee"})


class Cause(StrEnum):
    """What corrected a record."""

    DISPUTE = "dispute"
    CORRECTION = "correction"
    FILE = "file"
    WITHDRAWAL = "withdrawal"


class Outcome(StrEnum):
    """What became of it."""

    CORRECTED = "corrected"
    RETRACTED = "retracted"


def queue_notices_of_dispute(
    ledger: Ledger, dispute: Dispute, contested: Record, outcome: Outcome
) -> int:
    """Queue a notice for each lender whose scores of the last six months held a wrong record.

    Args:
        ledger: the open transaction.
        dispute: upheld just now.
        contested: the record as the founder contested it.
        outcome: what becomes of it.

    Returns:
        How many lenders will hear.
    """
    table = KINDS[kind_of_table(dispute.table_name)]
    # Once kept and contested again, the wrong value stood under an earlier id as well.
    wrong = [
        record
        for record in ledger.session.scalars(
            select(table).where(
                table.founder_id == dispute.founder_id,
                table.source == dispute.source,
                table.natural_key == dispute.natural_key,
            )
        )
        if record.held is None and same_content(record, contested)
    ]
    return _queue(ledger, wrong, Cause.DISPUTE, outcome, dispute_id=dispute.id)


def queue_notices_of_step(ledger: Ledger, cause: Cause) -> int:
    """Queue notices for all that this transaction superseded.

    Args:
        ledger: the open transaction; what it superseded bears its instant.
        cause: what corrected the records.

    Returns:
        How many notices were queued.
    """
    session, queued = ledger.session, 0
    by_table: dict[str, dict[int, int | None]] = {}
    for row in session.execute(
        select(Supersession.table_name, Supersession.superseded_id, Supersession.replacement_id)
        .where(Supersession.recorded_at == ledger.now)
        .order_by(Supersession.id)
    ):
        by_table.setdefault(row.table_name, {})[row.superseded_id] = row.replacement_id
    scored = _scored_lately(session, since=ledger.now - REACH) if by_table else set()
    for name, replaced in by_table.items():
        table = next((table for table in KINDS.values() if table.__tablename__ == name), None)
        if table is None or not scored:
            continue
        wrong: dict[tuple[int, Outcome], list[Record]] = {}
        for ids in key_chunks(replaced):
            olds = session.scalars(
                select(table).where(table.id.in_(ids), table.held.is_(None))
            ).all()
            news = _by_id(session, table, [replaced[old.id] for old in olds])
            for old in olds:
                if old.founder_id not in scored:
                    continue
                new = news.get(replaced[old.id] or 0)
                if new is None:
                    wrong.setdefault((old.founder_id, Outcome.RETRACTED), []).append(old)
                elif new.held is not None or not _says_the_same(old, new):
                    wrong.setdefault((old.founder_id, Outcome.CORRECTED), []).append(old)
        for (_, outcome), records in sorted(wrong.items()):
            queued += _queue(ledger, records, cause, outcome)
    return queued


def _queue(
    ledger: Ledger,
    wrong: Sequence[Record],
    cause: Cause,
    outcome: Outcome,
    *,
    dispute_id: int | None = None,
) -> int:
    """Queue a notice for each lender one of whose scores held one of a founder's records."""
    if not wrong:
        return 0
    session, founder_id = ledger.session, wrong[0].founder_id
    kind = kind_of_table(type(wrong[0]).__tablename__)
    held_by: dict[int, list[str]] = {}
    for score, lender in _given(session, founder_id, since=ledger.now - REACH):
        # Another lender's application plays no part in a score, and is none of its business.
        own = [one for one in wrong if not isinstance(one, Application) or one.lender == lender]
        if _rests_on_any(score, own, kind):
            held_by.setdefault(score.lender_id, []).append(score.reference)
    for lender_id, scores in sorted(held_by.items()):
        session.add(
            LenderNotice(
                lender_id=lender_id,
                founder_id=founder_id,
                dispute_id=dispute_id,
                cause=cause.value,
                kind=kind.value,
                outcome=outcome.value,
                scores=json.dumps(scores),
                queued_at=ledger.now,
            )
        )
    session.flush()
    return len(held_by)


def _scored_lately(session: Session, *, since: datetime) -> set[int]:
    """Founders whose score somebody was given, or read again, since an instant."""
    issued = select(Score.founder_id).where(Score.issued_at >= since)
    read = select(AuditEvent.founder_id).where(
        AuditEvent.action == "score.read", AuditEvent.at >= since
    )
    return {*session.scalars(issued), *(one for one in session.scalars(read) if one is not None)}


def _by_id(session: Session, table: type[Record], ids: Iterable[int | None]) -> dict[int, Record]:
    found: dict[int, Record] = {}
    for some in key_chunks(one for one in ids if one is not None):
        found |= {row.id: row for row in session.scalars(select(table).where(table.id.in_(some)))}
    return found


def _says_the_same(old: Record, new: Record) -> bool:
    """Whether nothing differs but how far a sale has come."""
    return same_content(old, new, but_for=_NEWS)


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
