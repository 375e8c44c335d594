"""Promises of how the scorecard is learned: shortcuts change nothing, doubts are told."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression
from scipy.special import expit
from sklearn.metrics import log_loss, roc_auc_score

from benchmarks.coverage import DIRECTIONS, founders, scenarios
from sample.simulate.process import PROCESS_WEIGHTS
from scoring.models.card.binning import bin_of, cut_points, union_of_cuts
from scoring.models.learning import ascent as ascent_module
from scoring.models.learning import design as design_module
from scoring.models.learning.coding import CodedRows, shares_on
from scoring.models.learning.projection import ascending
from scoring.models.scorecard import MonotoneScorecard


def simulated(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    X, _, y = founders(rows, np.random.default_rng(seed))
    return X, y


def a_scorecard(**kwargs: object) -> MonotoneScorecard:
    return MonotoneScorecard(dict(DIRECTIONS), dict(PROCESS_WEIGHTS), **kwargs)


def test_bins_looked_up_in_a_table_are_the_bins_searched_for() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(300, 2))
    values[rng.random(values.shape) < 0.2] = np.nan
    weights = rng.random(300)
    binnings = [
        [cut_points(values[:, j], weights, bins=bins, floor=1, shift=0) for j in range(2)]
        for bins in (5, 8)
    ]
    unions = [union_of_cuts([binning[j] for binning in binnings]) for j in range(2)]
    coded = CodedRows.of(values, weights, unions)
    for binning in binnings:
        for j, cuts in enumerate(binning):
            searched = bin_of(values[:, j], cuts)
            assert np.array_equal(coded.on(binning)[j], searched)
            shares = np.bincount(searched, weights=weights, minlength=cuts.size + 2)
            found = shares_on(coded.shares()[j], cuts, unions[j])
            np.testing.assert_allclose(found, shares / weights.sum(), atol=1e-12)


def test_the_same_loans_give_the_same_bits() -> None:
    X, y = simulated(150, 1)
    assert a_scorecard().fit(X, y).to_dict() == a_scorecard().fit(X, y).to_dict()


def test_rows_in_parts_give_the_fit_of_all_rows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = simulated(700, 2)
    whole = a_scorecard().fit(X, y).decision_function(X)
    monkeypatch.setattr(design_module, "KEPT_PAIRS", 0)
    monkeypatch.setattr(design_module, "ROWS_AT_ONCE", 64)
    in_parts = a_scorecard().fit(X, y).decision_function(X)
    np.testing.assert_allclose(in_parts, whole, atol=1e-8)


def test_curvature_of_a_part_of_the_rows_leads_to_the_same_summit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # At scales that are known, only the way up differs: all rounds that learn scales are left out.
    from scoring.models.learning import members

    monkeypatch.setattr(members, "FIRST_ROUNDS", 0)
    monkeypatch.setattr(members, "LATER_ROUNDS", 0)
    monkeypatch.setattr(members, "ROWS_FOR_AVERAGE", 1_000)  # the most flexible kind alone
    X, y = simulated(2_000, 3)
    whole = a_scorecard().fit(X, y).decision_function(X)
    monkeypatch.setattr(ascent_module, "ROWS_FOR_CURVATURE", 500)
    by_part = a_scorecard().fit(X, y).decision_function(X)
    np.testing.assert_allclose(by_part, whole, atol=1e-5)


def test_scores_and_contributions_are_those_of_each_alone() -> None:
    X, y = simulated(200, 4)
    model = a_scorecard().fit(X, y)
    log_odds, contributions = model.scores_and_contributions(X)
    assert np.array_equal(log_odds, model.decision_function(X))
    pd.testing.assert_frame_equal(contributions, model.contributions(X), check_exact=True)


def test_outcomes_contradict_a_direction_turned_round_and_no_other() -> None:
    turned = next(scenario for scenario in scenarios() if not scenario.demanded)
    X, y = simulated(3_000, 5)
    model = MonotoneScorecard(dict(turned.directions), dict(turned.weights)).fit(X, y)
    assert model.contradicted_directions_ == ["refund_share_365d"]
    assert a_scorecard().fit(X, y).contradicted_directions_ == []


def test_without_outcomes_nothing_is_contradicted() -> None:
    model = a_scorecard().fit(simulated(100, 6)[0])
    assert model.learned_.direction_log_bayes_factors == {}
    assert model.learned_.compression_loss is None


@pytest.mark.parametrize("rows", [100, 1_000])
def test_a_dozen_bins_lose_next_to_nothing_on_unseen_loans(rows: int) -> None:
    X, y = simulated(rows, 7)
    unseen, outcome = simulated(20_000, 8)
    card = a_scorecard().fit(X, y).decision_function(unseen)
    average = a_scorecard(max_card_bins=400).fit(X, y).decision_function(unseen)
    assert roc_auc_score(outcome, average) - roc_auc_score(outcome, card) < 0.002
    assert log_loss(outcome, expit(card)) - log_loss(outcome, expit(average)) < 0.002


def test_the_compression_loss_told_is_that_of_the_rows_fitted_to() -> None:
    X, y = simulated(400, 9)
    model = a_scorecard().fit(X, y)
    average = a_scorecard(max_card_bins=400).fit(X, y)
    assert average.learned_.compression_loss.auc == pytest.approx(0.0, abs=1e-12)
    expected = log_loss(y, model.predict_proba(X)[:, 1]) - log_loss(
        y, average.predict_proba(X)[:, 1]
    )
    assert model.learned_.compression_loss.log_loss == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("rows", [20, pytest.param(50, marks=pytest.mark.slow)])
def test_a_few_outcomes_do_not_cost_the_experts_ranking(rows: int) -> None:
    unseen, outcome = simulated(5_000, 10)
    leads = []
    for seed in range(20, 32):
        X, y = simulated(rows, seed)
        fitted = a_scorecard().fit(X, y if y.any() and not y.all() else None)
        prior = a_scorecard().fit(X)
        leads.append(
            roc_auc_score(outcome, fitted.decision_function(unseen))
            - roc_auc_score(outcome, prior.decision_function(unseen))
        )
    assert np.mean(leads) > -np.std(leads, ddof=1) / np.sqrt(len(leads)) - 0.005


@given(
    values=st.lists(st.lists(st.floats(-3, 3), min_size=5, max_size=5), min_size=1, max_size=4),
    mass=st.lists(st.floats(0.01, 1), min_size=5, max_size=5),
)
def test_rows_are_put_in_order_as_isotonic_regression_does(
    values: list[list[float]], mass: list[float]
) -> None:
    found = ascending(np.array(values), np.array(mass))
    expected = [isotonic_regression(row, weights=mass).x for row in values]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_declared_direction_leaves_less_doubt_than_none() -> None:
    # One feature that tells nothing: without a direction its steps are doubted both ways.
    X, y = simulated(300, 11)
    noise = X[["refund_share_365d"]].sample(frac=1, random_state=0).reset_index(drop=True)
    widths = []
    for direction in (1, 0):
        interval = MonotoneScorecard([direction], [0.0]).fit(noise, y).interval(noise)
        widths.append(float(np.log(interval.high / interval.low).mean()))
    assert widths[0] < 0.95 * widths[1]


def test_an_expert_who_gave_no_weights_does_not_make_pds_timid() -> None:
    X, y = simulated(60, 12)
    silent = MonotoneScorecard().fit(X, y)
    whispering = MonotoneScorecard(dict(DIRECTIONS), dict.fromkeys(DIRECTIONS, 1e-6)).fit(X, y)
    assert "expert's line" not in silent.learned_.member_weights
    assert "expert's line" in whispering.learned_.member_weights
    spreads = [model.decision_function(X).std() for model in (silent, whispering)]
    assert spreads[0] > 1.2 * spreads[1]
