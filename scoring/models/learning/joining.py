"""Equal rows as one: neither order nor repetition can matter to a fit."""

import numpy as np

from scoring.models.card.binning import Floats

CANONICAL_ROWS = 100_000
"""Up to so many rows, equal rows are joined and sorted: their order can't matter."""


def joined(
    values: Floats, bad: Floats | None, weights: Floats
) -> tuple[Floats, Floats | None, Floats]:
    """Sort rows and join equal ones, adding up their weights.

    Args:
        values: shape (rows, features), NaN where missing.
        bad: shape (rows,), 1 or 0; None without outcomes.
        weights: shape (rows,), positive.
    """
    if not 1 < values.shape[0] <= CANONICAL_ROWS:
        return values, bad, weights
    table = values + 0.0 if bad is None else np.column_stack([values, bad])
    order = np.lexsort(table.T[::-1])
    table = table[order]
    same = (table[1:] == table[:-1]) | (np.isnan(table[1:]) & np.isnan(table[:-1]))
    starts = np.concatenate([[True], ~same.all(axis=1)])
    summed: Floats = np.bincount(np.cumsum(starts) - 1, weights=weights[order]).astype(np.float64)
    table = table[starts]
    width = values.shape[1]
    return table[:, :width], None if bad is None else table[:, width], summed
