"""Alternative data that can only help: a card whose steps are clipped at their neutral point."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from scoring.models.card.log_odds import Card, CardFeature
from scoring.models.card.points import PointsCard, PointsFeature

if TYPE_CHECKING:
    from scoring.models.scorecard import MonotoneScorecard


def positive_only(
    scorecard: MonotoneScorecard, points: PointsCard, names: Collection[str]
) -> tuple[MonotoneScorecard, PointsCard]:
    """The same scorecard and its points, with some features clipped and centred again.

    Its intervals are as wide in log-odds as before: what a step would have cost was in doubt, and
    so is where it would have been clipped.

    Args:
        scorecard: fitted; it stays as it is.
        points: of its card.
        names: the features to clip.
    """
    clipped = positive_only_card(scorecard.card_, names)
    served = scorecard.with_card(clipped, scorecard.uncertainty_)
    return served, positive_only_points(points, scorecard.card_, names)


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
        if feature.name not in names:
            features.append(feature)
            continue
        mean = _mean_help(feature)
        intercept += mean
        features.append(
            replace(
                feature,
                log_odds=tuple(min(step, 0.0) - mean for step in feature.log_odds),
                missing_log_odds=min(feature.missing_log_odds, 0.0) - mean,
            )
        )
    return Card(intercept, tuple(features))


def positive_only_points(points: PointsCard, card: Card, names: Collection[str]) -> PointsCard:
    """The points of that card: a score rises by exactly what the named features had cost.

    A mean moves into the base in whole points; rounding each step anew could take a point from
    somebody who was to be helped.

    Args:
        points: of the card as it was.
        card: as it was.
        names: the features to clip.
    """
    base = points.base
    features = []
    for rounded, feature in zip(points.features, card.features, strict=True):
        if feature.name not in names:
            features.append(rounded)
            continue
        mean = round(-points.scale.factor * _mean_help(feature))
        base += mean
        features.append(
            PointsFeature(
                name=rounded.name,
                cuts=rounded.cuts,
                points=tuple(max(each, 0) - mean for each in rounded.points),
                missing_points=max(rounded.missing_points, 0) - mean,
            )
        )
    clipped = positive_only_card(card, names)
    return PointsCard.standing_for(clipped, points.scale, base, tuple(features))


def _mean_help(feature: CardFeature) -> float:
    """The mean over the background once costs are clipped: log-odds of bad, 0 or below."""
    steps = (*feature.log_odds, feature.missing_log_odds)
    return feature.mean_over_background(min(step, 0.0) for step in steps)
