"""What becomes of a loan beside its repayments, and what a loan does not allow."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from scoring.base.errors import ConflictError, InputError
from scoring.loans.codes import LoanEventCode, LoanEventReason

WITHDRAWAL_DAYS = 14  # Korea, Financial Consumer Protection Act art. 46


@dataclass(frozen=True)
class Event:
    """What became of a loan on a day, beside its repayments.

    Attributes:
        reference: at the lender; tells events of the loan apart.
        on: the day.
        code: what.
        reason: why.
        amount: charged, waived, written off, recovered or paid for it, in minor units; of a
            rescheduling the principal of the new schedule.
        repayment: reference of the payment that is reversed.
        schedule: number of the new schedule, of a rescheduling.
        days_past_due: how the loan stood when it was rescheduled.
        past_due: likewise, in minor units.
    """

    reference: str
    on: date
    code: LoanEventCode
    reason: LoanEventReason | None = None
    amount: int = 0
    repayment: str | None = None
    schedule: int | None = None
    days_past_due: int | None = None
    past_due: int | None = None


@dataclass(frozen=True)
class Facts:
    """What an event of a loan must fit.

    Attributes:
        number: of the loan.
        disbursed_on: when the money went out.
        closed_on: since when nothing is owed on the event's day; None while something is.
        rescheduled_on: the latest day of a rescheduling.
        payments: references of its payments.
    """

    number: str
    disbursed_on: date
    closed_on: date | None
    rescheduled_on: date | None
    payments: Collection[str]


def refuse_event(event: Event, loan: Facts) -> None:
    """Refuse what can't become of a loan.

    Raises:
        ConflictError: the loan doesn't allow it.
        InputError: something that it needs is missing.
    """
    if event.on < loan.disbursed_on:
        raise InputError(f"Loan {loan.number} was paid out on {loan.disbursed_on}, later.")
    match event.code:
        case LoanEventCode.REVERSED:
            if event.repayment not in loan.payments:
                raise InputError(
                    f"Loan {loan.number} has no payment {event.repayment}; name the one that "
                    "bounced."
                )
        case LoanEventCode.RESCHEDULED:
            _refuse_rescheduling(event, loan)
        case LoanEventCode.WITHDRAWN:
            if (event.on - loan.disbursed_on).days > WITHDRAWAL_DAYS:
                raise ConflictError(
                    f"A loan can be given back within {WITHDRAWAL_DAYS} days; {loan.number} was "
                    f"paid out on {loan.disbursed_on}."
                )
        case (
            LoanEventCode.FEE_CHARGED
            | LoanEventCode.FEE_WAIVED
            | LoanEventCode.WRITTEN_OFF
            | LoanEventCode.RECOVERED
        ):
            if event.amount <= 0:
                raise InputError(f"Of {event.code} say the amount.")


def _refuse_rescheduling(event: Event, loan: Facts) -> None:
    if event.reason is None:
        raise InputError("Say why it was rescheduled: distress, request or another reason.")
    if loan.closed_on is not None:
        raise ConflictError(f"Loan {loan.number} owes nothing since {loan.closed_on}.")
    if loan.rescheduled_on is not None and loan.rescheduled_on >= event.on:
        raise ConflictError(
            f"Loan {loan.number} was rescheduled on {loan.rescheduled_on}; a new schedule begins "
            "later."
        )
