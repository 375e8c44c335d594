"""What a lender decided on an application, and what a founder was told of loans."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from scoring.store.tables.base import Base, Identity, Instant, Reference


class LoanDecision(Base):
    """A lender's decision on an application; the latest row for an application rules.

    `outcome` is approve, decline or counter_offer. `score_id` is the score that was used, empty
    where there was none. `content` is canonical JSON: the reasons, the terms of a counter-offer,
    and what the policy said. `override_reason` is filled where it went against the policy.
    """

    __tablename__ = "loan_decisions"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    reference: Mapped[str] = mapped_column(Reference, unique=True)
    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"), index=True)
    lender_id: Mapped[int] = mapped_column(ForeignKey("lenders.id"), index=True)
    application: Mapped[str] = mapped_column(Reference)
    application_id: Mapped[int] = mapped_column(BigInteger)
    score_id: Mapped[int | None] = mapped_column(ForeignKey("scores.id"))
    outcome: Mapped[str] = mapped_column(String(20))
    override_reason: Mapped[str | None] = mapped_column(String(400))
    content: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(String(120))
    decided_at: Mapped[datetime] = mapped_column(Instant)


class FounderNotice(Base):
    """What a founder is told, on their page: an application declined, arrears others will see.

    `kind` is a code; `content` canonical JSON of what the sentence holds. Of arrears, `source` and
    `loan` name the loan (Korea, Credit Information Act art. 35-3).
    """

    __tablename__ = "founder_notices"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    founder_id: Mapped[int] = mapped_column(ForeignKey("founders.id"), index=True)
    lender_id: Mapped[int | None] = mapped_column(ForeignKey("lenders.id"))
    kind: Mapped[str] = mapped_column(String(40))
    source: Mapped[str | None] = mapped_column(Reference)
    loan: Mapped[str | None] = mapped_column(Reference)
    content: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime] = mapped_column(Instant)
