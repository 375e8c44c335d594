"""Do outcomes speak against a declared direction? Bounds hide it: steps then just lie at zero.

For one feature at a time its bounds are lifted, and its total T, from the first bin to the last,
is compared with what was believed. The Bayes factor of T < 0 against T >= 0 is the posterior odds
over the prior odds of the two, both under the free (encompassing) model (Klugkist, Kato and
Hoijtink 2005, "Bayesian model selection using encompassing priors"). The free posterior is
Laplace's, one Newton step from the bounded mode.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import log_ndtr

from scoring.models.learning.ascent import Ascent, Outcomes
from scoring.models.learning.declarations import Declaration
from scoring.models.learning.design import Design
from scoring.models.learning.posterior import Posterior

STRONG = float(np.log(20.0))
"""Log Bayes factor from which outcomes contradict a direction ("strong", Kass and Raftery 1995)."""


def log_bayes_factors_against_directions(
    design: Design,
    outcomes: Outcomes,
    posterior: Posterior,
    declarations: Sequence[Declaration],
) -> dict[str, float]:
    """Return the log Bayes factor against each declared direction, positive where it is doubted.

    Args:
        design: the binned rows.
        outcomes: of the rows.
        posterior: the bounded fit, whose scales know what was believed before.
        declarations: one per feature.

    Returns:
        By name, features with a declared direction and any steps; natural logarithm.
    """
    place = np.concatenate([posterior.coefficients, posterior.extras])
    scales = posterior.scales
    ascent = Ascent.at(design, outcomes, place, scales)
    hessian = ascent.hessian()
    covariance, _, _ = ascent.moments()
    free = ascent.free()
    found = {}
    for j, (block, declared) in enumerate(zip(design.blocks[:-1], declarations, strict=True)):
        steps = np.arange(block.coefficients.start, block.coefficients.stop - 1)
        if not declared.direction or steps.size == 0:
            continue
        pinned = steps[~free[steps]]
        own = steps[free[steps]]
        total = float(ascent.z[own].sum())
        variance = float(covariance[np.ix_(own, own)].sum())
        if pinned.size:
            across = covariance @ hessian[:, pinned]
            schur = hessian[np.ix_(pinned, pinned)] - hessian[pinned] @ across
            moved = np.linalg.solve(schur, -ascent.gradient[pinned])
            share = 1.0 - across[own].sum(axis=0)
            total += float(share @ moved)
            variance += float(share @ np.linalg.solve(schur, share))
        believed, spread = scales.prior.total_of(j, scales.variances, scales.doubt)
        found[declared.name] = _log_odds_below_zero(total, variance) - _log_odds_below_zero(
            believed, spread
        )
    return found


def _log_odds_below_zero(mean: float, variance: float) -> float:
    """Return the log-odds that a normal variable lies below zero."""
    z = mean / np.sqrt(max(variance, 1e-300))
    return float(log_ndtr(-z) - log_ndtr(z))
