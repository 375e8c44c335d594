"""What came in: receipts of files, rows that wait for somebody to say whose they are."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from scoring.store.tables.base import Base, Identity, Instant, Reference


class Import(Base):
    """Receipt of a file that was imported. Its name is not kept: people name files after people."""

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    file_digest: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(Reference)
    learned: Mapped[str] = mapped_column(String(20))
    author: Mapped[str] = mapped_column(String(120))
    imported_at: Mapped[datetime] = mapped_column(Instant)
    format: Mapped[str] = mapped_column(String(30))


class ImportResult(Base):
    """What an import came to, counted once its rows were stored."""

    __tablename__ = "import_results"

    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id"), primary_key=True)
    rows: Mapped[int]
    accepted: Mapped[int]
    suspect: Mapped[int]
    quarantined: Mapped[int]
    repeated: Mapped[int]
    left_out: Mapped[int]
    added: Mapped[int]
    corrected: Mapped[int]
    cancelled: Mapped[int]
    net_sales: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None] = mapped_column(String(3))
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]


class ImportWithdrawal(Base):
    """That a whole import stands no more: its rows are superseded, and none is removed."""

    __tablename__ = "import_withdrawals"

    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(400))
    author: Mapped[str] = mapped_column(String(120))
    withdrawn_at: Mapped[datetime] = mapped_column(Instant)


class QuarantinedRow(Base):
    """A row that waits: for a person to be named, or for the sale or loan that it tells of.

    `cells` are the row in the plain form, without anything personal, as JSON; the row is found
    again in its file by `row`. `person` is a keyed hash of whom the file names; `waits_for` the
    natural key of a sale or the number of a loan. `natural_key` is the digest of all that, so that
    the same file twice does not wait twice. Once decided, the row is marked as superseded.
    """

    __tablename__ = "quarantined_rows"
    __table_args__ = (
        Index(
            "uq_quarantined_rows_current",
            "source",
            "natural_key",
            unique=True,
            sqlite_where=text("superseded_recorded_at IS NULL"),
            postgresql_where=text("superseded_recorded_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    row: Mapped[int]
    source: Mapped[str] = mapped_column(Reference)
    natural_key: Mapped[str] = mapped_column(String(300))
    reason: Mapped[str] = mapped_column(String(40))
    person: Mapped[str | None] = mapped_column(String(64), index=True)
    waits_for: Mapped[str | None] = mapped_column(String(300), index=True)
    cells: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    superseded_learned_at: Mapped[datetime | None] = mapped_column(Instant)
    superseded_recorded_at: Mapped[datetime | None] = mapped_column(Instant)


class QuarantineResolution(Base):
    """What became of a row that waited: resolved to a founder, dismissed, or withdrawn."""

    __tablename__ = "quarantine_resolutions"

    quarantined_row_id: Mapped[int] = mapped_column(
        ForeignKey("quarantined_rows.id"), primary_key=True
    )
    outcome: Mapped[str] = mapped_column(String(20))
    founder_id: Mapped[int | None] = mapped_column(ForeignKey("founders.id"))
    reason: Mapped[str] = mapped_column(String(400))
    author: Mapped[str] = mapped_column(String(120))
    resolved_at: Mapped[datetime] = mapped_column(Instant)
