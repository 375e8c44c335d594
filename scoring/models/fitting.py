"""From rows to a card: bin, fit each member, average them, compress."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scoring.models.averaging import stacking_weights, union_of_cuts
from scoring.models.binning import (
    FEWEST_DISTINCT_FOR_CUTS,
    FEWEST_ROWS_FOR_CUTS,
    Floats,
    bins_for,
    cut_points,
    floor_for,
    shifts,
)
from scoring.models.card import Card
from scoring.models.declarations import Declaration
from scoring.models.design import Design, background_shares, uniform_shares
from scoring.models.merging import Member, merge
from scoring.models.posterior import Outcomes, fit_member, leave_one_out
from scoring.models.prior import KINDS, Prior, Scales
from scoring.models.uncertainty import Uncertainty

FIRST_ROUNDS = 16
"""Evidence rounds on the first binning; the others start from its scales."""

LATER_ROUNDS = 5
EXPERT_STEP_VARIANCE = 0.25
"""Variance of a feature's whole range round the expert's line, without outcomes."""

EXPERT_MISSING_VARIANCE = 1.0


@dataclass(frozen=True)
class Settings:
    """What the estimator was told, beyond the features."""

    base_rate: tuple[float, float]
    default_weight_sd: float
    n_binnings: int
    max_card_bins: int


@dataclass(frozen=True)
class Fitted:
    """A card with its uncertainty and how it came about.

    Attributes:
        card: what is served.
        uncertainty: covariance of the card's values.
        background: "training_population", or "expert_reference" where rows were too few.
        member_weights: share of each kind of member in the average.
        scales: per kind of member, the scale of each feature (log-odds), of the first binning.
    """

    card: Card
    uncertainty: Uncertainty
    background: str
    member_weights: dict[str, float]
    scales: dict[str, list[float]]


def fit_card(
    values: Floats,
    bad: Floats | None,
    weights: Floats,
    declarations: Sequence[Declaration],
    settings: Settings,
) -> Fitted:
    """Fit, average and compress.

    Args:
        values: shape (rows, features), NaN where missing.
        bad: shape (rows,), 1 or 0; None for the expert scorecard.
        weights: shape (rows,), positive.
        declarations: one per feature.
        settings: of the fit.
    """
    rows = float(weights.sum())
    has_expert_cuts = any(declared.cuts is not None for declared in declarations)
    expert_reference = rows < FEWEST_ROWS_FOR_CUTS and (has_expert_cuts or rows == 0)
    all_shifts = [0.0] if expert_reference else shifts(settings.n_binnings)
    cuts_by_binning = _distinct_binnings(
        [[_cuts(values[:, j], weights, d, shift) for j, d in enumerate(declarations)]
         for shift in all_shifts]
    )  # fmt: skip
    signs = [declared.direction or 1 for declared in declarations]
    designs = [
        Design(values, cuts, signs, _shares(values, weights, cuts, expert_reference))
        for cuts in cuts_by_binning
    ]
    priors = [
        Prior(
            design,
            declarations,
            base_rate=settings.base_rate,
            default_weight_sd=settings.default_weight_sd,
        )
        for design in designs
    ]
    if bad is None:
        members = [
            expert_member(design, prior, 1.0 / len(designs))
            for design, prior in zip(designs, priors, strict=True)
        ]
        member_weights: dict[str, float] = {"expert": 1.0}
        scales: dict[str, list[float]] = {}
    else:
        members, member_weights, scales = _fitted_members(designs, priors, Outcomes(bad, weights))
    unions = [union_of_cuts([cuts[j] for cuts in cuts_by_binning]) for j in range(values.shape[1])]
    card, uncertainty = merge(
        members,
        [declared.name for declared in declarations],
        unions,
        _shares(values, weights, unions, expert_reference),
        most=settings.max_card_bins,
    )
    background = "expert_reference" if expert_reference else "training_population"
    return Fitted(card, uncertainty, background, member_weights, scales)


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
    return Member(design, line, covariance, weight)


def _fitted_members(
    designs: Sequence[Design], priors: Sequence[Prior], outcomes: Outcomes
) -> tuple[list[Member], dict[str, float], dict[str, list[float]]]:
    posteriors = []
    left_out = []
    scales_found = {}
    for kind in KINDS:
        scales = Scales.first_guess(kind, priors[0])
        of_kind = []
        for i, (design, prior) in enumerate(zip(designs, priors, strict=True)):
            started = Scales(kind, prior, scales.step_scale, scales.missing_scale)
            rounds = LATER_ROUNDS if i else FIRST_ROUNDS
            of_kind.append(fit_member(design, prior, outcomes, started, rounds=rounds))
            if i == 0:
                scales = of_kind[0].scales
        posteriors.append(of_kind)
        scales_found[kind.name] = [float(s) for s in np.sqrt(scales.step_scale)]
        left_out.append(
            np.mean(
                [leave_one_out(d, outcomes, p) for d, p in zip(designs, of_kind, strict=True)],
                axis=0,
            )
        )
    weights = stacking_weights(np.array(left_out), outcomes)
    members = []
    for weight, of_kind in zip(weights, posteriors, strict=True):
        for design, posterior in zip(designs, of_kind, strict=True):
            covariance = posterior.covariance + np.diag(posterior.pinned_variance)
            members.append(
                Member(design, posterior.coefficients, covariance, float(weight) / len(designs))
            )
    shares = {kind.name: float(weight) for kind, weight in zip(KINDS, weights, strict=True)}
    return members, shares, scales_found


def _cuts(values: Floats, weights: Floats, declared: Declaration, shift: float) -> Floats:
    rows = float(weights.sum())
    if declared.cuts is not None:
        distinct = np.unique(values[~np.isnan(values)]).size
        if rows < FEWEST_ROWS_FOR_CUTS or distinct < FEWEST_DISTINCT_FOR_CUTS:
            return declared.cuts
    return cut_points(values, weights, bins=bins_for(rows), floor=floor_for(rows), shift=shift)


def _shares(
    values: Floats, weights: Floats, cuts: Sequence[Floats], expert_reference: bool
) -> list[Floats]:
    if expert_reference:
        return [uniform_shares(cut) for cut in cuts]
    return [background_shares(values[:, j], weights, cut) for j, cut in enumerate(cuts)]


def _distinct_binnings(binnings: list[list[Floats]]) -> list[list[Floats]]:
    """Leave out binnings that repeat an earlier one."""
    kept: list[list[Floats]] = []
    for binning in binnings:
        if not any(all(map(np.array_equal, binning, earlier)) for earlier in kept):
            kept.append(binning)
    return kept
