"""All tables of the store."""

from scoring.store.tables.audit import AuditEvent
from scoring.store.tables.base import Base, Instant, Record
from scoring.store.tables.disputes import (
    Dispute,
    DisputeDecision,
    LenderNotice,
    LenderNoticeReceipt,
)
from scoring.store.tables.intake import (
    Import,
    ImportResult,
    ImportWithdrawal,
    QuarantinedRow,
    QuarantineResolution,
)
from scoring.store.tables.keys import KeyCheck, KeyRotation
from scoring.store.tables.lending import FounderNotice, LoanDecision
from scoring.store.tables.models import Model, Promotion
from scoring.store.tables.parties import (
    ApiKey,
    ApiKeyRevocation,
    Consent,
    ConsentWithdrawal,
    Founder,
    FounderAlias,
    FounderAliasWithdrawal,
    Lender,
    OperatorKey,
    OperatorKeyRevocation,
    Shop,
)
from scoring.store.tables.policies import CutOffBackground, LenderPolicy
from scoring.store.tables.records import (
    Application,
    Attendance,
    CashFlowLine,
    DeclaredOutcome,
    Instalment,
    Loan,
    LoanEvent,
    LoanReport,
    OrderLine,
    Pause,
    PlatformEvent,
    Programme,
    ProgrammeCalendar,
    ProgrammeSession,
    Repayment,
    Supersession,
)
from scoring.store.tables.requests import IdempotencyKey, UsedLink
from scoring.store.tables.scores import Score

RECORD_TABLES: tuple[type[Record], ...] = (
    Attendance,
    OrderLine,
    Loan,
    Instalment,
    Repayment,
    LoanEvent,
    LoanReport,
    CashFlowLine,
    Application,
    DeclaredOutcome,
    Pause,
)

__all__ = [
    "KeyCheck",
    "KeyRotation",
    "Dispute",
    "DisputeDecision",
    "LenderNotice",
    "LenderNoticeReceipt",
    "ImportResult",
    "ImportWithdrawal",
    "QuarantinedRow",
    "QuarantineResolution",
    "FounderAlias",
    "FounderAliasWithdrawal",
    "OperatorKey",
    "OperatorKeyRevocation",
    "Shop",
    "Pause",
    "PlatformEvent",
    "RECORD_TABLES",
    "ApiKey",
    "ApiKeyRevocation",
    "Application",
    "Attendance",
    "AuditEvent",
    "Base",
    "CashFlowLine",
    "Consent",
    "ConsentWithdrawal",
    "CutOffBackground",
    "DeclaredOutcome",
    "Founder",
    "FounderNotice",
    "Import",
    "Instalment",
    "Instant",
    "IdempotencyKey",
    "Lender",
    "LenderPolicy",
    "Loan",
    "LoanDecision",
    "LoanEvent",
    "LoanReport",
    "Model",
    "OrderLine",
    "Programme",
    "ProgrammeCalendar",
    "ProgrammeSession",
    "Promotion",
    "Record",
    "Repayment",
    "Score",
    "Supersession",
    "UsedLink",
]
