"""What must hold before a file is scored: one currency, the loan asked for, enough evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from scoring.base.calendar import day_number
from scoring.base.errors import ConflictError, InputError
from scoring.features.catalogue import Kind
from scoring.features.engines.one_founder import Content, FounderFile
from scoring.features.kinds.application import CURRENT_DAYS
from scoring.models.artefact import Artefact
from scoring.score.evidence import Evidence, weigh
from scoring.store.point_in_time import standing_as_of
from scoring.store.tables import Application, CashFlowLine, Loan, OrderLine

_DAYS = 90
_ORDERS = 10
_ACCOUNT_LINES = 10
_INSTALMENTS = 3
_NOTHING = Content(records=0, first_day=None, last_day=None)


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
    """Judge one file by the model's rule, or by that of its time where it is an older model."""
    contents = {kind: [content] for kind, content in file.contents.items()}
    evidence = weigh(artefact, file.resolved, contents, as_of=as_of)
    return sufficiency_of(evidence, 0, file, as_of=as_of)


def sufficiency_of(
    evidence: Evidence | None, row: int, file: FounderFile, *, as_of: date
) -> Sufficiency:
    """Judge one file of a batch.

    Args:
        evidence: of the batch, None for a model of before format 3.
        row: the file's place in the batch.
        file: its contents.
        as_of: the day of the score.
    """
    if evidence is None:
        missing = missing_evidence(file, as_of=as_of)
        return Sufficiency(bool(missing), {"missing": missing})
    return Sufficiency(
        evidence.is_thin(row),
        {"missing": evidence.missing(row), "evidence": evidence.summary(row)},
    )


def missing_evidence(file: FounderFile, *, as_of: date) -> list[dict[str, Any]]:
    """What was missing by the rule before format 3, as codes and counts; else empty.

    One kind of evidence of what a founder earned or paid is enough. Training alone never is:
    nobody has shown that attendance predicts repayment.
    """
    sales = file.contents.get(Kind.SALES, _NOTHING)
    cash = file.contents.get(Kind.CASH_FLOW, _NOTHING)
    instalments = file.contents.get(Kind.REPAYMENT, _NOTHING).records
    if (
        (sales.days(as_of) >= _DAYS and sales.records >= _ORDERS)
        or (cash.days(as_of) >= _DAYS and cash.records >= _ACCOUNT_LINES)
        or instalments >= _INSTALMENTS
    ):
        return []
    missing: list[dict[str, Any]] = [
        {
            "code": "sales_history",
            "have": {"days": sales.days(as_of), "records": sales.records},
            "need": {"days": _DAYS, "records": _ORDERS},
        },
        {
            "code": "cash_flow_history",
            "have": {"days": cash.days(as_of), "records": cash.records},
            "need": {"days": _DAYS, "records": _ACCOUNT_LINES},
        },
    ]
    if Kind.REPAYMENT in file.contents:
        missing.append(
            {
                "code": "repayment_history",
                "have": {"records": instalments},
                "need": {"records": _INSTALMENTS},
            }
        )
    return missing


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
