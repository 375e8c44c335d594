"""What must hold before a file is scored: one currency, the loan asked for, enough evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from scoring.base.calendar import day_number
from scoring.base.errors import ConflictError, InputError
from scoring.features.engines.one_founder import FounderFile
from scoring.features.kinds.application import CURRENT_DAYS
from scoring.models.artefact import Artefact
from scoring.score.evidence import Evidence, weigh
from scoring.store.append import standing_as_of
from scoring.store.tables import Application, CashFlowLine, Loan, OrderLine


@dataclass(frozen=True)
class View:
    """What a question may see: up to the end of a day, as recorded by an instant."""

    as_of: date
    as_of_end: datetime
    known_at: datetime


@dataclass(frozen=True)
class Sufficiency:
    """Whether a file can be scored, and what the score document says of it."""

    is_thin: bool
    said: dict[str, Any]


def sufficiency(artefact: Artefact, file: FounderFile, *, as_of: date) -> Sufficiency:
    """Judge one file by the model's rule."""
    contents = {kind: [content] for kind, content in file.contents.items()}
    return sufficiency_of(weigh(artefact, file.resolved, contents, as_of=as_of), 0)


def sufficiency_of(evidence: Evidence, row: int) -> Sufficiency:
    """Judge one file of a batch by its place in it."""
    return Sufficiency(
        evidence.is_thin(row),
        {"missing": evidence.missing(row), "evidence": evidence.summary(row)},
    )


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
    tables = (OrderLine, Loan, CashFlowLine, Application)
    found = set(
        session.scalars(
            union(
                *(
                    select(table.currency).where(
                        table.founder_id == founder_id,
                        table.currency != currency,
                        table.event_day <= day_number(view.as_of),
                        standing_as_of(table, as_of_end=view.as_of_end, known_at=view.known_at),
                    )
                    for table in tables
                )
            )
        )
    )
    if found:
        raise ConflictError(
            f"The model scores {currency} and this file holds {', '.join(sorted(found))} as well. "
            "One model scores one currency: keep the other records in a store of their own."
        )


def application_scored(
    session: Session, founder_id: int, view: View, *, lender: str, named: str | None
) -> str | None:
    """The application that the features are of: the founder's latest to this lender, if recent.

    Other lenders' applications play no part: what one lender hears is no other's business.

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
        .order_by(Application.event_day.desc(), Application.reference.desc())
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
