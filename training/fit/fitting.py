"""Fitting: the expert's scorecard, moved by outcomes where there are any.

The matrices are small: on more than one BLAS thread a fit takes ten times as long, and its last
bits depend on how many there are. So it runs on one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scoring.features import all_features
from scoring.features.catalogue import Feature
from scoring.models.adjustments.capping import BlockCap
from scoring.models.priors import Priors, read_priors, unfitted_scorecard, without_cuts
from scoring.models.scorecard import MonotoneScorecard
from training.fit.shaping import Shaping, fit_shaped


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
        by_hand: features whose points were given by hand.
    """

    scorecard: MonotoneScorecard
    kind: ModelKind
    left_out: tuple[str, ...]
    caps: tuple[BlockCap, ...] = ()
    by_hand: tuple[str, ...] = ()

    def foretell(self, X: pd.DataFrame) -> Foretelling:  # noqa: N803
        """Log-odds of bad of rows; X has the scorecard's columns, and may have more."""
        X = X[list(self.scorecard.feature_names_in_)]  # noqa: N806
        log_odds, parts = self.scorecard.scores_and_contributions(X)
        return Foretelling(log_odds, parts[list(self.by_hand)].to_numpy().sum(axis=1))


@dataclass(frozen=True)
class Foretelling:
    """Log-odds of bad, not calibrated, and the part of them given by hand, shape (rows,) each."""

    log_odds: NDArray[np.float64]
    given: NDArray[np.float64]

    @classmethod
    def joined(cls, parts: Sequence[Foretelling]) -> Foretelling:
        """The parts' rows one after the other."""
        return cls(
            np.concatenate([part.log_odds for part in parts]),
            np.concatenate([part.given for part in parts]),
        )


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
    return _shaped(scorecard, X[list(features)], y, ModelKind.FITTED, (), shaping or Shaping())


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
    X = population[list(features)]  # noqa: N806
    kind = ModelKind.EXPERT_PRIOR
    return _shaped(scorecard, X, None, kind, tuple(left_out), shaping or Shaping())


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


def _shaped(
    unfitted: MonotoneScorecard,
    X: pd.DataFrame,  # noqa: N803
    y: NDArray[np.int64] | None,
    kind: ModelKind,
    left_out: tuple[str, ...],
    shaping: Shaping,
) -> Fit:
    shaped = fit_shaped(unfitted, X, y, shaping)
    by_hand = tuple(name for name in shaping.by_hand if name in X.columns)
    return Fit(shaped.scorecard, kind, left_out, shaped.caps, by_hand)


def _features_of(X: pd.DataFrame) -> dict[str, Feature]:  # noqa: N803
    catalogue = all_features()
    return {str(name): catalogue[str(name)] for name in X.columns}


def has_outcomes(y: NDArray[np.int64]) -> bool:
    """Whether outcomes can move the expert's scorecard; bad ones alone can't."""
    return bool((y == 0).any())
