"""The members of the average: every kind fitted on every binning, and their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scoring.models.card.binning import Floats
from scoring.models.learning.ascent import Outcomes
from scoring.models.learning.averaging import stacking_weights
from scoring.models.learning.belief import Beliefs, Prior
from scoring.models.learning.coding import part_of, rows_of
from scoring.models.learning.design import Design
from scoring.models.learning.kinds import (
    ANCHOR,
    CLIFFS,
    SMOOTH,
    SMOOTH_PER_FEATURE,
    STRAIGHT,
    MemberKind,
)
from scoring.models.learning.merging import Member
from scoring.models.learning.posterior import (
    Posterior,
    fit_coefficients,
    fit_member,
    leave_one_out,
)
from scoring.models.learning.scales import Scales
from scoring.models.learning.straight import straightened

FIRST_ROUNDS = 16
"""Rounds of the marginal likelihood on the first binning; the others start from its scales."""

LATER_ROUNDS = 4
REFIT_ROWS = 250
"""Up to so many rows, rows are left out by refitting folds, scales included; beyond, by one
Newton step at scales that saw them, which flatters flexible members when rows are few."""

ROWS_OF_ONE_SCALE = 250
"""Up to so many rows the smooth member with a scale per feature is its sibling's double, and costs
as much; it is left out."""

REFIT_ROUNDS = 12
FOLDS = 5
ROWS_FOR_SCALES = 8_000
"""More rows than this: scales and stacking weights are learned on an even part of them."""

ROWS_OF_ANCHOR = 50
"""Up to so many rows the expert's line has its whole credit; beyond, it falls as one over rows."""

ROWS_FOR_LINES = 500
"""Up to so many rows straight lines, a ridge's and the expert's, are in the average."""

ROWS_FOR_AVERAGE = 50_000
"""More rows than this: the most flexible kind alone, on one binning, for data rule the rest."""

EXPERT_STEP_VARIANCE = 0.25
"""Variance of a feature's whole range round the expert's line, without outcomes."""

EXPERT_MISSING_VARIANCE = EXPERT_STEP_VARIANCE
"""Not to know a value is no more doubtful than the value's whole range; several features of one
kind are missing together, and a larger variance each would drown the base rate's own."""


@dataclass(frozen=True)
class FittedMembers:
    """What was fitted.

    Attributes:
        members: of the average.
        plainest: fit of the plainest kind whose scales are learned, on the first binning.
        weights: of each kind in the average, by name.
        scales: scale of each feature by kind whose scales are learned, log-odds, on the first
            binning.
    """

    members: list[Member]
    plainest: Posterior
    weights: dict[str, float]
    scales: dict[str, list[float]]


def expert_member(design: Design, prior: Prior, weight: float) -> Member:
    """Return the prior itself as a member.

    Its deviations have independent increments, as a Gamma process has, so that the doubt in a
    value does not depend on the number of bins.
    """
    line = prior.loadings @ prior.extra_mean + prior.mean
    variances = np.zeros(design.n_coefficients)
    variances[prior.steps] = EXPERT_STEP_VARIANCE / prior.count[prior.steps]
    variances[prior.missing & ~prior.fixed] = EXPERT_MISSING_VARIANCE
    variances[-1] = prior.base_variance
    covariance = np.diag(variances) + (prior.loadings / prior.extra_precision) @ prior.loadings.T
    return Member(design, line, covariance, weight, "expert")


def fit_members(designs: Sequence[Design], beliefs: Beliefs, outcomes: Outcomes) -> FittedMembers:
    """Fit every kind on every binning and weigh the kinds.

    Args:
        designs: one per binning.
        beliefs: of the features.
        outcomes: of the rows.
    """
    rows = float(outcomes.weights.sum())
    kinds = _kinds(rows_of(outcomes.weights), beliefs)
    seen = {kind: [_Seen.by(kind, design, beliefs) for design in designs] for kind in kinds}
    posteriors = {kind: _fit_kind(kind, seen[kind], outcomes) for kind in kinds}
    part = part_of(outcomes.bad.size, ROWS_FOR_SCALES)
    judged = outcomes.of(part)
    refitted = rows <= REFIT_ROWS and part.size == outcomes.bad.size
    left_out = [
        _left_out_by_refits(seen[kind][0], outcomes, kind)
        if refitted
        else _left_out_by_one_step(seen[kind], part, judged, posteriors[kind])
        for kind in kinds
    ]
    weights = stacking_weights(
        np.array(left_out), judged, np.array([_credit(kind, rows) for kind in kinds])
    )
    members = [
        binning.member(kind, posterior, float(weight) / len(designs))
        for kind, weight in zip(kinds, weights, strict=True)
        for binning, posterior in zip(seen[kind], posteriors[kind], strict=True)
    ]
    learned = {kind: posteriors[kind][0] for kind in kinds if kind.scales_are_learned}
    return FittedMembers(
        members,
        plainest=next(iter(learned.values())),
        weights={kind.name: float(weight) for kind, weight in zip(kinds, weights, strict=True)},
        scales={
            kind.name: [float(scale) for scale in np.sqrt(first.scales.step_scale)]
            for kind, first in learned.items()
        },
    )


