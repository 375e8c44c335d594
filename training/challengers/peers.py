"""What the scorecard is measured against, behind one interface: fit, then log-odds of bad.

Settings are sensible for some 300 loans and the same for every data set. Peers get the features
that have any value in the rows they are fitted on; only the scorecard is told what an expert knows.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import logit
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from training.measures.figures import SEED, Floats, Ints

_PENALTIES = (0.1, 0.3, 1.0)
_ROUNDS = (30, 60, 120, 250)
_CLIP = 1e-6


@dataclass(frozen=True)
class Peer:
    """One way of learning.

    Attributes:
        name: what it is called in tables.
        make: a new estimator with scikit-learn's `fit` and `predict_proba`.
    """

    name: str
    make: Callable[[], Any]

    def fit_and_foretell(self, X: pd.DataFrame, y: Ints, unseen: pd.DataFrame) -> Floats:  # noqa: N803
        """Log-odds of bad of unseen rows, shape (unseen rows,)."""
        filled = [name for name in X.columns if X[name].notna().any()]
        with fitting_few_rows():
            fitted = self.make().fit(X[filled], y)
            probability = fitted.predict_proba(unseen[filled])[:, 1]
        return np.asarray(logit(np.clip(probability, _CLIP, 1 - _CLIP)))


@contextmanager
def fitting_few_rows() -> Iterator[None]:
    """Fit without warnings of few rows (quantiles, bins and the like), and in one thread.

    Threads only make work of few rows: beside other jobs a fit took a hundred times as long.
    """
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        yield


def all_peers() -> tuple[Peer, ...]:
    """The peers, the plainest first."""
    return (
        Peer("logistic regression", logistic_regression),
        Peer("LightGBM", lightgbm),
        Peer("EBM", explainable_boosting),
    )


def logistic_regression() -> Any:
    """Ridge logistic regression on quantile-normal inputs, medians and indicators for missing.

    The penalty (C of 0.1, 0.3 or 1) is chosen by inner cross-validation on log-loss.
    """
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import QuantileTransformer

    return make_pipeline(
        QuantileTransformer(n_quantiles=100, output_distribution="normal", random_state=SEED),
        SimpleImputer(strategy="median", add_indicator=True),
        LogisticRegressionCV(
            Cs=list(_PENALTIES),
            cv=StratifiedKFold(5, shuffle=True, random_state=SEED),
            scoring="neg_log_loss",
            max_iter=2000,
        ),
    )


def lightgbm() -> Any:
    """Boosted trees, small and slow-learning."""
    from lightgbm import LGBMClassifier

    return LGBMClassifier(
        n_estimators=150,
        learning_rate=0.03,
        num_leaves=7,
        min_child_samples=10,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.5,
        reg_lambda=1.0,
        random_state=SEED,
        deterministic=True,
        force_row_wise=True,
        n_jobs=1,
        verbose=-1,
    )


def explainable_boosting() -> Any:
    """An explainable boosting machine without interactions."""
    from interpret.glassbox import ExplainableBoostingClassifier

    return ExplainableBoostingClassifier(
        interactions=0, max_bins=64, outer_bags=8, n_jobs=1, random_state=SEED
    )


def benchmark_peers(directions: Mapping[str, int]) -> tuple[Peer, ...]:
    """The peers of the scorecard's benchmark, the plainest first.

    Boosted trees are tuned by cross-validation; what can be told a direction is told it.

    Args:
        directions: +1 riskier when higher, -1 safer when higher, 0 unknown, by feature.
    """
    peers = [
        Peer("logistic regression", logistic_regression),
        Peer("HGB monotone additive", MonotoneBoosting(directions)),
        Peer("EBM", explainable_boosting),
        Peer("LightGBM", tuned_lightgbm),
    ]
    if find_spec("optbinning") is not None:
        peers.insert(1, Peer("optbinning", OptimalBinning()))
    return tuple(peers)


@dataclass(frozen=True)
class MonotoneBoosting:
    """Makes histogram gradient boosting without interactions, monotone where declared.

    The number of rounds is found on a validation part where rows allow (from 500 on); below, it is
    fixed. Settings otherwise as in `lightgbm`.

    Attributes:
        directions: by feature.
    """

    directions: Mapping[str, int]

    def __call__(self) -> Any:
        """Return a new estimator, which must be fitted on a frame."""
        return _MonotoneBoosting(self.directions)


class _MonotoneBoosting:
    def __init__(self, directions: Mapping[str, int]) -> None:
        self.directions = directions

    def fit(self, X: pd.DataFrame, y: Ints) -> Any:  # noqa: N803
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.model_selection import GridSearchCV, StratifiedKFold

        shape = HistGradientBoostingClassifier(
            learning_rate=0.1,
            max_leaf_nodes=4,
            min_samples_leaf=min(20, max(3, len(y) // 20)),
            l2_regularization=1.0,
            interaction_cst="no_interactions",
            monotonic_cst=[self.directions.get(name, 0) for name in X.columns],
            early_stopping=False,
            random_state=SEED,
        )
        folds = StratifiedKFold(3, shuffle=True, random_state=SEED)
        search = GridSearchCV(shape, {"max_iter": _ROUNDS}, scoring="neg_log_loss", cv=folds)
        return search.fit(X, y).best_estimator_


def tuned_lightgbm() -> Any:
    """LightGBM with leaves and rounds chosen by three-fold cross-validation on log-loss."""
    from sklearn.model_selection import GridSearchCV, StratifiedKFold

    return GridSearchCV(
        lightgbm(),
        {"num_leaves": [3, 7, 15], "n_estimators": [75, 150, 400]},
        scoring="neg_log_loss",
        cv=StratifiedKFold(3, shuffle=True, random_state=SEED),
    )


class OptimalBinning:
    """Makes an optimal-binning scorecard: monotone bins, weights of evidence, ridge logistic."""

    def __call__(self) -> Any:
        """Return a new estimator, which must be fitted on a frame."""
        return _OptimalBinning()


class _OptimalBinning:
    def fit(self, X: pd.DataFrame, y: Ints) -> Any:  # noqa: N803
        from optbinning import BinningProcess
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        names = list(X.columns)
        binning = BinningProcess(
            names,
            binning_fit_params={n: {"monotonic_trend": "auto_asc_desc"} for n in names},
            binning_transform_params={n: {"metric_missing": "empirical"} for n in names},
        )
        return make_pipeline(binning, LogisticRegression(C=0.1, max_iter=2000)).fit(X, y)
