"""Lenders hear of scores that rested on a record which was wrong, and say that they heard."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from api.auth import CurrentLender
from api.fields import Day, Instant
from api.problems import problem_responses
from scoring.notices.reading import pending_notices, receive_notice
from scoring.store.database import Database

router = APIRouter(prefix="/v1/notices", tags=["notices"])

_LARGEST_ID = 2**53 - 1  # exact wherever JSON is read


class NoticeOut(BaseModel):
    """That scores given to this lender rested on a record which was corrected or retracted."""

    id: int
    founder: str
    scores: list[str] = Field(description="The `id` of each score concerned. Ask for a new one.")
    kind: str = Field(description="What kind of record was wrong, such as `sales`.")
    cause: Literal["dispute", "correction", "file", "withdrawal"] = Field(
        description="What corrected it."
    )
    outcome: Literal["corrected", "retracted"]
    day: Day = Field(description="Day of the decision.")
    received_at: Instant | None = Field(description="When this lender said that it has it.")


class NoticesOut(BaseModel):
    """Notices to this lender that it has not received yet, oldest first."""

    notices: list[NoticeOut]


@router.get("", response_model=NoticesOut, responses=problem_responses(401, 403, 503))
def list_notices(lender: CurrentLender, request: Request) -> dict[str, Any]:
    """Read the notices that wait for this lender; none says what a record holds."""
    database: Database = request.app.state.database
    with database.reading() as session:
        found = pending_notices(session, lender)
    return {"notices": [notice.as_dict(database.settings.zone) for notice in found]}


@router.post(
    "/{notice_id}/receipt",
    response_model=NoticeOut,
    responses=problem_responses(401, 403, 404, 422, 503),
)
def confirm_notice(
    notice_id: Annotated[int, Path(ge=1, le=_LARGEST_ID, description="The `id` of a notice.")],
    lender: CurrentLender,
    request: Request,
) -> dict[str, Any]:
    """Confirm that a notice was received; it is not listed again. Safe to repeat."""
    database: Database = request.app.state.database
    with database.writing() as ledger:
        notice = receive_notice(ledger, lender, notice_id)
    return notice.as_dict(database.settings.zone)
