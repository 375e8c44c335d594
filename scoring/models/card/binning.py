"""Where a feature's steps may be: cut points, always halfway between distinct values."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST_ROWS_FOR_CUTS = 30
"""Below so many rows, an expert's cut points are used where there are any."""

FEWEST_DISTINCT_FOR_CUTS = 3
"""The same for a feature that was seen with fewer distinct values than this."""


TAIL_CUTS = 2
"""Cuts that halve the outermost bins again and again: the rarest values can be the worst."""


MOST_CUTS_TO_COMPARE = 16
"""Up to so many cuts, a card's dozen too, to compare with each takes a third of a search's time."""


def bins_for(rows: float) -> int:
    """Return how many bins a feature may have in one binning: few rows, few bins.

    Args:
        rows: total weight of the rows.
    """
    return int(np.clip(round(0.6 * float(rows) ** 0.5), 8, 16))


def floor_for(rows: float) -> float:
    """Return the least weight of rows in a bin."""
    return max(1.0, float(np.floor(rows / 200.0)))


def cut_points(values: Floats, weights: Floats, *, bins: int, floor: float, shift: float) -> Floats:
    """Place cuts between distinct values, at quantiles when there are many.

    A value that holds more than its share of rows (many zeros, say) takes one bin and leaves
    the others to the rest.

    Args:
        values: shape (rows,); NaN is left out.
        weights: shape (rows,), positive.
        bins: most bins of about even weight; the two outermost are cut further, by `TAIL_CUTS`.
        floor: least weight in a bin.
        shift: moves the quantiles by this part of a bin, -0.5 to 0.5.

    Returns:
        Ascending cuts, shape (at most bins - 1 + 2 * TAIL_CUTS,); x lies above cut c if x > c.
    """
    observed = ~np.isnan(values)
    distinct, where = np.unique(values[observed], return_inverse=True)
    if distinct.size < 2:
        return np.empty(0)
    mass: Floats = np.bincount(where, weights=weights[observed]).astype(np.float64)
    if distinct.size <= bins:
        after: NDArray[np.intp] = np.arange(distinct.size - 1)
    else:
        spread = np.cumsum(_capped(mass, bins))
        targets = spread[-1] * _quantiles(bins, shift)
        right = np.clip(np.searchsorted(spread[:-1], targets), 0, distinct.size - 2)
        left = np.maximum(right - 1, 0)
        nearer_left = np.abs(spread[left] - targets) <= np.abs(spread[right] - targets)
        after = np.unique(np.where(nearer_left, left, right))
    return np.array([_halfway(distinct[i], distinct[i + 1]) for i in _thinned(after, mass, floor)])


def expert_cuts(cuts: Sequence[float], name: str) -> Floats:
    """Check an expert's cut points.

    Raises:
        ValueError: if they are not finite and strictly ascending.
    """
    given = np.asarray(list(cuts), dtype=np.float64)
    if not np.all(np.isfinite(given)) or np.any(np.diff(given) <= 0):
        raise ValueError(
            f"cuts of {name!r} must be finite and strictly ascending, not {list(cuts)!r}."
        )
    return given


def shifts(count: int) -> list[float]:
    """Return the shifts of the quantiles for so many binnings, the plain one first.

    Raises:
        ValueError: if count is less than 1.
    """
    if count < 1:
        raise ValueError(f"n_binnings must be at least 1, not {count}.")
    around = [((2 * i + count) % (2 * count)) / (2.0 * count) for i in range(count)]
    return [part - 1.0 if part >= 0.5 else part for part in (a - around[0] for a in around)]


def bin_of(values: Floats, cuts: Floats) -> NDArray[np.intp]:
    """Return each value's bin, and the number of bins (len(cuts) + 1) where it is missing."""
    if cuts.size > MOST_CUTS_TO_COMPARE:
        found = np.searchsorted(cuts, values, side="left")
        found += np.isnan(values)  # a search puts NaN above all cuts
        return found
    above = np.zeros(values.shape, dtype=np.uint8)
    for cut in cuts:
        above += values > cut
    above[np.isnan(values)] = cuts.size + 1
    return above.astype(np.intp)


def union_of_cuts(cuts: Sequence[Floats]) -> Floats:
    """Return all cut points of several binnings, ascending, each once."""
    return np.unique(np.concatenate([np.asarray(cut) for cut in cuts]))


def coarse_bin(cuts: Floats, finer: Floats) -> NDArray[np.intp]:
    """Return, for each bin of the finer cuts, the bin of `cuts` that it lies in."""
    return np.concatenate([[0], np.searchsorted(cuts, finer, side="right")]).astype(np.intp)


def _quantiles(bins: int, shift: float) -> Floats:
    """Return where cuts should lie, as shares of the mass: evenly, and closer in both tails."""
    tail = (1.0 + shift) / bins * 0.5 ** np.arange(1, TAIL_CUTS + 1)
    other = (1.0 - shift) / bins * 0.5 ** np.arange(1, TAIL_CUTS + 1)
    even = (np.arange(1, bins) + shift) / bins
    return np.concatenate([tail[::-1], even, 1.0 - other])


def _thinned(after: NDArray[np.intp], mass: Floats, floor: float) -> list[int]:
    """Keep the boundaries that leave at least `floor` on both sides."""
    below = np.cumsum(mass)
    kept: list[int] = []
    last = 0.0
    for i in after:
        if below[i] - last >= floor and below[-1] - below[i] >= floor:
            kept.append(int(i))
            last = float(below[i])
    return kept


def _capped(mass: Floats, bins: int) -> Floats:
    """Cut values that fill a bin alone down to the share that leaves the rest evenly spread."""
    heavy = np.zeros(mass.size, dtype=bool)
    share = mass.sum() / bins
    while np.any(more := (mass > share) & ~heavy):
        heavy |= more
        if heavy.sum() >= bins - 1:
            break
        share = mass[~heavy].sum() / (bins - heavy.sum())
    return np.asarray(np.where(heavy, share, np.minimum(mass, share)))


def _halfway(low: float, high: float) -> float:
    middle = low / 2.0 + high / 2.0
    return middle if low <= middle < high else low
