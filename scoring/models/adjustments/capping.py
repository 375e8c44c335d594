"""A block may move the score by no more than its share of the card's whole range.

Attendance is the case in point: that it tells anything is a hypothesis, so its steps are scaled
down by one factor where they would take more than a fifth, and the rest is fitted again round them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from scoring.models.card.log_odds import Card, CardFeature
from scoring.models.card.points import PointsCard

if TYPE_CHECKING:
    from scoring.models.scorecard import MonotoneScorecard

Refit = Callable[[Mapping[str, Any]], "MonotoneScorecard"]
"""Fits anew with what is fixed, as `MonotoneScorecard(fixed=…)` takes it."""

_STEPS = 10_000
"""Factors are whole parts of so many, so that one can be read and written."""

_MOST_RISES = 2
"""The rest spreads out once the block is fixed: the factor may then rise, so many times at most."""

_EASY_FALLS = 3
"""So many times the factor falls to where it should fit; then by half each time."""


@dataclass(frozen=True)
class BlockCap:
    """What a cap did to a card; ranges are whole points, from the lowest to the highest possible.

    Attributes:
        block: its name.
        share: of the card's range that the block may have at most.
        factor: by which the block's steps were scaled; 1 where the cap does not bind.
        block_range_before: without the cap.
        range_before: of the whole card, without the cap.
        block_range: as served.
        range: of the whole card, as served.
    """

    block: str
    share: float
    factor: float
    block_range_before: int
    range_before: int
    block_range: int
    range: int

    @property
    def binds(self) -> bool:
        """Whether anything was scaled."""
        return self.factor < 1.0

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)


def cap_block(
    free: MonotoneScorecard,
    refit: Refit,
    *,
    block: str,
    features: Collection[str],
    share: float,
    points_of: Callable[[Card], PointsCard] = PointsCard.of,
) -> tuple[MonotoneScorecard, BlockCap]:
    """Scale a block's steps until its range in printed points is within its share of the whole.

    The block's doubt is that of the free fit, scaled; the rest is learned again.

    Args:
        free: fitted without the cap; returned untouched where the cap does not bind.
        refit: fits the same rows again with more fixed.
        block: name of the block.
        features: of the block; those that the card lacks are left out.
        share: of the whole range, above 0 and up to 1.
        points_of: the card as it is served.

    Raises:
        ValueError: if share is not above 0 and up to 1.
    """
    if not 0.0 < share <= 1.0:
        raise ValueError(f"share must be above 0 and up to 1, not {share!r}.")
    own = [feature for feature in free.card_.features if feature.name in features]
    before = _ranges(points_of(free.card_), features)
    if not own or _within(*before, share):
        return free, BlockCap(block, share, 1.0, *before, *before)

    def largest(rest: int) -> int:
        """Return the most parts of `_STEPS` at which the block fits beside the rest's range."""
        low, high = 0, _STEPS
        while low < high:
            middle = (low + high + 1) // 2
            if _within(*_with_rest(_printed(own, middle, points_of), rest), share):
                low = middle
            else:
                high = middle - 1
        return low

    kept: tuple[MonotoneScorecard, int, tuple[int, int]] | None = None
    parts = largest(before[1] - before[0])
    rises = falls = 0
    while True:
        found = _fixed_at(free, refit, own, parts / _STEPS)
        now = _ranges(points_of(found.card_), features)
        wanted = largest(now[1] - now[0])
        if _within(*now, share):
            kept = (found, parts, now)
            same = _printed(own, wanted, points_of) <= _printed(own, parts, points_of)
            if same or rises == _MOST_RISES:
                break
            rises += 1
            parts = wanted
        elif kept is not None:
            break
        else:
            falls += 1
            parts = min(wanted, parts - 1 if falls <= _EASY_FALLS else parts // 2)
    scorecard, parts, after = kept
    return scorecard, BlockCap(block, share, parts / _STEPS, *before, *after)


def range_of(points: PointsCard, features: Collection[str] | None = None) -> int:
    """Return how far some features (None for all) can move the score, in whole points."""
    return sum(
        max(*feature.points, feature.missing_points) - min(*feature.points, feature.missing_points)
        for feature in points.features
        if features is None or feature.name in features
    )


def _ranges(points: PointsCard, features: Collection[str]) -> tuple[int, int]:
    return range_of(points, features), range_of(points)


def _with_rest(block: int, rest: int) -> tuple[int, int]:
    return block, block + rest


def _within(block: int, whole: int, share: float) -> bool:
    return block <= share * whole + 1e-9


def _printed(
    own: Sequence[CardFeature], parts: int, points_of: Callable[[Card], PointsCard]
) -> int:
    """Return the block's range in points, scaled by so many parts of `_STEPS`."""
    factor = parts / _STEPS
    return range_of(points_of(Card(0.0, tuple(feature.scaled(factor) for feature in own))))


def _fixed_at(
    free: MonotoneScorecard, refit: Refit, own: Sequence[CardFeature], factor: float
) -> MonotoneScorecard:
    """Fit again with the block's steps scaled by a factor, and its doubt by the same."""
    names = {feature.name for feature in own}
    neutral = {each.name for each in free.declarations() if each.when_missing == "neutral"}
    shapes = {
        feature.name: {
            "cuts": list(feature.cuts),
            "log_odds": [factor * value for value in feature.log_odds],
            "missing_log_odds": None
            if feature.name in neutral
            else factor * feature.missing_log_odds,
        }
        for feature in own
    }
    found = refit(shapes)
    with threadpool_limits(1):
        uncertainty = found.uncertainty_.with_part_of(
            free.uncertainty_,
            here=_places(found.card_, names),
            there=_places(free.card_, names),
            factor=factor,
        )
    before, now = free.learned_, found.learned_
    # The block is fixed now, so that its directions were judged in the free fit alone.
    found.learned_ = replace(
        now,
        uncertainty=uncertainty,
        direction_log_bayes_factors={
            **before.direction_log_bayes_factors,
            **now.direction_log_bayes_factors,
        },
    )
    return found


def _places(card: Card, names: Collection[str]) -> NDArray[np.intp]:
    """Return where the values of some features stand among all of a card's, intercept first."""
    own = [
        np.arange(at.start, at.stop)
        for feature, at in zip(card.features, card.places(), strict=True)
        if feature.name in names
    ]
    return np.concatenate(own) if own else np.zeros(0, dtype=np.intp)
