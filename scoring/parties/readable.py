"""Which rows of a table somebody may read: each table's rule stands here, and only here.

Whoever has no part in a table reads none of its rows, so that what is another's and what does not
exist give the same answer. Staff read every row. Rules that look into another table do so from the
row asked for (`EXISTS`), so that they cost a look-up and no walk through everybody's.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, false, select, true
from sqlalchemy.orm import aliased

from scoring.parties.scopes import (
    FounderScope,
    LenderScope,
    OperatorScope,
    Scope,
    StaffScope,
)
from scoring.store.tables import (
    RECORD_TABLES,
    AuditEvent,
    Base,
    Consent,
    Founder,
    FounderNotice,
    IdempotencyKey,
    Import,
    ImportWithdrawal,
    Lender,
    LenderNotice,
    LoanDecision,
    Record,
    Score,
    UsedLink,
)

Condition = ColumnElement[bool]


def readable_by(scope: Scope, table: type[Base]) -> Condition:
    """Whether whoever has a scope may read a row of a table.

    Args:
        scope: who asks.
        table: whose rows are read.

    Raises:
        LookupError: the table has no rule, so nobody may read it in a scope.
    """
    rule = _RULES.get(table)
    if rule is None:
        raise LookupError(f"{table.__tablename__} has no rule for who may read its rows.")
    return true() if isinstance(scope, StaffScope) else rule(scope)


def _scores(scope: Scope) -> Condition:
    match scope:
        case LenderScope(lender=lender):
            return Score.lender_id == lender.id
        case FounderScope(founder_id=founder_id):
            return Score.founder_id == founder_id
    return false()


def _notices(scope: Scope) -> Condition:
    match scope:
        case LenderScope(lender=lender):
            return LenderNotice.lender_id == lender.id
    return false()


def _loan_decisions(scope: Scope) -> Condition:
    match scope:
        case LenderScope(lender=lender):
            return LoanDecision.lender_id == lender.id
        case FounderScope(founder_id=founder_id):
            return LoanDecision.founder_id == founder_id
    return false()


def _founder_notices(scope: Scope) -> Condition:
    match scope:
        case FounderScope(founder_id=founder_id):
            return FounderNotice.founder_id == founder_id
    return false()


def _consents(scope: Scope) -> Condition:
    match scope:
        case LenderScope(lender=lender):
            return Consent.lender_id == lender.id
        case FounderScope(founder_id=founder_id):
            return Consent.founder_id == founder_id
    return false()


def _founders(scope: Scope) -> Condition:
    """A lender knows those who ever consented to it: nobody else may be found out by asking."""
    match scope:
        case LenderScope(lender=lender):
            given = aliased(Consent)
            mine = select(given.id).where(
                given.founder_id == Founder.id, given.lender_id == lender.id
            )
            return mine.correlate(Founder).exists()
        case FounderScope(founder_id=founder_id):
            return Founder.id == founder_id
    return false()


def _lenders(scope: Scope) -> Condition:
    """A founder knows those that they ever consented to, which all that saw the file are."""
    match scope:
        case LenderScope(lender=lender):
            return Lender.id == lender.id
        case FounderScope(founder_id=founder_id):
            given = aliased(Consent)
            mine = select(given.id).where(
                given.lender_id == Lender.id, given.founder_id == founder_id
            )
            return mine.correlate(Lender).exists()
    return false()


def _imports(scope: Scope) -> Condition:
    match scope:
        case LenderScope() | OperatorScope():
            return Import.author == scope.actor
    return false()


def _import_withdrawals(scope: Scope) -> Condition:
    own = select(Import.id).where(Import.id == ImportWithdrawal.import_id, _imports(scope))
    return own.correlate(ImportWithdrawal).exists()


def _idempotency_keys(scope: Scope) -> Condition:
    match scope:
        case LenderScope() | OperatorScope():
            return IdempotencyKey.sender == scope.actor
    return false()


def _audit_events(scope: Scope) -> Condition:
    match scope:
        case FounderScope(founder_id=founder_id):
            return AuditEvent.founder_id == founder_id
    return false()


def _used_links(scope: Scope) -> Condition:
    match scope:
        case FounderScope(founder_id=founder_id):
            return UsedLink.founder_id == founder_id
    return false()


def _records(table: type[Record]) -> Callable[[Scope], Condition]:
    def rule(scope: Scope) -> Condition:
        match scope:
            case LenderScope():
                return table.source == scope.actor
            case FounderScope(founder_id=founder_id):
                return table.founder_id == founder_id
        return false()

    return rule


_RULES: dict[type[Base], Callable[[Scope], Condition]] = {
    AuditEvent: _audit_events,
    Consent: _consents,
    Founder: _founders,
    FounderNotice: _founder_notices,
    Import: _imports,
    ImportWithdrawal: _import_withdrawals,
    IdempotencyKey: _idempotency_keys,
    Lender: _lenders,
    LenderNotice: _notices,
    LoanDecision: _loan_decisions,
    Score: _scores,
    UsedLink: _used_links,
    **{table: _records(table) for table in RECORD_TABLES},
}
