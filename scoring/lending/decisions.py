"""What a lender decides on an application, by a person, with reasons; the founder reads them.

A score alone never declines: a decline needs a reason of the lender's own beside it. A decision
that goes against the lender's policy says why. Of several on one application the latest rules.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.canonical import canonical_json
from scoring.base.errors import InputError, NotFoundError
from scoring.lending.applications import find_application
from scoring.parties.lender_policies import policy_in_force
from scoring.parties.persons import require_name_and_reason
from scoring.parties.references import random_reference
from scoring.score.document import Scored, ScoreDocument
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.tables import Application, FounderNotice, Lender, LoanDecision, Score

DECLINED = "declined"
_MOST_REASONS = 4  # principal reasons (Regulation B, 12 CFR 1002.9, comment (b)(2)-1)


class Outcome(StrEnum):
    """What was decided."""

    APPROVE = "approve"
    DECLINE = "decline"
    COUNTER_OFFER = "counter_offer"


class DeclineReason(StrEnum):
    """Why a lender declines, in words that the founder's page has in both languages."""

    INSTALMENTS_TOO_HIGH = "instalments_too_high"
    SURPLUS_UNKNOWN = "surplus_unknown"
    IN_DEFAULT = "in_default"
    CURRENT_ARREARS = "current_arrears"
    TOO_FEW_RECORDS = "too_few_records"
    OUTSIDE_POLICY = "outside_policy"
    NOT_VERIFIED = "not_verified"
    SCORE_BELOW_CUT_OFF = "score_below_cut_off"


@dataclass(frozen=True)
class Offer:
    """What is offered instead of what was asked for, amounts in minor units."""

    principal: int
    months: int
    instalment: int


@dataclass(frozen=True)
class Decision:
    """What a person decides.

    Attributes:
        outcome: what.
        by: name of the person.
        score: reference of the score that was used, if one was.
        reasons: of a decline, up to four, the first the weightiest.
        offer: of a counter-offer.
        override_reason: why it goes against the policy, where it does.
    """

    outcome: Outcome
    by: str
    score: str | None = None
    reasons: tuple[DeclineReason, ...] = ()
    offer: Offer | None = None
    override_reason: str | None = None


def decide(
    ledger: Ledger, lender: Lender, application: str, decision: Decision, *, actor: str
) -> LoanDecision:
    """Record a decision; of a decline the founder gets a notice with its reasons.

    Args:
        ledger: the open transaction.
        lender: who decides.
        application: its reference at the lender.
        decision: what.
        actor: who acts, for the audit chain.

    Raises:
        NotFoundError: the lender has no such application, or was given no such score.
        InputError: reasons, an offer or a name are missing, the score alone declines, or it goes
            against the policy without saying why.
    """
    asked = find_application(ledger.session, lender, application)
    require_name_and_reason(decision.by, decision.override_reason or "as the policy says")
    score = _score(ledger.session, lender, asked, decision.score)
    _refuse_incomplete(decision)
    against = _against_policy(ledger, lender, decision.outcome, score)
    if against and not decision.override_reason:
        raise InputError(f"This goes against your policy ({against}). Say why: override_reason.")
    row = LoanDecision(
        reference=random_reference("D", 16),
        founder_id=asked.founder_id,
        lender_id=lender.id,
        application=application,
        application_id=asked.id,
        score_id=None if score is None else score.id,
        outcome=decision.outcome.value,
        override_reason=decision.override_reason,
        content=canonical_json(
            {
                "reasons": [reason.value for reason in decision.reasons],
                "offer": None if decision.offer is None else vars(decision.offer),
                "against_policy": against,
            }
        ),
        decided_by=decision.by,
        decided_at=ledger.now,
    )
    ledger.session.add(row)
    ledger.session.flush()
    if decision.outcome is Outcome.DECLINE:
        _tell_founder(ledger, lender, asked, row, score)
    append_event(
        ledger,
        actor=actor,
        action="application.decided",
        founder_id=asked.founder_id,
        details={
            "application": application,
            "decision": row.reference,
            "lender": lender.reference,
            "outcome": row.outcome,
            "score": None if score is None else score.reference,
            "override": decision.override_reason is not None,
        },
    )
    return row


