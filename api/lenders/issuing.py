"""Scores for lenders: issued once for each idempotency key, read again while consent stands.

Every time that a lender sees a score is noted, for the founder to read.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.lenders.schemas import ScoreRequest
from scoring.base.errors import NotFoundError
from scoring.base.settings import Settings
from scoring.parties.consents import Purpose, require_consent
from scoring.parties.idempotency import Answer, KeyedRequest, request_digest
from scoring.parties.readable import readable_by
from scoring.parties.references import REFERENCE
from scoring.parties.scopes import LenderScope
from scoring.score.scoring import score_founder
from scoring.score.views import lender_view
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.tables import Founder, Score


def issue(
    ledger: Ledger, settings: Settings, scope: LenderScope, asked: ScoreRequest
) -> dict[str, Any]:
    """Score a founder for a lender; what the lender sees of the score.

    Raises:
        FootholdError: as `score_founder` does.
    """
    return lender_view(_scored(ledger, settings, scope, asked))


def issue_once(
    ledger: Ledger, settings: Settings, scope: LenderScope, asked: ScoreRequest, *, key: str
) -> tuple[dict[str, Any], bool]:
    """Score a founder, unless this key came with the same question before.

    Consent has to stand for a score given again as for a new one.

    Args:
        ledger: the open transaction.
        settings: of the installation.
        scope: the lender that asks.
        asked: its question.
        key: its idempotency key.

    Returns:
        What the lender sees of the score, and whether it is given again.

    Raises:
        KeyReusedError: the key came with another request.
        FootholdError: as `score_founder` does.
    """
    request = KeyedRequest(scope, key, request_digest("scores", asked.model_dump(mode="json")))
    answered = request.answered_before(ledger.session)
    if answered is not None:
        return read_again(ledger, scope, answered.reference), True
    score = _scored(ledger, settings, scope, asked)
    request.remember(ledger, Answer.SCORE, score.reference)
    return lender_view(score), False


def read_again(ledger: Ledger, scope: LenderScope, reference: str) -> dict[str, Any]:
    """What a lender sees of a score that it was given, while consent stands.

    Raises:
        NotFoundError: the lender was given no such score.
        ConsentError: the founder's consent ended.
    """
    score = _own_score(ledger.session, scope, reference)
    founder = ledger.session.scalars(
        select(Founder.reference).where(readable_by(scope, Founder), Founder.id == score.founder_id)
    ).one()
    purpose = Purpose(score.purpose)
    require_consent(ledger.session, founder, lender=scope.lender, purpose=purpose, at=ledger.now)
    append_event(
        ledger,
        actor=scope.actor,
        action="score.read",
        founder_id=score.founder_id,
        details={
            "score": score.reference,
            "lender": scope.lender.reference,
            "purpose": score.purpose,
        },
    )
    return lender_view(score)


def _scored(ledger: Ledger, settings: Settings, scope: LenderScope, asked: ScoreRequest) -> Score:
    return score_founder(
        ledger,
        settings,
        asked.founder,
        lender=scope.lender,
        purpose=Purpose(asked.purpose.value),
        as_of=asked.as_of,
        application=asked.application,
        actor=scope.actor,
    )


def _own_score(session: Session, scope: LenderScope, reference: str) -> Score:
    score = None
    if REFERENCE.fullmatch(reference):
        score = session.scalars(
            select(Score).where(readable_by(scope, Score), Score.reference == reference)
        ).first()
    if score is None:
        raise NotFoundError("There is no such score of this lender.")
    return score
