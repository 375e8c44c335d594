"""How much each member counts: weights that predict left-out rows best, and their average."""

import numpy as np
from scipy.special import expit

from scoring.models.card.binning import Floats
from scoring.models.learning.ascent import Outcomes


def stacking_weights(left_out: Floats, outcomes: Outcomes, credit: Floats) -> Floats:
    """Weigh members by the likelihood of left-out rows under their averaged log-odds.

    Maximises the log-likelihood plus a Dirichlet(1 + credit) term, which is concave on the simplex
    and keeps every member in.

    Args:
        left_out: shape (members, rows), log-odds as if the row had not been seen.
        outcomes: of the rows.
        credit: shape (members,), positive: what each is trusted beforehand.

    Returns:
        Shape (members,), positive, summing to 1.
    """
    members = left_out.shape[0]
    weights: Floats = np.asarray(credit / credit.sum(), dtype=np.float64)
    if members == 1:
        return weights

    def objective(at: Floats) -> float:
        mixed = at @ left_out
        loss = np.logaddexp(0.0, mixed) - outcomes.bad * mixed
        return float(np.sum(outcomes.weights * loss) - credit @ np.log(at))

    now = objective(weights)
    for _ in range(100):
        probability = expit(weights @ left_out)
        gradient = left_out @ (outcomes.weights * (probability - outcomes.bad)) - credit / weights
        curvature = outcomes.weights * probability * (1.0 - probability)
        hessian = (left_out * curvature) @ left_out.T + np.diag(credit * weights**-2)
        solved = np.linalg.solve(hessian, np.column_stack([gradient, np.ones(members)]))
        direction = -solved[:, 0] + solved[:, 1] * solved[:, 0].sum() / solved[:, 1].sum()
        shrinking = direction < 0
        length = 1.0
        if shrinking.any():
            length = min(1.0, 0.9 * float(np.min(-weights[shrinking] / direction[shrinking])))
        for _ in range(40):
            trial = weights + length * direction
            value = objective(trial)
            if value <= now:
                break
            length *= 0.5
        else:
            break
        moved = float(np.max(np.abs(trial - weights)))
        weights, now = trial / trial.sum(), value
        if moved < 1e-12:
            break
    return weights
