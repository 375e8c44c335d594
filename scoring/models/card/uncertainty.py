"""How sure the card is: the covariance of its values, kept small enough to travel with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.models.card.binning import Floats

MOST_FACTORS = 70
"""With fifty features a founder's deviation is then within 3 % of what all directions give; with 40
it was within 9 %."""

ROWS_AT_ONCE = 65_536

_ALONE = 1e-9  # of the largest variance


@dataclass(frozen=True)
class Uncertainty:
    """Covariance F F' + diag(d) of a card's values.

    The values are the intercept, then per feature its bins and missing, in the card's order.
    The largest directions are kept in F, what remains of each variance in d; numbers have four
    significant digits.

    Attributes:
        factor: F, shape (values, at most `MOST_FACTORS`).
        remainder: d, shape (values,).
    """

    factor: Floats
    remainder: Floats

    @classmethod
    def of(cls, covariance: Floats) -> Uncertainty:
        """Compress a covariance matrix, shape (values, values).

        Values that vary with no other, such as what was never missing, need no factor; between
        their equal variances the choice of the largest would be chance.
        """
        shared = (covariance + covariance.T) / 2.0
        apart = np.abs(shared)
        np.fill_diagonal(apart, 0.0)
        alone = apart.max(axis=1, initial=0.0) <= _ALONE * np.diag(covariance).max(initial=0.0)
        shared[alone, alone] = 0.0
        found, vectors = np.linalg.eigh(shared)
        order = np.argsort(found)[::-1][:MOST_FACTORS]
        kept = order[found[order] > 1e-6 * max(float(found[-1]), 1e-300)]
        factor = vectors[:, kept] * np.sqrt(found[kept])
        factor *= np.where(factor.sum(axis=0) < 0, -1.0, 1.0)
        remainder = np.maximum(np.diag(covariance) - (factor**2).sum(axis=1), 0.0)
        return cls(_short(factor), _short(remainder))

    def with_part_of(
        self,
        other: Uncertainty,
        *,
        here: NDArray[np.intp],
        there: NDArray[np.intp],
        factor: float,
    ) -> Uncertainty:
        """Take the covariance of some values from another card, scaled, independent of the rest.

        Args:
            other: covariance of the other card's values.
            here: places of the values among these.
            there: their places among the other's.
            factor: that the other's values are scaled by.
        """
        covariance = self._covariance()
        covariance[here, :] = 0.0
        covariance[:, here] = 0.0
        covariance[np.ix_(here, here)] = factor**2 * other._covariance()[np.ix_(there, there)]
        return Uncertainty.of(covariance)

    def _covariance(self) -> Floats:
        return np.asarray(self.factor @ self.factor.T + np.diag(self.remainder))

    def standard_deviations(self, places: NDArray[np.intp]) -> Floats:
        """Return the standard deviation of each row's log-odds, shape (rows,).

        Args:
            places: shape (rows, 1 + features): which values each row adds up.
        """
        found = np.empty(places.shape[0])
        for start in range(0, places.shape[0], ROWS_AT_ONCE):
            part = places[start : start + ROWS_AT_ONCE]
            shared = np.zeros((part.shape[0], self.factor.shape[1]))
            variance = np.zeros(part.shape[0])
            for column in part.T:
                shared += self.factor[column]
                variance += self.remainder[column]
            for direction in shared.T:
                variance += direction * direction
            found[start : start + ROWS_AT_ONCE] = np.sqrt(variance)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {"factor": self.factor.tolist(), "remainder": self.remainder.tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Uncertainty:
        """Read what `to_dict` wrote."""
        remainder = np.array(data["remainder"], dtype=np.float64)
        factor = np.array(data["factor"], dtype=np.float64).reshape(remainder.size, -1)
        return cls(factor, remainder)


def _short(numbers: Floats) -> Floats:
    flat = [float(f"{number:.4g}") for number in numbers.ravel()]
    return np.array(flat, dtype=np.float64).reshape(numbers.shape)
