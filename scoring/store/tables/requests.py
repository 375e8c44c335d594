"""What was answered and opened before, so that nothing is done or opened twice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from scoring.store.tables.base import Base, Identity, Instant, Reference


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
