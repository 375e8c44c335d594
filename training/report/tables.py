"""The scorecard as a table for people: each feature, its bins, points, and what came of loans."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
import pandas as pd

from scoring.features.catalogue import Direction, Feature
from scoring.models.artefact import Artefact
from scoring.models.card import CardFeature
from scoring.models.points import PointsFeature
from training.bins import NO_RECORD, bin_labels, joined
from training.figures import Ints

_SMOOTHING = 0.5


@dataclass(frozen=True)
class Bin:
    """One line of the table; shares are 0 to 1.

    `bad_rate` and `weight_of_evidence` (log of the share of goods over the share of bads, half a
    loan added to each) are None without loans in the bin.
    """

    label: str
    points: int
    share: float
    loans: int
    bad_rate: float | None
    weight_of_evidence: float | None


@dataclass(frozen=True)
class FeatureTable:
    """One feature's part of the table; `spread` is the points from its worst to its best bin."""

    name: str
    kind: str
    description: str
    direction: str
    spread: int
    known_share: float
    bins: tuple[Bin, ...]


def scorecard_tables(artefact: Artefact, X: pd.DataFrame, y: Ints | None) -> list[FeatureTable]:  # noqa: N803
    """The whole card, in the order of the points that each feature can move.

    Args:
        artefact: the model.
        X: shape (rows, features), the population that shares are taken of.
        y: shape (rows,), 1 for bad; None without outcomes.
    """
    catalogue = artefact.features
    tables = [
        _feature_table(points, catalogue[points.name], artefact.currency, X, y)
        for points in artefact.points.features
    ]
    nobody = X.empty  # then all is the expert's word
    return sorted(
        tables,
        key=lambda table: (-table.spread if table.known_share or nobody else 0, table.name),
    )


def _feature_table(
    points: PointsFeature,
    feature: Feature,
    currency: str,
    X: pd.DataFrame,  # noqa: N803
    y: Ints | None,
) -> FeatureTable:
    cuts, earned_by_bin = joined(points)
    labels = [*bin_labels(cuts, feature, currency), NO_RECORD]
    given = [*earned_by_bin, points.missing_points]
    places = CardFeature.bins_in(points.name, cuts, X)
    bins = tuple(
        _bin(label, earned, places == place, y)
        for place, (label, earned) in enumerate(zip(labels, given, strict=True))
    )
    direction = {
        Direction.SAFER_WHEN_HIGHER: "safer when higher",
        Direction.SAFER_WHEN_LOWER: "safer when lower",
        Direction.NONE: "no direction declared",
    }
    return FeatureTable(
        name=points.name,
        kind=feature.kind.value.replace("_", " "),
        description=feature.description,
        direction=direction[feature.direction],
        spread=max(points.points) - min(points.points),
        known_share=1 - bins[-1].share if len(X) else 0.0,
        bins=bins,
    )


def _bin(label: str, points: int, inside: np.ndarray, y: Ints | None) -> Bin:
    loans = int(inside.sum())
    share = loans / max(inside.size, 1)
    if y is None or loans == 0:
        return Bin(label, points, share, loans, None, None)
    bads, goods = int(y[inside].sum()), int((y[inside] == 0).sum())
    good_share = (goods + _SMOOTHING) / (int((y == 0).sum()) + _SMOOTHING)
    bad_share = (bads + _SMOOTHING) / (int(y.sum()) + _SMOOTHING)
    return Bin(label, points, share, loans, bads / loans, log(good_share / bad_share))
