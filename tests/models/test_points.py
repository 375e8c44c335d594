"""Promises of the points: exact sums of integers, rounded once, in the order of the log-odds."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.models.card.log_odds import Card, CardFeature
from scoring.models.card.points import PointsCard, PointsScale
from tests.models.cards import log_odds_of, points_of, score_of

LOG_ODDS = st.floats(-6, 6)


@st.composite
def cards(draw: st.DrawFn) -> Card:
    features = []
    for j in range(draw(st.integers(1, 6))):
        cuts = draw(st.lists(st.floats(-100, 100), max_size=5, unique=True).map(sorted))
        values = draw(st.lists(LOG_ODDS, min_size=len(cuts) + 1, max_size=len(cuts) + 1))
        features.append(
            CardFeature(
                name=f"f{j}",
                cuts=tuple(cuts),
                log_odds=tuple(sorted(values)),
                missing_log_odds=draw(LOG_ODDS),
                background_share=(1.0 / len(values),) * len(values),
                background_missing_share=0.0,
            )
        )
    return Card(draw(LOG_ODDS), tuple(features))


VALUES = st.dictionaries(st.sampled_from([f"f{j}" for j in range(6)]), st.floats(-150, 150))


def test_the_anchor_is_200_points_at_20_to_1_and_20_points_double_the_odds() -> None:
    scale = PointsScale()
    assert scale.to_points(-np.log(20)) == pytest.approx(200)
    assert scale.to_points(-np.log(40)) == pytest.approx(220)
    assert scale.factor == pytest.approx(28.8539, abs=1e-4)
    assert scale.offset == pytest.approx(scale.to_points(0.0))


@given(log_odds=LOG_ODDS)
def test_log_odds_are_told_from_points_by_offset_and_factor(log_odds: float) -> None:
    scale = PointsScale(600, 50, 40)
    told = (scale.offset - scale.to_points(log_odds)) / scale.factor
    assert told == pytest.approx(log_odds, abs=1e-12)


@pytest.mark.parametrize(
    "kwargs", [{"anchor_odds": 0}, {"points_to_double_odds": -1}, {"anchor_points": float("nan")}]
)
def test_an_impossible_scale_is_refused(kwargs: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(kwargs))):
        PointsScale(**kwargs)


@given(card=cards(), values=VALUES)
def test_the_score_is_base_plus_the_sum_of_its_points(card: Card, values: dict[str, float]) -> None:
    points = PointsCard.of(card)
    split = points_of(points, values)
    of_bins = {each.name: {*each.points, each.missing_points} for each in points.features}
    assert all(split[name] in printed for name, printed in of_bins.items())
    assert all(isinstance(part, int) for part in of_bins["f0"])
    assert score_of(points, values) == points.base + sum(split.values())


@given(card=cards(), records=st.lists(VALUES, min_size=1, max_size=5))
def test_a_frame_scores_as_its_records_do(card: Card, records: list[dict[str, float]]) -> None:
    points = PointsCard.of(card)
    X = pd.DataFrame(records, columns=[f.name for f in card.features], dtype=float)
    split = points.points_of_rows(X.to_numpy())
    assert points.score_frame(X).tolist() == [score_of(points, record) for record in records]
    assert (points.base + split.sum(axis=1)).tolist() == points.score_frame(X).tolist()


@given(card=cards())
def test_points_fall_where_risk_rises(card: Card) -> None:
    for feature in PointsCard.of(card).features:
        assert list(feature.points) == sorted(feature.points, reverse=True)


@given(card=cards(), values=VALUES)
def test_no_score_is_further_from_its_log_odds_than_reported(
    card: Card, values: dict[str, float]
) -> None:
    points = PointsCard.of(card)
    exact = points.scale.to_points(log_odds_of(card, values))
    assert abs(score_of(points, values) - exact) <= points.largest_rounding_difference + 1e-9
    # Half a point of the base, half of each feature's bin, and as much again of what rounding the
    # bins adds on average, which goes off the base.
    assert points.largest_rounding_difference <= 0.5 + len(card.features) + 1e-9


@given(card=cards())
def test_rounding_moves_nobodys_score_one_way(card: Card) -> None:
    points = PointsCard.of(card)
    whole, exact = float(points.base), points.scale.to_points(card.intercept)
    for rounded, feature in zip(points.features, card.features, strict=True):
        whole += np.dot(feature.background_share, rounded.points)
        exact -= points.scale.factor * np.dot(feature.background_share, feature.log_odds)
    assert abs(whole - exact) <= 0.5 + 1e-9


@given(card=cards(), values=VALUES)
def test_an_untouched_feature_keeps_its_points(card: Card, values: dict[str, float]) -> None:
    points = PointsCard.of(card)
    before = points_of(points, values)
    after = points_of(points, {**values, "f0": 12.0})
    assert {n: p for n, p in after.items() if n != "f0"} == {
        n: p for n, p in before.items() if n != "f0"
    }


@given(card=cards())
def test_points_survive_json(card: Card) -> None:
    points = PointsCard.of(card, PointsScale(500, 30, 15))
    assert PointsCard.from_dict(json.loads(json.dumps(points.to_dict()))) == points


def test_a_value_on_a_cut_belongs_below_it() -> None:
    feature = CardFeature("f0", (1.0,), (-1.0, 1.0), 0.0, (0.5, 0.5), 0.0)
    points = PointsCard.of(Card(0.0, (feature,)))
    assert score_of(points, {"f0": 1.0}) > score_of(points, {"f0": 1.0000001})


def test_infinity_and_absent_columns_are_errors() -> None:
    feature = CardFeature("f0", (1.0,), (-1.0, 1.0), 0.0, (0.5, 0.5), 0.0)
    points = PointsCard.of(Card(0.0, (feature,)))
    with pytest.raises(ValueError, match="infinite"):
        points.points_of_rows(np.array([[np.inf]]))
    with pytest.raises(ValueError, match="infinity"):
        points.score_frame(pd.DataFrame({"f0": [np.inf]}))
    with pytest.raises(ValueError, match="'f0'"):
        points.score_frame(pd.DataFrame({"f1": [1.0]}))
