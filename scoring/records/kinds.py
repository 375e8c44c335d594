"""The kinds of record that files bring."""

from enum import StrEnum


class RecordKind(StrEnum):
    """The kinds of file that can be imported."""

    ATTENDANCE = "attendance"
    SALES = "sales"
    REFUNDS = "refunds"
    LOANS = "loans"
    SCHEDULE = "schedule"
    REPAYMENTS = "repayments"
    LOAN_EVENTS = "loan_events"
    CASH_FLOW = "cash_flow"
    APPLICATIONS = "applications"
    OUTCOMES = "outcomes"
    PAUSES = "pauses"
