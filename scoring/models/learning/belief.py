"""What is believed before any outcome: expert's lines and base rate.

A feature's steps are `expert's line + deviation`. The line is `(gain * weight + slope) / K` for
each of its K steps: the gain is common to all features and says whether the experts were over- or
under-confident; the slope is the doubt in one weight. How far deviations and doubts go is learned:
see `scales`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import polygamma

from scoring.models.card.binning import Floats
from scoring.models.learning.declarations import Declaration
from scoring.models.learning.design import Design
from scoring.models.learning.kinds import MemberKind

GAIN_SD = 0.3
"""Doubt in the experts' common gain, whose prior mean is 1."""


class Prior:
    """The prior's fixed part, for one design.

    Attributes:
        steps, missing: masks over coefficients.
        told: coefficients of missing that rows tell anything of: some are missing and some not.
        feature: the feature of each coefficient, -1 for the intercept.
        count: K, the number of steps in the coefficient's feature.
        bounded: coefficients that may not be negative.
        fixed: coefficients that are 0 whatever the data say.
        loadings: shape (coefficients, extras): the expert's line as a function of the extras
            (gain, slopes).
        extra_mean, extra_precision: shape (extras,).
    """

    def __init__(
        self,
        design: Design,
        declarations: Sequence[Declaration],
        *,
        base_rate: tuple[float, float],
        default_weight_sd: float,
    ) -> None:
        """Lay out the coefficients of the design.

        Args:
            design: the binned data.
            declarations: one per feature.
            base_rate: Beta parameters of the share of bad.
            default_weight_sd: for weights whose doubt was not declared, log-odds.
        """
        size = design.n_coefficients
        self.steps = np.zeros(size, dtype=bool)
        self.missing = np.zeros(size, dtype=bool)
        self.told = np.zeros(size, dtype=bool)
        self.feature = np.full(size, -1)
        self.count = np.ones(size)
        self.bounded = np.zeros(size, dtype=bool)
        self.fixed = np.zeros(size, dtype=bool)
        self.weight_sd = np.zeros(len(declarations))
        gains = np.zeros(size)
        slopes: list[Floats] = []
        slope_sd: list[float] = []
        for j, (block, declared) in enumerate(zip(design.blocks[:-1], declarations, strict=True)):
            steps = slice(block.coefficients.start, block.coefficients.stop - 1)
            last = block.coefficients.stop - 1
            count = max(1, steps.stop - steps.start)
            self.steps[steps] = True
            self.missing[last] = True
            self.told[last] = 0.0 < design.shares[j][-1] < 1.0
            self.feature[block.coefficients] = j
            self.count[steps] = count
            self.bounded[steps] = declared.direction != 0
            self.bounded[last] = declared.when_missing == "never_better_than_average"
            self.fixed[last] = declared.when_missing == "neutral"
            gains[steps] = declared.weight / count
            sd = default_weight_sd if declared.weight_sd is None else declared.weight_sd
            self.weight_sd[j] = sd
            if sd > 0 and steps.stop > steps.start:
                line = np.zeros(size)
                line[steps] = 1.0 / count
                slopes.append(line)
                slope_sd.append(sd)
        self.loadings = np.column_stack([gains, *slopes])
        self.extra_mean = np.array([1.0] + [0.0] * len(slopes))
        self.extra_precision = np.array([GAIN_SD**-2] + [sd**-2 for sd in slope_sd])
        self.weights = np.array([declared.weight for declared in declarations])
        self.base_log_odds, self.base_variance = base_log_odds(base_rate)
        self.mean = np.zeros(size)
        self.mean[-1] = self.base_log_odds

    @property
    def withheld(self) -> NDArray[np.bool_]:
        """Coefficients of missing of what a founder chooses to give, shape (coefficients,)."""
        return self.missing & self.bounded

    def deviations(self, coefficients: Floats, extras: Floats) -> Floats:
        """Return the coefficients' deviations from the expert's line, shape (coefficients,)."""
        return np.asarray(coefficients - self.loadings @ extras - self.mean)

    def total_of(self, feature: int, variances: Floats, doubt: float) -> tuple[float, float]:
        """Return mean and variance of a feature's total, last bin less first, without bounds.

        Args:
            feature: which.
            variances: of the deviations, shape (coefficients,).
            doubt: factor of the variances of all slopes.
        """
        own = self.steps & (self.feature == feature)
        loading = self.loadings[own].sum(axis=0)
        spread = float(variances[own].sum())
        spread += float(loading**2 @ (1.0 / self.extra_precision_with(doubt)))
        return float(loading @ self.extra_mean), spread

    def quadratic(self, variances: Floats, doubt: float) -> tuple[Floats, Floats]:
        """Return precision Q and linear term q of -log prior = z'Qz / 2 - q'z, z = (beta, extras).

        Args:
            variances: of the deviations, shape (coefficients,).
            doubt: factor of the variances of all slopes.
        """
        precision = 1.0 / variances
        extra_precision = self.extra_precision_with(doubt)
        across = -precision[:, None] * self.loadings
        among = self.loadings.T @ -across + np.diag(extra_precision)
        upper = np.hstack([np.diag(precision), across])
        lower = np.hstack([across.T, among])
        linear = np.concatenate(
            [
                precision * self.mean,
                extra_precision * self.extra_mean - self.loadings.T @ (precision * self.mean),
            ]
        )
        return np.vstack([upper, lower]), linear

    def extra_precision_with(self, doubt: float) -> Floats:
        """Return the extras' precision, shape (extras,), the slopes' variances times a factor."""
        precision = self.extra_precision.copy()
        precision[1:] /= doubt
        return precision


@dataclass(frozen=True)
class Beliefs:
    """What is believed of the features, whatever their bins.

    Attributes:
        declarations: one per feature.
        base_rate: Beta parameters of the share of bad.
        default_weight_sd: for weights whose doubt was not declared, log-odds.
    """

    declarations: Sequence[Declaration]
    base_rate: tuple[float, float]
    default_weight_sd: float

    def prior(self, design: Design) -> Prior:
        """Return the prior of a design's coefficients."""
        return Prior(
            design,
            self.declarations,
            base_rate=self.base_rate,
            default_weight_sd=self.default_weight_sd,
        )

    def of(self, kind: MemberKind) -> "Beliefs":
        """Return what a kind of member believes of the experts' weights."""
        if kind.anchored:
            certain = [replace(each, weight_sd=0.0) for each in self.declarations]
            return replace(self, declarations=certain)
        if kind.straight:
            unweighed = [replace(each, weight=0.0, weight_sd=0.0) for each in self.declarations]
            return replace(self, declarations=unweighed)
        return self


def base_log_odds(base_rate: tuple[float, float]) -> tuple[float, float]:
    """Return the log-odds of the mean base rate and the variance of its log-odds.

    Args:
        base_rate: parameters of a Beta distribution of the share of bad.

    Raises:
        ValueError: if one is not positive and finite.
    """
    bad, good = (float(part) for part in base_rate)
    if not (np.isfinite(bad) and np.isfinite(good) and bad > 0 and good > 0):
        raise ValueError(f"base_rate must be two positive numbers, not {base_rate!r}.")
    return float(np.log(bad / good)), float(polygamma(1, bad) + polygamma(1, good))
