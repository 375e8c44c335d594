"""Who may see whom for what, as of a moment (Korea, Credit Information Act arts. 32, 37)."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from scoring.base.errors import ConsentError, InputError, NotFoundError
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.tables import Consent, ConsentWithdrawal, Founder, Lender

TEXT_VERSION = "2026-12"


class Purpose(StrEnum):
    """What a founder can allow; each apart from the others."""

    LOAN_APPLICATION = "loan_application"
    PORTFOLIO_REVIEW = "portfolio_review"
    MODEL_TRAINING = "model_training"


def grant_consent(
    ledger: Ledger,
    founder: Founder,
    *,
    lender: Lender | None,
    purpose: Purpose,
    expires_at: datetime | None = None,
    reads_loans_elsewhere: bool = True,
    shows_facts: bool = False,
    actor: str,
) -> Consent:
    """Record a founder's consent; it ends after a year unless told otherwise.

    `reads_loans_elsewhere`: whether the lender's scores may read loans of other lenders;
    `shows_facts`: whether the lender may read the values behind the reasons.

    Raises:
        InputError: a lender is missing or given where there can be none, or the end has passed.
    """
    if (lender is None) != (purpose is Purpose.MODEL_TRAINING):
        raise InputError(
            f'Consent for "{purpose}" needs a lender.'
            if lender is None
            else "Consent to training is given to the installation: leave the lender out."
        )
    expires_at = expires_at or ledger.now + timedelta(days=365)
    if expires_at <= ledger.now:
        raise InputError("The consent would have ended before it began. Give a later day.")
    consent = Consent(
        founder_id=founder.id,
        lender_id=lender.id if lender else None,
        purpose=purpose.value,
        text_version=TEXT_VERSION,
        reads_loans_elsewhere=reads_loans_elsewhere,
        shows_facts=shows_facts,
        granted_at=ledger.now,
        expires_at=expires_at,
    )
    ledger.session.add(consent)
    ledger.session.flush()
    append_event(
        ledger,
        actor=actor,
        action="consent.granted",
        founder_id=founder.id,
        details={
            "consent": consent.id,
            "purpose": purpose.value,
            "lender": lender.reference if lender else None,
            "expires_at": expires_at.isoformat(),
            "reads_loans_elsewhere": reads_loans_elsewhere,
            "shows_facts": shows_facts,
        },
    )
    return consent


def withdraw_consent(
    ledger: Ledger,
    founder: Founder,
    *,
    lender: Lender | None,
    purpose: Purpose,
    actor: str,
) -> int:
    """Withdraw every standing consent of that kind, at once; returns how many there were.

    Raises:
        NotFoundError: there is none to withdraw.
    """
    standing = ledger.session.scalars(
        _valid(purpose, lender, ledger.now).where(Consent.founder_id == founder.id)
    ).all()
    if not standing:
        given_to = f"lender {lender.reference}" if lender else "no lender in particular"
        allowed = valid_consents(ledger.now).where(
            Consent.founder_id == founder.id, Consent.purpose == purpose.value
        )
        others = ledger.session.scalars(
            select(Lender.reference)
            .where(Lender.id.in_(allowed.with_only_columns(Consent.lender_id)))
            .order_by(Lender.reference)
        ).all()
        hint = f" It stands for lender {', '.join(others)}: name one." if others else ""
        raise NotFoundError(
            f'There is no valid consent for "{purpose}" to {given_to} to withdraw.{hint}'
        )
    for consent in standing:
        ledger.session.add(ConsentWithdrawal(consent_id=consent.id, withdrawn_at=ledger.now))
    ledger.session.flush()
    append_event(
        ledger,
        actor=actor,
        action="consent.withdrawn",
        founder_id=founder.id,
        details={"consents": [c.id for c in standing], "purpose": purpose.value},
    )
    return len(standing)


def require_consent(
    session: Session,
    founder_reference: str,
    *,
    lender: Lender | None,
    purpose: Purpose,
    at: datetime,
) -> tuple[Founder, Consent]:
    """The founder and the latest consent that allows this use now; `lender` is None for training.

    An unknown founder and a founder without consent give the same error: a lender may not find
    out who is on file.

    Raises:
        ConsentError: there is none.
    """
    found = session.execute(
        _valid(purpose, lender, at)
        .join(Founder, Founder.id == Consent.founder_id)
        .add_columns(Founder)
        .where(Founder.reference == founder_reference)
        .order_by(Consent.granted_at.desc(), Consent.id.desc())
        .limit(1)
    ).first()
    if found is None:
        to = f' to lender "{lender.reference}"' if lender else ""
        raise ConsentError(
            f'Founder "{founder_reference}" has given no valid consent{to} for "{purpose.value}". '
            "Ask the founder for it; without it there is no score."
        )
    return found.Founder, found.Consent


def founders_with_consent(
    session: Session, *, lender: Lender | None, purpose: Purpose, at: datetime
) -> list[Founder]:
    """Everybody who allows this use now, by reference; `lender` is None for training."""
    ids = _valid(purpose, lender, at).with_only_columns(Consent.founder_id)
    return list(
        session.scalars(select(Founder).where(Founder.id.in_(ids)).order_by(Founder.reference))
    )


def refusing_loans_elsewhere(
    session: Session, *, lender: Lender, purpose: Purpose, at: datetime
) -> set[int]:
    """Ids of founders whose latest consent refuses that loans of other lenders are read."""
    latest: dict[int, bool] = {}
    for consent in session.scalars(
        _valid(purpose, lender, at).order_by(Consent.granted_at, Consent.id)
    ):
        latest[consent.founder_id] = consent.reads_loans_elsewhere
    return {founder_id for founder_id, reads in latest.items() if not reads}


def valid_consents(at: datetime) -> Select[Consent]:
    """Every consent that was given, has not ended by an instant, and was never withdrawn."""
    return (
        select(Consent)
        .outerjoin(ConsentWithdrawal, ConsentWithdrawal.consent_id == Consent.id)
        .where(
            Consent.granted_at <= at,
            Consent.expires_at > at,
            ConsentWithdrawal.consent_id.is_(None),
        )
    )


def _valid(purpose: Purpose, lender: Lender | None, at: datetime) -> Select[Consent]:
    given_to = Consent.lender_id.is_(None) if lender is None else Consent.lender_id == lender.id
    return valid_consents(at).where(Consent.purpose == purpose.value, given_to)
