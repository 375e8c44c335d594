"""From what SQL gives to feature values: ratios are shrunk, and everything is rounded, once.

SQL gives a ratio as numerator and denominator, so that statements hold nothing of a model. Here
each is pulled towards its constant, which is estimated in training and frozen in the model's
artefact (a living mean would let other people's later records move a score):

    value = (numerator + strength * constant) / (denominator + strength)

where the numerator is at most `most` times the denominator. It is
missing where the denominator is below the feature's minimum. A ratio without a constant is not
shrunk; training estimates the constants from such. One founder and many take the same function.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from scoring.features.catalogue import Feature

Floats = NDArray[np.float64]

_FINER = 6  # decimals beyond the declared ones to which a value is taken before it is rounded
_CONSTANT_DECIMALS = 6


def finished(
    columns: Mapping[str, Floats],
    features: Collection[Feature],
    constants: Mapping[str, float],
) -> dict[str, Floats]:
    """Values of features from the columns of a statement.

    Args:
        columns: `feature.columns` of each feature, all of one shape (rows,), NaN where missing.
        features: which.
        constants: to what each ratio is shrunk, by feature; those without one are not.

    Returns:
        By feature, shape (rows,), rounded to its decimals, NaN where missing.
    """
    if not features:
        return {}
    # All features in one array: for one founder, calls cost more than what they calculate.
    raw = np.stack([columns[feature.columns[0]] for feature in features])
    ratios = [(place, f, f.shrinkage) for place, f in enumerate(features) if f.shrinkage]
    if ratios:
        places = [place for place, _, _ in ratios]
        divisors = np.stack([columns[feature.columns[1]] for _, feature, _ in ratios])
        most, at_least, strengths, towards = np.array(
            [
                (
                    shrinkage.most,
                    shrinkage.at_least,
                    shrinkage.strength if feature.name in constants else 0.0,
                    constants.get(feature.name, 0.0),
                )
                for _, feature, shrinkage in ratios
            ]
        ).T[:, :, None]
        parts = _capped(raw[places], divisors, most)
        # NaN compares false: an unknown denominator is not enough.
        enough = np.where(divisors >= at_least, divisors + strengths, np.nan)
        raw[places] = (parts + strengths * towards) / enough
    decimals = np.array([feature.decimals for feature in features])
    values = rounded_half_up(raw, decimals[:, None])
    return {feature.name: values[place] for place, feature in enumerate(features)}


def resolved_shares(
    columns: Mapping[str, Floats], features: Collection[Feature]
) -> dict[str, Floats]:
    """How much of each value its records tell: 0 where missing, up to 1.

    A ratio is shrunk, so n records tell n / (n + strength) of it. Of other values this
    says only whether they are known.

    Args:
        columns: of a statement, as `finished` takes them.
        features: which.

    Returns:
        By feature, shape (rows,).
    """
    found = {}
    for feature in features:
        if feature.shrinkage is None:
            found[feature.name] = np.where(np.isnan(columns[feature.name]), 0.0, 1.0)
            continue
        numerator, denominator = (columns[name] for name in feature.columns)
        enough = (denominator >= feature.shrinkage.at_least) & ~np.isnan(numerator)
        counted = np.where(enough, denominator, 0.0)
        total = counted + feature.shrinkage.strength
        found[feature.name] = counted / np.where(total > 0, total, 1.0)
    return found


def rounded_half_up(values: Floats, decimals: NDArray[np.int64]) -> Floats:
    """Values rounded to decimals (broadcast), halves away from zero, without negative zero.

    Engines may add the same floats in another order and so differ in the last bits. Where the true
    value is a half (0.125 to two decimals, as small counts often give), those bits would decide.
    So a value is first taken to six decimals more, as an integer, and only then rounded.
    """
    fine = np.rint(np.abs(values) * 10.0 ** (decimals + _FINER))
    whole = np.floor((fine + 10.0**_FINER / 2) / 10.0**_FINER)
    result: Floats = np.copysign(whole, values) / 10.0**decimals + 0.0
    return result


def rounded(value: float | None, decimals: int) -> float | None:
    """One value as the model sees it, or None where missing."""
    if value is None:
        return None
    found = float(rounded_half_up(np.array([float(value)]), np.array([decimals]))[0])
    return None if found != found else found


def pooled_constants(
    columns: Mapping[str, Floats],
    features: Collection[Feature],
    typical: Mapping[str, float],
) -> dict[str, float]:
    """To what each ratio is shrunk: the sum of numerators over the sum of denominators.

    Args:
        columns: of the training population, as `finished` takes them.
        features: which; those that are no ratios have no constant.
        typical: the expert's word, taken where nobody has a denominator.

    Returns:
        By feature, rounded, so that the last bits of a sum do not change a model.
    """
    found = {}
    for feature in features:
        if feature.shrinkage is None:
            continue
        numerator, denominator = (columns[name] for name in feature.columns)
        numerator = _capped(numerator, denominator, np.array(feature.shrinkage.most))
        known = ~(np.isnan(numerator) | np.isnan(denominator)) & (denominator > 0)
        total = denominator[known].sum()
        pooled = numerator[known].sum() / total if total > 0 else typical[feature.name]
        found[feature.name] = round(float(pooled), _CONSTANT_DECIMALS)
    return found


def _capped(numerators: Floats, denominators: Floats, most: Floats) -> Floats:
    """Numerators, at most so many times the denominator; infinity is no cap, not even of zero."""
    is_capped = np.isfinite(most)
    caps = np.where(is_capped, most, 0.0) * denominators
    capped: Floats = np.where(is_capped, np.minimum(numerators, caps), numerators)
    return capped
