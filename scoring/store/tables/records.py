"""The records: attendance, sales, loans and what was paid, cash flow, applications, outcomes.

Amounts are integers in the minor unit of `currency` (ISO 4217).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from scoring.store.tables.base import Base, Identity, Instant, Record, Reference


class Programme(Base):
    """A boot camp or accelerator; never a feature, never shown to a lender."""

    __tablename__ = "programmes"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    reference: Mapped[str] = mapped_column(Reference, unique=True)
    added_at: Mapped[datetime] = mapped_column(Instant)


class ProgrammeSession(Base):
    """One meeting of a programme."""

    __tablename__ = "programme_sessions"
    __table_args__ = (UniqueConstraint("programme_id", "reference"),)

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programmes.id"))
    reference: Mapped[str] = mapped_column(Reference)
    held_on: Mapped[date]
    hours: Mapped[float]
    kind: Mapped[str] = mapped_column(String(20))
    added_at: Mapped[datetime] = mapped_column(Instant)


class ProgrammeCalendar(Base):
    """A day on which a programme declared a session; attendance on other days is doubtful."""

    __tablename__ = "programme_calendars"
    __table_args__ = (UniqueConstraint("programme_id", "held_on"),)

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programmes.id"))
    held_on: Mapped[date]
    author: Mapped[str] = mapped_column(String(120))
    added_at: Mapped[datetime] = mapped_column(Instant)


class Attendance(Record):
    """One founder at one session; why somebody was excused is never stored.

    `marked_by` is a keyed hash of the account that marked it, for signs of marking in bulk.
    """

    __tablename__ = "attendance"

    session_id: Mapped[int] = mapped_column(ForeignKey("programme_sessions.id"))
    session_kind: Mapped[str] = mapped_column(String(20))
    hours: Mapped[float]
    status: Mapped[str] = mapped_column(String(20))
    minutes_late: Mapped[int]
    assignment: Mapped[str | None] = mapped_column(String(20))
    marked_by: Mapped[str | None] = mapped_column(String(32))
    marked_on: Mapped[date | None]


class OrderLine(Record):
    """A sale, or what was given back for one: each on its own day.

    A refund is a row of its own (`entry` = refund), so that its knowledge can't leak into the
    days between the sale and the refund. `day_inferred`: the source names no day for it, so it
    counts from the last day of the export that told of it. `stated_on` is the last day of the
    export that a row is from: of two statements on one line, the later rules.
    """

    __tablename__ = "order_lines"

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        """An order line belongs to one founder: it is looked up under anybody's name."""
        return (*super().__table_args__, Index(None, "channel", "order_line"))

    channel: Mapped[str] = mapped_column(Reference)
    order_line: Mapped[str] = mapped_column(Reference)
    entry: Mapped[str] = mapped_column(String(10))
    currency: Mapped[str] = mapped_column(String(3))
    quantity: Mapped[int]
    gross: Mapped[int] = mapped_column(BigInteger)
    discount: Mapped[int] = mapped_column(BigInteger)
    shipping: Mapped[int] = mapped_column(BigInteger)
    fee: Mapped[int] = mapped_column(BigInteger)
    refund: Mapped[int] = mapped_column(BigInteger)
    refund_cause: Mapped[str | None] = mapped_column(String(10))
    paid_on: Mapped[date | None]
    settled_on: Mapped[date | None]
    buyer: Mapped[str | None] = mapped_column(String(32))
    day_inferred: Mapped[bool] = mapped_column(default=False)
    stated_on: Mapped[date | None]


class Loan(Record):
    """A loan as granted; the event day is the day of disbursement."""

    __tablename__ = "loans"

    reference: Mapped[str] = mapped_column(Reference, index=True)
    lender: Mapped[str] = mapped_column(Reference)
    currency: Mapped[str] = mapped_column(String(3))
    principal: Mapped[int] = mapped_column(BigInteger)
    annual_rate: Mapped[float]
    months: Mapped[int]
    grace_months: Mapped[int]
    schedule_kind: Mapped[str] = mapped_column(String(20))
    origin: Mapped[str] = mapped_column(String(10))


class Instalment(Record):
    """What falls due on a loan; the event day is the due day.

    `schedule` is 0 for the schedule as granted, known from the disbursement on, and counts up with
    each rescheduling, from which on that schedule is known.
    """

    __tablename__ = "instalments"

    loan: Mapped[str] = mapped_column(Reference, index=True)
    schedule: Mapped[int] = mapped_column(default=0)
    number: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    principal: Mapped[int] = mapped_column(BigInteger)
    interest: Mapped[int] = mapped_column(BigInteger)
    fee: Mapped[int] = mapped_column(BigInteger, default=0)


