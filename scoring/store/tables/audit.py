"""The audit chain."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from scoring.store.tables.base import Base, Identity, Instant


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
