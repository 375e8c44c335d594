"""Bins in words, by the values that a feature can have, such as "4 to 7 days".

Finished values lie on a grid: whole numbers over ten to the feature's decimals. Of a bin only the
grid's values matter, so its edges are told as the lowest and highest of them, exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

from babel.numbers import get_currency_precision

from scoring.features.catalogue import Feature, Unit

NO_RECORD = "no record"


@dataclass(frozen=True)
class Edges:
    """Lowest and highest value of a bin, in steps of ten to minus the decimals; None is open."""

    lowest: int | None
    highest: int | None

    @property
    def is_empty(self) -> bool:
        """Whether no finished value can lie in the bin."""
        return None not in (self.lowest, self.highest) and self.lowest > self.highest  # type: ignore[operator]


def highest_step(cut: float, decimals: int) -> int:
    """The highest step whose value is not above a cut, compared as the card compares."""
    scale = 10.0**decimals
    step = floor(cut * scale)
    while (step + 1) / scale <= cut:
        step += 1
    while step / scale > cut:
        step -= 1
    return step


def edges_of(cuts: Sequence[float], decimals: int) -> list[Edges]:
    """The bins between cuts, len(cuts) + 1."""
    highest = [highest_step(cut, decimals) for cut in cuts]
    lowest = [None, *(step + 1 for step in highest)]
    return [Edges(low, high) for low, high in zip(lowest, [*highest, None], strict=True)]


def highest_below(cut: float, decimals: int) -> float:
    """The highest value of so many decimals that is not above a cut."""
    return highest_step(cut, decimals) / 10.0**decimals


def bin_labels(cuts: Sequence[float], feature: Feature, currency: str) -> list[str]:
    """All bins between cuts in words, len(cuts) + 1."""
    return [bin_label(edges, feature, currency) for edges in edges_of(cuts, feature.decimals)]


def bin_label(edges: Edges, feature: Feature, currency: str) -> str:
    """One bin in words, with its unit."""
    low, high = edges.lowest, edges.highest
    if low is None and high is None:
        return "any value"
    if low is None or high is None:
        step = high if low is None else low
        assert step is not None
        one = _with_unit(_number(step, feature, currency), step, feature, currency)
        return f"up to {one}" if low is None else f"{one} or more"
    last = _with_unit(_number(high, feature, currency), high, feature, currency)
    return last if low == high else f"{_number(low, feature, currency)} to {last}"


def unit_words(feature: Feature, currency: str) -> str:
    """What a finished value counts, for somebody who types it."""
    match feature.unit:
        case Unit.SHARE:
            return "share, 0 to 1"
        case Unit.MONEY:
            digits = get_currency_precision(currency)
            return currency if digits == 0 else f"{currency} in minor units (1/{10**digits})"
        case _:
            return feature.unit.value


def _number(step: int, feature: Feature, currency: str) -> str:
    value = step / 10.0**feature.decimals
    match feature.unit:
        case Unit.SHARE:
            return f"{100 * value:.{max(feature.decimals - 2, 0)}f}"
        case Unit.MONEY:
            major = value / 10 ** get_currency_precision(currency)
            digits = 0 if major.is_integer() else get_currency_precision(currency)
            return f"{major:,.{digits}f}"
        case _:
            return f"{value:.{feature.decimals}f}"


def _with_unit(number: str, step: int, feature: Feature, currency: str) -> str:
    match feature.unit:
        case Unit.SHARE:
            return f"{number} %"
        case Unit.MONEY:
            return f"{number} {currency}"
        case Unit.DAYS | Unit.MONTHS:
            one = step == 10**feature.decimals
            return f"{number} {feature.unit.value.removesuffix('s') if one else feature.unit.value}"
        case _:
            return number
