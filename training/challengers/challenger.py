"""One interface for other ways of learning: log-odds of bad, and what each feature did to them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scoring.base.errors import InputError
from scoring.features.catalogue import Feature
from training.challengers.peers import (
    MonotoneBoosting,
    OptimalBinning,
    explainable_boosting,
    fitting_few_rows,
    lightgbm,
)
from training.measures.figures import Floats, Ints

PAIRS = 10
"""Most terms of two features that EBM with pairs has: those that its own search ranks first."""

BACKGROUND_ROWS = 1000
"""Most training rows that challengers are explained against: to trees each costs as much as a row
explained."""


class Learner(StrEnum):
    """How a challenger learns."""

    HGB = "hgb"
    LIGHTGBM = "lightgbm"
    EBM = "ebm"
    EBM_PAIRS = "ebm-pairs"
    OPTBINNING = "optbinning"

    @property
    def package(self) -> str:
        """The package that must be installed, by the name it is imported under."""
        return _PACKAGES[self]

    @property
    def distribution(self) -> str:
        """The name that the package is installed under."""
        return _DISTRIBUTIONS[self]

    def require(self) -> None:
        """Refuse a learner whose package is not here.

        Raises:
            InputError: it isn't; says how to get it.
        """
        if find_spec(self.package) is None:
            raise InputError(
                f'The challenger "{self}" needs the package {self.distribution}, which is not '
                f"installed. Run `pip install {self.distribution}`, or leave it out."
            )


_PACKAGES = {
    Learner.HGB: "sklearn",
    Learner.LIGHTGBM: "lightgbm",
    Learner.EBM: "interpret",
    Learner.EBM_PAIRS: "interpret",
    Learner.OPTBINNING: "optbinning",
}
_DISTRIBUTIONS = {
    Learner.HGB: "scikit-learn",
    Learner.LIGHTGBM: "lightgbm",
    Learner.EBM: "interpret-core",
    Learner.EBM_PAIRS: "interpret-core",
    Learner.OPTBINNING: "optbinning",
}


@dataclass(frozen=True)
class Challenger:
    """A fitted challenger.

    Attributes:
        learner: how it learned.
        model: the library's fitted estimator.
        columns: features that it was given.
        background: training rows that contributions are measured against, shape (at most
            `BACKGROUND_ROWS`, features with any value in training), NaN where missing.
    """

    learner: Learner
    model: Any
    columns: tuple[str, ...]
    background: pd.DataFrame

    @classmethod
    def fit(
        cls,
        learner: Learner,
        X: pd.DataFrame,  # noqa: N803
        y: Ints,
        features: Mapping[str, Feature],
    ) -> Challenger:
        """Fit to outcomes; trees are told the catalogue's directions.

        Args:
            learner: how.
            X: shape (labels, features), NaN where missing.
            y: shape (labels,), 1 for bad; both classes.
            features: catalogue entries of the columns.
        """
        filled = [name for name in X.columns if X[name].notna().any()]
        directions = {name: int(features[name].direction) for name in filled}
        with fitting_few_rows():
            model = _makers(directions)[learner]().fit(X[filled], y)
        places = np.unique(np.linspace(0, len(X) - 1, min(len(X), BACKGROUND_ROWS)).astype(int))
        background = X[filled].iloc[places].reset_index(drop=True)
        return cls(learner, model, tuple(map(str, X.columns)), background)

    def log_odds(self, X: pd.DataFrame) -> Floats:  # noqa: N803
        """Return the log-odds of bad, shape (rows,)."""
        rows = X[self._used]
        if self.learner is Learner.LIGHTGBM:
            return np.asarray(self.model.predict(rows, raw_score=True))
        return np.asarray(self.model.decision_function(rows))

    @cached_property
    def base(self) -> float:
        """The mean log-odds of bad over the background."""
        return float(self.log_odds(self.background).mean())

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:  # noqa: N803
        """Return each feature's interventional SHAP value in log-odds of bad, rows x columns.

        With `base` they sum to `log_odds`. Of trees they are the SHAP library's (Lundberg et al.,
        2020), which reads values in single precision; of terms of one feature, a term less its mean
        over the background; of terms of two, each feature's half of what both orders of telling
        them apart give.
        """
        explained = _explainers()[self.learner](self.model, X[self._used], self.background)
        found = pd.DataFrame(explained, index=X.index, columns=self._used)
        return found.reindex(columns=list(self.columns), fill_value=0.0)

    @property
    def _used(self) -> list[str]:
        return list(self.background.columns)


def _makers(directions: Mapping[str, int]) -> dict[Learner, Callable[[], Any]]:
    return {
        Learner.HGB: MonotoneBoosting(directions),
        Learner.LIGHTGBM: partial(_monotone_lightgbm, directions),
        Learner.EBM: explainable_boosting,
        Learner.EBM_PAIRS: _boosting_with_pairs,
        Learner.OPTBINNING: OptimalBinning(),
    }


def _boosting_with_pairs() -> Any:
    return explainable_boosting().set_params(interactions=PAIRS)


def _monotone_lightgbm(directions: Mapping[str, int]) -> Any:
    return lightgbm().set_params(
        monotone_constraints=list(directions.values()), monotone_constraints_method="advanced"
    )


def _explainers() -> dict[Learner, Callable[[Any, pd.DataFrame, pd.DataFrame], Floats]]:
    return {
        Learner.HGB: _of_trees,
        Learner.LIGHTGBM: _of_trees,
        Learner.EBM: _of_ebm,
        Learner.EBM_PAIRS: _of_ebm,
        Learner.OPTBINNING: _of_binned_regression,
    }


def _of_trees(model: Any, rows: pd.DataFrame, background: pd.DataFrame) -> Floats:
    from shap import TreeExplainer
    from shap.maskers import Independent

    masker = Independent(background, max_samples=len(background))  # a frame alone is cut to 100
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explainer = TreeExplainer(model, masker, feature_perturbation="interventional")
        return np.asarray(explainer.shap_values(rows, check_additivity=False))


def _of_ebm(model: Any, rows: pd.DataFrame, background: pd.DataFrame) -> Floats:
    found = np.zeros(rows.shape)
    for features, scores in zip(model.term_features_, model.term_scores_, strict=True):
        at = [_bins(model, each, len(features), rows) for each in features]
        usual = [_bins(model, each, len(features), background) for each in features]
        if len(features) == 1:
            found[:, features[0]] += scores[at[0]] - scores[usual[0]].mean()
            continue
        both, neither = scores[at[0], at[1]], scores[usual[0], usual[1]].mean()
        first = scores[:, usual[1]].mean(axis=1)[at[0]]  # the first known, the second as usual
        second = scores[usual[0], :].mean(axis=0)[at[1]]
        found[:, features[0]] += 0.5 * (first - neither + both - second)
        found[:, features[1]] += 0.5 * (second - neither + both - first)
    return found


def _bins(model: Any, feature: int, dimensions: int, rows: pd.DataFrame) -> NDArray[np.intp]:
    """Return each row's place in a term's table, 0 where missing; terms of two may bin coarser."""
    resolutions = model.bins_[feature]
    cuts = resolutions[min(len(resolutions), dimensions) - 1]
    values = rows.iloc[:, feature].to_numpy(dtype=np.float64)
    return np.where(np.isnan(values), 0, np.searchsorted(cuts, values, side="right") + 1)


def _of_binned_regression(model: Any, rows: pd.DataFrame, background: pd.DataFrame) -> Floats:
    binning, regression = model.steps[0][1], model.steps[-1][1]
    weights = np.asarray(binning.transform(rows), dtype=np.float64)
    usual = np.asarray(binning.transform(background), dtype=np.float64).mean(axis=0)
    return np.asarray((weights - usual) * regression.coef_[0])
