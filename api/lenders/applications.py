"""Lenders record what is asked of them, what they decide, and ask what a loan would weigh."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from api.auth import CurrentLender
from api.fields import Day, Instant, Reference
from api.lenders.days import IsoDay
from api.lenders.loans import Positive, Rate
from api.problems import problem_responses
from scoring.lending.affordability import Asked
from scoring.lending.applications import applications_of, apply_for_loan, find_application
from scoring.lending.decisions import (
    Decision,
    DeclineReason,
    Offer,
    Outcome,
    decide,
    decision_view,
    latest_decision,
)
from scoring.lending.what_if import ask_what_if
from scoring.parties.founders import references_of
from scoring.store.database import Database
from scoring.store.tables import Application

router = APIRouter(prefix="/v1", tags=["applications"])

Months = Annotated[int, Field(ge=1, le=600)]


class NewApplication(BaseModel):
    """A loan asked for; the same reference again changes nothing."""

    model_config = ConfigDict(extra="forbid")

    application: Reference
    founder: Reference
    applied_on: IsoDay
    principal: Positive
    months: Months
    annual_rate: Rate | None = None
    instalment: Positive | None = Field(
        None, description="That of principal, months and rate when left out."
    )
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "KRW"


class OfferBody(BaseModel):
    """What is offered instead, in minor units."""

    model_config = ConfigDict(extra="forbid")

    principal: Positive
    months: Months
    instalment: Positive


class NewDecision(BaseModel):
    """What a person decided. A score alone never declines."""

    model_config = ConfigDict(extra="forbid")

    outcome: Outcome
    by: Annotated[str, Field(min_length=1, max_length=120)]
    score: Reference | None = Field(None, description="The `id` of the score that was used.")
    reasons: list[DeclineReason] = Field([], max_length=4, description="Of a decline.")
    offer: OfferBody | None = None
    override_reason: Annotated[str, Field(min_length=1, max_length=400)] | None = Field(
        None, description="Why it goes against your policy, where it does."
    )


class DecisionOut(BaseModel):
    """A decision on an application."""

    id: str
    application: str
    outcome: Outcome
    score: str | None
    reasons: list[DeclineReason]
    offer: OfferBody | None
    against_policy: str | None
    override_reason: str | None
    by: str
    decided_at: Instant


class ApplicationOut(BaseModel):
    """An application to this lender, with the decision that rules."""

    application: str
    founder: str
    applied_on: Day
    principal: int
    months: int
    annual_rate: float | None
    instalment: int
    currency: str
    decision: DecisionOut | None


class ApplicationsOut(BaseModel):
    """Applications to this lender, the latest first."""

    applications: list[ApplicationOut]


class WhatIf(BaseModel):
    """A loan that is thought of; it leaves no application."""

    model_config = ConfigDict(extra="forbid")

    founder: Reference
    principal: Positive
    months: Months
    annual_rate: Rate
    declared_costs: Annotated[int, Field(ge=0, lt=10**15)] | None = Field(
        None, description="Of the business per month, where no account is on file."
    )
    most: Annotated[Decimal, Field(gt=0, le=1)] = Field(
        Decimal("0.4"), description="The greatest share of the surplus for all instalments."
    )
    longest_months: Months = 60


class BurdenOut(BaseModel):
    """Instalments against a month's surplus; null where the surplus is not known."""

    surplus: int | None
    debt_service_to_surplus: float | None = Field(description="Null too where nothing is left.")
    colour: str | None = Field(description="green up to 40 %, amber up to 60 %, red; or unknown.")


class ChannelLost(BurdenOut):
    """The same with the largest channel selling nothing for two months."""

    channel: str | None


class Stress(BaseModel):
    """What would be left in bad times."""

    sales_down_30_percent: BurdenOut
    largest_channel_lost_60_days: ChannelLost


class MonthOut(BaseModel):
    """A whole month, in minor units; null where no account tells of it."""

    month: str
    net_sales: int
    inflow: int | None
    outflow: int | None
    surplus: int | None


