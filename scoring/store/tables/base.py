"""What all tables share: naming of constraints, column types, and the times of a record."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    event,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, declared_attr, mapped_column
from sqlalchemy.types import TypeDecorator

from scoring.base.calendar import instant_of, microseconds
from scoring.base.lines import require_line


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, stored as integer microseconds since 1970.

    One integer compares the same on SQLite, PostgreSQL, DuckDB and Spark; a native timestamp
    does not (SQLite has none, and Spark's depends on the session's zone).
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Python to SQL."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """SQL to Python."""
        return None if value is None else instant_of(value)


# SQLite numbers rows by itself only for a column declared INTEGER.
Identity = BigInteger().with_variant(Integer, "sqlite")
Reference = String(64)


class Base(DeclarativeBase):
    """Root of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


@event.listens_for(Base, "before_insert", propagate=True)
def _require_texts_that_fit(mapper: Mapper[Any], _: Connection, target: Base) -> None:
    # SQLite would keep what PostgreSQL refuses. Rows of files are checked in the intake.
    for column in mapper.columns:
        value = getattr(target, column.key)
        if isinstance(value, str) and isinstance(column.type, String) and column.type.length:
            words = f"The {column.key.replace('_', ' ')}"
            require_line(words, value, longest=column.type.length)


class Record(Base):
    """A record: appended, never changed, superseded by a row of its own.

    `superseded_learned_at` and `superseded_recorded_at` are the one derived mark: the store
    sets them when it supersedes, once, to spare every query an anti-join.

    `held` says why a row stays out of scoring, as a code (a doubt of the intake, a dispute);
    empty where it counts. Somebody's decision supersedes it with a row that counts, or with none.
    """

    __abstract__ = True

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"))
    source: Mapped[str] = mapped_column(Reference)
    natural_key: Mapped[str] = mapped_column(String(300))
    import_id: Mapped[int | None] = mapped_column(ForeignKey("imports.id"))
    event_date: Mapped[date]
    event_day: Mapped[int]
    learned_at: Mapped[datetime] = mapped_column(Instant)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    superseded_learned_at: Mapped[datetime | None] = mapped_column(Instant)
    superseded_recorded_at: Mapped[datetime | None] = mapped_column(Instant)
    held: Mapped[str | None] = mapped_column(String(40))

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        """One current row per source and natural key; look-ups by founder."""
        current = text("superseded_recorded_at IS NULL")
        return (
            Index(
                f"uq_{cls.__tablename__}_current",
                "source",
                "natural_key",
                unique=True,
                sqlite_where=current,
                postgresql_where=current,
            ),
            Index(f"ix_{cls.__tablename__}_founder_id_event_day", "founder_id", "event_day"),
        )
