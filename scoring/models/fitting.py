"""From rows to a card: bin, fit each member, average them, compress."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.models.averaging import stacking_weights
from scoring.models.belief import KINDS, Kind, Prior, Scales
from scoring.models.binning import (
    FEWEST_DISTINCT_FOR_CUTS,
    FEWEST_ROWS_FOR_CUTS,
    Floats,
    bins_for,
    cut_points,
    floor_for,
    shifts,
    union_of_cuts,
)
from scoring.models.card import Card
from scoring.models.coding import CodedRows, shares_on
from scoring.models.compression import CompressionLoss, compression_loss
from scoring.models.declarations import Declaration
from scoring.models.design import Design, uniform_shares
from scoring.models.direction import evidence_against_directions
from scoring.models.merging import Member, merge
from scoring.models.posterior import Outcomes, Posterior, fit_member, leave_one_out
from scoring.models.uncertainty import Uncertainty

FIRST_ROUNDS = 16
"""Evidence rounds on the first binning; the others start from its scales."""

LATER_ROUNDS = 5
REFIT_ROWS = 250
"""Up to so many rows, rows are left out by refitting folds, scales included; beyond, by one
Newton step at scales that saw them, which flatters flexible members when rows are few."""

REFIT_ROUNDS = 12
FOLDS = 5
ROWS_FOR_SCALES = 8_000
"""More rows than this: scales and stacking weights are learned on an even part of them."""

ROWS_FOR_CUTS = 200_000
"""More rows than this: cuts are placed on an even part of them."""

ROWS_FOR_BINNINGS = 50_000
"""More rows than this: one binning and the most flexible member, for data rule the rest."""
EXPERT_STEP_VARIANCE = 0.25
"""Variance of a feature's whole range round the expert's line, without outcomes."""

EXPERT_MISSING_VARIANCE = EXPERT_STEP_VARIANCE
"""Not to know a value is no more doubtful than the value's whole range; several features of one
kind are missing together, and a larger variance each would drown the base rate's own."""


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
        direction_evidence: log Bayes factor against each declared direction; see `direction`.
        compression: loss of the card against the average of its members; None without outcomes.
    """

    card: Card
    uncertainty: Uncertainty
    background: str
    member_weights: dict[str, float]
    scales: dict[str, list[float]]
    direction_evidence: dict[str, float]
    compression: CompressionLoss | None


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
    all_shifts = shifts(settings.n_binnings)
    if expert_reference or values.shape[0] > ROWS_FOR_BINNINGS:
        all_shifts = all_shifts[:1]
    cuts_by_binning = _binnings(values, weights, declarations, all_shifts)
    unions = [union_of_cuts([cuts[j] for cuts in cuts_by_binning]) for j in range(values.shape[1])]
    coded = CodedRows.of(values, weights, unions)
    signs = [declared.direction or 1 for declared in declarations]
    fine = None if expert_reference else coded.shares()
    designs = [
        Design(coded.on(cuts), cuts, signs, _shares(fine, cuts, unions)) for cuts in cuts_by_binning
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
    evidence: dict[str, float] = {}
    outcomes = None
    if bad is None:
        members = [
            expert_member(design, prior, 1.0 / len(designs))
            for design, prior in zip(designs, priors, strict=True)
        ]
        member_weights: dict[str, float] = {"expert": 1.0}
        scales: dict[str, list[float]] = {}
    else:
        outcomes = Outcomes(bad, weights)
        members, plainest, member_weights, scales = _fitted_members(designs, priors, outcomes)
        evidence = evidence_against_directions(
            designs[0], priors[0], outcomes, plainest, declarations
        )
    card, uncertainty = merge(
        members,
        [declared.name for declared in declarations],
        unions,
        _shares(fine, unions, unions),
        most=settings.max_card_bins,
    )
    background = "expert_reference" if expert_reference else "training_population"
    compression = None if outcomes is None else _compression_loss(card, members, values, outcomes)
    return Fitted(card, uncertainty, background, member_weights, scales, evidence, compression)


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
) -> tuple[list[Member], Posterior, dict[str, float], dict[str, list[float]]]:
    """Fit every kind on every binning and weigh the kinds.

    Returns:
        Members, the plainest kind's fit on the first binning, weights and scales by kind.
    """
    posteriors = []
    left_out = []
    scales_found = {}
    kinds = KINDS if outcomes.bad.size <= ROWS_FOR_BINNINGS else KINDS[-1:]
    for kind in kinds:
        of_kind: list[Posterior] = []
        for design, prior in zip(designs, priors, strict=True):
            near = of_kind[0].scales if of_kind else Scales.first_guess(kind, prior)
            scales = Scales(kind, prior, near.step_scale, near.missing_scale)
            rounds = LATER_ROUNDS if of_kind else FIRST_ROUNDS
            of_kind.append(_fit_in_two(design, prior, outcomes, scales, rounds))
        posteriors.append(of_kind)
        scales_found[kind.name] = [float(s) for s in np.sqrt(of_kind[0].scales.step_scale)]
        left_out.append(_left_out(designs, priors, outcomes, of_kind))
    judged = _part(outcomes.bad.size, ROWS_FOR_SCALES)
    weights = stacking_weights(
        np.array(left_out), Outcomes(outcomes.bad[judged], outcomes.weights[judged])
    )
    members = []
    for weight, of_kind in zip(weights, posteriors, strict=True):
        for design, posterior in zip(designs, of_kind, strict=True):
            covariance = posterior.covariance + np.diag(posterior.pinned_variance)
            members.append(
                Member(design, posterior.coefficients, covariance, float(weight) / len(designs))
            )
    shares = {kind.name: float(weight) for kind, weight in zip(kinds, weights, strict=True)}
    return members, posteriors[0][0], shares, scales_found


def _compression_loss(
    card: Card, members: Sequence[Member], values: Floats, outcomes: Outcomes
) -> CompressionLoss:
    """Compare card and average on the rows fitted to, a part of them where they are many."""
    part = _part(outcomes.bad.size, ROWS_FOR_SCALES)
    average = sum(
        member.weight * member.design.rows(part).log_odds(member.coefficients) for member in members
    )
    return compression_loss(
        card.log_odds_of_rows(values[part]),
        np.asarray(average),
        outcomes.bad[part],
        outcomes.weights[part],
    )


def _fit_in_two(
    design: Design, prior: Prior, outcomes: Outcomes, scales: Scales, rounds: int
) -> Posterior:
    """Learn scales on a part of many rows, then coefficients on all of them."""
    part = _part(outcomes.bad.size, ROWS_FOR_SCALES)
    if part.size == outcomes.bad.size:
        return fit_member(design, prior, outcomes, scales, rounds=rounds)
    seen = Outcomes(outcomes.bad[part], outcomes.weights[part])
    first = fit_member(design.rows(part), prior, seen, scales, rounds=rounds)
    return fit_member(design, prior, outcomes, first.scales, rounds=0, start=first.coefficients)


def _part(rows: int, most: int) -> NDArray[np.intp]:
    """Return every so many-th row, at most `most`."""
    return np.arange(0, rows, max(1, -(-rows // most)))


def _left_out(
    designs: Sequence[Design],
    priors: Sequence[Prior],
    outcomes: Outcomes,
    posteriors: Sequence[Posterior],
) -> Floats:
    """Return the log-odds of rows (a part of many) as if they had not been seen."""
    if outcomes.weights.sum() <= REFIT_ROWS:
        return _left_out_by_refits(designs[0], priors[0], outcomes, posteriors[0].scales.kind)
    part = _part(outcomes.bad.size, ROWS_FOR_SCALES)
    judged = Outcomes(outcomes.bad[part], outcomes.weights[part])
    found = [
        leave_one_out(design.rows(part), judged, posterior)
        for design, posterior in zip(designs, posteriors, strict=True)
    ]
    return np.asarray(np.mean(found, axis=0))


def _left_out_by_refits(design: Design, prior: Prior, outcomes: Outcomes, kind: Kind) -> Floats:
    """Return each row's log-odds from fits that did not see its fold, shape (rows,).

    Folds take turns along the rows, which are sorted, good and bad apart.
    """
    fold = np.empty(outcomes.bad.size, dtype=np.intp)
    for outcome in (0.0, 1.0):
        of_outcome = np.flatnonzero(outcomes.bad == outcome)
        fold[of_outcome] = np.arange(of_outcome.size) % FOLDS
    log_odds = np.empty(fold.size)
    for left in np.unique(fold):
        seen = np.flatnonzero(fold != left)
        unseen = np.flatnonzero(fold == left)
        posterior = fit_member(
            design.rows(seen),
            prior,
            Outcomes(outcomes.bad[seen], outcomes.weights[seen]),
            Scales.first_guess(kind, prior),
            rounds=REFIT_ROUNDS,
        )
        log_odds[unseen] = design.rows(unseen).log_odds(posterior.coefficients)
    return log_odds


def _binnings(
    values: Floats,
    weights: Floats,
    declarations: Sequence[Declaration],
    all_shifts: Sequence[float],
) -> list[list[Floats]]:
    """Place the cuts of each binning; binnings that repeat an earlier one are left out."""
    part = _part(values.shape[0], ROWS_FOR_CUTS)
    rows = float(weights.sum())
    weights = weights[part]
    kept: list[list[Floats]] = []
    columns = [np.ascontiguousarray(values[part, j]) for j in range(values.shape[1])]
    for shift in all_shifts:
        binning = [
            _cuts(column, weights, declared, rows, shift)
            for column, declared in zip(columns, declarations, strict=True)
        ]
        if not any(all(map(np.array_equal, binning, earlier)) for earlier in kept):
            kept.append(binning)
    return kept


def _cuts(
    values: Floats, weights: Floats, declared: Declaration, rows: float, shift: float
) -> Floats:
    if declared.cuts is not None:
        distinct = np.unique(values[~np.isnan(values)]).size
        if rows < FEWEST_ROWS_FOR_CUTS or distinct < FEWEST_DISTINCT_FOR_CUTS:
            return declared.cuts
    floor = floor_for(rows) * float(weights.sum()) / rows if rows else 1.0
    return cut_points(values, weights, bins=bins_for(rows), floor=floor, shift=shift)


def _shares(
    fine: Sequence[Floats] | None, cuts: Sequence[Floats], unions: Sequence[Floats]
) -> list[Floats]:
    """Return background shares of bins and missing; an expert's reference without fine ones."""
    if fine is None:
        return [uniform_shares(cut) for cut in cuts]
    return [shares_on(*of) for of in zip(fine, cuts, unions, strict=True)]