class AffordabilityOut(BaseModel):
    """What a loan would weigh, in minor units; nothing is clipped."""

    founder: str
    as_of: Day
    instalment: int
    existing_instalments: int = Field(
        description="Of running loans that may be read: the heaviest of the next three spans of "
        "30 days."
    )
    loans_counted: int
    loans_read: str
    basis: str = Field(description="account, declared_costs or sales_alone.")
    months: list[MonthOut]
    instalments_to_net_sales: float | None
    worst_three_months: BurdenOut
    stress: Stress
    greatest_principal: int | None
    shortest_months: int | None


@router.post(
    "/applications",
    status_code=201,
    response_model=ApplicationOut,
    responses={
        200: {"model": ApplicationOut, "description": "It was on file already."},
        **problem_responses(401, 403, 409, 422, 503),
    },
)
def create_application(
    body: NewApplication, lender: CurrentLender, request: Request, response: Response
) -> dict[str, Any]:
    """Record what a founder asks this lender for."""
    database: Database = request.app.state.database
    asked = body.model_dump(exclude={"application"}) | {"reference": body.application}
    with database.writing() as ledger:
        row, is_new = apply_for_loan(
            ledger, database.settings, lender=lender.lender, actor=lender.actor, **asked
        )
        response.status_code = 201 if is_new else 200
        return _view(ledger.session, [row])[0]


@router.get(
    "/applications", response_model=ApplicationsOut, responses=problem_responses(401, 403, 503)
)
def list_applications(lender: CurrentLender, request: Request) -> dict[str, Any]:
    """List what was asked of this lender, and what it decided."""
    database: Database = request.app.state.database
    with database.reading() as session:
        return {"applications": _view(session, applications_of(session, lender.lender))}


@router.post(
    "/applications/{application}/decisions",
    status_code=201,
    response_model=DecisionOut,
    responses=problem_responses(401, 403, 404, 422, 503),
)
def create_decision(
    application: Annotated[str, Path(description="Its reference at this lender.")],
    body: NewDecision,
    lender: CurrentLender,
    request: Request,
) -> dict[str, Any]:
    """Record what a person decided; of a decline the founder reads the reasons."""
    database: Database = request.app.state.database
    decision = Decision(
        outcome=body.outcome,
        by=body.by,
        score=body.score,
        reasons=tuple(body.reasons),
        offer=None if body.offer is None else Offer(**body.offer.model_dump()),
        override_reason=body.override_reason,
    )
    with database.writing() as ledger:
        row = decide(ledger, lender.lender, application, decision, actor=lender.actor)
        return decision_view(ledger.session, row)


@router.get(
    "/applications/{application}",
    response_model=ApplicationOut,
    responses=problem_responses(401, 403, 404, 503),
)
def read_application(
    application: Annotated[str, Path(description="Its reference at this lender.")],
    lender: CurrentLender,
    request: Request,
) -> dict[str, Any]:
    """Read an application with the decision that rules."""
    database: Database = request.app.state.database
    with database.reading() as session:
        return _view(session, [find_application(session, lender.lender, application)])[0]


@router.post(
    "/affordability",
    response_model=AffordabilityOut,
    responses=problem_responses(401, 403, 422, 503),
)
def ask_affordability(body: WhatIf, lender: CurrentLender, request: Request) -> dict[str, Any]:
    """Ask what a loan would weigh; no application is left, and the founder sees who asked."""
    database: Database = request.app.state.database
    asked = Asked(**body.model_dump(exclude={"founder"}))
    with database.writing() as ledger:
        return ask_what_if(
            ledger,
            database.settings,
            lender.lender,
            body.founder,
            asked,
            actor=lender.actor,
        )


def _view(session: Session, rows: list[Application]) -> list[dict[str, Any]]:
    founders = references_of(session, {row.founder_id for row in rows})
    found = []
    for row in rows:
        decision = latest_decision(session, row)
        found.append(
            {
                "application": row.reference,
                "founder": founders[row.founder_id],
                "applied_on": row.event_date.isoformat(),
                "principal": row.principal,
                "months": row.months,
                "annual_rate": row.annual_rate,
                "instalment": row.instalment,
                "currency": row.currency,
                "decision": None if decision is None else decision_view(session, decision),
            }
        )
    return found
