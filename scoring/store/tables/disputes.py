"""Records that founders contest, what was decided, and which lenders must hear of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from scoring.store.tables.base import Base, Identity, Instant, Reference


class Dispute(Base):
    """A founder's word that a record is wrong (Korea, Credit Information Act art. 38).

    The record is named as tables name it; by source and natural key, since it may be superseded
    while the dispute is open. `record_id` is the record as it was contested.
    """

    __tablename__ = "disputes"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"), index=True)
    table_name: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(Reference)
    natural_key: Mapped[str] = mapped_column(String(300))
    record_id: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(400))
    opened_by: Mapped[str] = mapped_column(String(120))
    opened_at: Mapped[datetime] = mapped_column(Instant)


class DisputeDecision(Base):
    """A reviewer's decision: the record is kept as it was, corrected, or retracted."""

    __tablename__ = "dispute_decisions"

    dispute_id: Mapped[int] = mapped_column(ForeignKey("disputes.id"), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(400))
    decided_by: Mapped[str] = mapped_column(String(120))
    decided_at: Mapped[datetime] = mapped_column(Instant)


class LenderNotice(Base):
    """That a lender must hear: a score which it was given rested on a record now corrected.

    `cause` says what corrected it, as a code: a dispute (`dispute_id`), a correction by hand, a
    file, or a file withdrawn; `kind` is the record's, `outcome` what became of it. `scores` holds
    the references of those scores as a JSON list.
    """

    __tablename__ = "lender_notices"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    lender_id: Mapped[int] = mapped_column(ForeignKey("lenders.id"), index=True)
    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"))
    dispute_id: Mapped[int | None] = mapped_column(ForeignKey("disputes.id"))
    cause: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str] = mapped_column(String(20))
    scores: Mapped[str] = mapped_column(Text)
    queued_at: Mapped[datetime] = mapped_column(Instant)


class LenderNoticeReceipt(Base):
    """That a lender has received a notice."""

    __tablename__ = "lender_notice_receipts"

    notice_id: Mapped[int] = mapped_column(ForeignKey("lender_notices.id"), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(Instant)
