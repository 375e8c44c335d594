"""Calibration: affine, folded into the card, never a jump, and nobody changes places."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from scoring.base.canonical import digest
from scoring.base.settings import DeploymentProfile
from scoring.features import features_for
from scoring.models.adjustments.calibration import Calibration, calibrated_to
from scoring.models.artefact import Artefact
from scoring.models.priors import read_priors, unfitted_scorecard
from scoring.models.scorecard import MonotoneScorecard

PROFILE = DeploymentProfile.RESEARCH_SANDBOX


def _people(rows: int, seed: int) -> pd.DataFrame:
    """Invented values within and beyond the expert's cuts, a fifth of them missing."""
    rng = np.random.default_rng(seed)
    columns = {}
    for name, feature in features_for(PROFILE).items():
        cuts = read_priors().features[name].cuts_in("KRW") or [0.0, 1.0]
        reach = cuts[-1] - cuts[0] or 1.0
        values = rng.uniform(cuts[0] - reach / 2, cuts[-1] + reach / 2, rows)
        values[rng.random(rows) < 0.2] = np.nan
        columns[name] = np.round(values, feature.decimals)
    return pd.DataFrame(columns)


@pytest.fixture(scope="module")
def expert() -> MonotoneScorecard:
    scorecard = unfitted_scorecard(features_for(PROFILE), read_priors(), currency="KRW")
    return scorecard.fit(_people(200, 1), None)


@settings(max_examples=30, deadline=None)
@given(
    slope=st.floats(0.05, 5.0),
    intercept=st.floats(-4.0, 4.0),
    seed=st.integers(0, 2**16),
)
def test_the_calibrated_card_is_additive_and_an_affine_map_of_the_one_before(
    expert: MonotoneScorecard, slope: float, intercept: float, seed: int
) -> None:
    people = _people(40, seed)
    before = expert.decision_function(people)
    calibrated = Calibration(slope=slope, intercept=intercept).applied_to(expert)
    after = calibrated.decision_function(people)
    assert np.abs(after - (intercept + slope * before)).max() < 1e-12
    parts = calibrated.base() + calibrated.contributions(people).sum(axis=1)
    assert np.abs(after - parts).max() < 1e-12
    clear = np.abs(before[:, None] - before) > 1e-9
    order = np.sign(before[:, None] - before) == np.sign(after[:, None] - after)
    assert order[clear].all(), "somebody changed places"


def test_the_interval_is_scaled_with_the_slope(expert: MonotoneScorecard) -> None:
    people = _people(40, 2)
    half = Calibration(slope=0.5).applied_to(expert)
    assert _widths(half, people) == pytest.approx(0.5 * _widths(expert, people))


def _widths(scorecard: MonotoneScorecard, people: pd.DataFrame) -> np.ndarray:
    ends = scorecard.interval(people)
    low, high = (np.log(ends[side] / (1 - ends[side])).to_numpy() for side in ("low", "high"))
    return np.asarray(high - low)


def test_outcomes_decide_where_they_are_many_and_the_prior_where_they_are_few() -> None:
    rng = np.random.default_rng(4)
    log_odds = rng.normal(-1.5, 1.2, 20_000)
    bad = (rng.random(log_odds.size) < expit(0.3 + 0.6 * log_odds)).astype(np.int64)
    many = calibrated_to(log_odds, bad)
    free = LogisticRegression(C=np.inf).fit(log_odds[:, None], bad)
    assert many.slope == pytest.approx(free.coef_[0, 0], abs=0.01)
    assert many.intercept == pytest.approx(free.intercept_[0], abs=0.02)
    moved = [abs(calibrated_to(log_odds[:n], bad[:n]).slope - 1.0) for n in (0, 5, 50, 500, 5000)]
    assert moved[0] == 0.0
    assert moved[1] < 0.05
    assert moved[-1] > 0.3


@settings(max_examples=30, deadline=None)
@given(
    rows=st.integers(1, 60),
    seed=st.integers(0, 2**16),
    spread=st.floats(0.0, 1.5),  # of a card's log-odds, as a standard deviation
)
def test_one_more_outcome_is_no_jump(rows: int, seed: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-1.0, 1.0, rows + 1) * spread
    bad = rng.integers(0, 2, rows + 1)
    one, other = calibrated_to(log_odds[:-1], bad[:-1]), calibrated_to(log_odds, bad)
    middle = float(log_odds.mean())
    here = np.array([middle])
    # The shift moves by 0.06 at most; a slope that moves with few outcomes adds to it.
    assert abs(float((one.of_log_odds(here) - other.of_log_odds(here))[0])) < 0.2


@settings(max_examples=30, deadline=None)
@given(
    tendency=st.floats(0.001, 0.9),
    slope=st.floats(0.2, 2.0),
    seed=st.integers(0, 2**16),
)
def test_an_anchor_gives_the_population_the_mean_pd_that_was_asked_for(
    expert: MonotoneScorecard, tendency: float, slope: float, seed: int
) -> None:
    people = _people(60, seed)
    anchored = Calibration(slope=slope, intercept=0.2).anchored(
        expert.decision_function(people), tendency
    )
    served = anchored.applied_to(expert)
    assert served.predict_proba(people)[:, 1].mean() == pytest.approx(tendency, abs=1e-6)


def test_a_calibration_travels_in_the_artefact(expert: MonotoneScorecard) -> None:
    calibration = Calibration(slope=0.9, intercept=-0.1, labels=50, bads=9)
    made = Artefact.of(
        calibration.applied_to(expert),
        currency="KRW",
        deployment_profile=PROFILE,
        calibration=calibration,
    )
    text = made.to_json()
    read = Artefact.from_json(text, expected_digest=digest(text))
    assert read.calibration == calibration
    assert read.to_json() == text
