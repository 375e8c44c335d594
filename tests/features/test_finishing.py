"""Ratios need evidence and are pulled towards a frozen constant; rounding ignores noise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.features import all_features
from scoring.features.catalogue import Unit
from scoring.features.engines.finishing import finished, pooled_constants, rounded
from scoring.models.priors import read_priors, typical_constants

RATIO = all_features()["on_time_share_730d"]  # at least 3, strength 3, three decimals


def _columns(*parts: tuple[float, float]) -> dict[str, np.ndarray]:
    numerators, denominators = zip(*parts, strict=True)
    return {
        f"{RATIO.name}__numerator": np.array(numerators, dtype=float),
        f"{RATIO.name}__denominator": np.array(denominators, dtype=float),
    }


def test_a_ratio_is_pulled_towards_its_constant_by_its_strength() -> None:
    values = finished(_columns((2, 3), (80, 120)), [RATIO], {RATIO.name: 0.9})[RATIO.name]
    assert values[0] == pytest.approx(round((2 + 3 * 0.9) / 6, 3))
    assert values[1] == pytest.approx(round((80 + 3 * 0.9) / 123, 3))


def test_too_little_evidence_is_missing() -> None:
    values = finished(_columns((2, 2), (0, 0), (math.nan, math.nan)), [RATIO], {RATIO.name: 0.9})
    assert np.isnan(values[RATIO.name]).all()


def test_a_ratio_without_a_constant_is_what_was_seen() -> None:
    assert finished(_columns((3, 4)), [RATIO], {})[RATIO.name][0] == 0.75


def test_constants_are_pooled_over_those_who_have_evidence() -> None:
    columns = _columns((9, 10), (1, 10), (math.nan, math.nan), (0, 0))
    assert pooled_constants(columns, [RATIO], {RATIO.name: 0.2}) == {RATIO.name: 0.5}
    nobody = _columns((math.nan, math.nan))
    assert pooled_constants(nobody, [RATIO], {RATIO.name: 0.2}) == {RATIO.name: 0.2}


def test_every_share_and_ratio_has_a_minimum_and_a_constant_by_the_expert() -> None:
    features = all_features()
    ratios = {n for n, f in features.items() if f.unit in {Unit.SHARE, Unit.RATIO}}
    shrunk = {name for name, feature in features.items() if feature.shrinkage is not None}
    assert ratios <= shrunk
    assert set(typical_constants(features, read_priors())) == shrunk
    for name in shrunk:
        guard = features[name].shrinkage
        assert guard is not None
        assert guard.at_least > 0
        assert guard.strength > 0


@given(
    whole=st.integers(-5_000_000, 5_000_000),
    decimals=st.integers(0, 3),
    noise=st.floats(-1e-14, 1e-14),
)
def test_the_last_bits_of_a_sum_never_decide_a_rounding(
    whole: int, decimals: int, noise: float
) -> None:
    """Halves are where engines that add in another order would part."""
    half = (whole + 0.5) / 10**decimals
    assert rounded(half * (1 + noise), decimals) == rounded(half, decimals)


def test_halves_are_rounded_away_from_zero() -> None:
    assert rounded(0.125, 2) == 0.13
    assert rounded(2.675, 2) == 2.68
    assert rounded(-2.5, 0) == -3
    assert str(rounded(-0.0001, 2)) == "0.0"
