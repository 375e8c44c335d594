"""What calculations may read of the evidence: the columns that a lake of any engine holds."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Date, Float, Integer, String

from scoring.store.tables import RECORD_TABLES, Base, Instant, PlatformEvent

# By founder, and what holds for everybody who sells on a channel.
LAKE_TABLES: tuple[type[Base], ...] = (*RECORD_TABLES, PlatformEvent)

# Where a record came from, and hashes or names of who wrote it down, are no evidence of anything.
_NEVER_READ = {"source", "natural_key", "import_id", "marked_by", "author"}
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
    return {
        column.name: next(name for kind, name in _TYPES if isinstance(column.type, kind))
        for column in table.__table__.columns
        if not isinstance(column.type, Date | Boolean) and column.name not in _NEVER_READ
    }