def _kinds(rows: float, beliefs: Beliefs) -> tuple[MemberKind, ...]:
    if rows > ROWS_FOR_AVERAGE:
        return (CLIFFS,)
    steps = (SMOOTH, CLIFFS) if rows <= ROWS_OF_ONE_SCALE else (SMOOTH, SMOOTH_PER_FEATURE, CLIFFS)
    if rows > ROWS_FOR_LINES:
        return steps
    has_weights = any(declared.weight for declared in beliefs.declarations)
    return (*steps, STRAIGHT, ANCHOR) if has_weights else (*steps, STRAIGHT)


def _credit(kind: MemberKind, rows: float) -> float:
    return kind.credit * min(1.0, ROWS_OF_ANCHOR / rows) if kind.anchored else kind.credit


def _fit_kind(kind: MemberKind, seen: Sequence[_Seen], outcomes: Outcomes) -> list[Posterior]:
    found: list[Posterior] = []
    for binning in seen:
        prior = binning.prior
        scales = replace(found[0].scales, prior=prior) if found else Scales.first_guess(kind, prior)
        rounds = LATER_ROUNDS if found else FIRST_ROUNDS
        if not kind.scales_are_learned:
            rounds = 0
        found.append(_fit_in_two(binning.design, outcomes, scales, rounds))
    return found


def _fit_in_two(design: Design, outcomes: Outcomes, scales: Scales, rounds: int) -> Posterior:
    """Learn scales on a part of many rows, then coefficients on all of them."""
    part = part_of(outcomes.bad.size, ROWS_FOR_SCALES)
    if part.size == outcomes.bad.size:
        return fit_member(design, outcomes, scales, rounds=rounds)
    first = fit_member(design.rows(part), outcomes.of(part), scales, rounds=rounds)
    return fit_member(design, outcomes, first.scales, rounds=0, start=first.coefficients)


def _left_out_by_one_step(
    seen: Sequence[_Seen],
    part: NDArray[np.intp],
    judged: Outcomes,
    posteriors: Sequence[Posterior],
) -> Floats:
    """Return the log-odds of a part of the rows as if each had not been seen, shape (part,)."""
    found = [
        leave_one_out(binning.design.rows(part), judged, posterior)
        for binning, posterior in zip(seen, posteriors, strict=True)
    ]
    return np.asarray(np.mean(found, axis=0))


def _left_out_by_refits(binning: _Seen, outcomes: Outcomes, kind: MemberKind) -> Floats:
    """Return each row's log-odds from fits that did not see its fold, shape (rows,).

    Folds take turns along the rows, which are sorted, good and bad apart.
    """
    design = binning.design
    fold = np.empty(outcomes.bad.size, dtype=np.intp)
    for outcome in (0.0, 1.0):
        of_outcome = np.flatnonzero(outcomes.bad == outcome)
        fold[of_outcome] = np.arange(of_outcome.size) % FOLDS
    log_odds = np.empty(fold.size)
    for left in np.unique(fold):
        seen = np.flatnonzero(fold != left)
        unseen = np.flatnonzero(fold == left)
        coefficients = fit_coefficients(
            design.rows(seen),
            outcomes.of(seen),
            Scales.first_guess(kind, binning.prior),
            rounds=REFIT_ROUNDS if kind.scales_are_learned else 0,
        )
        log_odds[unseen] = design.rows(unseen).log_odds(coefficients)
    return log_odds


@dataclass(frozen=True)
class _Seen:
    """One binning as a kind of member sees it.

    Attributes:
        whole: the binning.
        design: what the kind's coefficients are of.
        prior: of these coefficients.
        turning: what turns them into the binning's, shape (its coefficients, coefficients); None
            where they are the same.
    """

    whole: Design
    design: Design
    prior: Prior
    turning: Floats | None = None

    @classmethod
    def by(cls, kind: MemberKind, whole: Design, beliefs: Beliefs) -> _Seen:
        """Return a binning as a kind sees it."""
        design, turning = straightened(whole) if kind.straight else (whole, None)
        return cls(whole, design, beliefs.of(kind).prior(design), turning)

    def member(self, kind: MemberKind, posterior: Posterior, weight: float) -> Member:
        """Return the fit as a member of the average."""
        coefficients = posterior.coefficients
        covariance = posterior.covariance + np.diag(posterior.pinned_variance)
        if self.turning is not None:
            coefficients = self.turning @ coefficients
            covariance = self.turning @ covariance @ self.turning.T
        return Member(self.whole, coefficients, covariance, weight, kind.name)
