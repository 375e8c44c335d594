"""From a hand to what stays fixed in a fit: bins become values, weights become shapes.

What the analyst wrote is the same in every fold of a validation: cut points, points, and the ends
of merged bins as values. What comes "from the free fit" (other cut points, shapes) is taken from
the fold's own free fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import floor, inf, isfinite
from typing import Any

import numpy as np

from scoring.features import all_features
from scoring.features.catalogue import Feature, WhenMissing
from scoring.models.adjustments.hand import HandRecord
from scoring.models.card.log_odds import Card, CardFeature
from scoring.models.card.points import PointsCard, PointsFeature, PointsScale
from scoring.models.scorecard import MonotoneScorecard
from scoring.published.bins import bin_labels
from scoring.published.table import joined
from training.fit.hand.file import MOST_BINS, Hand, HandEntry, check_hand, refusal

Range = tuple[float, float]
"""Values above the first up to the second; infinite at the ends."""


@dataclass(frozen=True)
class AppliedHand:
    """A hand whose bins are values: the same whatever rows a card is fitted to.

    Attributes:
        hand: as read.
        file: its name, for messages.
        currency: of the model.
        merged: ranges of values that are one bin each, by feature.
    """

    hand: Hand
    file: str
    currency: str
    merged: Mapping[str, tuple[Range, ...]]

    @property
    def in_points(self) -> tuple[str, ...]:
        """Features whose points, or their sum, are given."""
        entries = self.hand.features.items()
        return tuple(n for n, e in entries if e.points is not None or e.weight_points is not None)

    @property
    def reshaped(self) -> set[str]:
        """Features whose cut points change as well as their weight: fitted once in between."""
        return {
            name
            for name, entry in self.hand.features.items()
            if entry.weight_points is not None and (entry.cuts is not None or name in self.merged)
        }

    def fixed_cuts(self, free: MonotoneScorecard) -> dict[str, Any]:
        """Cut points that stay fixed in a fit, as `MonotoneScorecard(fixed=…)` takes it."""
        found = {}
        for feature in free.card_.features:
            entry = self.hand.features.get(feature.name)
            if entry is None or entry.points is not None:
                continue
            if entry.cuts is not None:
                found[feature.name] = {"cuts": entry.cuts_in(self.currency)}
            elif feature.name in self.merged:
                found[feature.name] = {"cuts": _without(feature.cuts, self.merged[feature.name])}
        return found

    def fixed(self, free: MonotoneScorecard, rebinned: MonotoneScorecard) -> dict[str, Any]:
        """All that stays fixed in a fit, as `MonotoneScorecard(fixed=…)` takes it.

        Args:
            free: fitted without the hand to the same rows.
            rebinned: the same with `fixed_cuts`, for the shapes of those `reshaped`.
        """
        neutral = {each.name for each in free.declarations() if each.when_missing == "neutral"}
        found = self.fixed_cuts(free)
        for feature, other in zip(free.card_.features, rebinned.card_.features, strict=True):
            entry = self.hand.features.get(feature.name)
            if entry is None:
                continue
            if entry.points is not None:
                found[feature.name] = _given(entry, self.currency)
            elif entry.weight_points is not None:
                shape = other if feature.name in self.reshaped else feature
                missing = feature.name not in neutral
                found[feature.name] = _weighted(shape, entry.weight_points, missing=missing)
        return found

    def record(self, free: Card) -> HandRecord:
        """What is kept with the model; `free` is the card of the free fit."""
        return HandRecord(self.entries(), PointsCard.of(free))

    def entries(self) -> dict[str, dict[str, Any]]:
        """What was set, by feature, as plain data."""
        return {name: entry.as_dict() for name, entry in self.hand.features.items()}


def apply_hand(hand: Hand, free: Card, *, currency: str, file: str) -> AppliedHand:
    """Check a hand against a model's features, and find merged bins on the card of the free fit.

    Args:
        hand: as read.
        free: card of the free fit, on all rows.
        currency: of the model.
        file: name of the file, for messages.

    Raises:
        InputError: an entry goes against what is declared of its feature, or the free fit has no
            such bins, or no shape to give a weight to.
    """
    catalogue = all_features()
    points = {feature.name: feature for feature in PointsCard.of(free).features}
    features = {name: catalogue[name] for name in points}
    check_hand(hand, features, currency=currency, file=file, known=catalogue)
    merged = {}
    for name, entry in hand.features.items():
        if entry.merge is not None:
            try:
                merged[name] = _ranges(entry.merge, points[name], features[name], currency)
            except ValueError as error:
                raise refusal(file, name, str(error)) from None
    return AppliedHand(hand, file, currency, merged)


def check_served(applied: AppliedHand, card: Card) -> None:
    """Refuse what a card can't hold as it was written.

    Raises:
        InputError: the fit gave no shape to give a weight to, or a founder could gain by
            withholding; names the feature and what is allowed.
    """
    catalogue = all_features()
    for feature in card.features:
        entry = applied.hand.features.get(feature.name)
        if entry is None:
            continue
        problem = None
        if entry.weight_points and max(feature.log_odds) == min(feature.log_odds):
            problem = (
                "the fit gives every bin the same, so there is no shape to give weight_points to; "
                "give cuts and points"
            )
        elif catalogue[feature.name].when_missing is WhenMissing.NEVER_BETTER_THAN_AVERAGE:
            problem = _gain_by_withholding(entry, feature)
        if problem is not None:
            raise refusal(applied.file, feature.name, problem)


def _gain_by_withholding(entry: HandEntry, feature: CardFeature) -> str | None:
    if entry.points is None or entry.missing_points is None:
        return None
    shares = np.array(feature.background_share)
    average = float(shares @ entry.points) / max(float(shares.sum()), 1e-300)
    if entry.missing_points <= average:
        return None
    return (
        f"a missing value may be no better than the average, {average:.1f} of these points: "
        f"missing_points may be {floor(average)} at most, not {entry.missing_points}"
    )


def _given(entry: HandEntry, currency: str) -> dict[str, Any]:
    factor = PointsScale().factor
    missing = entry.missing_points
    return {
        "cuts": entry.cuts_in(currency),
        "log_odds": [-points / factor for points in entry.points or ()],
        "missing_log_odds": None if missing is None else -missing / factor,
    }


def _weighted(feature: CardFeature, weight: int, *, missing: bool) -> dict[str, Any]:
    """Stretch a shape to whole points that add up to the weight; a flat shape stays flat."""
    factor = PointsScale().factor
    worst = max(feature.log_odds)
    spread = worst - min(feature.log_odds)
    stretch = weight / spread if spread > 0 else 0.0
    points = [round(stretch * (worst - value)) for value in feature.log_odds]
    found: dict[str, Any] = {
        "cuts": list(feature.cuts),
        "log_odds": [-each / factor for each in points],
    }
    if missing:
        found["missing_log_odds"] = -round(stretch * (worst - feature.missing_log_odds)) / factor
    return found


def _without(cuts: Iterable[float], merged: Iterable[Range]) -> list[float]:
    """Return cuts with each range as one bin.

    A fold's free fit may have a dozen bins of its own and none of these ends: the cuts nearest to
    an end give way then.
    """
    ends = sorted({end for each in merged for end in each if isfinite(end)})
    inside = [(low, high) for low, high in merged]
    others = [
        cut for cut in cuts if cut not in ends and not any(low < cut < high for low, high in inside)
    ]
    while others and len(others) + len(ends) >= MOST_BINS:
        others.remove(min(others, key=lambda cut: min(abs(cut - end) for end in ends)))
    return sorted([*others, *ends])


def _ranges(
    groups: Iterable[list[int | str]], points: PointsFeature, feature: Feature, currency: str
) -> tuple[Range, ...]:
    """Turn bins as printed into ranges of values.

    Raises:
        ValueError: there are no such bins, they are no neighbours, or one is named twice.
    """
    cuts, earned = joined(points)
    labels = bin_labels(cuts, feature, currency)
    printed = "; ".join(f"{n}: {label}" for n, label in enumerate(labels, start=1))
    edges = (-inf, *cuts, inf)
    ranges = []
    used: set[int] = set()
    for group in groups:
        places = [_place(each, labels) for each in group]
        if None in places:
            unknown = group[places.index(None)]
            raise ValueError(f"merge names {unknown!r}, which is no bin; there are {printed}")
        numbers = sorted(place for place in places if place is not None)
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            raise ValueError(f"merge needs neighbouring bins, not {group}; there are {printed}")
        if used & set(numbers):
            raise ValueError(f"merge names a bin twice; there are {printed}")
        used |= set(numbers)
        ranges.append((edges[numbers[0]], edges[numbers[-1] + 1]))
    return tuple(ranges)


def _place(named: int | str, labels: list[str]) -> int | None:
    if isinstance(named, str):
        return labels.index(named) if named in labels else None
    return named - 1 if 1 <= named <= len(labels) else None
