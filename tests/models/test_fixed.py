"""What is fixed stays as given, and the rest is learned round it."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.metrics import log_loss

from scoring.models.card.log_odds import Card, CardFeature
from scoring.models.card.points import PointsCard, PointsScale
from scoring.models.scorecard import MonotoneScorecard
from tests.models.test_scorecard import CUTS, DIRECTIONS, founders

SHAPE = {"cuts": [0.6, 0.8], "log_odds": [1.5, 0.5, -0.5]}


def a_scorecard(**kwargs: Any) -> MonotoneScorecard:
    return MonotoneScorecard(DIRECTIONS, cuts=CUTS, n_binnings=1, **kwargs)


def feature_of(model: MonotoneScorecard, name: str) -> CardFeature:
    return next(each for each in model.card_.features if each.name == name)


@st.composite
def shapes(draw: st.DrawFn) -> dict[str, Any]:
    """A shape that is safer when higher, with or without a word on missing values."""
    cuts = sorted(draw(st.sets(st.integers(1, 99), max_size=6)))
    steps = draw(st.lists(st.integers(0, 15), min_size=len(cuts), max_size=len(cuts)))
    factor = PointsScale().factor
    points = np.concatenate([[0], np.cumsum(steps)]) if steps else np.zeros(1)
    found: dict[str, Any] = {
        "cuts": [cut / 100 for cut in cuts],
        "log_odds": (-points / factor).tolist(),
    }
    if draw(st.booleans()):
        found["missing_log_odds"] = draw(st.integers(-20, 20)) / factor
    return found


@given(shape=shapes(), rows=st.sampled_from([0, 12, 40, 120]), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=20)
def test_a_held_shape_is_on_the_card_but_for_a_common_shift(
    shape: dict[str, Any], rows: int, seed: int
) -> None:
    X, y = founders(rows, seed)
    model = a_scorecard(fixed={"attendance": shape}).fit(X, y if 0 in y else None)
    served = feature_of(model, "attendance")
    assert list(served.cuts) == shape["cuts"]
    given_steps = np.diff(shape["log_odds"])
    np.testing.assert_allclose(np.diff(served.log_odds), given_steps, rtol=0, atol=1e-12)
    if "missing_log_odds" in shape:
        apart = shape["missing_log_odds"] - shape["log_odds"][0]
        assert served.missing_log_odds - served.log_odds[0] == pytest.approx(apart, abs=1e-12)
    if rows >= 40:
        means = model.contributions(X).mean()
        np.testing.assert_allclose(means, 0.0, atol=1e-12)
    for feature in model.card_.features:
        assert np.all(np.diff(feature.log_odds) * DIRECTIONS[feature.name] >= 0)
    points = PointsCard.of(model.card_, whole=["attendance"])
    printed = next(each for each in points.features if each.name == "attendance")
    asked = np.round(-PointsScale().factor * given_steps)
    assert np.diff(printed.points).tolist() == asked.tolist()


def test_points_at_a_half_keep_their_distance_where_they_were_given_whole() -> None:
    factor = PointsScale().factor
    feature = CardFeature("a", (0.5,), (2.5 / factor, -2.5 / factor), 0.0, (0.5, 0.5), 0.0)
    card = Card(-2.0, (feature,))
    given_whole, fitted = (PointsCard.of(card, whole=names).features[0] for names in (["a"], []))
    assert given_whole.points[1] - given_whole.points[0] == 5
    assert fitted.points[1] - fitted.points[0] == 4


@pytest.mark.parametrize("rows", [0, 12, 40, 300])
def test_fixed_cut_points_are_always_used(rows: int) -> None:
    X, y = founders(rows, 1)
    model = a_scorecard(fixed={"refunds": {"cuts": [0.01, 0.02, 0.3]}}).fit(X, y if rows else None)
    assert feature_of(model, "refunds").cuts == (0.01, 0.02, 0.3)
    assert np.all(np.diff(feature_of(model, "refunds").log_odds) >= 0)


def test_the_rest_is_learned_round_a_held_shape() -> None:
    X, y = founders(600, 2)
    X["attendance_again"] = np.round(X["attendance"] + np.random.default_rng(0).normal(0, 0.05), 3)
    directions = {**DIRECTIONS, "attendance_again": -1}
    free = MonotoneScorecard(directions, n_binnings=1).fit(X, y)
    flat = {"cuts": [], "log_odds": [0.0]}
    fixed = clone(free).set_params(fixed={"attendance": flat}).fit(X, y)
    substituted = free.decision_function(X) - free.contributions(X)["attendance"]
    refitted = log_loss(y, fixed.predict_proba(X)[:, 1])
    assert refitted <= log_loss(y, 1 / (1 + np.exp(-substituted)))
    before = np.ptp(feature_of(free, "attendance_again").log_odds)
    assert np.ptp(feature_of(fixed, "attendance_again").log_odds) > before


def test_a_card_held_in_every_feature_keeps_all_shapes_and_finds_its_base() -> None:
    X, y = founders(200, 3)
    free = a_scorecard().fit(X, y)
    everything = {
        each.name: {
            "cuts": each.cuts,
            "log_odds": each.log_odds,
            "missing_log_odds": each.missing_log_odds,
        }
        for each in free.card_.features
    }
    fixed = a_scorecard(fixed=everything).fit(X, y)
    np.testing.assert_allclose(fixed.contributions(X), free.contributions(X), atol=1e-12)
    assert fixed.base() == pytest.approx(free.base(), abs=0.1)
    assert fixed.learned_.scales["smooth"] == [0.0] * 4


def test_a_held_shape_has_no_doubt_of_its_own() -> None:
    X, y = founders(200, 4)
    model = a_scorecard(fixed={"attendance": SHAPE}).fit(X, y)
    record = {"attendance": 0.5, "refunds": 0.05, "sales": 1e6, "age_of_shop": 12.0}
    two = pd.DataFrame([record, {**record, "attendance": 0.9}])
    ends = np.log(model.interval(two) / (1 - model.interval(two)))
    widths = (ends["high"] - ends["low"]).to_numpy()
    assert widths[0] == pytest.approx(widths[1], abs=1e-9)


def test_a_missing_value_can_not_be_held_better_than_average_where_that_is_declared() -> None:
    X, y = founders(200, 5)
    fixed = {"attendance": {**SHAPE, "missing_log_odds": -5.0}}
    model = a_scorecard(fixed=fixed, when_missing="never_better_than_average").fit(X, y)
    served = feature_of(model, "attendance")
    shares = np.array(served.background_share)
    assert served.missing_log_odds >= shares @ served.log_odds / shares.sum() - 1e-12


def test_it_is_stored_and_read_equal_to_the_bit_and_fits_the_same_again() -> None:
    X, y = founders(100, 6)
    fixed = {"attendance": SHAPE, "refunds": {"cuts": np.array([0.05])}}
    model = a_scorecard(fixed=fixed).fit(X, y)
    data = json.loads(json.dumps(model.to_dict()))
    again = MonotoneScorecard.from_dict(data)
    assert again.to_dict() == data
    assert clone(again).fit(X, y).to_dict() == data
    assert model.get_params()["fixed"] is fixed, "constructors only store"


@pytest.mark.parametrize(
    ("fixed", "told"),
    [
        ({"attendance": {"cuts": [0.5], "log_odds": [0.0, 1.0]}}, "must fall"),
        ({"refunds": {"cuts": [0.5], "log_odds": [1.0, 0.0]}}, "must rise"),
        ({"attendance": {"cuts": [0.5], "log_odds": [0.0]}}, "needs 2 finite log_odds"),
        ({"attendance": {"cuts": [0.5], "log_odds": [0.0, np.nan]}}, "finite"),
        ({"attendance": {"cuts": [0.5, 0.5]}}, "strictly ascending"),
        ({"attendance": {"cuts": list(range(12))}}, "at most 12"),
        ({"attendance": {"log_odds": [0.0]}}, "mapping with cuts"),
        ({"attendance": {"cuts": [], "points": [0]}}, "mapping with cuts"),
        ({"attendance": {"cuts": [0.5], "missing_log_odds": 1.0}}, "without log_odds"),
        ({"attendance": {**SHAPE, "missing_log_odds": np.inf}}, "finite"),
        ({"grades": {"cuts": [0.5]}}, "grades"),
    ],
)
def test_what_can_not_be_fixed_is_refused(fixed: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        a_scorecard(fixed=fixed).fit(*founders(40, 8))


def test_a_neutral_missing_value_has_no_log_odds_to_hold() -> None:
    fixed = {"attendance": {**SHAPE, "missing_log_odds": 0.0}}
    with pytest.raises(ValueError, match="neutral"):
        a_scorecard(fixed=fixed, when_missing="neutral").fit(*founders(40, 9))
