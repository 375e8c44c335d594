"""Doubt that knows the declared directions: a step that can't be negative isn't doubted downwards.

Laplace's covariance is that of a normal round the bounded mode. Its draws break the declared order
again and again, where the truth can't, so intervals from it are too wide. Each draw is therefore
projected to the nearest ordered one, feature by feature, and the spread of what comes out is told
(Lin and Dunson 2014, "Bayesian monotone regression using Gaussian process projection", Biometrika
101). The mode is its own projection. Cutting the normal off at the bounds instead would move its
mean far away from the mode that is served, by the more the more steps a feature has.
"""

from collections.abc import Sequence

import numpy as np

from scoring.models.card.binning import Floats
from scoring.models.card.log_odds import Card

DRAWS = 2_000
_SEED = 20
_LEAST_MASS = 1e-6


def projected_covariance(covariance: Floats, card: Card, directions: Sequence[int]) -> Floats:
    """Return the second moments, round the card's values, of draws put back in order.

    What order changes in the draws is added to the covariance, so what it doesn't touch is exact;
    the root that draws are made with is the symmetric one, which equal variances leave alone.

    Args:
        covariance: of the card's values, intercept first, shape (values, values).
        card: whose values are the centre.
        directions: +1, -1 or 0 (no order) per feature.

    Returns:
        Shape (values, values).
    """
    found, vectors = np.linalg.eigh((covariance + covariance.T) / 2.0)
    half = np.random.default_rng(_SEED).standard_normal((DRAWS // 2, found.size))
    half = half @ ((vectors * np.sqrt(np.maximum(found, 0.0))) @ vectors.T)
    errors = np.concatenate([half, -half])
    drawn = errors.T @ errors
    for feature, place, direction in zip(card.features, card.places(), directions, strict=True):
        centre = np.array(feature.log_odds)
        own = slice(place.start, place.stop - 1)  # not missing
        if direction:
            mass = np.maximum(np.array(feature.background_share), _LEAST_MASS)
            errors[:, own] = (
                direction * ascending(direction * (centre + errors[:, own]), mass) - centre
            )
    return np.asarray(covariance + (errors.T @ errors - drawn) / errors.shape[0])


def ascending(values: Floats, mass: Floats) -> Floats:
    """Return the nearest ascending row to each row, least squares weighted by mass.

    Isotonic regression by its min-max formula, all rows at once; a weighted mean of a row stays.

    Args:
        values: shape (rows, bins).
        mass: of the bins, positive, shape (bins,).
    """
    rows, bins = values.shape
    weight = np.concatenate([[0.0], np.cumsum(mass)])
    total = np.concatenate([np.zeros((rows, 1)), np.cumsum(mass * values, axis=1)], axis=1)
    found = np.full((rows, bins), -np.inf)
    for first in range(bins):
        means = (total[:, first + 1 :] - total[:, first, None]) / (
            weight[first + 1 :] - weight[first]
        )
        least = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]
        found[:, first:] = np.maximum(found[:, first:], least)
    return found
