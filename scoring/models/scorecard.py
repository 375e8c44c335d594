"""The scorecard as a scikit-learn classifier: an expert's at first, a fitted one as outcomes come.

`logit P(bad | x) = b0 + sum_j f_j(x_j)`, each `f_j` a step function that is monotone where its
direction is declared. See `fitting` for how it is learned and `card` for what is served.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from statistics import NormalDist
from typing import Any, Self, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_is_fitted,
    column_or_1d,
    validate_data,
)
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from scoring.models.card.binning import Floats, bin_of
from scoring.models.card.log_odds import Card
from scoring.models.card.uncertainty import Uncertainty
from scoring.models.learning.declarations import Declaration, declarations_for
from scoring.models.learning.direction import STRONG
from scoring.models.learning.fitting import Learned, Settings, fit_card
from scoring.models.learning.joining import joined

FORMAT = "foothold.scorecard/1"
DEFAULT_WEIGHT_SD = 0.25


class MonotoneScorecard(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Monotone Bayesian additive scorecard; the second class (1) is bad.

    What is declared per feature is a mapping by column name or a sequence by position.

    Args:
        directions: +1 riskier when higher, -1 safer when higher, 0 unknown (the default).
        weights: log-odds from worst to best bin; None for 0.5 on each declared direction.
        weight_sd: the expert's doubt in a weight, log-odds; None for the default.
        cuts: expert's cut points, used where rows are under 30 or values under 3 distinct.
        when_missing: "learned" (default), "neutral" (no effect) or
            "never_better_than_average"; one word for all or per feature.
        base_rate: parameters of a Beta distribution of the share of bad.
        n_binnings: binnings with shifted quantiles that are averaged.
        max_card_bins: bins per feature on the card.
        fixed: what is not learned: `{"cuts": …}` for cut points that are always used, with
            `"log_odds"` (one per bin) and perhaps `"missing_log_odds"` for a whole shape, round
            which the rest is fitted. Such a shape has no uncertainty of its own.

    Attributes:
        classes_: the two classes, good first.
        learned_: the card with its uncertainty, and how it came about: `Learned`.
        card_: the `Card` that is served; its intercept is the log-odds of bad of the average
            record of `background_`.
        uncertainty_: covariance of the card's values.
        background_: "training_population", or "expert_reference" (all expert bins alike).
        is_fitted_to_outcomes_: whether outcomes moved the card; else it is the expert's.
        contradicted_directions_: features whose direction outcomes strongly contradict.
    """

    def __init__(
        self,
        directions: Any = None,
        weights: Any = None,
        *,
        weight_sd: Any = None,
        cuts: Any = None,
        when_missing: Any = None,
        base_rate: Any = (2.0, 18.0),
        n_binnings: int = 4,
        max_card_bins: int = 12,
        fixed: Any = None,
    ) -> None:
        self.directions = directions
        self.weights = weights
        self.weight_sd = weight_sd
        self.cuts = cuts
        self.when_missing = when_missing
        self.base_rate = base_rate
        self.n_binnings = n_binnings
        self.max_card_bins = max_card_bins
        self.fixed = fixed

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn: two classes only, missing values welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return cast(Tags, tags)

    def fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:  # noqa: N803
        """Fit to outcomes, or take the expert's word where there are none.

        Args:
            X: shape (rows, features); NaN is missing. Without outcomes even no rows at all.
            y: shape (rows,), 1 (or the second of two classes) for bad. None for the expert
                scorecard: X is then only the reference population.
            sample_weight: shape (rows,); a weight of 2 equals the row given twice.

        Raises:
            ValueError: if X is infinite somewhere, y has more than two classes or only bad ones,
                or a declaration doesn't fit X.
        """
        values = self._validated(X, reset=True, fewest=0 if y is None else 1)
        settings = self._settings()
        declarations = self.declarations()
        weights = np.ones(values.shape[0])
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, values, dtype=np.float64)
        if np.any(weights < 0):
            raise ValueError("sample_weight must not be negative.")
        used = weights > 0
        bad = None if y is None else self._outcomes(y, values.shape[0], used)
        if bad is None:
            self.classes_ = np.array([0, 1])
        values, bad, weights = joined(
            values[used], None if bad is None else bad[used], weights[used]
        )
        # Many small solves: BLAS threads would cost ten times what they gain, and could add up
        # in another order from one run to the next.
        with threadpool_limits(1):
            self.learned_ = fit_card(values, bad, weights, declarations, settings)
        return self

    @property
    def card_(self) -> Card:
        """The card that is served."""
        return self.learned_.card

    @property
    def uncertainty_(self) -> Uncertainty:
        """Covariance of the card's values."""
        return self.learned_.uncertainty

    @property
    def background_(self) -> str:
        """Whom the card is centred over."""
        return self.learned_.background

    @property
    def is_fitted_to_outcomes_(self) -> bool:
        """Whether outcomes moved the card; else it is the expert's."""
        return self.learned_.compression_loss is not None

    @property
    def contradicted_directions_(self) -> list[str]:
        """Features whose declared direction outcomes strongly contradict; see `direction`."""
        check_is_fitted(self)
        found = self.learned_.direction_log_bayes_factors
        return [name for name, against in found.items() if against > STRONG]

    def with_card(self, card: Card, uncertainty: Uncertainty) -> Self:
        """Return the same scorecard with another card of the same features; this one stays."""
        other = copy(self)
        other.learned_ = replace(self.learned_, card=card, uncertainty=uncertainty)
        return other

    def decision_function(self, X: Any) -> Floats:  # noqa: N803
        """Return the log-odds of bad, shape (rows,)."""
        check_is_fitted(self)
        return self.card_.log_odds_of_rows(self._validated(X))

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """Return the probabilities of good and bad, shape (rows, 2)."""
        log_odds = self.decision_function(X)
        return np.column_stack([expit(-log_odds), expit(log_odds)])

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Return the more probable class, shape (rows,)."""
        at_risk = self.decision_function(X) > 0
        return np.asarray(self.classes_[at_risk.astype(np.intp)])

    def contributions(self, X: Any, background: Any = None) -> pd.DataFrame:  # noqa: N803
        """Return each feature's share of the log-odds: its interventional SHAP value, exact.

        With `base` of the same background they sum to `decision_function`.

        Args:
            X: shape (rows, features).
            background: rows to compare with; None for the card's own background.

        Returns:
            Frame, rows x features, log-odds of bad.
        """
        check_is_fitted(self)
        found = self.card_.contributions_of_rows(self._validated(X))
        if background is not None:
            found = found - self._means(background)
        index = X.index if isinstance(X, pd.DataFrame) else None
        return pd.DataFrame(found, index=index, columns=self._names())

    def scores_and_contributions(self, X: Any) -> tuple[Floats, pd.DataFrame]:  # noqa: N803
        """Return `decision_function` and `contributions` of the same rows, for bulk scoring."""
        check_is_fitted(self)
        log_odds, found = self.card_.log_odds_and_contributions_of_rows(self._validated(X))
        index = X.index if isinstance(X, pd.DataFrame) else None
        return log_odds, pd.DataFrame(found, index=index, columns=self._names(), copy=False)

    def base(self, background: Any = None) -> float:
        """Return the mean log-odds of bad over a background, None for the card's own."""
        check_is_fitted(self)
        if background is None:
            return self.card_.intercept
        return self.card_.intercept + float(sum(self._means(background).tolist()))

    def interval(self, X: Any, level: float = 0.9) -> pd.DataFrame:  # noqa: N803
        """Return the interval of the probability of bad that holds it with `level` credence.

        Args:
            X: shape (rows, features).
            level: between 0 and 1.

        Returns:
            Frame with columns low and high.

        Raises:
            ValueError: if level is not between 0 and 1.
        """
        if not 0.0 < level < 1.0:
            raise ValueError(f"level must lie between 0 and 1, not {level!r}.")
        check_is_fitted(self)
        low, high = self.interval_of_rows(self._validated(X), level)
        index = X.index if isinstance(X, pd.DataFrame) else None
        return pd.DataFrame({"low": low, "high": high}, index=index)

    def interval_of_rows(self, values: Floats, level: float) -> tuple[Floats, Floats]:
        """Return the same interval's ends, each of shape (rows,), for rows that are trusted.

        Args:
            values: shape (rows, features), in the card's order, NaN where missing, never infinite.
            level: between 0 and 1.
        """
        log_odds = self.card_.log_odds_of_rows(values)
        spread = NormalDist().inv_cdf(0.5 + level / 2.0) * self._standard_deviations(values)
        return expit(log_odds - spread), expit(log_odds + spread)

    def declarations(self) -> tuple[Declaration, ...]:
        """Return what is declared of each feature, in the order of the columns fitted to."""
        return declarations_for(
            self._names(),
            directions=self.directions,
            weights=self.weights,
            weight_sd=self.weight_sd,
            cuts=self.cuts,
            when_missing=self.when_missing,
            fixed=self.fixed,
            most_bins=self.max_card_bins,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fitted scorecard as plain data for JSON, equal to the last bit."""
        check_is_fitted(self)
        named = getattr(self, "feature_names_in_", None)
        return {
            "format": FORMAT,
            "parameters": {name: _plain(value) for name, value in self.get_params().items()},
            "classes": _plain(self.classes_),
            "columns": None if named is None else [str(name) for name in named],
            **self.learned_.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote.

        Raises:
            ValueError: if the data are of another format.
        """
        if data.get("format") != FORMAT:
            raise ValueError(f"expected format {FORMAT!r}, found {data.get('format')!r}.")
        self = cls(**data["parameters"])
        self.learned_ = Learned.from_dict(data)
        self.classes_ = np.array(data["classes"])
        self.n_features_in_ = len(self.card_.features)
        if data["columns"] is not None:
            self.feature_names_in_ = np.array(data["columns"], dtype=object)
        return self

    def _validated(self, X: Any, *, reset: bool = False, fewest: int = 0) -> Floats:  # noqa: N803
        return cast(
            Floats,
            validate_data(
                self,
                X,
                reset=reset,
                dtype=np.float64,
                ensure_all_finite="allow-nan",
                ensure_min_samples=fewest,
            ),
        )

    def _outcomes(self, y: Any, rows: int, used: NDArray[np.bool_]) -> Floats:
        y = column_or_1d(y, warn=True)
        if y.shape[0] != rows:
            raise ValueError(f"X has {rows} rows and y has {y.shape[0]}; they must be as many.")
        check_classification_targets(y)
        classes = np.unique(y)
        if len(classes) > 2:
            raise ValueError(
                f"Only binary classification is supported; y has {len(classes)} classes."
            )
        if len(np.unique(y[used])) == 1:
            only = y[used][0]
            if only != 0:
                raise ValueError(
                    f"y has only one class, {only!r}. One class alone can be fitted if it is 0 "
                    "(good); give outcomes of both classes, or none for the expert scorecard."
                )
            classes = np.array([0, 1]).astype(y.dtype)
        self.classes_ = classes
        return np.asarray(y == classes[1], dtype=np.float64)

    def _names(self) -> list[str]:
        named = getattr(self, "feature_names_in_", None)
        if named is None:
            return [f"x{j}" for j in range(self.n_features_in_)]
        return [str(name) for name in named]

    def _settings(self) -> Settings:
        if self.max_card_bins < 2:
            raise ValueError(f"max_card_bins must be at least 2, not {self.max_card_bins}.")
        bad, good = self.base_rate
        return Settings(
            base_rate=(float(bad), float(good)),
            default_weight_sd=DEFAULT_WEIGHT_SD,
            n_binnings=self.n_binnings,
            max_card_bins=self.max_card_bins,
        )

    def _means(self, background: Any) -> Floats:
        values = self._validated(background)
        if values.shape[0] == 0:
            raise ValueError("background has no rows; give some, or None for the card's own.")
        return np.asarray(self.card_.contributions_of_rows(values).mean(axis=0))

    def _standard_deviations(self, values: Floats) -> Floats:
        places = np.zeros((values.shape[0], values.shape[1] + 1), dtype=np.intp)
        of_features = zip(self.card_.features, self.card_.places(), strict=True)
        for j, (feature, place) in enumerate(of_features):
            cuts = np.array(feature.cuts, dtype=np.float64)
            places[:, j + 1] = place.start + bin_of(values[:, j], cuts)
        return self.uncertainty_.standard_deviations(places)


def _plain(value: Any) -> Any:
    """Return parameters as what JSON knows."""
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.generic):
        return value.item()
    return value
