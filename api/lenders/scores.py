"""Lenders ask for a score, and read again what they were given."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from api.auth import CurrentLender
from api.idempotency_header import REPLAYED, IdempotencyKey, mark_replayed
from api.lenders.issuing import issue, issue_once, read_again
from api.lenders.schemas import InDefault, Insufficient, Scored, ScoreRequest
from api.problems import problem_responses
from scoring.store.database import Database

router = APIRouter(prefix="/v1/scores", tags=["scores"])

ScoreOut = Annotated[Scored | Insufficient | InDefault, Field(discriminator="status")]
_LOCATION = {
    "Location": {"description": "Where the score is read again.", "schema": {"type": "string"}}
}


@router.post(
    "",
    status_code=201,
    response_model=ScoreOut,
    response_model_exclude_unset=True,
    responses={
        201: {
            "description": "A score, what is missing for one, or why there is none in default.",
            "headers": _LOCATION | REPLAYED,
        },
        **problem_responses(400, 401, 403, 409, 413, 422, 503),
    },
)
def create_score(
    body: ScoreRequest,
    lender: CurrentLender,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> dict[str, Any]:
    """Score a founder who consents to it, as of the end of a day."""
    database: Database = request.app.state.database
    with database.writing() as ledger:
        if idempotency_key is None:
            score, is_replayed = issue(ledger, database.settings, lender, body), False
        else:
            score, is_replayed = issue_once(
                ledger, database.settings, lender, body, key=idempotency_key
            )
    if is_replayed:
        mark_replayed(response)
    response.headers["Location"] = f"{router.prefix}/{score['id']}"
    return score


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
        return read_again(ledger, lender, score_id)
