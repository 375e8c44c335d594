"""Keys derived from the installation's secret: how a store knows its own, and rotations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scoring.store.tables.base import Base, Identity, Instant


class KeyCheck(Base):
    """A value made with the secret, by which the store knows it again; one row.

    With another secret links would not open, and people and buyers would not be recognised.
    """

    __tablename__ = "key_checks"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    check_value: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(Instant)


class KeyRotation(Base):
    """That a purpose has another key from now on; the highest generation rules."""

    __tablename__ = "key_rotations"
    __table_args__ = (UniqueConstraint("purpose", "generation"),)

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    generation: Mapped[int]
    rotated_by: Mapped[str] = mapped_column(String(120))
    rotated_at: Mapped[datetime] = mapped_column(Instant)
