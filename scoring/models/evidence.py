"""What complete records would tell of a founder, by kind; frozen with a model, for thin files.

Decision 9 (docs/decisions) has the rule and how its limit was measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, median
from typing import Any

import numpy as np
import pandas as pd

from scoring.features import all_features
from scoring.features.catalogue import Kind
from scoring.models.card.binning import Floats
from scoring.models.card.log_odds import Card, CardFeature
from scoring.models.card.uncertainty import Uncertainty

EARNED_OR_PAID = (Kind.SALES, Kind.REPAYMENT, Kind.CASH_FLOW)
"""Kinds that can make a file sufficient. Nobody has shown that attendance predicts repayment."""

UNRESOLVED_ALLOWED = 0.85
"""Share of what complete records would tell that a scored file may leave unknown; measured."""

_FEWEST_ROWS = 30


@dataclass(frozen=True)
class KindEvidence:
    """What one kind of records tells of a founder, on average.

    Attributes:
        variance: of its contribution among those who have such records, log-odds squared.
        shares: each feature's part of it, by name; they sum to 1.
        strength: number of records after which half of a count or a mean is known: the median of
            what the kind's ratios are shrunk by.
    """

    variance: float
    shares: Mapping[str, float]
    strength: float


@dataclass(frozen=True)
class EvidenceRule:
    """When a file is too thin for a model.

    The doubt in a file, a variance of log-odds, is the card's own (at its mean: unusual values are
    no lack of records) and, per kind, what would be learned on average if it were all seen.

    Attributes:
        card_variance: the card's own doubt, of a file that lacks nothing, on average.
        kinds: what each kind of records tells; those that the card does without are not there.
        unresolved_allowed: share of what all kinds tell together that may be unknown.
    """

    card_variance: float
    kinds: Mapping[Kind, KindEvidence]
    unresolved_allowed: float = UNRESOLVED_ALLOWED

    @property
    def variance(self) -> float:
        """What all kinds tell together, log-odds squared; kinds count as independent."""
        return float(sum(kind.variance for kind in self.kinds.values()))

    @property
    def allowed(self) -> float:
        """What a scored file may leave unknown, log-odds squared."""
        return self.unresolved_allowed * self.variance

    def width(self, unresolved: float, *, level: float) -> float:
        """Width of an interval of the log-odds.

        Args:
            unresolved: what is not known for lack of records, log-odds squared.
            level: credence of the interval, between 0 and 1.
        """
        spread = NormalDist().inv_cdf(0.5 + level / 2.0)
        return 2.0 * spread * sqrt(self.card_variance + unresolved)

    @classmethod
    def of(
        cls, card: Card, uncertainty: Uncertainty, population: pd.DataFrame | None = None
    ) -> EvidenceRule:
        """Measure what kinds of records tell.

        Args:
            card: what is served.
            uncertainty: of its values.
            population: shape (rows, features), NaN where missing, those trained on; where under 30
                rows have a kind, its bins decide, as if its features were independent.
        """
        found = {}
        for kind in EARNED_OR_PAID:
            told = _told(kind, card, population)
            if told is not None:
                found[kind] = told
        return cls(_card_variance(card, uncertainty), found)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "card_variance": self.card_variance,
            "unresolved_allowed": self.unresolved_allowed,
            "kinds": {
                kind.value: {
                    "variance": told.variance,
                    "shares": dict(told.shares),
                    "strength": told.strength,
                }
                for kind, told in self.kinds.items()
            },
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> EvidenceRule:
        """Read what `to_dict` wrote."""
        return cls(
            card_variance=float(data["card_variance"]),
            unresolved_allowed=float(data["unresolved_allowed"]),
            kinds={
                kind: KindEvidence(
                    variance=float(data["kinds"][kind.value]["variance"]),
                    shares=dict(data["kinds"][kind.value]["shares"]),
                    strength=float(data["kinds"][kind.value]["strength"]),
                )
                for kind in EARNED_OR_PAID
                if kind.value in data["kinds"]
            },
        )


def observed_shares(feature: CardFeature) -> Floats:
    """Background shares of a feature's bins among those who have a value; all alike if nobody."""
    shares = np.array(feature.background_share, dtype=np.float64)
    total = float(shares.sum())
    return shares / total if total > 0 else np.full(shares.size, 1.0 / shares.size)


def _told(kind: Kind, card: Card, population: pd.DataFrame | None) -> KindEvidence | None:
    catalogue = all_features()
    features = [
        feature
        for feature in card.features
        if feature.name in catalogue and catalogue[feature.name].kind is kind
    ]
    variances, together = _by_bins(features)
    if population is not None and features:
        values = population[[feature.name for feature in features]].to_numpy(dtype=np.float64)
        values = values[~np.isnan(values).all(axis=1)]
        if values.shape[0] >= _FEWEST_ROWS:
            given = np.column_stack(
                [feature.look_up_all(values[:, j]) for j, feature in enumerate(features)]
            )
            variances, together = given.var(axis=0), float(given.sum(axis=1).var())
    total = float(sum(variances))
    if not features:
        return None
    strengths = [
        shrinkage.strength
        for shrinkage in (catalogue[feature.name].shrinkage for feature in features)
        if shrinkage is not None
    ]
    return KindEvidence(
        variance=_short(together),
        shares={
            feature.name: _short(float(variance) / total) if total > 0 else 0.0
            for feature, variance in zip(features, variances, strict=True)
        },
        strength=float(median(strengths)) if strengths else 0.0,
    )


def _by_bins(features: list[CardFeature]) -> tuple[Floats, float]:
    """Variances of the features' contributions over their bins, and of their sum."""
    variances = np.zeros(len(features))
    for j, feature in enumerate(features):
        shares, steps = observed_shares(feature), np.array(feature.log_odds)
        mean = float((shares * steps).sum())
        variances[j] = float((shares * (steps - mean) ** 2).sum())
    return variances, float(variances.sum())


def _card_variance(card: Card, uncertainty: Uncertainty) -> float:
    """Mean variance of the log-odds of files that lack nothing, features independent."""
    mean = uncertainty.factor[0].copy()
    variance = float(uncertainty.remainder[0])
    for feature, values in zip(card.features, card.places(), strict=True):
        shares = observed_shares(feature)
        place = slice(values.start, values.stop - 1)  # not missing
        loadings = uncertainty.factor[place]
        middle = (shares[:, None] * loadings).sum(axis=0)
        mean += middle
        variance += float((shares * uncertainty.remainder[place]).sum())
        variance += float((shares[:, None] * (loadings - middle) ** 2).sum())
    return _short(variance + float((mean**2).sum()))


def _short(number: float) -> float:
    """Six significant digits: the last bits of a sum change no model."""
    return float(f"{number:.6g}")
