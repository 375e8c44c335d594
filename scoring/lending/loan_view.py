"""A loan as its lender reads it: terms, instalments, payments, events, and how it stands."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from scoring.lending.kept import Kept
from scoring.loans.posting import Part


def loan_view(kept: Kept, founder: str, *, on: date) -> dict[str, Any]:
    """Plain data for the API and `--json`; amounts in minor units, days as ISO text.

    Args:
        kept: the loan.
        founder: reference of the borrower.
        on: the day as of which it stands.
    """
    row, loan = kept.row, kept.loan
    standing = loan.standing(on)
    settled = loan.settlement(on)
    return {
        "loan": row.reference,
        "founder": founder,
        "currency": row.currency,
        "principal": row.principal,
        "annual_rate": row.annual_rate,
        "disbursed_on": row.event_date.isoformat(),
        "standing": {
            "on": on.isoformat(),
            "outstanding_principal": standing.outstanding,
            "due_unpaid": {part.value: standing.due_unpaid[part] for part in Part},
            "charges_unpaid": standing.charges_unpaid,
            "late_interest": 0 if standing.closed_on else loan.late_interest(on),
            "waiting": standing.waiting,
            "days_past_due": standing.days_past_due,
            "past_due": standing.past_due,
            "payoff_amount": loan.payoff_amount(on),
            "closed_on": standing.closed_on.isoformat() if standing.closed_on else None,
            "written_off": standing.written_off,
        },
        "schedules": [
            {
                "schedule": number,
                "instalments": [asdict(due) | {"due_on": due.due_on.isoformat()} for due in dues],
            }
            for number, dues in sorted(loan.schedules.items())
        ],
        "repayments": [
            {
                "repayment": one.received.reference,
                "paid_on": one.received.paid_on.isoformat(),
                "amount": one.amount,
                "fee": one.fee,
                "interest": one.interest,
                "principal": one.principal,
                "charges": one.charged,
                "waiting": one.waiting,
            }
            for one in settled.postings
        ],
        "events": [
            {
                "event_id": event.reference,
                "happened_on": event.on.isoformat(),
                "event": event.code.value,
                "reason": event.reason.value if event.reason else None,
                "amount": event.amount,
                "repayment": event.repayment,
                "schedule": event.schedule,
                "days_past_due": event.days_past_due,
                "past_due": event.past_due,
            }
            for event in loan.events
        ],
    }
