"""From log-odds to points: what a lender reads, rounded once per bin."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import isfinite, log
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scoring.models.card.binning import bin_of
from scoring.models.card.log_odds import Card, CardFeature

WHOLE = 1e-6
"""Points closer than this to a whole number are one: log-odds are doubles."""


@dataclass(frozen=True)
class PointsScale:
    """How points stand for odds: more points are safer.

    Attributes:
        anchor_points: points at the anchor odds.
        anchor_odds: good:bad odds at the anchor points.
        points_to_double_odds: points that double the odds.

    Raises:
        ValueError: if odds or points to double them are not positive and finite.
    """

    anchor_points: float = 200.0
    anchor_odds: float = 20.0
    points_to_double_odds: float = 20.0

    def __post_init__(self) -> None:
        for name in ("anchor_odds", "points_to_double_odds"):
            value = getattr(self, name)
            if not isfinite(value) or value <= 0:
                raise ValueError(f"{name} must be positive and finite, not {value!r}.")
        if not isfinite(self.anchor_points):
            raise ValueError(f"anchor_points must be finite, not {self.anchor_points!r}.")

    @property
    def factor(self) -> float:
        """Points per unit of log-odds."""
        return self.points_to_double_odds / log(2.0)

    @property
    def offset(self) -> float:
        """Points at even odds."""
        return self.anchor_points - self.factor * log(self.anchor_odds)

    def to_points(self, log_odds_of_bad: float) -> float:
        """Return unrounded points."""
        return self.offset - self.factor * log_odds_of_bad


@dataclass(frozen=True)
class PointsFeature:
    """One feature's integer points.

    Attributes:
        name: column name.
        cuts: ascending; a value lies in bin k if it is above k of them.
        points: one integer per bin, len(cuts) + 1.
        missing_points: of a missing value.
    """

    name: str
    cuts: tuple[float, ...]
    points: tuple[int, ...]
    missing_points: int

    def table(self) -> NDArray[np.int64]:
        """Return the points of each bin and, last, of missing."""
        return np.array([*self.points, self.missing_points], dtype=np.int64)


@dataclass(frozen=True)
class PointsCard:
    """The scorecard as printed: a base and integer points per bin; a score is their sum.

    Attributes:
        scale: of the points.
        base: points of a record that is average in every feature, less what rounding adds.
        features: in the card's order.
        largest_rounding_difference: most that any score can differ from the unrounded points of
            its log-odds.
    """

    scale: PointsScale
    base: int
    features: tuple[PointsFeature, ...]
    largest_rounding_difference: float

    @classmethod
    def of(
        cls, card: Card, scale: PointsScale | None = None, *, whole: Collection[str] = ()
    ) -> "PointsCard":
        """Round a card's base and each of its bins, once.

        Rounding keeps order, so points are monotone wherever the log-odds are. What rounding the
        bins adds on average over the background goes off the base, or fifty features could move
        everybody's score by some points one way.

        Args:
            card: in log-odds.
            scale: of the points.
            whole: features given by hand in whole points: bins that are whole points apart stay
                so, even where centring leaves them at a half.
        """
        scale = scale or PointsScale()
        features = tuple(
            PointsFeature(feature.name, feature.cuts, *_rounded(feature, scale, whole))
            for feature in card.features
        )
        added = sum(
            feature.mean_over_background(_errors(rounded, feature, scale))
            for rounded, feature in zip(features, card.features, strict=True)
        )
        base = round(scale.to_points(card.intercept) - added)
        return cls.standing_for(card, scale, base, features)

    @classmethod
    def standing_for(
        cls, card: Card, scale: PointsScale, base: int, features: tuple[PointsFeature, ...]
    ) -> "PointsCard":
        """Whole points for a card's bins, with the most that they can differ from it."""
        most = least = base - scale.to_points(card.intercept)
        for rounded, feature in zip(features, card.features, strict=True):
            errors = _errors(rounded, feature, scale)
            most += max(errors)
            least += min(errors)
        return cls(scale, base, features, max(abs(most), abs(least)))

    def points_of_rows(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return integer points of many records, shape (rows, features).

        Args:
            values: shape (rows, features), in the card's order, NaN where missing.

        Raises:
            ValueError: if a value is infinite.
        """
        if np.isinf(values).any():
            raise ValueError("A value is infinite; give numbers, NaN where missing.")
        found = np.empty(values.shape, dtype=np.int64)
        for j, feature in enumerate(self.features):
            found[:, j] = feature.table()[
                bin_of(values[:, j], np.array(feature.cuts, dtype=np.float64))
            ]
        return found

    def score_frame(self, X: pd.DataFrame) -> "pd.Series[int]":  # noqa: N803
        """Return the score of each row: base + sum of integer points.

        Raises:
            ValueError: if a column is not there or a value is infinite.
        """
        total: NDArray[np.int64] = np.full(len(X), self.base, dtype=np.int64)
        for feature in self.features:
            total += feature.table()[CardFeature.bins_in(feature.name, feature.cuts, X)]
        return pd.Series(total, index=X.index, name="score")

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "scale": {
                "anchor_points": self.scale.anchor_points,
                "anchor_odds": self.scale.anchor_odds,
                "points_to_double_odds": self.scale.points_to_double_odds,
            },
            "base": self.base,
            "features": [
                {
                    "name": feature.name,
                    "cuts": list(feature.cuts),
                    "points": list(feature.points),
                    "missing_points": feature.missing_points,
                }
                for feature in self.features
            ],
            "largest_rounding_difference": self.largest_rounding_difference,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "PointsCard":
        """Read what `to_dict` wrote."""
        return cls(
            scale=PointsScale(**data["scale"]),
            base=int(data["base"]),
            features=tuple(
                PointsFeature(
                    name=str(feature["name"]),
                    cuts=tuple(map(float, feature["cuts"])),
                    points=tuple(map(int, feature["points"])),
                    missing_points=int(feature["missing_points"]),
                )
                for feature in data["features"]
            ),
            largest_rounding_difference=float(data["largest_rounding_difference"]),
        )


def _rounded(
    feature: CardFeature, scale: PointsScale, whole: Collection[str]
) -> tuple[tuple[int, ...], int]:
    """Whole points of a feature's bins, and of missing."""
    exact = [-scale.factor * value for value in feature.table().tolist()]
    *bins, missing = _whole_apart(exact) if feature.name in whole else [round(x) for x in exact]
    return tuple(bins), missing


def _whole_apart(exact: list[float]) -> list[int]:
    """Round; where a value is whole points from the first, so is what it is rounded to."""
    first = round(exact[0])
    found = []
    for value in exact:
        apart = value - exact[0]
        is_whole = abs(apart - round(apart)) < WHOLE
        found.append(first + round(apart) if is_whole else round(value))
    return found


def _errors(rounded: PointsFeature, feature: CardFeature, scale: PointsScale) -> list[float]:
    """Return rounded minus exact points for each bin and for missing."""
    pairs = zip(
        (*rounded.points, rounded.missing_points),
        (*feature.log_odds, feature.missing_log_odds),
        strict=True,
    )
    return [points + scale.factor * log_odds for points, log_odds in pairs]
