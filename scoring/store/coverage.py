"""Which rows the audit chain answers for, and how those of one transaction are found again.

Rows of a table are in the order of their transactions by one column, their position: writers
come one after the other, so numbers and instants of recording only grow. The last event of a
transaction says up to which position it wrote each table, and the digest of those rows.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Select,
    String,
    Table,
    and_,
    literal,
    select,
    type_coerce,
)

from scoring.store.tables import Base, Instant
from scoring.store.tables.bookkeeping import MARKS

NUMBERED = dict.fromkeys(
    (
        "api_keys",
        "applications",
        "attendance",
        "cash_flow_lines",
        "consents",
        "cut_off_backgrounds",
        "declared_outcomes",
        "disputes",
        "founder_aliases",
        "founder_notices",
        "founders",
        "idempotency_keys",
        "imports",
        "instalments",
        "key_checks",
        "key_rotations",
        "lender_notices",
        "lender_policies",
        "lenders",
        "loan_decisions",
        "loan_events",
        "loan_reports",
        "loans",
        "models",
        "operator_keys",
        "order_lines",
        "pauses",
        "platform_events",
        "programme_calendars",
        "programme_sessions",
        "programmes",
        "promotions",
        "quarantined_rows",
        "repayments",
        "scores",
        "shops",
        "supersessions",
    ),
    "id",
) | {"import_results": "import_id"}
"""Tables whose rows have growing numbers, with the column of the number."""

DATED = {
    "api_key_revocations": "revoked_at",
    "consent_withdrawals": "withdrawn_at",
    "dispute_decisions": "decided_at",
    "founder_alias_withdrawals": "withdrawn_at",
    "import_withdrawals": "withdrawn_at",
    "lender_notice_receipts": "received_at",
    "operator_key_revocations": "revoked_at",
    "quarantine_resolutions": "resolved_at",
    "used_links": "used_at",
}
"""Tables without numbers of their own, with the column of the transaction's instant."""

UNCOVERED = {"audit_events": "it is the chain, and the head answers for it"}
"""Tables that the chain does not answer for, each with the reason."""

POSITIONS = NUMBERED | DATED


@cache
def columns_covered(name: str) -> tuple[ColumnElement[object], ...]:
    """A table's columns as both databases store them, without the derived mark."""
    table = Base.metadata.tables[name]
    return tuple(_stored(column) for column in table.columns if column.name not in MARKS)


def place_of_position(name: str) -> int:
    """Where among the columns covered a row's position stands."""
    table = Base.metadata.tables[name]
    names = [column.name for column in table.columns if column.name not in MARKS]
    return names.index(POSITIONS[name])


def position_of(table: Table) -> ColumnElement[int]:
    """A row's position, as an integer."""
    return type_coerce(table.columns[POSITIONS[table.name]], BigInteger)


def rows_within(name: str, after: int | None, until: int) -> Select[*tuple[Any, ...]]:
    """The rows after one position and up to another, in their order."""
    table = Base.metadata.tables[name]
    position = position_of(table)
    bounds = [position <= literal(until, BigInteger)]
    if after is not None:
        bounds.append(position > literal(after, BigInteger))
    return (
        select(*columns_covered(name))
        .where(and_(*bounds))
        .order_by(position, *table.primary_key.columns)
    )


def _stored(column: ColumnElement[object]) -> ColumnElement[object]:
    if isinstance(column.type, Instant):
        return type_coerce(column, BigInteger)
    if isinstance(column.type, Date):
        return type_coerce(column, String)
    return column
