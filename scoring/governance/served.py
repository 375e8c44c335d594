"""A model as a lender has it: its card under the lender's policy, and what reasons are against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.governance.registry import load_artefact
from scoring.models.artefact import Artefact
from scoring.models.backgrounds import Background, BackgroundKind
from scoring.parties.lender_policies import Policy, policy_in_force
from scoring.store.tables import CutOffBackground, Model


@dataclass(frozen=True)
class Served:
    """What scores a lender's founders.

    Attributes:
        artefact: the model, its card as the lender's policy has it.
        positive_only: whether that card counts alternative data in favour only.
        points_against: the card's own background, to which points are relative.
        reasons_against: whom reasons compare with.
    """

    artefact: Artefact
    positive_only: bool
    points_against: Background
    reasons_against: Background

    @classmethod
    def of(
        cls,
        artefact: Artefact,
        model_digest: str,
        *,
        positive_only: bool = False,
        reasons_against: Background | None = None,
    ) -> Served:
        """A model under a policy.

        Args:
            artefact: the model as stored.
            model_digest: of it.
            positive_only: whether to count alternative data in favour only.
            reasons_against: whom reasons compare with; the card's own background when None.
        """
        own = Background(
            kind=BackgroundKind(artefact.scorecard.background_),
            model=model_digest,
            positive_only=positive_only,
        )
        return cls(
            artefact=artefact.positive_only if positive_only else artefact,
            positive_only=positive_only,
            points_against=own,
            reasons_against=reasons_against or own,
        )


def served_to(session: Session, lender_id: int, model: Model, *, at: datetime) -> Served:
    """The model under the policy and the background that were in force at an instant.

    Raises:
        IntegrityError: the model or the background is not what was stored.
    """
    policy = policy_in_force(session, lender_id, at=at)
    row = background_row(session, lender_id, model, policy, at=at)
    against = None if row is None else Background.from_json(row.content, reference=row.reference)
    return Served.of(
        load_artefact(model),
        model.artefact_digest,
        positive_only=policy.positive_only,
        reasons_against=against,
    )


def background_row(
    session: Session, lender_id: int, model: Model, policy: Policy, *, at: datetime
) -> CutOffBackground | None:
    """The latest background of this very model, card, cut-off and margin; None where none is."""
    if policy.cut_off is None:
        return None
    return session.scalars(
        select(CutOffBackground)
        .where(
            CutOffBackground.lender_id == lender_id,
            CutOffBackground.model_id == model.id,
            CutOffBackground.positive_only == policy.positive_only,
            CutOffBackground.cut_off == policy.cut_off.score,
            CutOffBackground.margin == policy.cut_off.margin,
            CutOffBackground.computed_at <= at,
        )
        .order_by(CutOffBackground.computed_at.desc(), CutOffBackground.id.desc())
        .limit(1)
    ).first()
