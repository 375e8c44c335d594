"""A lender asks what a loan would weigh: under consent, noted for the founder, no trace else."""

from __future__ import annotations

from typing import Any

from scoring.base.calendar import today
from scoring.base.settings import DeploymentProfile, Settings
from scoring.lending.affordability import Asked, affordability
from scoring.parties.consents import Purpose, require_consent
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.tables import Lender

READ = "affordability.read"  # in the audit chain


def ask_what_if(
    ledger: Ledger, settings: Settings, lender: Lender, founder: str, asked: Asked, *, actor: str
) -> dict[str, Any]:
    """What a loan would weigh for a founder today; it leaves no application.

    Args:
        ledger: the open transaction.
        settings: of the installation.
        lender: who asks.
        founder: reference; consents to this lender for a loan application.
        asked: the loan that is thought of.
        actor: who acts, for the audit chain.

    Raises:
        ConsentError: no valid consent.
    """
    purpose = Purpose.LOAN_APPLICATION
    person, consent = require_consent(
        ledger.session, founder, lender=lender, purpose=purpose, at=ledger.now
    )
    found = affordability(
        ledger.session,
        person.id,
        asked,
        as_of=today(ledger.now, settings.zone),
        known_at=ledger.now,
        zone=settings.zone,
        loans_of="" if consent.reads_loans_elsewhere else lender.reference,
        reads_loans=settings.deployment_profile is not DeploymentProfile.NONFINANCIAL_CB,
    )
    append_event(
        ledger,
        actor=actor,
        action=READ,
        founder_id=person.id,
        details={"lender": lender.reference, "purpose": purpose.value},
    )
    return {"founder": person.reference, **found}
