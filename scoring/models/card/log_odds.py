"""The card that is served: plain data, looked up and added in a fixed order.

Parts of one record are looked up in pure Python and rows in numpy; the look-ups are the same and
rows add up in the card's order, so the parts of a record add up to its row to the last bit.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import fsum, isinf, isnan
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scoring.models.card.binning import Floats, bin_of


@dataclass(frozen=True)
class CardFeature:
    """One feature of the card: a step function in log-odds of bad.

    Attributes:
        name: column name.
        cuts: ascending; a value lies in bin k if it is above k of them.
        log_odds: one per bin, len(cuts) + 1; with missing, their mean over the background is 0.
        missing_log_odds: of a missing value.
        background_share: share of the background in each bin, of all its rows.
        background_missing_share: share of the background that is missing.
    """

    name: str
    cuts: tuple[float, ...]
    log_odds: tuple[float, ...]
    missing_log_odds: float
    background_share: tuple[float, ...]
    background_missing_share: float

    @staticmethod
    def bins_in(name: str, cuts: tuple[float, ...], X: pd.DataFrame) -> NDArray[np.intp]:  # noqa: N803
        """Return the bin of each row among some cuts, len(cuts) + 1 where it is missing.

        Raises:
            ValueError: if X lacks the column or a value is infinite.
        """
        if name not in X.columns:
            raise ValueError(f"column {name!r} is missing; X has {', '.join(map(str, X.columns))}.")
        values = X[name].to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isinf(values).any():
            raise ValueError(f"{name} contains infinity; give numbers, NaN where missing.")
        return bin_of(values, np.array(cuts, dtype=np.float64))

    def look_up(self, value: float | None) -> float:
        """Return the log-odds of one value; None and NaN are missing.

        Raises:
            ValueError: if the value is infinite.
        """
        if value is None or isnan(value):
            return self.missing_log_odds
        if isinf(value):
            raise ValueError(
                f"{self.name} is infinite; give a number, or None where it is missing."
            )
        return self.log_odds[bisect_left(self.cuts, value)]

    def scaled(self, factor: float) -> "CardFeature":
        """Return the same with all log-odds multiplied."""
        return replace(
            self,
            log_odds=tuple(factor * value for value in self.log_odds),
            missing_log_odds=factor * self.missing_log_odds,
        )

    def table(self) -> Floats:
        """Return the log-odds of each bin and, last, of missing."""
        return np.array([*self.log_odds, self.missing_log_odds], dtype=np.float64)

    def mean_over_background(self, values: Iterable[float]) -> float:
        """Return the mean over the background of what each bin and, last, missing is worth."""
        shares = (*self.background_share, self.background_missing_share)
        summed = fsum(share * value for share, value in zip(shares, values, strict=True))
        return summed / fsum(shares)

    def look_up_all(self, values: Floats) -> Floats:
        """Return the log-odds of many values, shape (rows,)."""
        return self.table()[bin_of(values, np.array(self.cuts, dtype=np.float64))]


@dataclass(frozen=True)
class Card:
    """A scorecard in log-odds of bad: an intercept and one step function per feature."""

    intercept: float
    features: tuple[CardFeature, ...]

    def places(self) -> tuple[slice, ...]:
        """Return where each feature's values (bins, then missing) stand, the intercept first."""
        found = []
        start = 1
        for feature in self.features:
            found.append(slice(start, start + len(feature.cuts) + 2))
            start = found[-1].stop
        return tuple(found)

    def look_up(self, values: Mapping[str, float | None]) -> dict[str, float]:
        """Return each feature's log-odds for one record; absent, None and NaN are missing."""
        return {each.name: each.look_up(values.get(each.name)) for each in self.features}

    def log_odds_of_rows(self, values: Floats) -> Floats:
        """Return the log-odds of bad of many rows.

        Args:
            values: shape (rows, features), in the card's order, NaN where missing.
        """
        total = np.full(values.shape[0], self.intercept)
        for j, feature in enumerate(self.features):
            total += feature.look_up_all(values[:, j])
        return total

    def log_odds_and_contributions_of_rows(self, values: Floats) -> tuple[Floats, Floats]:
        """Return what the two methods beside this one do, each value looked up once.

        Returns:
            Shapes (rows,) and (rows, features).
        """
        columns = np.empty((len(self.features), values.shape[0]))
        total = np.full(values.shape[0], self.intercept)
        for j, feature in enumerate(self.features):
            columns[j] = feature.look_up_all(values[:, j])
            total += columns[j]
        return total, columns.T

    def contributions_of_rows(self, values: Floats) -> Floats:
        """Return each feature's log-odds for many rows, shape (rows, features)."""
        found = np.empty((values.shape[0], len(self.features)))
        for j, feature in enumerate(self.features):
            found[:, j] = feature.look_up_all(values[:, j])
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "intercept": self.intercept,
            "features": [
                {
                    "name": feature.name,
                    "cuts": list(feature.cuts),
                    "log_odds": list(feature.log_odds),
                    "missing_log_odds": feature.missing_log_odds,
                    "background_share": list(feature.background_share),
                    "background_missing_share": feature.background_missing_share,
                }
                for feature in self.features
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Card":
        """Read what `to_dict` wrote."""
        return cls(
            intercept=float(data["intercept"]),
            features=tuple(
                CardFeature(
                    name=str(feature["name"]),
                    cuts=tuple(map(float, feature["cuts"])),
                    log_odds=tuple(map(float, feature["log_odds"])),
                    missing_log_odds=float(feature["missing_log_odds"]),
                    background_share=tuple(map(float, feature["background_share"])),
                    background_missing_share=float(feature["background_missing_share"]),
                )
                for feature in data["features"]
            ),
        )
