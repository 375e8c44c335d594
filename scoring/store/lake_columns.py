"""What calculations may read of the records: the columns that a lake of any engine holds."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Date, Float, Integer, String

from scoring.store.point_in_time import DECIDING
from scoring.store.tables import (
    RECORD_TABLES,
    Base,
    CashFlowLine,
    Instalment,
    Instant,
    Loan,
    LoanEvent,
    LoanReport,
    PlatformEvent,
    Repayment,
)
from scoring.store.tables.bookkeeping import BOOKKEEPING

# By founder, and what holds for everybody who sells on a channel.
LAKE_TABLES: tuple[type[Base], ...] = (*RECORD_TABLES, PlatformEvent)

# What tells rows apart whose numbers mean something only within their source. Calculations may
# group and join by it, and no value may be made of it: `features/lineage.py` sees to that.
# A loan is known by its lender's source and number: lenders number their loans alike.
KEYS: dict[str, frozenset[str]] = {
    CashFlowLine.__tablename__: frozenset({"source", "account"}),
    **{
        table.__tablename__: frozenset({"source"})
        for table in (Loan, Instalment, Repayment, LoanEvent, LoanReport)
    },
}

# Where a record came from, and hashes or names of who wrote it down, tell nothing of what happened.
_NEVER_READ = (BOOKKEEPING - DECIDING) | {"marked_by", "author"}
_TYPES: tuple[tuple[type, str], ...] = (
    (Instant, "int64"),
    (BigInteger, "int64"),
    (Integer, "int64"),
    (Float, "float64"),
    (String, "string"),
)


def record_columns(table: type[Base]) -> dict[str, str]:
    """Columns of a record table that calculations may use, with their Ibis types.

    Days are calculated with as integers, and a flag is for people to read: dates and booleans are
    left out. Instants are integers of microseconds.
    """
    left_out = _NEVER_READ - KEYS.get(table.__tablename__, frozenset())
    return {
        column.name: next(name for kind, name in _TYPES if isinstance(column.type, kind))
        for column in table.__table__.columns
        if not isinstance(column.type, Date | Boolean) and column.name not in left_out
    }
