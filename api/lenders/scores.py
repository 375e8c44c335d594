"""Lenders ask for a score, and read again what they were given."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth import CurrentLender
from api.lenders.schemas import Insufficient, Scored, ScoreRequest
from api.problems import RequestRefusedError, problem_responses
from scoring.base.canonical import canonical_json, digest
from scoring.base.errors import NotFoundError
from scoring.parties.consents import Purpose, require_consent
from scoring.parties.references import REFERENCE
from scoring.score.scoring import score_founder
from scoring.score.views import lender_view
from scoring.store.audit import append_event
from scoring.store.database import Database, Ledger
from scoring.store.tables import Founder, IdempotencyKey, Lender, Score

router = APIRouter(prefix="/v1/scores", tags=["scores"])

ScoreOut = Scored | Insufficient
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,200}$",
        description="Any text of the lender's own, new for each question. The same key and body "
        "give the same score again; the same key with another body is refused.",
    ),
]
_LOCATION = {
    "Location": {"description": "Where the score is read again.", "schema": {"type": "string"}}
}
_REPLAYED = {
    "Idempotency-Replayed": {
        "description": "`true` where the key was used before and its score is given again.",
        "schema": {"type": "string"},
    }
}


@router.post(
    "",
    status_code=201,
    response_model=ScoreOut,
    response_model_exclude_unset=True,
    responses={
        201: {
            "description": "A score, or what is missing for one.",
            "headers": _LOCATION | _REPLAYED,
        },
        **problem_responses(400, 401, 403, 409, 413, 422, 503),
    },
)
def create_score(
    body: ScoreRequest,
    lender: CurrentLender,
    request: Request,
    response: Response,
    idempotency_key: Key = None,
) -> dict[str, Any]:
    """Score a founder who consents to it, as of the end of a day."""
    database: Database = request.app.state.database
    asked = digest(canonical_json(body.model_dump(mode="json")))
    with database.writing() as ledger:
        score = None
        if idempotency_key is not None:
            score = _answered_before(ledger, lender, idempotency_key, asked, body)
        if score is not None:
            response.headers["Idempotency-Replayed"] = "true"
            _note_reading(ledger, lender, score)
        else:
            score = score_founder(
                ledger,
                database.settings,
                body.founder,
                lender=lender,
                purpose=Purpose(body.purpose.value),
                as_of=body.as_of,
                application=body.application,
                actor=_actor(lender),
            )
            if idempotency_key is not None:
                _remember(ledger, lender, idempotency_key, asked, score)
        view = lender_view(score)
    response.headers["Location"] = f"{router.prefix}/{score.reference}"
    return view


@router.get(
    "/{score_id}",
    response_model=ScoreOut,
    response_model_exclude_unset=True,
    responses=problem_responses(401, 403, 404, 503),
)
def read_score(
    score_id: Annotated[str, Path(description="The `id` of a score given to this lender.")],
    lender: CurrentLender,
    request: Request,
) -> dict[str, Any]:
    """Read a score again that was given to this lender, while the founder's consent stands.

    The founder sees that it was read.
    """
    database: Database = request.app.state.database
    with database.writing() as ledger:
        score = _own_score(ledger.session, lender, score_id)
        founder = ledger.session.get_one(Founder, score.founder_id)
        purpose = Purpose(score.purpose)
        require_consent(
            ledger.session, founder.reference, lender=lender, purpose=purpose, at=ledger.now
        )
        _note_reading(ledger, lender, score)
        return lender_view(score)


def _own_score(session: Session, lender: Lender, reference: str) -> Score:
    score = None
    if REFERENCE.fullmatch(reference):
        score = session.scalars(
            select(Score).where(Score.reference == reference, Score.lender_id == lender.id)
        ).first()
    if score is None:
        raise NotFoundError("There is no such score of this lender.")
    return score


def _answered_before(
    ledger: Ledger, lender: Lender, key: str, asked: str, body: ScoreRequest
) -> Score | None:
    """The score that this key was answered with; consent has to stand for it as for a new one.

    Raises:
        ConsentError: it was withdrawn since.
        RequestRefusedError: the key came with another body.
    """
    used = ledger.session.scalars(
        select(IdempotencyKey).where(
            IdempotencyKey.lender_id == lender.id, IdempotencyKey.key == key
        )
    ).first()
    if used is None:
        return None
    if used.request_digest != asked:
        raise RequestRefusedError(
            "Idempotency-Key",
            "This key was used before with another body. Take a new key for a new question.",
        )
    purpose = Purpose(body.purpose.value)
    require_consent(ledger.session, body.founder, lender=lender, purpose=purpose, at=ledger.now)
    return ledger.session.get_one(Score, used.score_id)


def _remember(ledger: Ledger, lender: Lender, key: str, asked: str, score: Score) -> None:
    ledger.session.add(
        IdempotencyKey(
            lender_id=lender.id,
            key=key,
            request_digest=asked,
            score_id=score.id,
            created_at=ledger.now,
        )
    )


def _note_reading(ledger: Ledger, lender: Lender, score: Score) -> None:
    append_event(
        ledger,
        actor=_actor(lender),
        action="score.read",
        founder_id=score.founder_id,
        details={
            "score": score.reference,
            "lender": lender.reference,
            "purpose": score.purpose,
        },
    )


def _actor(lender: Lender) -> str:
    return f"lender:{lender.reference}"