class Repayment(Record):
    """Money received for a loan."""

    __tablename__ = "repayments"

    loan: Mapped[str] = mapped_column(Reference, index=True)
    reference: Mapped[str] = mapped_column(Reference)
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = mapped_column(BigInteger)


class LoanEvent(Record):
    """What became of a loan beside its repayments: reversed, rescheduled, written off, closed.

    `event` and `reason` are codes (`scoring/loans/codes.py`). `reference` tells events of a
    loan apart. `repayment` is the reference of the one that is reversed. `amount` is what was
    charged, waived, written off, recovered, or paid for the loan; of a rescheduling, the principal
    of the new schedule, whose number is `schedule`. `days_past_due` and `past_due` keep how the
    loan stood on that day, where its lender says so.
    """

    __tablename__ = "loan_events"

    loan: Mapped[str] = mapped_column(Reference, index=True)
    reference: Mapped[str] = mapped_column(Reference)
    event: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = mapped_column(BigInteger)
    repayment: Mapped[str | None] = mapped_column(Reference)
    schedule: Mapped[int | None]
    days_past_due: Mapped[int | None]
    past_due: Mapped[int | None] = mapped_column(BigInteger)
    author: Mapped[str] = mapped_column(String(120))


class LoanReport(Record):
    """Through which day a lender has told of a loan, whether or not anything was paid.

    The event day is the first that it speaks for, the day of disbursement. Days after
    `reported_through` are not known. Where reports arrive `lag_days` late, as a backfill is taken,
    it tells on any day of what happened up to so many days before. A loan of a book that is kept
    here is reported through `OPEN_END`.
    """

    __tablename__ = "loan_reports"

    loan: Mapped[str] = mapped_column(Reference, index=True)
    reported_through: Mapped[date]
    through_day: Mapped[int]
    lag_days: Mapped[int]


class CashFlowLine(Record):
    """A line of a bank account; counterparty and memo are never stored."""

    __tablename__ = "cash_flow_lines"

    account: Mapped[str] = mapped_column(Reference)
    line: Mapped[str] = mapped_column(Reference)
    currency: Mapped[str] = mapped_column(String(3))
    inflow: Mapped[int] = mapped_column(BigInteger)
    outflow: Mapped[int] = mapped_column(BigInteger)
    balance: Mapped[int | None] = mapped_column(BigInteger)
    purpose: Mapped[str] = mapped_column(String(20))


class Application(Record):
    """A loan asked for: what is scored."""

    __tablename__ = "applications"

    reference: Mapped[str] = mapped_column(Reference, index=True)
    lender: Mapped[str] = mapped_column(Reference)
    currency: Mapped[str] = mapped_column(String(3))
    principal: Mapped[int] = mapped_column(BigInteger)
    months: Mapped[int]
    annual_rate: Mapped[float | None]
    instalment: Mapped[int] = mapped_column(BigInteger)


class DeclaredOutcome(Record):
    """A lender's own verdict on a loan for which it sends no instalments."""

    __tablename__ = "declared_outcomes"

    application: Mapped[str] = mapped_column(Reference, index=True)
    outcome: Mapped[str] = mapped_column(String(10))


class Pause(Record):
    """Weeks in which a founder could not trade, by their own word; why is never stored.

    The event day is the first of them, `ends_day` the last.
    """

    __tablename__ = "pauses"

    ends_on: Mapped[date]
    ends_day: Mapped[int]


class PlatformEvent(Base):
    """Days on which a channel failed its sellers: paid nobody, or was down."""

    __tablename__ = "platform_events"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    channel: Mapped[str] = mapped_column(Reference, index=True)
    kind: Mapped[str] = mapped_column(String(20))
    event_date: Mapped[date]
    event_day: Mapped[int]
    ends_on: Mapped[date]
    ends_day: Mapped[int]
    author: Mapped[str] = mapped_column(String(120))
    learned_at: Mapped[datetime] = mapped_column(Instant)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    superseded_learned_at: Mapped[datetime | None] = mapped_column(Instant)
    superseded_recorded_at: Mapped[datetime | None] = mapped_column(Instant)


class Supersession(Base):
    """That one record no longer stands, why, and which one stands in its place (if any)."""

    __tablename__ = "supersessions"
    __table_args__ = (
        UniqueConstraint("table_name", "superseded_id"),
        CheckConstraint("superseded_id <> replacement_id", name="not_by_itself"),
    )

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    table_name: Mapped[str] = mapped_column(String(40))
    superseded_id: Mapped[int] = mapped_column(BigInteger)
    replacement_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(400))
    author: Mapped[str] = mapped_column(String(120))
    learned_at: Mapped[datetime] = mapped_column(Instant)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
