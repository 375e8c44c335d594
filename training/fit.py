"""Fitting: the expert's scorecard, moved by outcomes where there are any.

The matrices are small: on more than one BLAS thread a fit takes ten times as long, and its last
bits depend on how many there are. So it runs on one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scoring.features import all_features
from scoring.features.catalogue import Feature
from scoring.models.capping import BlockCap
from scoring.models.priors import Priors, read_priors, unfitted_scorecard, without_cuts
from scoring.models.scorecard import MonotoneScorecard
from training.shaping import Shaping, fit_shaped


class ModelKind(StrEnum):
    """Where a model's points come from."""

    EXPERT_PRIOR = "expert_prior"
    FITTED = "fitted"


@dataclass(frozen=True)
class Fit:
    """A scorecard ready to be stored.

    Attributes:
        scorecard: fitted, or the expert's.
        kind: which of the two.
        left_out: features of money for which the expert gave no cut points in the currency.
        caps: what was done to keep blocks within their share of the range.
        free: the scorecard without the analyst's hand; None where there is none.
    """

    scorecard: MonotoneScorecard
    kind: ModelKind
    left_out: tuple[str, ...]
    caps: tuple[BlockCap, ...] = ()
    free: MonotoneScorecard | None = None


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
    shaped = fit_shaped(scorecard, X[list(features)], y, shaping or Shaping())
    return Fit(shaped.scorecard, ModelKind.FITTED, (), shaped.caps, shaped.free)


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
    left_out = without_cuts(_features_of(population), priors, currency=currency)
    features = {n: f for n, f in _features_of(population).items() if n not in left_out}
    scorecard = unfitted_scorecard(features, priors, currency=currency)
    shaped = fit_shaped(scorecard, population[list(features)], None, shaping or Shaping())
    return Fit(shaped.scorecard, ModelKind.EXPERT_PRIOR, tuple(left_out), shaped.caps, shaped.free)


def _features_of(X: pd.DataFrame) -> dict[str, Feature]:  # noqa: N803
    catalogue = all_features()
    return {str(name): catalogue[str(name)] for name in X.columns}


def has_outcomes(y: NDArray[np.int64]) -> bool:
    """Whether outcomes can move the expert's scorecard; bad ones alone can't."""
    return bool((y == 0).any())
