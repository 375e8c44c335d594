"""From rows to a card: bin, fit each member, average them, compress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from scoring.models.card.binning import (
    FEWEST_DISTINCT_FOR_CUTS,
    FEWEST_ROWS_FOR_CUTS,
    Floats,
    bins_for,
    cut_points,
    floor_for,
    shifts,
    union_of_cuts,
)
from scoring.models.card.log_odds import Card
from scoring.models.card.uncertainty import Uncertainty
from scoring.models.learning.ascent import Outcomes
from scoring.models.learning.belief import Beliefs
from scoring.models.learning.coding import CodedRows, part_of, rows_of, shares_on
from scoring.models.learning.compression import CompressionLoss, compression_loss
from scoring.models.learning.declarations import Declaration
from scoring.models.learning.design import Design, uniform_shares
from scoring.models.learning.direction import log_bayes_factors_against_directions
from scoring.models.learning.members import (
    ROWS_FOR_AVERAGE,
    ROWS_FOR_SCALES,
    expert_member,
    fit_members,
)
from scoring.models.learning.merging import Member, merge
from scoring.models.learning.projection import projected_covariance

ROWS_FOR_CUTS = 200_000
"""More rows than this: cuts are placed on an even part of them."""


ROWS_FOR_ALL_BINNINGS = 2_000
"""More rows than this: at most three binnings, for bins are narrow already."""


@dataclass(frozen=True)
class Settings:
    """What the estimator was told, beyond the features."""

    base_rate: tuple[float, float]
    default_weight_sd: float
    n_binnings: int
    max_card_bins: int


@dataclass(frozen=True)
class Learned:
    """A card with its uncertainty and how it came about: all that a fit leaves behind.

    Attributes:
        card: what is served.
        uncertainty: covariance of the card's values.
        background: "training_population", or "expert_reference" where rows were too few.
        member_weights: share of each kind of member in the average.
        scales: per kind of member whose scales are learned, the scale of each feature (log-odds),
            of the first binning; 0 where its shape is fixed.
        direction_log_bayes_factors: against each declared direction; see `direction`.
        compression_loss: of the card against the average of its members; None without outcomes.
    """

    card: Card
    uncertainty: Uncertainty
    background: str
    member_weights: Mapping[str, float]
    scales: Mapping[str, Sequence[float]]
    direction_log_bayes_factors: Mapping[str, float]
    compression_loss: CompressionLoss | None

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        loss = self.compression_loss
        return {
            "background": self.background,
            "card": self.card.to_dict(),
            "uncertainty": self.uncertainty.to_dict(),
            "member_weights": dict(self.member_weights),
            "scales": {kind: list(scales) for kind, scales in self.scales.items()},
            "direction_log_bayes_factors": dict(self.direction_log_bayes_factors),
            "compression_loss": None if loss is None else asdict(loss),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Learned:
        """Read what `to_dict` wrote."""
        loss = data["compression_loss"]
        return cls(
            card=Card.from_dict(data["card"]),
            uncertainty=Uncertainty.from_dict(data["uncertainty"]),
            background=str(data["background"]),
            member_weights=dict(data["member_weights"]),
            scales={kind: list(scales) for kind, scales in data["scales"].items()},
            direction_log_bayes_factors=dict(data["direction_log_bayes_factors"]),
            compression_loss=None if loss is None else CompressionLoss(**loss),
        )


def fit_card(
    values: Floats,
    bad: Floats | None,
    weights: Floats,
    declarations: Sequence[Declaration],
    settings: Settings,
) -> Learned:
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
    given = rows_of(weights)
    many = given > ROWS_FOR_ALL_BINNINGS
    all_shifts = shifts(min(settings.n_binnings, 3) if many else settings.n_binnings)
    if expert_reference or given > ROWS_FOR_AVERAGE:
        all_shifts = all_shifts[:1]
    cuts_by_binning = _binnings(values, weights, declarations, all_shifts)
    unions = [
        union_of_cuts([cuts[j] for cuts in cuts_by_binning])
        if declared.fixed is None
        else declared.fixed.cuts
        for j, declared in enumerate(declarations)
    ]
    coded = CodedRows.of(values, weights, unions)
    fine = None if expert_reference else coded.shares()
    shares = _shares(fine, unions, unions)
    shapes = [
        None if declared.shape is None else declared.shape.centred(share)
        for declared, share in zip(declarations, shares, strict=True)
    ]
    offset = _offset(coded, shapes)
    fixed = [declared.fixed is not None for declared in declarations]
    declarations = [declared.left_to_learn() for declared in declarations]
    signs = [declared.direction or 1 for declared in declarations]
    designs = [
        Design(coded.on(cuts), cuts, signs, _shares(fine, cuts, unions), offset)
        for cuts in cuts_by_binning
    ]
    beliefs = Beliefs(declarations, settings.base_rate, settings.default_weight_sd)
    against: dict[str, float] = {}
    outcomes = None
    if bad is None:
        members = [
            expert_member(design, beliefs.prior(design), 1.0 / len(designs)) for design in designs
        ]
        member_weights: dict[str, float] = {"expert": 1.0}
        scales: dict[str, list[float]] = {}
    else:
        outcomes = Outcomes(bad, weights)
        fitted = fit_members(designs, beliefs, outcomes)
        members, member_weights = fitted.members, fitted.weights
        scales = {
            kind: [
                scale if shape is None else 0.0
                for scale, shape in zip(of_kind, shapes, strict=True)
            ]
            for kind, of_kind in fitted.scales.items()
        }
        against = log_bayes_factors_against_directions(
            designs[0], outcomes, fitted.plainest, declarations
        )
    card, covariance = merge(
        members,
        [declared.name for declared in declarations],
        unions,
        shares,
        most=settings.max_card_bins,
        fixed=fixed,
        shapes=shapes,
    )
    if bad is not None:  # an expert's own doubt stands for a process that keeps order by itself
        directions = [declared.direction for declared in declarations]
        covariance = projected_covariance(covariance, card, directions)
    uncertainty = Uncertainty.of(covariance)
    background = "expert_reference" if expert_reference else "training_population"
    compression = None if outcomes is None else _compression_loss(card, members, values, outcomes)
    return Learned(card, uncertainty, background, member_weights, scales, against, compression)


def _offset(coded: CodedRows, shapes: Sequence[Floats | None]) -> Floats | None:
    """Return each row's log-odds from the shapes that are fixed, shape (rows,)."""
    given = [
        shape[codes] for shape, codes in zip(shapes, coded.codes, strict=True) if shape is not None
    ]
    return np.asarray(np.sum(given, axis=0)) if given else None


def _compression_loss(
    card: Card, members: Sequence[Member], values: Floats, outcomes: Outcomes
) -> CompressionLoss:
    """Compare card and average on the rows fitted to, a part of them where they are many."""
    part = part_of(outcomes.bad.size, ROWS_FOR_SCALES)
    average = sum(
        member.weight * member.design.rows(part).log_odds(member.coefficients) for member in members
    )
    return compression_loss(
        card.log_odds_of_rows(values[part]),
        np.asarray(average),
        outcomes.bad[part],
        outcomes.weights[part],
    )


def _binnings(
    values: Floats,
    weights: Floats,
    declarations: Sequence[Declaration],
    all_shifts: Sequence[float],
) -> list[list[Floats]]:
    """Place the cuts of each binning; binnings that repeat an earlier one are left out."""
    part = part_of(values.shape[0], ROWS_FOR_CUTS)
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
    if declared.fixed is not None:
        return declared.fixed.cuts if declared.shape is None else np.empty(0)
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
