"""Rows as small whole numbers: each value is searched once, among all binnings' cuts together.

A binning's own bins are then found by looking up fine bins in a table, so several binnings cost
no more searches than one, and a million rows fit in a byte or two per value.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.models.card.binning import Floats, bin_of, coarse_bin

Codes = NDArray[np.uint16]


@dataclass(frozen=True)
class CodedRows:
    """Rows by the fine bin of each feature.

    Attributes:
        unions: per feature, the cuts of all binnings, ascending.
        codes: shape (features, rows); the fine bin, len(union) + 1 where missing.
        weights: shape (rows,), positive.
    """

    unions: tuple[Floats, ...]
    codes: Codes
    weights: Floats

    @classmethod
    def of(cls, values: Floats, weights: Floats, unions: Sequence[Floats]) -> "CodedRows":
        """Search all values, shape (rows, features), NaN where missing."""
        codes = np.empty((len(unions), values.shape[0]), dtype=np.uint16)
        for j, union in enumerate(unions):
            codes[j] = bin_of(np.ascontiguousarray(values[:, j]), union)
        return cls(tuple(unions), codes, weights)

    def on(self, binning: Sequence[Floats]) -> Codes:
        """Return the rows' bins in one binning, len(cuts) + 1 where missing, as `codes`."""
        coarse = np.empty_like(self.codes)
        for j, (cuts, union) in enumerate(zip(binning, self.unions, strict=True)):
            table = np.append(coarse_bin(cuts, union), cuts.size + 1).astype(np.uint16)
            coarse[j] = table[self.codes[j]]
        return coarse

    def shares(self) -> list[Floats]:
        """Return per feature the share of rows in each fine bin and, last, missing."""
        total = self.weights.sum()
        return [
            np.bincount(code, weights=self.weights, minlength=union.size + 2) / total
            for code, union in zip(self.codes, self.unions, strict=True)
        ]


def shares_on(fine: Floats, cuts: Floats, union: Floats) -> Floats:
    """Add up the shares of fine bins, and of missing, over the bins of some of their cuts."""
    where = np.append(coarse_bin(cuts, union), cuts.size + 1)
    return np.bincount(where, weights=fine, minlength=cuts.size + 2).astype(np.float64)


def rows_of(weights: Floats) -> float:
    """Return how many rows there are, repeated ones as often as their weight says.

    A row of small weight takes as much work as any.
    """
    return max(float(weights.sum()), float(weights.size))


def part_of(rows: int, most: int) -> NDArray[np.intp]:
    """Return every so many-th row, at most `most`."""
    return np.arange(0, rows, max(1, -(-rows // most)))
