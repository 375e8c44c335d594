"""Loans asked for, recorded by their lender one at a time."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.calendar import day_number, today
from scoring.base.errors import ConflictError, InputError, NoChampionError, NotFoundError
from scoring.base.settings import Settings
from scoring.governance.registry import champion, load_artefact
from scoring.loans.instalment import instalment_range, monthly_instalment
from scoring.parties.consents import Purpose, require_consent
from scoring.store.append import append_records
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.tables import Application, Lender


def apply_for_loan(
    ledger: Ledger,
    settings: Settings,
    *,
    lender: Lender,
    founder: str,
    reference: str,
    applied_on: date,
    principal: int,
    months: int,
    annual_rate: Decimal | None,
    instalment: int | None,
    currency: str,
    actor: str,
) -> tuple[Application, bool]:
    """Record what a founder asks a lender for; the same again changes nothing.

    Args:
        ledger: the open transaction.
        settings: of the installation.
        lender: who is asked.
        founder: reference of who asks, and consents to the lender.
        reference: of the application, at the lender.
        applied_on: the day.
        principal: in minor units.
        months: the term.
        annual_rate: nominal, per year; None where it is not agreed yet.
        instalment: declared, in minor units; that of principal, months and rate when None.
        currency: ISO 4217 code.
        actor: who acts, for the audit chain.

    Returns:
        The application, and whether it is new.

    Raises:
        ConsentError: the founder has given this lender no consent that stands.
        ConflictError: the reference is on file for something else.
        InputError: the day has not come, the instalment or the currency can't be.
    """
    current = today(ledger.now, settings.zone)
    if applied_on > current:
        raise InputError(f"{applied_on} has not come yet (today is {current}).")
    if instalment is None:
        if annual_rate is None:
            raise InputError("Give the rate or the instalment: the one gives the other.")
        instalment = monthly_instalment(principal, months, annual_rate)
    rate = None if annual_rate is None else float(annual_rate)
    least, most = instalment_range(principal, months, rate)
    if not least <= instalment <= most:
        raise InputError(
            f"An instalment of {instalment} is none that {principal} over {months} months can "
            f"have: between {least:.0f} and {most:.0f} minor units."
        )
    scored = _currency_scored(ledger.session)
    if scored not in (None, currency):
        raise InputError(f"The model scores {scored}, and this application is in {currency}.")
    person, _ = require_consent(
        ledger.session, founder, lender=lender, purpose=Purpose.LOAN_APPLICATION, at=ledger.now
    )
    values = {
        "reference": reference,
        "lender": lender.reference,
        "currency": currency,
        "principal": principal,
        "months": months,
        "annual_rate": rate,
        "instalment": instalment,
    }
    known = standing_application(ledger.session, lender, reference)
    if known is not None:
        same = all(getattr(known, name) == value for name, value in values.items())
        if same and known.founder_id == person.id and known.event_date == applied_on:
            return known, False
        raise ConflictError(f"Application {reference} is on file with other terms.")
    append_records(
        ledger,
        Application,
        [
            {
                "founder_id": person.id,
                "source": f"lender:{lender.reference}",
                "natural_key": reference,
                "event_date": applied_on,
                "event_day": day_number(applied_on),
                "learned_at": ledger.now,
                **values,
            }
        ],
    )
    append_event(
        ledger,
        actor=actor,
        action="application.recorded",
        founder_id=person.id,
        details={"application": reference, "lender": lender.reference},
    )
    return find_application(ledger.session, lender, reference), True


def standing_application(session: Session, lender: Lender, reference: str) -> Application | None:
    """A lender's application under a reference, the last recorded if there are several."""
    return session.scalars(
        select(Application)
        .where(
            Application.lender == lender.reference,
            Application.reference == reference,
            Application.superseded_recorded_at.is_(None),
            Application.held.is_(None),
        )
        .order_by(Application.id.desc())
        .limit(1)
    ).first()


def find_application(session: Session, lender: Lender, reference: str) -> Application:
    """A lender's application under a reference.

    Raises:
        NotFoundError: there is none.
    """
    found = standing_application(session, lender, reference)
    if found is None:
        raise NotFoundError(f"Lender {lender.reference} has no application {reference}.")
    return found


def applications_of(session: Session, lender: Lender) -> list[Application]:
    """A lender's applications, the latest first."""
    return list(
        session.scalars(
            select(Application)
            .where(
                Application.lender == lender.reference,
                Application.superseded_recorded_at.is_(None),
                Application.held.is_(None),
            )
            .order_by(Application.event_day.desc(), Application.id.desc())
        )
    )


def _currency_scored(session: Session) -> str | None:
    """The currency of the champion; None where no model was promoted."""
    try:
        return load_artefact(champion(session)).currency
    except NoChampionError:
        return None
