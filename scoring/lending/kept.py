"""A loan on file, read with all that happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.loans.codes import LoanEventCode, LoanEventReason
from scoring.loans.events import Event
from scoring.loans.loan import Loan
from scoring.loans.posting import Received
from scoring.loans.schedule import Due
from scoring.store import tables


@dataclass(frozen=True)
class Kept:
    """A loan on file with what happened to it.

    Attributes:
        row: its record.
        loan: it as an object, all of its entries included.
    """

    row: tables.Loan
    loan: Loan


def kept_of(session: Session, row: tables.Loan) -> Kept:
    """The loan of a record with its instalments, payments and events that stand and count."""

    def standing(table: type[Any]) -> Sequence[Any]:
        return session.scalars(
            select(table)
            .where(
                table.source == row.source,
                table.loan == row.reference,
                table.superseded_recorded_at.is_(None),
                table.held.is_(None),
            )
            .order_by(table.event_day, table.id)
        ).all()

    schedules: dict[int, list[Due]] = {0: []}
    for due in standing(tables.Instalment):
        schedules.setdefault(due.schedule, []).append(
            Due(due.number, due.event_date, due.principal, due.interest, due.fee)
        )
    loan = Loan(
        number=row.reference,
        currency=row.currency,
        principal=row.principal,
        annual_rate=Decimal(str(row.annual_rate)),
        disbursed_on=row.event_date,
        schedules={number: tuple(dues) for number, dues in schedules.items()},
        received=[
            Received(paid.reference, paid.event_date, paid.amount)
            for paid in standing(tables.Repayment)
        ],
        events=[_event(event) for event in standing(tables.LoanEvent)],
    )
    return Kept(row, loan)


def _event(row: tables.LoanEvent) -> Event:
    return Event(
        reference=row.reference,
        on=row.event_date,
        code=LoanEventCode(row.event),
        reason=None if row.reason is None else LoanEventReason(row.reason),
        amount=row.amount,
        repayment=row.repayment,
        schedule=row.schedule,
        days_past_due=row.days_past_due,
        past_due=row.past_due,
    )
