"""What must hold before a file is scored: one currency, and the loan asked for is the latest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from scoring.base.calendar import day_number
from scoring.base.errors import ConflictError, InputError
from scoring.base.money import other_currencies
from scoring.features.kinds.application import CURRENT_DAYS
from scoring.store.point_in_time import standing_as_of
from scoring.store.tables import Application, CashFlowLine, Loan, OrderLine


@dataclass(frozen=True)
class View:
    """What a question may see: up to the end of a day, as recorded by an instant."""

    as_of: date
    as_of_end: datetime
    known_at: datetime


def refuse_other_currencies(
    session: Session,
    founder_id: int,
    view: View,
    *,
    currency: str,
) -> None:
    """Refuse a file that holds money in another currency than the model's.

    Raises:
        ConflictError: it does; names the currencies.
    """
    amounts = union(
        *(
            select(table.currency).where(
                table.founder_id == founder_id,
                table.event_day <= day_number(view.as_of),
                standing_as_of(table, as_of_end=view.as_of_end, known_at=view.known_at),
            )
            for table in (OrderLine, Loan, CashFlowLine, Application)
        )
    )
    others = other_currencies(session.scalars(amounts), than=currency)
    if others:
        raise ConflictError(
            f"The model scores {currency} and this file holds {', '.join(others)} as well. "
            "One model scores one currency: keep the other records in a store of their own."
        )


def application_scored(
    session: Session, founder_id: int, view: View, *, lender: str, named: str | None
) -> str | None:
    """The application that the features are of: the founder's latest to this lender, if recent.

    Of two of one day, the last recorded. Other lenders' applications play no part: what one lender
    hears is no other's business.

    Args:
        session: an open transaction.
        founder_id: whose.
        view: what may be seen.
        lender: reference of the lender that asks.
        named: the application that the lender named, if any.

    Raises:
        InputError: the one named is not the latest, or is not on file.
    """
    latest = session.execute(
        select(Application.reference, Application.event_day)
        .where(
            Application.founder_id == founder_id,
            Application.lender == lender,
            Application.event_day <= day_number(view.as_of),
            standing_as_of(Application, as_of_end=view.as_of_end, known_at=view.known_at),
        )
        .order_by(Application.event_day.desc(), Application.id.desc())
        .limit(1)
    ).first()
    if named is not None and (latest is None or latest.reference != named):
        raise InputError(
            "The application named is not this founder's latest to this lender that was known as "
            f"of {view.as_of}. Import it first, or name the latest."
        )
    if latest is None or day_number(view.as_of) - latest.event_day >= CURRENT_DAYS:
        return None
    reference: str = latest.reference
    return reference
