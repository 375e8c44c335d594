"""A fitted member: the most probable coefficients, their covariance, rows as if left out.

The covariance is Laplace's on the free coefficients; a pinned one has the one-sided doubt of a
normal cut off at 0.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from scoring.models.card.binning import Floats
from scoring.models.learning.ascent import Ascent, Outcomes
from scoring.models.learning.design import Design
from scoring.models.learning.scales import Scales

MOST_LEVERAGE = 0.9


@dataclass(frozen=True)
class Posterior:
    """One fitted member.

    Attributes:
        coefficients: shape (coefficients,), bounds kept.
        covariance: of the free coefficients, 0 elsewhere, shape (coefficients, coefficients).
        pinned_variance: of coefficients at a bound, 0 elsewhere, shape (coefficients,).
        scales: at which the marginal likelihood is highest.
        extras: common gain of the experts, then each feature's doubt in its weight.
    """

    coefficients: Floats
    covariance: Floats
    pinned_variance: Floats
    scales: Scales
    extras: Floats


def fit_member(
    design: Design,
    outcomes: Outcomes,
    scales: Scales,
    *,
    rounds: int,
    start: Floats | None = None,
) -> Posterior:
    """Fit coefficients and scales together.

    Args:
        design: the binned rows.
        outcomes: of the rows.
        scales: to start from, with the prior of the coefficients; updated.
        rounds: of the loop that maximises the marginal likelihood.
        start: coefficients to start from, the prior's mode if None.

    Returns:
        The posterior at the scales arrived at.
    """
    ascent = Ascent(design, scales.prior, outcomes, start)
    ascent.learn(scales, rounds=rounds)
    inverse, _, variance = ascent.moments()
    size = ascent.size
    return Posterior(
        ascent.z[:size].copy(),
        inverse[:size, :size],
        variance,
        scales,
        ascent.z[size:].copy(),
    )


def fit_coefficients(design: Design, outcomes: Outcomes, scales: Scales, *, rounds: int) -> Floats:
    """Return the coefficients of `fit_member` alone, shape (coefficients,)."""
    ascent = Ascent(design, scales.prior, outcomes)
    ascent.learn(scales, rounds=rounds)
    return ascent.z[: ascent.size]


def leave_one_out(design: Design, outcomes: Outcomes, posterior: Posterior) -> Floats:
    """Return each row's log-odds as if one row like it had not been seen.

    One Newton step without the row, on the free coefficients, at the scales that saw it; leverage
    is clamped. Scales that saw the row flatter flexible members a little.

    Returns:
        Shape (rows,).
    """
    log_odds = design.log_odds(posterior.coefficients)
    probability = expit(log_odds)
    variance = design.variances(posterior.covariance)
    leverage = np.minimum(probability * (1.0 - probability) * variance, MOST_LEVERAGE)
    return np.asarray(log_odds + (probability - outcomes.bad) * variance / (1.0 - leverage))
