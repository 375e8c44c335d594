"""What lenders chose for their own scores, and the backgrounds that their reasons are against."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from scoring.store.tables.base import Base, Identity, Instant, Reference


class LenderPolicy(Base):
    """A lender's policy as a whole, by whom and why; the latest row rules.

    `cut_off` is the least score that the lender usually lends from, `margin` how many points above
    it still count as just above; both or neither.
    """

    __tablename__ = "lender_policies"
    __table_args__ = (
        CheckConstraint("(cut_off IS NULL) = (margin IS NULL)", name="cut_off_with_margin"),
    )

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    lender_id: Mapped[int] = mapped_column(ForeignKey("lenders.id"), index=True)
    cut_off: Mapped[int | None]
    margin: Mapped[int | None]
    positive_only: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(400))
    decided_by: Mapped[str] = mapped_column(String(120))
    decided_at: Mapped[datetime] = mapped_column(Instant)


class CutOffBackground(Base):
    """Means over applicants scored at or just above a lender's cut-off; the latest row rules.

    `content` is canonical (`scoring.models.backgrounds`), and the reference is made of its digest.
    """

    __tablename__ = "cut_off_backgrounds"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    reference: Mapped[str] = mapped_column(Reference, unique=True)
    lender_id: Mapped[int] = mapped_column(ForeignKey("lenders.id"), index=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("models.id"))
    positive_only: Mapped[bool]
    cut_off: Mapped[int]
    margin: Mapped[int]
    founders: Mapped[int]
    content: Mapped[str] = mapped_column(Text)
    computed_by: Mapped[str] = mapped_column(String(120))
    computed_at: Mapped[datetime] = mapped_column(Instant)
