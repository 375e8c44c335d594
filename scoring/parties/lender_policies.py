"""What a lender chose for its own scores: a cut-off to take reasons against, positive only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.errors import InputError
from scoring.parties.persons import require_name_and_reason
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.tables import Lender, LenderPolicy

_MOST = 10_000  # points; no scale comes near


@dataclass(frozen=True)
class CutOff:
    """From which score on a lender usually lends, and how far above is still just above.

    Attributes:
        score: the least.
        margin: points above it.

    Raises:
        InputError: they can't be.
    """

    score: int
    margin: int

    def __post_init__(self) -> None:
        if not -_MOST <= self.score <= _MOST:
            raise InputError(f"A cut-off of {self.score} is no score. Give points, such as 170.")
        if not 0 <= self.margin <= _MOST:
            raise InputError(
                f"A margin of {self.margin} points can't be. Give how many points above the "
                "cut-off are still just above, such as 20, which double the odds."
            )


@dataclass(frozen=True)
class Policy:
    """A lender's policy as it stands.

    Attributes:
        cut_off: None where the lender named none.
        positive_only: whether alternative data count in favour only.
    """

    cut_off: CutOff | None = None
    positive_only: bool = False


NO_POLICY = Policy()


def decide_policy(
    ledger: Ledger, lender: Lender, policy: Policy, *, by: str, reason: str
) -> LenderPolicy:
    """Put a policy in force for a lender's scores from now on; earlier scores stay as they are.

    Raises:
        InputError: name or reason are missing or don't fit.
    """
    require_name_and_reason(by, reason)
    cut_off = policy.cut_off
    row = LenderPolicy(
        lender_id=lender.id,
        cut_off=None if cut_off is None else cut_off.score,
        margin=None if cut_off is None else cut_off.margin,
        positive_only=policy.positive_only,
        reason=reason,
        decided_by=by,
        decided_at=ledger.now,
    )
    ledger.session.add(row)
    ledger.session.flush()
    append_event(
        ledger,
        actor=by,
        action="lender.policy",
        details={
            "lender": lender.reference,
            "cut_off": row.cut_off,
            "margin": row.margin,
            "positive_only": row.positive_only,
            "reason": reason,
        },
    )
    return row


def policy_row(session: Session, lender_id: int, *, at: datetime) -> LenderPolicy | None:
    """The decision that was in force at an instant, with its author; None where none was taken."""
    return session.scalars(
        select(LenderPolicy)
        .where(LenderPolicy.lender_id == lender_id, LenderPolicy.decided_at <= at)
        .order_by(LenderPolicy.decided_at.desc(), LenderPolicy.id.desc())
        .limit(1)
    ).first()


def policy_in_force(session: Session, lender_id: int, *, at: datetime) -> Policy:
    """A lender's policy at an instant; `NO_POLICY` where it never decided on one."""
    row = policy_row(session, lender_id, at=at)
    return NO_POLICY if row is None else policy_of(row)


def policy_of(row: LenderPolicy) -> Policy:
    """What a decision says."""
    cut_off = None
    if row.cut_off is not None and row.margin is not None:
        cut_off = CutOff(row.cut_off, row.margin)
    return Policy(cut_off, row.positive_only)
