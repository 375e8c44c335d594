"""Alternative data that can only help: clipped at the neutral point and centred again."""

from math import fsum

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.base.settings import DeploymentProfile
from scoring.features import features_for
from scoring.models.adjustments.positive_only import positive_only_card, positive_only_points
from scoring.models.artefact import Artefact
from scoring.models.card.log_odds import Card, CardFeature
from scoring.models.card.points import PointsCard, PointsScale
from scoring.models.priors import read_priors, unfitted_scorecard
from tests.assessed import assessed
from tests.models.cards import log_odds_of, points_of, score_of

ALTERNATIVE = ("f0", "f2", "f4")
NAMES = [f"f{j}" for j in range(6)]


@st.composite
def features(draw: st.DrawFn, name: str) -> CardFeature:
    """A monotone step function, centred over shares that add up to 1."""
    cuts = draw(st.lists(st.integers(-99, 99), max_size=5, unique=True).map(sorted))
    count = len(cuts) + 1
    steps = draw(st.lists(st.floats(-4, 4), min_size=count, max_size=count))
    steps.sort(reverse=draw(st.booleans()))
    missing = draw(st.floats(-4, 4))
    rows = draw(st.lists(st.integers(1, 50), min_size=count + 1, max_size=count + 1))
    shares = [row / sum(rows) for row in rows]
    mean = fsum(s * v for s, v in zip(shares, [*steps, missing], strict=True))
    return CardFeature(
        name=name,
        cuts=tuple(map(float, cuts)),
        log_odds=tuple(step - mean for step in steps),
        missing_log_odds=missing - mean,
        background_share=tuple(shares[:-1]),
        background_missing_share=shares[-1],
    )


CARDS = st.builds(
    lambda intercept, *found: Card(intercept, found),
    st.floats(-4, 1),
    *(features(name) for name in NAMES),
)
RECORDS = st.dictionaries(
    st.sampled_from(NAMES), st.one_of(st.none(), st.integers(-120, 120).map(float))
)


def _steps(feature: CardFeature) -> list[float]:
    return [*feature.log_odds, feature.missing_log_odds]


@given(card=CARDS, record=RECORDS)
def test_it_only_takes_away_what_alternative_data_would_have_cost(
    card: Card, record: dict[str, float | None]
) -> None:
    plain, clipped = card.look_up(record), positive_only_card(card, ALTERNATIVE)
    expected = card.intercept + fsum(
        min(value, 0.0) if name in ALTERNATIVE else value for name, value in plain.items()
    )
    assert log_odds_of(clipped, record) == pytest.approx(expected, abs=1e-12)
    assert log_odds_of(clipped, record) <= log_odds_of(card, record) + 1e-12
    if all(plain[name] <= 0 for name in ALTERNATIVE):
        assert log_odds_of(clipped, record) == pytest.approx(log_odds_of(card, record), abs=1e-12)


@given(card=CARDS, record=RECORDS)
def test_it_stays_additive_in_log_odds_and_points(
    card: Card, record: dict[str, float | None]
) -> None:
    clipped = positive_only_card(card, ALTERNATIVE)
    parts = clipped.look_up(record)
    assert log_odds_of(clipped, record) == pytest.approx(
        clipped.intercept + fsum(parts.values()), abs=1e-12
    )
    plain = PointsCard.of(card)
    points = positive_only_points(plain, card, ALTERNATIVE)
    assert score_of(points, record) == points.base + sum(points_of(points, record).values())
    exact = points.scale.to_points(log_odds_of(clipped, record))
    assert abs(score_of(points, record) - exact) <= points.largest_rounding_difference + 1e-9
    assert points.largest_rounding_difference <= 0.5 * (1 + len(NAMES)) + 1e-9


@given(card=CARDS, record=RECORDS)
def test_a_score_rises_by_exactly_the_points_that_alternative_data_had_cost(
    card: Card, record: dict[str, float | None]
) -> None:
    plain = PointsCard.of(card)
    points = positive_only_points(plain, card, ALTERNATIVE)
    before, after = points_of(plain, record), points_of(points, record)
    cost = sum(-before[name] for name in ALTERNATIVE if before[name] < 0)
    assert score_of(points, record) == score_of(plain, record) + cost
    assert {n: p for n, p in after.items() if n not in ALTERNATIVE} == {
        n: p for n, p in before.items() if n not in ALTERNATIVE
    }


