"""The way up to the most probable coefficients under bounds, scales learned on it.

Projected Newton: coefficients at a bound whose gradient pushes outwards are pinned for the step,
the rest take a Newton step that is cut back to the bounds (Bertsekas 1982).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.special import expit

from scoring.models.card.binning import Floats
from scoring.models.learning.belief import Prior
from scoring.models.learning.coding import part_of
from scoring.models.learning.cut_off_normal import cut_off_normal
from scoring.models.learning.design import Design
from scoring.models.learning.few_rows import ROWS_PER_COEFFICIENT, FewRows
from scoring.models.learning.scales import Scales

TOLERANCE = 1e-9
ROWS_FOR_CURVATURE = 50_000
"""More rows than this: steps take their curvature from an even part of them, gradients from all.
The end is the same, for it is where the gradient vanishes."""

MOST_STEPS = 60


@dataclass(frozen=True)
class Outcomes:
    """What happened: bad (1) or good (0) per row, and the rows' weights."""

    bad: Floats
    weights: Floats

    def of(self, rows: NDArray[np.intp]) -> "Outcomes":
        """Return those of a part of the rows."""
        return Outcomes(self.bad[rows], self.weights[rows])


class Ascent:
    """A Newton ascent on the posterior that scales may change under."""

    def __init__(
        self, design: Design, prior: Prior, outcomes: Outcomes, start: Floats | None = None
    ) -> None:
        """Start at some coefficients, or at the prior's mode."""
        self.design = design
        self.prior = prior
        self.outcomes = outcomes
        self.size = design.n_coefficients
        extras = prior.extra_mean.size
        none = np.zeros(extras, dtype=bool)
        self.bounded = np.concatenate([prior.bounded, none])
        self.bounded[self.size] = True
        self.fixed = np.concatenate([prior.fixed, none])
        mode = prior.loadings @ prior.extra_mean + prior.mean
        self.z = np.concatenate([mode, prior.extra_mean])
        self.z[self.fixed] = 0.0
        if start is not None:
            self.z[: self.size] = start
        self._gram: Floats | None = None
        few = design.n_rows < ROWS_PER_COEFFICIENT * design.n_coefficients
        self._matrix = design.matrix() if few else None
        self._part: NDArray[np.intp] | None = None
        if design.n_rows > ROWS_FOR_CURVATURE:
            self._part = part_of(design.n_rows, ROWS_FOR_CURVATURE)
            self._design_of_part = design.rows(self._part)

    @classmethod
    def at(cls, design: Design, outcomes: Outcomes, place: Floats, scales: Scales) -> "Ascent":
        """Stand where an ascent ended, shape (coefficients + extras,)."""
        ascent = cls(design, scales.prior, outcomes)
        ascent.z = place
        ascent.believe(scales)
        return ascent

    def believe(self, scales: Scales) -> None:
        """Change the prior's variances."""
        self.scales = scales
        self.precision, self.linear = self.prior.quadratic(scales.variances, scales.doubt)
        gram = self._gram
        self._look()
        self._gram = gram

    def _look(self) -> None:
        """Compute log-odds, objective and gradient where the ascent stands."""
        self.log_odds = self._log_odds(self.z[: self.size])
        self.objective = self._objective(self.z, self.log_odds)
        self.probability = expit(self.log_odds)
        self._gram = None
        residuals = self.outcomes.weights * (self.probability - self.outcomes.bad)
        self.gradient = self.precision @ self.z - self.linear
        if self._matrix is not None:
            self.gradient[: self.size] += self._matrix.T @ residuals
        else:
            self.gradient[: self.size] += self.design.gradient(residuals)

    def _log_odds(self, coefficients: Floats) -> Floats:
        if self._matrix is None:
            return self.design.log_odds(coefficients)
        found = self._matrix @ coefficients
        return np.asarray(found if self.design.offset is None else found + self.design.offset)

    def _objective(self, z: Floats, log_odds: Floats) -> float:
        bad, weights = self.outcomes.bad, self.outcomes.weights
        loss = np.sum(weights * (np.logaddexp(0.0, log_odds) - bad * log_odds))
        return float(loss + 0.5 * z @ (self.precision @ z) - self.linear @ z)

    def hessian(self) -> Floats:
        """Return the Hessian of minus log posterior."""
        if self._gram is None:
            self._gram = self._curvature()
        hessian = self.precision.copy()
        hessian[: self.size, : self.size] += self._gram
        return hessian

    def _curvature_by_row(self) -> Floats:
        return np.asarray(self.outcomes.weights * self.probability * (1.0 - self.probability))

    def _curvature(self) -> Floats:
        curvature = self._curvature_by_row()
        if self._part is None:
            return self.design.gram(curvature)
        part = curvature[self._part]
        return self._design_of_part.gram(part * (curvature.sum() / part.sum()))

    def free(self) -> NDArray[np.bool_]:
        """Return which variables are not pinned to a bound."""
        pinned = self.bounded & (self.z <= 0.0) & (self.gradient > 0.0)
        return np.asarray(~(pinned | self.fixed))

    def step(self) -> float:
        """Take one projected Newton step; return the largest change of a coefficient."""
        free = self.free()
        newton = self._newton()
        for _ in range(20):
            direction = newton(free)
            outwards = free & self.bounded & (self.z <= 0.0) & (direction < 0.0)
            if not outwards.any():
                break
            free &= ~outwards
        length = 1.0
        before, start, slope = self.objective, self.z, self.gradient
        for _ in range(30):
            z = start + length * direction
            z[self.bounded] = np.maximum(z[self.bounded], 0.0)
            log_odds = self._log_odds(z[: self.size])
            if self._objective(z, log_odds) <= before + 1e-4 * float(slope @ (z - start)) + 1e-12:
                break
            length *= 0.5
        else:
            return 0.0
        self.z = z
        self._look()
        return float(np.max(np.abs(z - start)))

    def _newton(self) -> Callable[[NDArray[np.bool_]], Floats]:
        """Return what gives Newton's step from here for the variables that are free."""
        if self._matrix is not None:
            matrix = self._matrix
            return lambda free: self._few_rows(matrix, free).direction(self.gradient)
        hessian = self.hessian()

        def solved(free: NDArray[np.bool_]) -> Floats:
            direction = np.zeros_like(self.z)
            direction[free] = _solve(hessian[np.ix_(free, free)], -self.gradient[free])
            return direction

        return solved

    def _few_rows(self, matrix: Floats, free: NDArray[np.bool_]) -> FewRows:
        return FewRows(
            matrix,
            self._curvature_by_row(),
            self.scales.variances,
            self.prior.loadings,
            self.prior.extra_precision_with(self.scales.doubt),
            free[: self.size],
        )

    def climb(self) -> None:
        """Step until nothing moves."""
        for _ in range(MOST_STEPS):
            if self.step() < TOLERANCE:
                return

    def learn(self, scales: Scales, *, rounds: int) -> None:
        """Climb, the scales learned on the way.

        Args:
            scales: to start from; updated.
            rounds: of the loop that maximises the marginal likelihood.
        """
        self.believe(scales)
        if rounds:
            self.step()
        for _ in range(rounds):
            self.step()
            second, extra_variance = self.second_moments()
            scales.update(second, speed=1.9)
            scales.update_doubt(self.z[self.size :], extra_variance)
            self.believe(scales)
        self.climb()

    def moments(self) -> tuple[Floats, Floats, Floats]:
        """Return covariance of free variables, and mean and variance of pinned coefficients.

        Returns:
            Shapes (variables, variables), (coefficients,) and (coefficients,).
        """
        hessian = self.hessian()
        free = self.free()
        inverse = np.zeros_like(hessian)
        inverse[np.ix_(free, free)] = _inverse(hessian[np.ix_(free, free)])
        return inverse, *self._above_bounds(free[: self.size], np.diag(hessian)[: self.size])

    def second_moments(self) -> tuple[Floats, Floats]:
        """Return the posterior mean of each squared deviation, and the variance of each extra.

        Returns:
            Shapes (coefficients,) and (extras,).
        """
        size = self.size
        if self._matrix is not None:
            free = self.free()
            rows = self._few_rows(self._matrix, free)
            spread, extra_variance = rows.spread()
            mean, variance = self._above_bounds(free[:size], rows.diagonal())
        else:
            inverse, mean, variance = self.moments()
            spread = self._spread(inverse)
            extra_variance = np.diag(inverse)[size:]
        at = self.prior.deviations(self.z[:size] + mean, self.z[size:])
        return np.asarray(at**2 + spread + variance), extra_variance

    def _spread(self, inverse: Floats) -> Floats:
        """Return the variance of each deviation, shape (coefficients,)."""
        size = self.size
        loadings = self.prior.loadings
        spread = (
            np.diag(inverse)[:size]
            - 2.0 * np.einsum("ke,ke->k", inverse[:size, size:], loadings)
            + np.einsum("ke,ef,kf->k", loadings, inverse[size:, size:], loadings, optimize=True)
        )
        return np.asarray(np.maximum(spread, 0.0))

    def _above_bounds(self, free: NDArray[np.bool_], diagonal: Floats) -> tuple[Floats, Floats]:
        """Return mean and variance of pinned coefficients above 0; 0 for others."""
        pinned = ~free & ~self.fixed[: free.size]
        mean, variance = np.zeros(free.size), np.zeros(free.size)
        mean[pinned], variance[pinned] = cut_off_normal(
            self.gradient[: free.size][pinned], diagonal[pinned]
        )
        return mean, variance


def _solve(matrix: Floats, right: Floats) -> Floats:
    if right.size == 0:
        return right
    _, found, info = lapack.dposv(matrix, right)
    return np.asarray(found if info == 0 else np.linalg.lstsq(matrix, right)[0])


def _inverse(matrix: Floats) -> Floats:
    if matrix.size == 0:
        return matrix
    factor, info = lapack.dpotrf(matrix, lower=1, clean=1)
    if info != 0:
        return np.asarray(np.linalg.pinv(matrix))
    lower, _ = lapack.dpotri(factor, lower=1)
    full = lower + lower.T
    np.fill_diagonal(full, np.diag(lower))
    return np.asarray(full)
