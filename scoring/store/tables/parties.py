"""Who takes part: founders, lenders, their keys, consents and their withdrawals."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from scoring.store.tables.base import Base, Identity, Instant, Reference


class Founder(Base):
    """The person scored, known by a random reference only."""

    __tablename__ = "founders"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    reference: Mapped[str] = mapped_column(Reference, unique=True)
    added_at: Mapped[datetime] = mapped_column(Instant)


class FounderAlias(Base):
    """A keyed hash of how some source names a founder, so that its files find them.

    `kind` is `id` (an operator's own number, within one source), `name_phone` or `name`.
    """

    __tablename__ = "founder_aliases"
    __table_args__ = (Index(None, "digest"),)

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    source: Mapped[str | None] = mapped_column(Reference)
    digest: Mapped[str] = mapped_column(String(64))
    author: Mapped[str] = mapped_column(String(120))
    added_at: Mapped[datetime] = mapped_column(Instant)


class FounderAliasWithdrawal(Base):
    """That an alias was wrong, or is no more."""

    __tablename__ = "founder_alias_withdrawals"

    alias_id: Mapped[int] = mapped_column(ForeignKey("founder_aliases.id"), primary_key=True)
    author: Mapped[str] = mapped_column(String(120))
    withdrawn_at: Mapped[datetime] = mapped_column(Instant)


class Shop(Base):
    """That a founder sells on a channel, since when; the latest row for a channel rules."""

    __tablename__ = "shops"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"), index=True)
    channel: Mapped[str] = mapped_column(Reference)
    opened_on: Mapped[date]
    author: Mapped[str] = mapped_column(String(120))
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


class OperatorKey(Base):
    """An operator's key for sending records; only its digest is kept."""

    __tablename__ = "operator_keys"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    operator: Mapped[str] = mapped_column(Reference)
    identifier: Mapped[str] = mapped_column(String(16), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime] = mapped_column(Instant)


class OperatorKeyRevocation(Base):
    """The end of an operator's key."""

    __tablename__ = "operator_key_revocations"

    operator_key_id: Mapped[int] = mapped_column(ForeignKey("operator_keys.id"), primary_key=True)
    revoked_at: Mapped[datetime] = mapped_column(Instant)


class Consent(Base):
    """A founder's leave for one purpose: to a lender, or to training where `lender_id` is empty.

    `reads_loans_elsewhere`: whether the lender's scores may read loans of other lenders.
    `shows_facts`: whether the lender may read the values behind the reasons.
    """

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"), index=True)
    lender_id: Mapped[int | None] = mapped_column(ForeignKey("lenders.id"))
    purpose: Mapped[str] = mapped_column(String(40))
    text_version: Mapped[str] = mapped_column(String(40))
    reads_loans_elsewhere: Mapped[bool] = mapped_column(default=True)
    shows_facts: Mapped[bool] = mapped_column(default=False)
    granted_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)


class ConsentWithdrawal(Base):
    """The end of a consent by the founder's word."""

    __tablename__ = "consent_withdrawals"

    consent_id: Mapped[int] = mapped_column(ForeignKey("consents.id"), primary_key=True)
    withdrawn_at: Mapped[datetime] = mapped_column(Instant)