@given(card=CARDS)
def test_contributions_have_mean_nought_again_and_none_costs_more_than_the_new_floor(
    card: Card,
) -> None:
    clipped = positive_only_card(card, ALTERNATIVE)
    scale, taken = PointsScale(), 0.0
    whole = positive_only_points(PointsCard.of(card), card, ALTERNATIVE)
    points = {each.name: each for each in whole.features}
    for before, after in zip(card.features, clipped.features, strict=True):
        shares = [*after.background_share, after.background_missing_share]
        mean = fsum(s * v for s, v in zip(shares, _steps(after), strict=True))
        assert mean == pytest.approx(0.0, abs=1e-12)
        if after.name not in ALTERNATIVE:
            assert after == before
            continue
        helped = fsum(s * min(v, 0.0) for s, v in zip(shares, _steps(before), strict=True))
        taken += helped
        floor = -helped  # log-odds of bad of a file whom this data did not help
        assert max(_steps(after)) <= floor + 1e-12
        lowest = min(*points[after.name].points, points[after.name].missing_points)
        assert lowest >= round(-scale.factor * floor - 1e-9)
    assert clipped.intercept == pytest.approx(card.intercept + taken, abs=1e-12)


@given(card=CARDS)
def test_steps_keep_their_direction(card: Card) -> None:
    clipped = positive_only_card(card, ALTERNATIVE)
    rounded = positive_only_points(PointsCard.of(card), card, ALTERNATIVE).features
    for before, after, points in zip(card.features, clipped.features, rounded, strict=True):
        assert after.cuts == before.cuts
        if list(before.log_odds) == sorted(before.log_odds):
            assert list(after.log_odds) == sorted(after.log_odds)
            assert list(points.points) == sorted(points.points, reverse=True)
        else:
            assert list(after.log_odds) == sorted(after.log_odds, reverse=True)
            assert list(points.points) == sorted(points.points)


@pytest.fixture(scope="module")
def artefact() -> Artefact:
    profile = DeploymentProfile.RESEARCH_SANDBOX
    declared = features_for(profile)
    scorecard = unfitted_scorecard(declared, read_priors(), currency="KRW")
    scorecard.fit(pd.DataFrame(columns=list(declared), dtype=float))
    return Artefact.of(scorecard, currency="KRW", deployment_profile=profile)


def test_training_sales_and_account_records_are_what_is_clipped(artefact: Artefact) -> None:
    clipped = artefact.positive_only
    pairs = zip(artefact.scorecard.card_.features, clipped.scorecard.card_.features, strict=True)
    changed = {before.name for before, after in pairs if before != after}
    kinds = {artefact.features[name].kind.value for name in changed}
    assert kinds == {"attendance", "sales", "cash_flow"}
    both = zip(artefact.points.features, clipped.points.features, strict=True)
    assert {before.name for before, after in both if before != after} <= changed


def test_the_stored_model_is_left_as_it_was_and_the_card_is_made_once(artefact: Artefact) -> None:
    before = artefact.to_json()
    clipped = artefact.positive_only
    assert artefact.to_json() == before
    assert artefact.positive_only is clipped
    again = Artefact.of(
        artefact.scorecard,
        currency="KRW",
        deployment_profile=artefact.deployment_profile,
    ).positive_only
    assert again.to_json() == clipped.to_json()


def test_pd_and_its_interval_come_from_the_clipped_card(artefact: Artefact) -> None:
    rng = np.random.default_rng(5)
    names = artefact.feature_names
    for _ in range(20):
        record = {name: float(rng.uniform(0, 2)) for name in names if rng.random() < 0.7}
        plain, clipped = assessed(artefact, [record]), assessed(artefact.positive_only, [record])
        parts = artefact.positive_only.scorecard.card_.look_up(record)
        base = artefact.positive_only.scorecard.card_.intercept
        assert clipped.log_odds[0] == pytest.approx(base + fsum(parts.values()), abs=1e-12)
        assert clipped.pd[0] < plain.pd[0]
        assert clipped.pd_low[0] < clipped.pd[0] < clipped.pd_high[0]
