"""What was decided from the evidence: models, promotions, scores, and the audit chain."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
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


class AuditEvent(Base):
    """One link of the hash chain."""

    __tablename__ = "audit_events"

    sequence: Mapped[int] = mapped_column(Identity, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(40))
    founder_id: Mapped[int | None] = mapped_column(ForeignKey("founders.id"), index=True)
    details: Mapped[str] = mapped_column(Text)
    previous_digest: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64), unique=True)


class IdempotencyKey(Base):
    """What a request with an idempotency key was answered with, so that it is not done twice.

    `answer` says what `reference` is of: a score, or the receipt of an import. `content` is the
    receipt, without what it quotes of its file; a score is read by its reference.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("sender", "key"),)

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    sender: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(200))
    request_digest: Mapped[str] = mapped_column(String(64))
    answer: Mapped[str] = mapped_column(String(20))
    reference: Mapped[str] = mapped_column(Reference)
    content: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)


class UsedLink(Base):
    """A one-time link that was opened, so that it can't be opened again."""

    __tablename__ = "used_links"

    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"))
    used_at: Mapped[datetime] = mapped_column(Instant)
