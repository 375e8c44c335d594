"""What a founder was told of arrears before other lenders see them.

Of another lender's loan nothing is shown before its borrower was told the amount, since when it is
past due, from which day it is shown, and what follows (Korea, Credit Information Act art. 35-3).
The borrower is told on their page; five business days later the arrears may be shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.calendar import today
from scoring.base.canonical import canonical_json
from scoring.features.engines.loan_states import LoanState, loan_states_of
from scoring.loans.due_days import business_days_later
from scoring.score.arrears import Told, adverse_since, is_large_enough
from scoring.store.audit import append_event
from scoring.store.database import Database
from scoring.store.ledger import Ledger
from scoring.store.tables import Founder, FounderNotice, Lender, Loan

ARREARS = "arrears"
_COUNTRY = "KR"
_BUSINESS_DAYS = 5


def arrears_told(
    session: Session, *, as_of: date, known_at: datetime, founder_id: int | None = None
) -> Mapping[tuple[str, str], Collection[Told]]:
    """What was told by an instant and may be shown on a day, by source and number of the loan.

    Args:
        session: an open transaction.
        as_of: the day; what may be shown later is left out.
        known_at: what was told later does not exist for this view.
        founder_id: of whom; of everybody when None.
    """
    statement = select(FounderNotice).where(
        FounderNotice.kind == ARREARS, FounderNotice.given_at <= known_at
    )
    if founder_id is not None:
        statement = statement.where(FounderNotice.founder_id == founder_id)
    found: dict[tuple[str, str], list[Told]] = {}
    for notice in session.scalars(statement.order_by(FounderNotice.id)):
        told = _told(notice)
        if told.shown_from <= as_of:
            found.setdefault((str(notice.source), str(notice.loan)), []).append(told)
    return found


def tell_of_arrears(
    ledger: Ledger, founder_id: int, loans: Iterable[LoanState], *, zone: ZoneInfo, actor: str
) -> int:
    """Tell a founder of arrears that other lenders will see; what was told is not told again.

    Args:
        ledger: the open transaction.
        founder_id: whose loans these are.
        loans: as they stand today.
        zone: the installation's, for the day of today.
        actor: for the audit chain.

    Returns:
        How many notices were given.
    """
    adverse = [(loan, since) for loan in loans if (since := adverse_since(loan)) is not None]
    if not adverse:
        return 0
    known = {
        ((notice.source, notice.loan), _told(notice).since)
        for notice in ledger.session.scalars(
            select(FounderNotice).where(
                FounderNotice.kind == ARREARS, FounderNotice.founder_id == founder_id
            )
        )
    }
    given = 0
    for loan, since in adverse:
        if not is_large_enough(loan):
            continue
        if any(known_loan == (loan.source, loan.loan) and of >= since for known_loan, of in known):
            continue
        shown_from = business_days_later(today(ledger.now, zone), _BUSINESS_DAYS, country=_COUNTRY)
        ledger.session.add(
            FounderNotice(
                founder_id=founder_id,
                lender_id=ledger.session.scalar(
                    select(Lender.id).where(Lender.reference == loan.lender)
                ),
                kind=ARREARS,
                source=loan.source,
                loan=loan.loan,
                content=canonical_json(
                    {
                        "amount": loan.past_due,
                        "currency": loan.currency,
                        "days": loan.days_past_due,
                        "lender": loan.lender,
                        "reported_through": loan.reported_through.isoformat(),
                        "since": since.isoformat(),
                        "shown_from": shown_from.isoformat(),
                    }
                ),
                given_at=ledger.now,
            )
        )
        given += 1
    if given:
        ledger.session.flush()
        append_event(
            ledger,
            actor=actor,
            action="founder.told_of_arrears",
            founder_id=founder_id,
            details={"notices": given},
        )
    return given


def tell_everybody(
    database: Database, *, actor: str, progress: Callable[[str, int, int], None] | None = None
) -> int:
    """Tell every founder whose loans are in arrears; run it each day, and after each import.

    Returns:
        How many notices were given.
    """
    zone = database.settings.zone
    with database.reading() as session:
        borrowers = session.scalars(
            select(Founder.id).where(Founder.id.in_(select(Loan.founder_id))).order_by(Founder.id)
        ).all()
    given = 0
    for place, founder_id in enumerate(borrowers, start=1):
        with database.reading() as session:
            now = database.clock()
            loans = loan_states_of(
                session, founder_id, as_of=today(now, zone), known_at=now, zone=zone
            )
        if any(adverse_since(loan) for loan in loans):  # most have none: no need to write
            with database.writing() as ledger:
                given += tell_of_arrears(ledger, founder_id, loans, zone=zone, actor=actor)
        if progress is not None:
            progress("borrowers", place, len(borrowers))
    return given


def _told(notice: FounderNotice) -> Told:
    content = json.loads(notice.content)
    return Told(
        since=date.fromisoformat(content["since"]),
        shown_from=date.fromisoformat(content["shown_from"]),
    )
