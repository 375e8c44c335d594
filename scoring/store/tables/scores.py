"""Scores as they were given."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from scoring.store.tables.base import Base, Identity, Instant, Reference


class Score(Base):
    """A score as given: `document` is its canonical record, `known_at` lets it be replayed."""

    __tablename__ = "scores"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    reference: Mapped[str] = mapped_column(Reference, unique=True)
    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"), index=True)
    lender_id: Mapped[int] = mapped_column(ForeignKey("lenders.id"))
    consent_id: Mapped[int] = mapped_column(ForeignKey("consents.id"))
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"))
    purpose: Mapped[str] = mapped_column(String(40))
    application: Mapped[str | None] = mapped_column(Reference)
    as_of: Mapped[date]
    known_at: Mapped[datetime] = mapped_column(Instant)
    issued_at: Mapped[datetime] = mapped_column(Instant)
    score: Mapped[int | None]
    document: Mapped[str] = mapped_column(Text)
    document_digest: Mapped[str] = mapped_column(String(64))
    code_version: Mapped[str] = mapped_column(String(40))
