"""Lenders keep their loans: paid out, repaid, rescheduled, ended, and read as they stand."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from api.auth import CurrentLender
from api.fields import Day, Reference
from api.lenders.days import IsoDay
from api.problems import problem_responses
from scoring.lending.book import Book, find_loan, loans_of
from scoring.lending.kept import Kept
from scoring.lending.loan_view import loan_view
from scoring.loans.codes import LoanEventCode, LoanEventReason
from scoring.loans.due_days import Convention, Frequency
from scoring.loans.events import Event
from scoring.loans.posting import Received
from scoring.loans.schedule import Due, Schedule
from scoring.loans.terms import DayCount, Grace, Product, Terms
from scoring.parties.founders import references_of
from scoring.parties.scopes import LenderScope
from scoring.store.database import Database
from scoring.store.ledger import Ledger

router = APIRouter(prefix="/v1/loans", tags=["loans"])

LoanPath = Annotated[str, Path(description="The loan's number at this lender.")]
Minor = Annotated[int, Field(ge=0, lt=10**15, description="In minor units of the currency.")]
Positive = Annotated[int, Field(gt=0, lt=10**15, description="In minor units of the currency.")]
Rate = Annotated[Decimal, Field(ge=0, le=1, description="Per year; 0.12 is 12 %.")]


class NewLoan(BaseModel):
    """A loan that was paid out, by the terms that its schedule is made of."""

    model_config = ConfigDict(extra="forbid")

    loan: Reference = Field(description="Its number at this lender.")
    founder: Reference = Field(description="Who borrowed, and consents to this lender.")
    product: Product
    principal: Positive
    annual_rate: Rate
    instalments: Annotated[int, Field(ge=1, le=600)]
    disbursed_on: IsoDay
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "KRW"
    frequency: Frequency = Frequency.MONTHLY
    first_due_on: IsoDay | None = None
    day_count: DayCount = DayCount.THIRTY_360
    grace_periods: Annotated[int, Field(ge=0, lt=600)] = 0
    grace: Grace = Grace.PRINCIPAL
    holidays_of: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    convention: Convention = Convention.FOLLOWING
    upfront_fee: Minor = 0
    instalment_fee: Minor = 0

    def schedule(self) -> Schedule:
        """The schedule that the terms make."""
        terms = self.model_dump(exclude={"loan", "founder", "currency"})
        return Schedule.of(Terms(**terms))


class NewRepayment(BaseModel):
    """Money received; the same reference again changes nothing."""

    model_config = ConfigDict(extra="forbid")

    repayment: Reference
    paid_on: IsoDay
    amount: Positive


class NewInstalment(BaseModel):
    """What falls due on a day."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[int, Field(ge=1, le=1000)]
    due_on: IsoDay
    principal: Minor
    interest: Minor
    fee: Minor = 0


class NewEvent(BaseModel):
    """What became of a loan; the same `event_id` again changes nothing."""

    model_config = ConfigDict(extra="forbid")

    event_id: Reference
    happened_on: IsoDay
    event: LoanEventCode
    reason: LoanEventReason | None = None
    amount: Minor = 0
    repayment: Reference | None = Field(None, description="Of a reversal, the one that bounced.")
    instalments: list[NewInstalment] | None = Field(
        None, description="Of a rescheduling, what falls due from now on.", max_length=600
    )


class DueUnpaid(BaseModel):
    """What fell due and was not paid, in minor units."""

    fee: int
    interest: int
    principal: int


class Standing(BaseModel):
    """How a loan stands at the end of a day, amounts in minor units."""

    on: Day
    outstanding_principal: int
    due_unpaid: DueUnpaid
    charges_unpaid: int = Field(description="Fees charged besides the instalments.")
    late_interest: int = Field(description="Simple, at the rate and 3 points, at most the cap.")
    waiting: int = Field(description="Paid ahead, or beyond all that is owed.")
    days_past_due: int = Field(description="On a material amount.")
    past_due: int
    payoff_amount: int = Field(description="What pays the loan off on this day.")
    closed_on: Day | None = Field(description="Since when nothing is owed.")
    written_off: bool


class InstalmentOut(BaseModel):
    """An instalment, amounts in minor units."""

    number: int
    due_on: Day
    principal: int
    interest: int
    fee: int


class ScheduleOut(BaseModel):
    """A schedule: 0 as granted, counted up with each rescheduling."""

    schedule: int
    instalments: list[InstalmentOut]


class RepaymentOut(BaseModel):
    """A payment and what it settled of the schedule in force, in minor units."""

    repayment: str
    paid_on: Day
    amount: int
    fee: int
    interest: int
    principal: int
    charges: int
    waiting: int


class EventOut(BaseModel):
    """What became of the loan."""

    event_id: str
    happened_on: Day
    event: str
    reason: str | None
    amount: int
    repayment: str | None
    schedule: int | None
    days_past_due: int | None = Field(description="How it stood when it was rescheduled.")
    past_due: int | None


