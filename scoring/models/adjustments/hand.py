"""What an analyst set by hand in a card, kept with it, beside the card as it would be without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from scoring.models.card.points import PointsCard, PointsFeature

_IN_POINTS = ("points", "weight_points")


@dataclass(frozen=True)
class HandRecord:
    """The analyst's hand in one card.

    Attributes:
        entries: what was set, by feature, with `author` and `reason`; plain data.
        free: the points of the free fit: the same records, settings and caps without the hand.
    """

    entries: Mapping[str, Mapping[str, Any]]
    free: PointsCard

    @property
    def in_points(self) -> tuple[str, ...]:
        """Features whose points were given, or their sum: whole points apart."""
        return tuple(n for n, entry in self.entries.items() if any(k in entry for k in _IN_POINTS))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "entries": {name: dict(entry) for name, entry in self.entries.items()},
            "free": self.free.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> HandRecord:
        """Read what `to_dict` wrote."""
        return cls(data["entries"], PointsCard.from_dict(data["free"]))


@dataclass(frozen=True)
class ChangedBin:
    """Points of the values above `above` up to `up_to` (both None: of a missing value)."""

    above: float | None
    up_to: float | None
    before: int
    after: int


@dataclass(frozen=True)
class ChangedFeature:
    """One feature's bins before and after, where any differs."""

    name: str
    bins: tuple[ChangedBin, ...]

    @property
    def largest(self) -> int:
        """The most points that a value gained or lost."""
        return max(abs(each.after - each.before) for each in self.bins)


def changes(before: PointsCard, after: PointsCard) -> list[ChangedFeature]:
    """Compare two cards of the same features, bin by bin of both their cuts.

    Neighbouring bins with equal points before and after are told as one. Features without any
    difference are left out; the others come in the card's order.
    """
    found = []
    of_before = {feature.name: feature for feature in before.features}
    for feature in after.features:
        bins = _bins(of_before[feature.name], feature)
        if any(each.before != each.after for each in bins):
            found.append(ChangedFeature(feature.name, bins))
    return found


def _bins(before: PointsFeature, after: PointsFeature) -> tuple[ChangedBin, ...]:
    ends = [*sorted({*before.cuts, *after.cuts}), inf]
    bins: list[ChangedBin] = []
    low: float | None = None
    for end in ends:
        earned = (_earned(before, end), _earned(after, end))
        up_to = None if end == inf else end
        if bins and (bins[-1].before, bins[-1].after) == earned:
            bins[-1] = ChangedBin(bins[-1].above, up_to, *earned)
        else:
            bins.append(ChangedBin(low, up_to, *earned))
        low = end
    missing = ChangedBin(None, None, before.missing_points, after.missing_points)
    return (*bins, missing)


def _earned(feature: PointsFeature, value: float) -> int:
    return feature.points[sum(cut < value for cut in feature.cuts)]
