"""The codes of what becomes of a loan, and the last day of a report that has no end."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

# A book that is kept here needs no report: its loans are known through the day of any question.
OPEN_END = date(9999, 12, 31)


class LoanEventCode(StrEnum):
    """What became of a loan, beside its disbursement and its repayments."""

    REVERSED = "reversed"  # a repayment that bounced
    FEE_CHARGED = "fee_charged"
    FEE_WAIVED = "fee_waived"
    RESCHEDULED = "rescheduled"
    WITHDRAWN = "withdrawn"  # by the borrower, within 14 days
    WRITTEN_OFF = "written_off"
    RECOVERED = "recovered"
    SOLD = "sold"
    CLOSED = "closed"


class LoanEventReason(StrEnum):
    """Why."""

    DISTRESS = "distress"  # of a rescheduling: the borrower could not pay as agreed
    REQUEST = "request"
    SEASON = "season"
    DISASTER = "disaster"
    PLATFORM_FAILURE = "platform_failure"
    FRAUD = "fraud"  # the borrower is its victim
    AT_A_LOSS = "at_a_loss"  # of a sale
    REPAID = "repaid"  # of a closing: in full, early or not
    SETTLED = "settled"  # of a closing: for less than was owed
    BOUNCED = "bounced"
    MISTAKE = "mistake"
    OTHER = "other"
