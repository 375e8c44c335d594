"""Alternative data that can only help: a card whose steps are clipped at their neutral point."""

from __future__ import annotations

import copy
from collections.abc import Collection
from dataclasses import replace
from math import fsum

from scoring.models.card import Card, CardFeature
from scoring.models.scorecard import MonotoneScorecard


def positive_only(scorecard: MonotoneScorecard, names: Collection[str]) -> MonotoneScorecard:
    """The same scorecard with some features clipped and centred again.

    Its intervals are as wide in log-odds as before: what a step would have cost was in doubt, and
    so is where it would have been clipped.

    Args:
        scorecard: fitted; it stays as it is.
        names: the features to clip.
    """
    clipped = copy.copy(scorecard)
    clipped.card_ = positive_only_card(scorecard.card_, names)
    clipped.base_log_odds_ = clipped.card_.intercept
    return clipped


def positive_only_card(card: Card, names: Collection[str]) -> Card:
    """A card on which the named features cost nothing against the training population.

    Each step is clipped at contribution 0 and centred again over the background; the intercept
    takes the mean. So a record on which nothing is clipped keeps its log-odds, every other one
    has lower log-odds of bad, and steps stay monotone. The mean PD falls with the intercept's
    shift: keeping it would charge those with nothing to clip, whose PD is right as it is.

    Args:
        card: centred over its background.
        names: the features to clip; those that the card lacks are left aside.
    """
    intercept = card.intercept
    features = []
    for feature in card.features:
        if feature.name in names:
            clipped, mean = _clipped(feature)
            intercept += mean
            features.append(clipped)
        else:
            features.append(feature)
    return Card(intercept, tuple(features))


def _clipped(feature: CardFeature) -> tuple[CardFeature, float]:
    """The feature without costs, centred again, and the mean that was taken out of it."""
    steps = [min(value, 0.0) for value in (*feature.log_odds, feature.missing_log_odds)]
    shares = (*feature.background_share, feature.background_missing_share)
    mean = fsum(s * step for s, step in zip(shares, steps, strict=True)) / fsum(shares)
    *observed, missing = (step - mean for step in steps)
    return replace(feature, log_odds=tuple(observed), missing_log_odds=missing), mean
