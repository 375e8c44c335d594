"""Lenders read the figures of their book."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from api.auth import CurrentLender
from api.fields import Day
from api.lenders.days import IsoDay
from api.problems import problem_responses
from scoring.lending.figures import book_figures
from scoring.store.database import Database

router = APIRouter(prefix="/v1/portfolio", tags=["loans"])

Share = float | None


class Bucket(BaseModel):
    """Running loans so many days past due."""

    days: str
    loans: int
    outstanding_principal: int


class Arrear(BaseModel):
    """A loan in arrears."""

    loan: str
    founder: str
    days_past_due: int
    contractual_days_past_due: int = Field(description="By the schedule as granted.")
    past_due: int
    outstanding_principal: int
    rescheduled: bool
    reported_through: Day


class Vintage(BaseModel):
    """Loans paid out in a month."""

    month: str
    loans: int
    principal: int
    outstanding_principal: int
    ever_30_days: float
    ever_90_days: float
    written_off: int
    curve: list[float] = Field(
        description="Share of loans ever 90 days past due or written off, by month on book."
    )


class CurrencyFigures(BaseModel):
    """The book in one currency, amounts in its minor units."""

    currency: str
    loans: int
    running: int
    principal_paid_out: int
    outstanding_principal: int
    rescheduled_outstanding: int
    past_due: int
    par30: Share
    par90: Share
    par30_with_rescheduled: Share
    par30_contractual: Share
    repayment_rate: Share
    written_off: int
    recovered: int
    write_off_ratio: Share
    reported_through: Day
    ageing: list[Bucket]
    arrears: list[Arrear]
    vintages: list[Vintage]


class PortfolioOut(BaseModel):
    """The figures of this lender's book; `formulas` say how each is counted."""

    lender: str
    on: Day
    formulas: dict[str, str]
    currencies: list[CurrencyFigures]


class Asked(BaseModel):
    """Which day."""

    model_config = ConfigDict(extra="forbid")

    on: IsoDay | None = Field(None, description="The end of this day; today's when left out.")


@router.get("", response_model=PortfolioOut, responses=problem_responses(401, 403, 404, 422, 503))
def read_portfolio(
    asked: Annotated[Asked, Query()], lender: CurrentLender, request: Request
) -> dict[str, Any]:
    """Read arrears, ageing, portfolio at risk and vintages at the end of a day."""
    database: Database = request.app.state.database
    with database.reading() as session:
        return book_figures(
            session,
            lender.lender,
            on=asked.on or database.today,
            known_at=database.clock(),
            zone=database.settings.zone,
        ).as_dict()
