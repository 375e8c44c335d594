"""Counting what became of loans by bin of the card that was fitted on them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from scoring.models.card.bin_outcomes import BinOutcomes
from scoring.models.card.log_odds import Card
from training.measures.figures import Floats, Ints

_DECIMALS = 6  # parts of founders, such as thirds, add up to whole ones again


def outcomes_by_bin(
    card: Card,
    X: pd.DataFrame,  # noqa: N803
    y: Ints,
    founders: Ints,
    *,
    weights: Floats | None = None,
) -> Mapping[str, BinOutcomes]:
    """Goods, bads and founders in each bin of each feature.

    Args:
        card: the served one.
        X: shape (labels, features), NaN where missing.
        y: shape (labels,), 1 for bad.
        founders: shape (labels,), whose loan each is.
        weights: shape (labels,); each loan counts once when None.

    Raises:
        ValueError: X lacks a feature of the card, or a value is infinite.
    """
    each = np.ones(y.size) if weights is None else weights
    _, place, loans = np.unique(founders, return_inverse=True, return_counts=True)
    part = 1.0 / loans[place]
    found = {}
    for feature in card.features:
        bins = feature.bins_in(feature.name, feature.cuts, X)
        count = len(feature.cuts) + 2
        goods, bads, people = (
            tuple(np.bincount(bins, of, count).round(_DECIMALS).tolist())
            for of in (each * (y == 0), each * (y == 1), part)
        )
        found[feature.name] = BinOutcomes(goods, bads, people)
    return found
