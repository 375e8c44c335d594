"""Trained models, and which was made champion by whom."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from scoring.store.tables.base import Base, Identity, Instant, Reference


class Model(Base):
    """A trained model as plain data, with its figures and lineage."""

    __tablename__ = "models"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    reference: Mapped[str] = mapped_column(Reference, unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    artefact: Mapped[str] = mapped_column(Text)
    artefact_digest: Mapped[str] = mapped_column(String(64))
    deployment_profile: Mapped[str] = mapped_column(String(40))
    currency: Mapped[str] = mapped_column(String(3))
    figures: Mapped[str] = mapped_column(Text)
    lineage: Mapped[str] = mapped_column(Text)
    trained_by: Mapped[str] = mapped_column(String(120))
    trained_at: Mapped[datetime] = mapped_column(Instant)


class Promotion(Base):
    """A model made champion, by whom and why; the latest row rules."""

    __tablename__ = "promotions"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"))
    promoted_by: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(400))
    promoted_at: Mapped[datetime] = mapped_column(Instant)
