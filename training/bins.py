"""Bins as people read them: those of equal points made one, by the values that they can hold."""

from __future__ import annotations

from math import ceil, floor

from babel.numbers import get_currency_precision

from scoring.features.catalogue import Feature, Unit
from scoring.models.points import PointsFeature

NO_RECORD = "no record"
_ROUNDING = 1e-9  # cuts are doubles: 0.65 may be a hair below


def bin_labels(cuts: tuple[float, ...], feature: Feature, currency: str) -> list[str]:
    """Bins in words, by the values that the feature can have, such as "4 to 7 days"."""
    if not cuts:
        return ["any value"]
    step = 10.0**-feature.decimals
    highest = [highest_below(cut, feature.decimals) for cut in cuts]
    lowest = [value + step for value in highest]
    shown = [f"up to {_value(highest[0], feature, currency)}"]
    for low, high in zip(lowest[:-1], highest[1:], strict=True):
        one, other = _value(low, feature, currency), _value(high, feature, currency)
        shown.append(one if one == other else f"{one} to {other}")
    return [*shown, f"{_value(lowest[-1], feature, currency)} or more"]


def highest_below(cut: float, decimals: int) -> float:
    """The highest value of so many decimals that is not above a cut."""
    step = 10.0**-decimals
    return floor(cut / step + _ROUNDING) * step


def joined(points: PointsFeature) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Cuts and points with neighbouring bins of equal points made one: it scores the same."""
    earned = points.points
    kept = [place for place in range(len(points.cuts)) if earned[place] != earned[place + 1]]
    return tuple(points.cuts[p] for p in kept), (*(earned[p] for p in kept), earned[-1])


def _value(value: float, feature: Feature, currency: str) -> str:
    if feature.unit is Unit.MONEY:
        digits = get_currency_precision(currency)
        major = value / 10**digits
        return f"{floor(major) if major >= 0 else ceil(major):,} {currency}"
    if feature.unit is Unit.SHARE:
        return f"{100 * value:.{max(feature.decimals - 2, 0)}f} %"
    return f"{value:.{feature.decimals}f}"
