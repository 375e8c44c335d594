"""Who takes part: founders, lenders, their keys, consents and their withdrawals."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from scoring.records.tables.base import Base, Identity, Instant, Reference


class Founder(Base):
    """The person scored, known by a random reference only."""

    __tablename__ = "founders"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    reference: Mapped[str] = mapped_column(Reference, unique=True)
    added_at: Mapped[datetime] = mapped_column(Instant)


class Lender(Base):
    """A partner that asks for scores and reports loans."""

    __tablename__ = "lenders"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    reference: Mapped[str] = mapped_column(Reference, unique=True)
    name: Mapped[str] = mapped_column(String(120))
    added_at: Mapped[datetime] = mapped_column(Instant)


class ApiKey(Base):
    """A lender's key; only its digest is kept."""

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    lender_id: Mapped[int] = mapped_column(ForeignKey("lenders.id"), index=True)
    identifier: Mapped[str] = mapped_column(String(16), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime] = mapped_column(Instant)


class ApiKeyRevocation(Base):
    """The end of an API key."""

    __tablename__ = "api_key_revocations"

    api_key_id: Mapped[int] = mapped_column(ForeignKey("api_keys.id"), primary_key=True)
    revoked_at: Mapped[datetime] = mapped_column(Instant)


class Consent(Base):
    """A founder's leave for one purpose: to a lender, or to training where `lender_id` is empty."""

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"), index=True)
    lender_id: Mapped[int | None] = mapped_column(ForeignKey("lenders.id"))
    purpose: Mapped[str] = mapped_column(String(40))
    text_version: Mapped[str] = mapped_column(String(40))
    granted_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)


class ConsentWithdrawal(Base):
    """The end of a consent by the founder's word."""

    __tablename__ = "consent_withdrawals"

    consent_id: Mapped[int] = mapped_column(ForeignKey("consents.id"), primary_key=True)
    withdrawn_at: Mapped[datetime] = mapped_column(Instant)