class LoanOut(BaseModel):
    """A loan of this lender."""

    loan: str
    founder: str
    currency: str
    principal: int
    annual_rate: float
    disbursed_on: Day
    standing: Standing
    schedules: list[ScheduleOut]
    repayments: list[RepaymentOut]
    events: list[EventOut]


class LoanLine(BaseModel):
    """A loan in the list."""

    loan: str
    founder: str
    currency: str
    principal: int
    disbursed_on: Day


class LoansOut(BaseModel):
    """Loans of this lender, by number; `next` names the last one where there are more."""

    loans: list[LoanLine]
    next: str | None


class Page(BaseModel):
    """Which loans of the list."""

    model_config = ConfigDict(extra="forbid")

    after: Reference | None = Field(None, description="Those after this number.")
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


@router.post(
    "",
    status_code=201,
    response_model=LoanOut,
    responses=problem_responses(401, 403, 409, 422, 503),
)
def disburse_loan(body: NewLoan, lender: CurrentLender, request: Request) -> dict[str, Any]:
    """Keep a loan that was paid out to a founder who consents to this lender."""
    database: Database = request.app.state.database
    with database.writing() as ledger:
        kept = _book(ledger, database, lender).disburse(
            body.founder, body.loan, body.schedule(), currency=body.currency
        )
        return _view(ledger.session, database, kept)


@router.get("", response_model=LoansOut, responses=problem_responses(401, 403, 422, 503))
def list_loans(
    page: Annotated[Page, Query()], lender: CurrentLender, request: Request
) -> dict[str, Any]:
    """List this lender's loans, 1 to 1,000 at a time."""
    database: Database = request.app.state.database
    with database.reading() as session:
        found = loans_of(session, lender.lender, after=page.after, limit=page.limit + 1)
        shown = found[: page.limit]
        founders = references_of(session, {loan.founder_id for loan in shown})
        return {
            "loans": [
                {
                    "loan": loan.reference,
                    "founder": founders[loan.founder_id],
                    "currency": loan.currency,
                    "principal": loan.principal,
                    "disbursed_on": loan.event_date.isoformat(),
                }
                for loan in shown
            ],
            "next": shown[-1].reference if len(found) > page.limit else None,
        }


@router.get("/{loan}", response_model=LoanOut, responses=problem_responses(401, 403, 404, 409, 503))
def read_loan(loan: LoanPath, lender: CurrentLender, request: Request) -> dict[str, Any]:
    """Read a loan as it stands today."""
    database: Database = request.app.state.database
    with database.reading() as session:
        return _view(session, database, find_loan(session, lender.lender, loan))


@router.post(
    "/{loan}/repayments",
    status_code=201,
    response_model=LoanOut,
    responses={
        200: {"model": LoanOut, "description": "It was on file already."},
        **problem_responses(401, 403, 404, 409, 422, 503),
    },
)
def post_repayment(
    loan: LoanPath, body: NewRepayment, lender: CurrentLender, request: Request, response: Response
) -> dict[str, Any]:
    """Post a payment of any day and amount; consent that ended does not stop it."""
    database: Database = request.app.state.database
    with database.writing() as ledger:
        received = Received(body.repayment, body.paid_on, body.amount)
        kept, is_new = _book(ledger, database, lender).repay(loan, received)
        response.status_code = 201 if is_new else 200
        return _view(ledger.session, database, kept)


@router.post(
    "/{loan}/events",
    status_code=201,
    response_model=LoanOut,
    responses={
        200: {"model": LoanOut, "description": "It was on file already."},
        **problem_responses(401, 403, 404, 409, 422, 503),
    },
)
def post_event(
    loan: LoanPath, body: NewEvent, lender: CurrentLender, request: Request, response: Response
) -> dict[str, Any]:
    """Record what became of a loan: a reversal, a rescheduling, a write-off, its end."""
    database: Database = request.app.state.database
    with database.writing() as ledger:
        book = _book(ledger, database, lender)
        if body.event is LoanEventCode.RESCHEDULED and body.reason is not None:
            dues = [Due(**due.model_dump()) for due in body.instalments or []]
            kept = book.reschedule(
                loan, dues, on=body.happened_on, reference=body.event_id, reason=body.reason
            )
            return _view(ledger.session, database, kept)
        event = Event(
            body.event_id, body.happened_on, body.event, body.reason, body.amount, body.repayment
        )
        kept, is_new = book.record(loan, event)
        response.status_code = 201 if is_new else 200
        return _view(ledger.session, database, kept)


def _book(ledger: Ledger, database: Database, scope: LenderScope) -> Book:
    return Book(ledger, database.settings, scope.lender, scope.actor)


def _view(session: Session, database: Database, kept: Kept) -> dict[str, Any]:
    founders = references_of(session, {kept.row.founder_id})
    return loan_view(kept, founders[kept.row.founder_id], on=database.today)
