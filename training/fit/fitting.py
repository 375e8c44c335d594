"""Fitting: the expert's scorecard, moved by outcomes where there are any.

The matrices are small: on more than one BLAS thread a fit takes ten times as long, and its last
bits depend on how many there are. So it runs on one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scoring.features import all_features
from scoring.features.catalogue import Feature
from scoring.models.priors import Priors, read_priors, unfitted_scorecard, without_cuts
from training.data.dataset import has_outcomes
from training.fit.shaping import Fit, Shaping, fit_shaped


def fit_scorecard(
    X: pd.DataFrame,  # noqa: N803
    y: NDArray[np.int64],
    *,
    currency: str,
    priors: Priors | None = None,
    shaping: Shaping | None = None,
    n_binnings: int | None = None,
) -> Fit:
    """Fit to outcomes.

    Args:
        X: shape (labels, features), NaN where missing.
        y: shape (labels,), 1 for bad; at least one 0.
        currency: of the amounts in X.
        priors: the expert's scorecard; that of `priors.toml` when None.
        shaping: caps and the analyst's hand; the default caps when None.
        n_binnings: binnings that are averaged; the estimator's own number when None.
    """
    features = _features_of(X)
    scorecard = unfitted_scorecard(features, priors or read_priors(), currency=currency)
    if n_binnings is not None:
        scorecard.set_params(n_binnings=n_binnings)
    return fit_shaped(scorecard, X[list(features)], y, shaping or Shaping())


def expert_scorecard(
    population: pd.DataFrame,
    *,
    currency: str,
    priors: Priors | None = None,
    shaping: Shaping | None = None,
) -> Fit:
    """Take the expert's word where no outcome is known.

    Args:
        population: features of those who allow training, the reference; no rows are fine.
        currency: whose cut points are taken; features of money without any are left out.
        priors: the expert's scorecard; that of `priors.toml` when None.
        shaping: caps and the analyst's hand; the default caps when None.
    """
    priors = priors or read_priors()
    known = _features_of(population)
    left_out = without_cuts(known, priors, currency=currency)
    features = {name: feature for name, feature in known.items() if name not in left_out}
    scorecard = unfitted_scorecard(features, priors, currency=currency)
    return fit_shaped(scorecard, population[list(features)], None, shaping or Shaping())


def fit_or_expert(
    X: pd.DataFrame,  # noqa: N803
    y: NDArray[np.int64],
    *,
    currency: str,
    shaping: Shaping | None = None,
    n_binnings: int | None = None,
) -> Fit:
    """Fit to outcomes where they can move the expert's scorecard, else take the expert's word.

    Args:
        X: shape (labels, features), NaN where missing; the expert's reference else.
        y: shape (labels,), 1 for bad.
        currency: of the amounts in X.
        shaping: as for `fit_scorecard`.
        n_binnings: as for `fit_scorecard`.
    """
    if not has_outcomes(y):
        return expert_scorecard(X, currency=currency, shaping=shaping)
    return fit_scorecard(X, y, currency=currency, shaping=shaping, n_binnings=n_binnings)


def _features_of(X: pd.DataFrame) -> dict[str, Feature]:  # noqa: N803
    catalogue = all_features()
    return {str(name): catalogue[str(name)] for name in X.columns}
