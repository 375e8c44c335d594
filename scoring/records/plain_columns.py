"""The columns of each kind's plain form, and where the store keeps them.

Hashes (of buyers, of who marked a session) have no plain form: they are neither shown nor changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scoring.records.kinds import RecordKind
from scoring.store.tables import (
    Application,
    Attendance,
    CashFlowLine,
    DeclaredOutcome,
    Instalment,
    Loan,
    LoanEvent,
    OrderLine,
    Pause,
    Record,
    Repayment,
)


class Shape(StrEnum):
    """How a cell's text stands for a value."""

    TEXT = "text"
    DAY = "day"
    AMOUNT = "amount"
    COUNT = "count"
    NUMBER = "number"


@dataclass(frozen=True)
class Field:
    """One column of the plain form and where the store keeps it.

    `empty` is what an empty cell stands for. `is_fixed`: it names the record or is told by another
    one, so that nobody changes it by hand.
    """

    name: str
    column: str
    shape: Shape = Shape.TEXT
    empty: Any = None
    is_fixed: bool = False


def _named(name: str, column: str | None = None, shape: Shape = Shape.TEXT) -> Field:
    return Field(name, column or name, shape, is_fixed=True)


def _day(name: str, column: str = "event_date") -> Field:
    return Field(name, column, Shape.DAY)


def _amount(name: str, column: str | None = None, *, empty: int | None = 0) -> Field:
    return Field(name, column or name, Shape.AMOUNT, empty)


def _count(name: str) -> Field:
    return Field(name, name, Shape.COUNT, 0)


_SALE = (
    _named("channel"),
    _named("order_line"),
    _day("ordered_on"),
    _count("quantity"),
    _amount("gross"),
    Field("currency", "currency"),
    _amount("discount"),
    _amount("shipping"),
    _amount("fee"),
    _day("paid_on", "paid_on"),
    _day("settled_on", "settled_on"),
)
_REFUND = (
    _named("channel"),
    _named("order_line"),
    _day("refunded_on"),
    _amount("refund"),
    _named("currency"),
    Field("refund_cause", "refund_cause", empty="buyer"),
)
_FIELDS: dict[type[Record], tuple[Field, ...]] = {
    Attendance: (
        _named("held_on", "event_date", Shape.DAY),  # one day for everybody at the session
        Field("hours", "hours", Shape.NUMBER),
        Field("session_kind", "session_kind"),
        Field("status", "status"),
        _count("minutes_late"),
        Field("assignment", "assignment"),
        _day("marked_on", "marked_on"),
    ),
    Loan: (
        _named("loan", "reference"),
        Field("lender", "lender"),
        _amount("principal"),
        _named("currency"),  # its instalments and repayments are in it
        Field("annual_rate", "annual_rate", Shape.NUMBER),
        _count("months"),
        _day("disbursed_on"),
        _count("grace_months"),
        Field("schedule_kind", "schedule_kind", empty="annuity"),
        Field("origin", "origin", empty="lender"),
    ),
    Instalment: (
        _named("loan"),
        _named("number", shape=Shape.COUNT),
        _day("due_on"),
        _amount("principal"),
        _amount("interest"),
        _amount("fee"),
        _named("schedule", shape=Shape.COUNT),
    ),
    LoanEvent: (
        _named("loan"),
        _named("event_id", "reference"),
        _day("happened_on"),
        Field("event", "event"),
        Field("reason", "reason"),
        _amount("amount"),
        Field("repayment", "repayment"),
        _named("schedule", shape=Shape.COUNT),
        Field("days_past_due", "days_past_due", Shape.COUNT),
        _amount("past_due", empty=None),
    ),
    Repayment: (
        _named("loan"),
        _named("repayment", "reference"),
        _day("paid_on"),
        _amount("amount"),
    ),
    CashFlowLine: (
        _named("account"),
        _named("line"),
        _day("booked_on"),
        Field("currency", "currency"),
        _amount("balance", empty=None),
        Field("purpose", "purpose"),
    ),
    Application: (
        _named("application", "reference"),
        Field("lender", "lender"),
        _day("applied_on"),
        _amount("principal"),
        _count("months"),
        _amount("instalment"),
        Field("currency", "currency"),
    ),
    DeclaredOutcome: (
        _named("application"),
        Field("outcome", "outcome"),
        _day("declared_on"),
    ),
    Pause: (
        _named("first_day", "event_date", Shape.DAY),
        _day("last_day", "ends_on"),
    ),
}
KINDS: dict[RecordKind, type[Record]] = {
    RecordKind.SALES: OrderLine,
    RecordKind.ATTENDANCE: Attendance,
    RecordKind.LOANS: Loan,
    RecordKind.SCHEDULE: Instalment,
    RecordKind.REPAYMENTS: Repayment,
    RecordKind.LOAN_EVENTS: LoanEvent,
    RecordKind.CASH_FLOW: CashFlowLine,
    RecordKind.APPLICATIONS: Application,
    RecordKind.OUTCOMES: DeclaredOutcome,
    RecordKind.PAUSES: Pause,
}
_KIND_OF_TABLE = {table.__tablename__: kind for kind, table in KINDS.items()}


def kind_of_table(table_name: str) -> RecordKind:
    """The kind of record that a table holds."""
    return _KIND_OF_TABLE[table_name]


def fields_of(record: Record) -> tuple[Field, ...]:
    """The plain form's columns that a record has, but for founder, direction and session."""
    if isinstance(record, OrderLine):
        return _SALE if record.entry == "sale" else _REFUND
    return _FIELDS[type(record)]