def latest_decision(session: Session, application: Application) -> LoanDecision | None:
    """The decision that rules on an application."""
    return session.scalars(
        select(LoanDecision)
        .where(LoanDecision.application_id == application.id)
        .order_by(LoanDecision.id.desc())
        .limit(1)
    ).first()


def decision_view(session: Session, row: LoanDecision) -> dict[str, Any]:
    """Plain data for the API and `--json`."""
    score = None if row.score_id is None else session.get_one(Score, row.score_id).reference
    return {
        "id": row.reference,
        "application": row.application,
        "outcome": row.outcome,
        "score": score,
        **json.loads(row.content),
        "override_reason": row.override_reason,
        "by": row.decided_by,
        "decided_at": row.decided_at.isoformat(timespec="seconds"),
    }


def _score(
    session: Session, lender: Lender, asked: Application, reference: str | None
) -> Score | None:
    if reference is None:
        return None
    score = session.scalars(
        select(Score).where(
            Score.reference == reference,
            Score.lender_id == lender.id,
            Score.founder_id == asked.founder_id,
        )
    ).first()
    if score is None:
        raise NotFoundError(f"Lender {lender.reference} was given no score {reference} of them.")
    return score


def _refuse_incomplete(decision: Decision) -> None:
    if len(decision.reasons) > _MOST_REASONS:
        raise InputError(f"Give up to {_MOST_REASONS} reasons, the weightiest first.")
    if decision.outcome is Outcome.DECLINE:
        if not set(decision.reasons) - {DeclineReason.SCORE_BELOW_CUT_OFF}:
            raise InputError(
                "A score alone never declines. Give the reason that a person found: one of "
                f"{', '.join(sorted(set(DeclineReason) - {DeclineReason.SCORE_BELOW_CUT_OFF}))}."
            )
    elif decision.reasons:
        raise InputError("Reasons are those of a decline.")
    if (decision.outcome is Outcome.COUNTER_OFFER) != (decision.offer is not None):
        raise InputError("A counter-offer, and nothing else, has principal, months and instalment.")


def _against_policy(
    ledger: Ledger, lender: Lender, outcome: Outcome, score: Score | None
) -> str | None:
    """In what way a decision goes against the lender's policy; None where it doesn't."""
    if score is None:
        return None
    result = ScoreDocument.from_canonical(score.document).result
    if result.status == "in_default":
        return None if outcome is Outcome.DECLINE else "the founder is in default"
    cut_off = policy_in_force(ledger.session, lender.id, at=ledger.now).cut_off
    if cut_off is None or score.score is None:
        return None
    if outcome is not Outcome.DECLINE and score.score < cut_off.score:
        return f"{score.score} is below the cut-off of {cut_off.score}"
    if outcome is Outcome.DECLINE and score.score >= cut_off.score:
        return f"{score.score} reaches the cut-off of {cut_off.score}"
    return None


def _tell_founder(
    ledger: Ledger, lender: Lender, asked: Application, row: LoanDecision, score: Score | None
) -> None:
    content = json.loads(row.content)
    ledger.session.add(
        FounderNotice(
            founder_id=asked.founder_id,
            lender_id=lender.id,
            kind=DECLINED,
            source=None,
            loan=None,
            content=canonical_json(
                {
                    "application": asked.reference,
                    "lender": lender.reference,
                    "principal": asked.principal,
                    "currency": asked.currency,
                    "reasons": content["reasons"],
                    "score_reasons": _principal_reasons(score),
                    "decision": row.reference,
                }
            ),
            given_at=ledger.now,
        )
    )
    ledger.session.flush()


def _principal_reasons(score: Score | None) -> Sequence[dict[str, Any]]:
    """What cost most in the score that was used, the strongest first."""
    if score is None:
        return ()
    result = ScoreDocument.from_canonical(score.document).result
    if not isinstance(result, Scored):
        return ()
    return [
        {"code": reason.code, "missing": reason.missing}
        for reason in result.reasons.against[:_MOST_REASONS]
    ]
