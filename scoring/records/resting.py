"""Which records rest on which: a refund on its sale, instalments on their loan."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.store.tables import (
    Application,
    DeclaredOutcome,
    Instalment,
    Loan,
    LoanEvent,
    OrderLine,
    Record,
    Repayment,
)


def resting_on(session: Session, record: Record) -> list[Record]:
    """Standing records that mean nothing without this one: they go with it, and come back."""
    match record:
        case OrderLine(entry="sale"):
            return list(_entries(session, record, "refund"))
        case Loan():
            found: list[Record] = []
            for table in (Instalment, Repayment, LoanEvent):
                of_loan = select(table).where(
                    table.founder_id == record.founder_id,
                    table.loan == record.reference,
                    table.superseded_recorded_at.is_(None),
                )
                found += session.scalars(of_loan.order_by(table.id))
            return [one for one in found if _is_of(one, record, _named(session, record))]
        case Application():
            outcomes = session.scalars(
                select(DeclaredOutcome).where(
                    DeclaredOutcome.founder_id == record.founder_id,
                    DeclaredOutcome.application == record.reference,
                    DeclaredOutcome.superseded_recorded_at.is_(None),
                )
            )
            return [one for one in outcomes if _is_of(one, record, _named(session, record))]
    return []


def rests_on(session: Session, record: Record) -> Record | None:
    """The standing record that this one rests on, if it rests on any and that is on file."""
    match record:
        case OrderLine(entry="refund"):
            return next(iter(_entries(session, record, "sale")), None)
        case Instalment() | Repayment() | LoanEvent():
            return _own(session, Loan, record.loan, record)
        case DeclaredOutcome():
            return _own(session, Application, record.application, record)
    return None


def _entries(session: Session, record: OrderLine, entry: str) -> Sequence[OrderLine]:
    return session.scalars(
        select(OrderLine)
        .where(
            OrderLine.founder_id == record.founder_id,
            OrderLine.channel == record.channel,
            OrderLine.order_line == record.order_line,
            OrderLine.source == record.source,
            OrderLine.entry == entry,
            OrderLine.superseded_recorded_at.is_(None),
        )
        .order_by(OrderLine.id)
    ).all()


def _own(
    session: Session, table: type[Loan] | type[Application], reference: str, record: Record
) -> Record | None:
    """Of several under a reference, the one of the record's own source, as imports have it."""
    found = session.scalars(
        select(table).where(
            table.founder_id == record.founder_id,
            table.reference == reference,
            table.superseded_recorded_at.is_(None),
        )
    ).all()
    return next((one for one in found if one.source == record.source), next(iter(found), None))


def _named(session: Session, record: Loan | Application) -> set[str]:
    """Sources of the founder's other standing records under the same reference."""
    table = type(record)
    return set(
        session.scalars(
            select(table.source).where(
                table.founder_id == record.founder_id,
                table.reference == record.reference,
                table.superseded_recorded_at.is_(None),
                table.source != record.source,
            )
        )
    )


def _is_of(one: Record, record: Record, others: set[str]) -> bool:
    return one.source == record.source or one.source not in others
