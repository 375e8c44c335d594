"""A lender's policy in force: by whom, what the champion makes of it, what is still missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from scoring.base.errors import NoChampionError
from scoring.governance.registry import champion, load_artefact
from scoring.governance.served import Served, background_row
from scoring.models.backgrounds import BackgroundKind
from scoring.parties.lender_policies import NO_POLICY, Policy, policy_of, policy_row
from scoring.store.tables import CutOffBackground, Lender, LenderPolicy


@dataclass(frozen=True)
class PolicyInForce:
    """A lender's policy in force with its author, and what the champion makes of it.

    Attributes:
        lender: reference.
        policy: in force.
        decision: where it was taken; None where no policy ever was.
        champion: reference; None where no model was promoted.
        points_against: whom points compare with; None without a champion.
        background: whom reasons compare with where it isn't that.
        base_points_raised: points by which positive only raises the champion's base.
        missing: what is to be done yet, in words.
    """

    lender: str
    policy: Policy
    decision: LenderPolicy | None = None
    champion: str | None = None
    points_against: BackgroundKind | None = None
    background: CutOffBackground | None = None
    base_points_raised: int | None = None
    missing: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        cut_off, decision, background = self.policy.cut_off, self.decision, self.background
        against = self.points_against if background is None else BackgroundKind.CUT_OFF
        return {
            "lender": self.lender,
            "cut_off": cut_off.score if cut_off else None,
            "margin": cut_off.margin if cut_off else None,
            "positive_only": self.policy.positive_only,
            "by": decision.decided_by if decision else None,
            "reason": decision.reason if decision else None,
            "since": decision.decided_at.isoformat() if decision else None,
            "champion": self.champion,
            "reasons_against": against.value if against else None,
            "background": background.reference if background else None,
            "background_founders": background.founders if background else None,
            "background_computed_at": background.computed_at.isoformat() if background else None,
            "base_points_raised": self.base_points_raised,
            "missing": list(self.missing),
        }


def lender_policy_in_force(session: Session, lender: Lender, *, at: datetime) -> PolicyInForce:
    """The lender's policy in force at an instant, with the champion of now."""
    decision = policy_row(session, lender.id, at=at)
    policy = NO_POLICY if decision is None else policy_of(decision)
    try:
        model = champion(session)
    except NoChampionError:
        missing = ("no model has been promoted yet",)
        return PolicyInForce(lender.reference, policy, decision, missing=missing)
    plain = load_artefact(model)
    served = Served.of(plain, model.artefact_digest, positive_only=policy.positive_only)
    background = background_row(session, lender.id, model, policy, at=at)
    lacks = background is None and policy.cut_off is not None
    return PolicyInForce(
        lender=lender.reference,
        policy=policy,
        decision=decision,
        champion=model.reference,
        points_against=served.points_against.kind,
        background=background,
        base_points_raised=served.artefact.points.base - plain.points.base
        if policy.positive_only
        else None,
        missing=(
            f"the champion {model.reference} has no background for this policy yet: foothold "
            f"lender background {lender.reference} --by NAME",
        )
        if lacks
        else (),
    )
