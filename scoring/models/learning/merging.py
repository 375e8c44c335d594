"""An average of monotone additive models is one: members in, one card with its covariance out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.models.card.binning import Floats, coarse_bin
from scoring.models.card.log_odds import Card, CardFeature
from scoring.models.learning.compression import segments
from scoring.models.learning.design import Design

LEAST_MASS = 1e-6
"""Background share that a fine bin without rows is given, so that it has a say in its average."""


@dataclass(frozen=True)
class Member:
    """One model of the average.

    Attributes:
        design: its binning.
        coefficients: shape (coefficients,).
        covariance: of the coefficients.
        weight: in the average; weights of all members sum to 1.
        kind: what it believes; members of one kind differ by their binning alone.
    """

    design: Design
    coefficients: Floats
    covariance: Floats
    weight: float
    kind: str


@dataclass(frozen=True)
class _Segmentation:
    """One feature's way from fine bins to card bins.

    Attributes:
        runs: card bin of each fine bin.
        mass: background share of each fine bin, a little where there is none.
        cuts: of the card.
    """

    runs: NDArray[np.intp]
    mass: Floats
    cuts: Floats

    def averages(self, coarse: NDArray[np.intp], bins: int) -> Floats:
        """Return the map from a member's bins to card bins, shape (card bins, bins)."""
        table = np.zeros((int(self.runs[-1]) + 1, bins))
        np.add.at(table, (self.runs, coarse), self.mass)
        return np.asarray(table / table.sum(axis=1, keepdims=True))


def merge(
    members: Sequence[Member],
    names: Sequence[str],
    unions: Sequence[Floats],
    shares: Sequence[Floats],
    *,
    most: int,
    fixed: Sequence[bool],
    shapes: Sequence[Floats | None],
) -> tuple[Card, Floats]:
    """Average members over the union of their cuts and compress to `most` bins per feature.

    Args:
        members: the models.
        names: of the features.
        unions: per feature, all members' cuts.
        shares: per feature, background share of each bin of the union and of missing.
        most: bins allowed per feature.
        fixed: per feature, whether all its cuts stay.
        shapes: per feature, log-odds of its bins and of missing that were given and not learned,
            centred; None where it was learned.

    Returns:
        The card, and the covariance of its values: the intercept, then per feature its bins and
        missing.
    """
    segmentations = [
        _uncompressed(union, share) if stays else _segment(members, j, union, share, most)
        for j, (union, share, stays) in enumerate(zip(unions, shares, fixed, strict=True))
    ]
    maps = [_map_to_card(member.design, segmentations, unions) for member in members]
    values = np.array([a @ member.coefficients for a, member in zip(maps, members, strict=True)])
    weights = np.array([member.weight for member in members])
    served = weights @ values
    apart = values - served
    between = _share_of_disagreement(members) * ((apart.T * weights) @ apart)
    covariance = between + _within(members, maps)
    features = []
    start = 1
    for name, segmentation, share, shape in zip(names, segmentations, shares, shapes, strict=True):
        bins = segmentation.cuts.size + 1
        learned = _tidied(served[start : start + bins + 1])
        table = learned if shape is None else shape.copy()
        start += bins + 1
        background = np.append(
            np.bincount(segmentation.runs, weights=share[:-1], minlength=bins), share[-1]
        )
        observed = background[:-1].sum()
        if observed > 0:
            table[:-1] -= float(background @ table) / observed
        features.append(
            CardFeature(
                name=name,
                cuts=tuple(map(float, segmentation.cuts)),
                log_odds=tuple(map(float, table[:-1])),
                missing_log_odds=float(table[-1]),
                background_share=tuple(map(float, background[:-1])),
                background_missing_share=float(background[-1]),
            )
        )
    return Card(float(served[0]), tuple(features)), covariance


def _share_of_disagreement(members: Sequence[Member]) -> float:
    """Return how much of the variance between members is an error of their average.

    If each kind errs by a part of its own, of variance v, beside what all share, then kinds of
    weights w are expected to differ by v (1 - sum w^2), and the average errs by v sum w^2.
    """
    weights: dict[str, float] = {}
    for member in members:
        weights[member.kind] = weights.get(member.kind, 0.0) + member.weight
    shared = sum(weight**2 for weight in weights.values())
    return min(1.0, shared / (1.0 - shared)) if shared < 1.0 else 1.0


def _within(members: Sequence[Member], maps: Sequence[Floats]) -> Floats:
    """Return the covariance of the average's values that its members' own doubts make.

    Members saw the same rows and err together. So it is their standard deviations that average,
    not their variances: that of an average is never more.
    """
    size = maps[0].shape[0]
    shared = np.zeros((size, size))
    deviation = np.zeros(size)
    for member, at in zip(members, maps, strict=True):
        own = at @ member.covariance @ at.T
        shared += member.weight * own
        deviation += member.weight * np.sqrt(np.maximum(np.diag(own), 0.0))
    together = np.sqrt(np.maximum(np.diag(shared), 1e-300))
    scale = np.minimum(deviation / together, 1.0)
    return np.asarray(shared * scale * scale[:, None])


def _uncompressed(union: Floats, share: Floats) -> _Segmentation:
    return _Segmentation(np.arange(union.size + 1), np.maximum(share[:-1], LEAST_MASS), union)


def _segment(
    members: Sequence[Member], j: int, union: Floats, share: Floats, most: int
) -> _Segmentation:
    fine = np.zeros(union.size + 1)
    for member in members:
        block = member.design.blocks[j]
        own = block.basis @ member.coefficients[block.coefficients]
        fine += member.weight * own[coarse_bin(member.design.cuts[j], union)]
    mass = np.maximum(share[:-1], LEAST_MASS)
    runs = segments(fine, mass, most)
    return _Segmentation(runs, mass, union[np.diff(runs) > 0])


def _map_to_card(
    design: Design, segmentations: Sequence[_Segmentation], unions: Sequence[Floats]
) -> Floats:
    """Return the map from a member's coefficients to the card's values, intercept first."""
    size = 1 + sum(segmentation.cuts.size + 2 for segmentation in segmentations)
    found = np.zeros((size, design.n_coefficients))
    found[0, -1] = 1.0
    row = 1
    for j, (segmentation, union) in enumerate(zip(segmentations, unions, strict=True)):
        block = design.blocks[j]
        own = design.cuts[j]
        bins = segmentation.cuts.size + 1
        average = segmentation.averages(coarse_bin(own, union), own.size + 1)
        found[row : row + bins, block.coefficients] = average @ block.basis[:-1]
        found[row + bins, block.coefficients] = block.basis[-1]
        row += bins + 1
    return found


def _tidied(table: Floats) -> Floats:
    """Undo float noise that would break monotonicity by a last bit."""
    bins = table[:-1]
    steps = np.diff(bins)
    if np.all(steps >= -1e-12):
        bins = np.maximum.accumulate(bins)
    elif np.all(steps <= 1e-12):
        bins = np.minimum.accumulate(bins)
    return np.append(bins, table[-1])
