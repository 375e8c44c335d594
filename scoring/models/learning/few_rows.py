"""Newton's equations where rows are fewer than coefficients, in as many unknowns as there are rows.

The posterior's covariance is the prior's less what the rows tell (Woodbury's identity), and the
prior's is a diagonal, for deviations from the expert's line and the extras that move the line are
independent. Fifty features have some six hundred coefficients; a first lender has a hundred loans.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular

from scoring.models.card.binning import Floats

ROWS_PER_COEFFICIENT = 0.7
"""With fewer rows than this for each coefficient, to solve in rows is quicker."""


@dataclass(frozen=True)
class FewRows:
    """The curvature of minus log posterior at one place, some coefficients pinned to 0.

    Attributes:
        matrix: shape (rows, coefficients), the design.
        curvature: shape (rows,), of minus log likelihood by log-odds.
        variances: of the deviations, shape (coefficients,).
        loadings: shape (coefficients, extras).
        extra_precision: shape (extras,).
        free: shape (coefficients,), those that are not pinned. Extras count as free: to reach its
            bound at 0 the common gain would have to go more than three standard deviations.
    """

    matrix: Floats
    curvature: Floats
    variances: Floats
    loadings: Floats
    extra_precision: Floats
    free: NDArray[np.bool_]

    def direction(self, gradient: Floats) -> Floats:
        """Return Newton's step, 0 for pinned ones.

        Args:
            gradient: of coefficients, then extras, shape (coefficients + extras,).
        """
        size = self.free.size
        free = self.free
        of_deviations = gradient[:size][free]
        of_extras = gradient[size:] + self._own_loadings.T @ of_deviations
        deviations = self.variances[free] * of_deviations
        extras = cho_solve(self._extras_factor, of_extras)
        told = self._rows @ deviations + self._lines @ extras
        told = cho_solve((self._factor, True), told)
        deviations -= self.variances[free] * (self._rows.T @ told)
        extras -= cho_solve(self._extras_factor, self._lines.T @ told)
        step = np.zeros(gradient.size)
        step[:size][free] = -(deviations + self._own_loadings @ extras)
        step[size:] = -extras
        return step

    def spread(self) -> tuple[Floats, Floats]:
        """Return the variance of each deviation, and of each extra.

        A pinned coefficient's deviation moves with the line.

        Returns:
            Shapes (coefficients,) and (extras,).
        """
        seen = solve_triangular(self._factor, self._rows, lower=True, check_finite=False)
        lines = solve_triangular(self._factor, self._lines, lower=True, check_finite=False)
        across = cho_solve(self._extras_factor, lines.T)
        covariance = cho_solve(self._extras_factor, np.eye(self.extra_precision.size))
        covariance -= across @ across.T
        spread = np.empty(self.free.size)
        own = self.variances[self.free]
        spread[self.free] = own - own**2 * (seen**2).sum(axis=0)
        pinned = self.loadings[~self.free]
        spread[~self.free] = ((pinned @ covariance) * pinned).sum(axis=1)
        return np.maximum(spread, 0.0), np.diag(covariance)

    def diagonal(self) -> Floats:
        """Return the Hessian's diagonal by coefficients, shape (coefficients,)."""
        return np.asarray(1.0 / self.variances + self.curvature @ self.matrix**2)

    @cached_property
    def _own_loadings(self) -> Floats:
        return self.loadings[self.free]

    @cached_property
    def _rows(self) -> Floats:
        """The free part of the design, each row times the root of its curvature."""
        return np.asarray(np.sqrt(self.curvature)[:, None] * self.matrix[:, self.free])

    @cached_property
    def _lines(self) -> Floats:
        """What the extras do to each row, in the same units."""
        return np.asarray(self._rows @ self._own_loadings)

    @cached_property
    def _extras_factor(self) -> tuple[Floats, bool]:
        """Cholesky factor of the extras' precision, pinned coefficients known."""
        pinned = self.loadings[~self.free]
        precision = (pinned / self.variances[~self.free, None]).T @ pinned
        precision[np.diag_indices_from(precision)] += self.extra_precision
        factor, lower = cho_factor(precision, lower=True, check_finite=False)
        return factor, bool(lower)

    @cached_property
    def _factor(self) -> Floats:
        """Lower Cholesky factor of 1 + the prior covariance of the rows' log-odds, so scaled."""
        own = (self._rows * self.variances[self.free]) @ self._rows.T
        own += self._lines @ cho_solve(self._extras_factor, self._lines.T)
        own[np.diag_indices_from(own)] += 1.0
        return np.asarray(cholesky(own, lower=True, check_finite=False))
