"""All tables of the store."""

from scoring.records.tables.base import Base, Instant, Record
from scoring.records.tables.decisions import (
    AuditEvent,
    IdempotencyKey,
    Model,
    Promotion,
    Score,
    UsedLink,
)
from scoring.records.tables.evidence import (
    Application,
    Attendance,
    CashFlowLine,
    DeclaredOutcome,
    Import,
    Instalment,
    Loan,
    OrderLine,
    Programme,
    ProgrammeSession,
    Repayment,
    Supersession,
)
from scoring.records.tables.parties import (
    ApiKey,
    ApiKeyRevocation,
    Consent,
    ConsentWithdrawal,
    Founder,
    Lender,
)

RECORD_TABLES: tuple[type[Record], ...] = (
    Attendance,
    OrderLine,
    Loan,
    Instalment,
    Repayment,
    CashFlowLine,
    Application,
    DeclaredOutcome,
)

__all__ = [
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
    "DeclaredOutcome",
    "Founder",
    "IdempotencyKey",
    "Import",
    "Instalment",
    "Instant",
    "Lender",
    "Loan",
    "Model",
    "OrderLine",
    "Programme",
    "ProgrammeSession",
    "Promotion",
    "Record",
    "Repayment",
    "Score",
    "Supersession",
    "UsedLink",
]
