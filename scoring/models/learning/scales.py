"""How far data go from what is believed: variances of highest marginal likelihood.

Deviations from the expert's line have variances set by expectation-maximisation. How far the
experts' doubts in single weights go is one factor for all of them, set by MacKay's update (1992),
which finds small factors sooner: fifty doubts of their own would drown an expert who is right.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scoring.models.card.binning import Floats
from scoring.models.learning.belief import Prior
from scoring.models.learning.kinds import MemberKind

DOUBT_FIRMNESS = 1.0
"""What is said of the experts' doubts counts as much as so many weights whose doubt was right."""

MISSING_VARIANCE = 1.0
"""Variance of the coefficient of missing, a priori: in a lender's own data it may say anything."""

MISSING_FIRMNESS = 1.0
"""Counts as so many coefficients of missing whose squares were seen to be that variance."""

WITHHELD_VARIANCE = 0.05
"""Variance of the same where a founder chooses what to give: not to give it says little."""

WITHHELD_FIRMNESS = 10.0
"""Counts as so many of those."""

LEAST_VARIANCE = 1e-7
"""Of a deviation: what is kept on a line stays solvable."""

CAUCHY, HEAVY_TAILED_MISSING, BASE_RATE = 1.0, 3.0, 4.0
"""Degrees of freedom of Student's t, the fewer the heavier its tails: of steps, of coefficients of
missing where steps are heavy-tailed, and of the base rate."""


@dataclass
class Scales:
    """Variances of the deviations, learned by the marginal likelihood; one update per round.

    Attributes:
        kind: how they behave.
        prior: of the coefficients.
        variances: shape (coefficients,).
        step_scale: squared scale per feature: of the feature's whole range, not of one step.
        missing_scale: squared scale of the coefficients of missing, of the lender's own data.
        withheld_scale: the same of what a founder chooses to give.
        doubt: factor of the variances of the experts' doubts in single weights.
    """

    kind: MemberKind
    prior: Prior
    step_scale: Floats
    missing_scale: float = MISSING_VARIANCE
    withheld_scale: float = WITHHELD_VARIANCE
    doubt: float = 1.0
    variances: Floats = field(init=False)

    def __post_init__(self) -> None:
        prior = self.prior
        self.variances = np.ones(prior.steps.size)
        per = np.where(prior.feature >= 0, self.step_scale[prior.feature], 0.0)
        self.variances[prior.steps] = (per / prior.count)[prior.steps]
        self.variances[prior.missing] = self.missing_scale
        self.variances[prior.withheld] = self.withheld_scale
        if self.kind.anchored:
            self.variances[:] = LEAST_VARIANCE
        self.variances[-1] = prior.base_variance

    @classmethod
    def first_guess(cls, kind: MemberKind, prior: Prior) -> "Scales":
        """Return scales to start from."""
        return cls(kind, prior, np.full(prior.weights.size, kind.squared_scale))

    def update(self, second: Floats, speed: float) -> None:
        """Take one step of expectation-maximisation.

        Args:
            second: posterior mean of each squared deviation, shape (coefficients,).
            speed: over-relaxation on the log scale, 1 for the plain step.
        """
        prior = self.prior
        self.variances[-1] = _student(prior.base_variance, second[-1], freedom=BASE_RATE)
        self._update_missing(second, speed)
        if prior.steps.any():
            self._update_steps(second[prior.steps], speed)

    def _update_steps(self, second: Floats, speed: float) -> None:
        steps = self.prior.steps
        feature = self.prior.feature[steps]
        count = self.prior.count[steps]
        size = self.step_scale.size
        if self.kind.heavy_tailed:
            scale = self.step_scale[feature] / count
            scaled = 2.0 * scale * second / (scale + second) * count
        else:
            scaled = second * count
        total = np.bincount(feature, weights=scaled, minlength=size)
        number = np.bincount(feature, minlength=size).astype(np.float64)
        has_steps = number > 0
        if not self.kind.per_feature:
            total = np.full(size, total.sum())
            number = np.full(size, number.sum())
        firm = self.kind.firmness
        guess = self.kind.towards
        if guess is None:
            guess = float(np.exp(np.log(self.step_scale[has_steps]).mean()))
        target = (total + 2.0 * firm * guess) / (number + 2.0 * firm)
        self.step_scale = np.clip(self.step_scale * (target / self.step_scale) ** speed, 1e-6, 1e3)
        if self.kind.heavy_tailed:
            scale = self.step_scale[feature] / count
            self.variances[steps] = _student(scale, second, freedom=CAUCHY)
        else:
            self.variances[steps] = self.step_scale[feature] / count
        self.variances = np.maximum(self.variances, LEAST_VARIANCE)

    def _update_missing(self, second: Floats, speed: float) -> None:
        withheld = self.prior.withheld
        own = self.prior.missing & ~self.prior.fixed & ~withheld

        def learned(which: NDArray[np.bool_], scale: float, firm: float, guess: float) -> float:
            if not which.any():
                return scale
            told = which & self.prior.told
            target = (second[told].sum() + firm * guess) / (told.sum() + firm)
            scale = float(scale * (target / scale) ** speed)
            heavy = self.kind.heavy_tailed
            self.variances[which] = (
                _student(scale, second[which], freedom=HEAVY_TAILED_MISSING) if heavy else scale
            )
            return scale

        self.missing_scale = learned(own, self.missing_scale, MISSING_FIRMNESS, MISSING_VARIANCE)
        self.withheld_scale = learned(
            withheld, self.withheld_scale, WITHHELD_FIRMNESS, WITHHELD_VARIANCE
        )

    def update_doubt(self, mean: Floats, variance: Floats) -> None:
        """Take MacKay's step for the experts' doubts in single weights.

        Args:
            mean: of the extras, a posteriori, shape (extras,).
            variance: the same.
        """
        if mean.size == 1:
            return
        precision = self.prior.extra_precision[1:]
        learned = mean.size - 1 - float(precision @ variance[1:]) / self.doubt
        target = (float(precision @ mean[1:] ** 2) + DOUBT_FIRMNESS) / (
            max(learned, 0.0) + DOUBT_FIRMNESS
        )
        self.doubt = float(np.clip(target, 1e-3, 1e2))


def _student(scale: float, second: Floats, *, freedom: float) -> Floats:
    """Return the variance that stands for a Student-t prior at the present second moment."""
    return np.asarray((freedom * scale + second) / (freedom + 1.0))
