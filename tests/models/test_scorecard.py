"""Promises of the scorecard: monotone, additive, the same everywhere, honest about little data."""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import shap
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.utils.estimator_checks import estimator_checks_generator

from scoring.models.card.binning import TAIL_CUTS, cut_points
from scoring.models.card.log_odds import Card
from scoring.models.learning.ascent import Outcomes
from scoring.models.learning.averaging import stacking_weights
from scoring.models.learning.compression import segments
from scoring.models.learning.cut_off_normal import cut_off_normal
from scoring.models.scorecard import MonotoneScorecard
from tests.models.cards import log_odds_of

DIRECTIONS = {"attendance": -1, "refunds": 1, "sales": -1, "age_of_shop": 0}
CUTS = {"attendance": [0.5, 0.7, 0.9], "refunds": [0.05, 0.1], "sales": [1e5, 5e5, 2e6]}


def founders(rows: int, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Return simulated founders, some with records missing, and who went bad."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "attendance": np.round(rng.beta(6, 2, rows), 3),
            "refunds": np.round(rng.beta(1, 12, rows), 3),
            "sales": np.round(np.exp(rng.normal(13, 1, rows))),
            "age_of_shop": rng.integers(0, 36, rows).astype(float),
        }
    )
    log_odds = -2 - 4 * (X.attendance - 0.75) + 8 * (X.refunds - 0.08) - (np.log(X.sales) - 13)
    y = (rng.random(rows) < 1 / (1 + np.exp(-log_odds))).astype(int)
    for column in X:
        X.loc[rng.random(rows) < 0.1, column] = np.nan
    return X, y


def a_scorecard(**kwargs: object) -> MonotoneScorecard:
    return MonotoneScorecard(DIRECTIONS, cuts=CUTS, **kwargs)


@pytest.fixture(scope="module")
def fitted() -> MonotoneScorecard:
    X, y = founders(250)
    return a_scorecard().fit(X, y)


@pytest.fixture(scope="module")
def expert() -> MonotoneScorecard:
    return a_scorecard().fit(founders(0)[0])


RECORDS = st.fixed_dictionaries(
    {
        "attendance": st.none() | st.floats(-1, 2),
        "refunds": st.none() | st.floats(-1, 2),
        "sales": st.none() | st.floats(0, 1e8),
        "age_of_shop": st.none() | st.floats(-5, 400),
    }
)


def a_frame(*records: dict[str, float | None]) -> pd.DataFrame:
    return pd.DataFrame(records, columns=list(DIRECTIONS), dtype=float)


@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        pytest.param(estimator, check, id=str(getattr(check, "func", check).__name__))
        for estimator, check in estimator_checks_generator(MonotoneScorecard())
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_it_is_a_scikit_learn_classifier(
    estimator: MonotoneScorecard, check: Callable[[MonotoneScorecard], None]
) -> None:
    check(estimator)


@given(
    record=RECORDS, column=st.sampled_from(["attendance", "refunds", "sales"]), by=st.floats(0, 1e7)
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_better_behaviour_never_lowers_the_score(
    fitted: MonotoneScorecard, record: dict[str, float | None], column: str, by: float
) -> None:
    if record[column] is None:
        return
    better = {**record, column: record[column] - DIRECTIONS[column] * by}
    assert log_odds_of(fitted.card_, better) <= log_odds_of(fitted.card_, record)


@pytest.mark.parametrize("rows", [12, 40, 90, 400])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_declared_feature_is_monotone_at_any_size(rows: int, seed: int) -> None:
    X, _ = founders(rows, seed)
    y = np.random.default_rng(seed).integers(0, 2, rows)
    card = a_scorecard().fit(X, y).card_
    for feature in card.features:
        steps = np.diff(feature.log_odds) * DIRECTIONS[feature.name]
        assert np.all(steps >= 0)
        assert len(feature.log_odds) <= 12


@given(records=st.lists(RECORDS, min_size=1, max_size=5))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_contributions_add_up_to_the_log_odds(
    fitted: MonotoneScorecard, records: list[dict[str, float | None]]
) -> None:
    X = a_frame(*records)
    log_odds = fitted.decision_function(X)
    background = founders(60, 3)[0]
    own = fitted.base() + fitted.contributions(X).sum(axis=1)
    other = fitted.base(background) + fitted.contributions(X, background).sum(axis=1)
    np.testing.assert_allclose(own, log_odds, rtol=0, atol=1e-12)
    np.testing.assert_allclose(other, log_odds, rtol=0, atol=1e-12)


@given(record=RECORDS)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_record_and_a_million_rows_give_the_same_bits(
    fitted: MonotoneScorecard, record: dict[str, float | None]
) -> None:
    X = a_frame(record)
    parts = fitted.card_.look_up(record)
    total = fitted.card_.intercept
    for part in parts.values():
        total += part
    assert total == fitted.decision_function(X)[0] == log_odds_of(fitted.card_, record)
    assert parts == fitted.contributions(X).iloc[0].to_dict()
    assert expit(total) == fitted.predict_proba(X)[0, 1]
    many = pd.concat([X, founders(500, 5)[0], X], ignore_index=True)
    assert fitted.decision_function(many)[0] == fitted.decision_function(X)[0]
    assert fitted.decision_function(many)[-1] == fitted.decision_function(X)[0]
    assert fitted.interval(many).iloc[-1].tolist() == fitted.interval(X).iloc[0].tolist()


def test_contributions_average_zero_over_the_training_population(
    fitted: MonotoneScorecard,
) -> None:
    X, _ = founders(250)
    np.testing.assert_allclose(fitted.contributions(X).mean(), 0.0, atol=1e-12)
    for feature in fitted.card_.features:
        shares = [*feature.background_share, feature.background_missing_share]
        values = [*feature.log_odds, feature.missing_log_odds]
        assert sum(shares) == pytest.approx(1.0)
        assert np.dot(shares, values) == pytest.approx(0.0, abs=1e-12)


def test_contributions_are_the_exact_shap_values(fitted: MonotoneScorecard) -> None:
    background = founders(40, 7)[0]
    X = founders(6, 8)[0]
    masker = shap.maskers.Independent(background, max_samples=len(background))
    found = shap.explainers.Exact(lambda rows: fitted.decision_function(as_frame(rows)), masker)(X)
    ours = fitted.contributions(X, background)
    np.testing.assert_allclose(ours, found.values, atol=1e-9)
    np.testing.assert_allclose(fitted.base(background), found.base_values, atol=1e-9)


def test_contributions_are_what_the_permutation_explainer_finds_on_many_features() -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(120, 16)), columns=[f"f{j}" for j in range(16)])
    y = (X.f0 + X.f1 + rng.normal(size=120) > 0).astype(int)
    model = MonotoneScorecard({"f0": 1, "f1": 1, "f2": -1}).fit(X, y)
    masker = shap.maskers.Independent(X, max_samples=len(X))
    explainer = shap.explainers.Permutation(
        lambda rows: model.decision_function(pd.DataFrame(rows, columns=X.columns)), masker, seed=1
    )
    found = explainer(X.iloc[:3], max_evals=2 * 16 + 1)
    np.testing.assert_allclose(model.contributions(X.iloc[:3], X), found.values, atol=1e-9)


def test_weights_are_repeated_rows_to_shap_as_well() -> None:
    X, y = founders(30, 12)
    y[:2] = [0, 1]
    weights = np.random.default_rng(2).integers(0, 4, 30)
    model = a_scorecard().fit(X, y, sample_weight=weights.astype(float))
    repeated = X.iloc[np.repeat(np.arange(30), weights)]
    masker = shap.maskers.Independent(repeated, max_samples=len(repeated))
    explainer = shap.explainers.Exact(lambda rows: model.decision_function(as_frame(rows)), masker)
    found = explainer(X.iloc[:5])
    np.testing.assert_allclose(model.contributions(X.iloc[:5]), found.values, atol=1e-9)
    np.testing.assert_allclose(model.base(), found.base_values, atol=1e-9)


def as_frame(rows: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(DIRECTIONS))


def test_json_and_back_predicts_the_same_bits(
    fitted: MonotoneScorecard, expert: MonotoneScorecard
) -> None:
    X = founders(300, 9)[0]
    background = founders(50, 10)[0]
    for model in (fitted, expert):
        text = json.dumps(model.to_dict(), allow_nan=False)
        again = MonotoneScorecard.from_dict(json.loads(text))
        assert np.array_equal(again.decision_function(X), model.decision_function(X))
        assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
        pd.testing.assert_frame_equal(again.interval(X), model.interval(X), check_exact=True)
        pd.testing.assert_frame_equal(
            again.contributions(X, background),
            model.contributions(X, background),
            check_exact=True,
        )
        assert again.card_ == model.card_
        assert json.dumps(again.to_dict()) == text
    assert Card.from_dict(json.loads(json.dumps(fitted.card_.to_dict()))) == fitted.card_


def test_the_artefact_of_25_features_stays_under_300_kilobytes() -> None:
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 25)), columns=[f"feature_{j}" for j in range(25)])
    model = MonotoneScorecard([1] * 25).fit(X, rng.integers(0, 2, 300))
    assert len(json.dumps(model.to_dict())) < 300_000


@given(
    seed=st.integers(0, 50),
    rows=st.integers(20, 60),
    repeated=st.lists(st.integers(0, 19), max_size=6),
)
@settings(deadline=None, max_examples=8)
def test_a_row_of_weight_two_equals_the_row_twice(
    seed: int, rows: int, repeated: list[int]
) -> None:
    X, y = founders(rows, seed)
    y[:2] = [0, 1]
    weights = np.ones(rows)
    np.add.at(weights, repeated, 1.0)
    weights[rows - 1] = 0.0
    index = np.repeat(np.arange(rows), weights.astype(int))
    weighted = a_scorecard().fit(X, y, sample_weight=weights)
    twice = a_scorecard().fit(X.iloc[index], y[index])
    assert weighted.card_ == twice.card_
    assert np.array_equal(weighted.interval(X), twice.interval(X))


def test_the_order_of_rows_does_not_matter() -> None:
    X, y = founders(120)
    order = np.random.default_rng(1).permutation(120)
    one = a_scorecard().fit(X, y)
    other = a_scorecard().fit(X.iloc[order], y[order])
    assert one.to_dict() == other.to_dict()


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_without_outcomes_the_expert_scorecard_discriminates(rows: int) -> None:
    model = a_scorecard().fit(founders(rows)[0])
    good = {"attendance": 1.0, "refunds": 0.0, "sales": 5e6}
    bad = {"attendance": 0.2, "refunds": 0.4, "sales": 1e4}
    assert model.background_ == "expert_reference"
    assert log_odds_of(model.card_, bad) - log_odds_of(model.card_, good) == pytest.approx(1.5)
    assert model.card_.intercept == pytest.approx(np.log(2 / 18))
    assert log_odds_of(model.card_, {}) == pytest.approx(np.log(2 / 18))


def test_a_declared_weight_is_what_the_feature_is_worth_from_worst_to_best_bin() -> None:
    X, _ = founders(0)
    model = MonotoneScorecard(DIRECTIONS, {"attendance": 1.2, "sales": 0.3}, cuts=CUTS).fit(X)
    worth = {f.name: max(f.log_odds) - min(f.log_odds) for f in model.card_.features}
    assert worth == pytest.approx(
        {"attendance": 1.2, "refunds": 0.5, "sales": 0.3, "age_of_shop": 0.0}
    )


def test_a_reference_population_without_outcomes_centres_the_expert_scorecard() -> None:
    X, _ = founders(200)
    model = a_scorecard().fit(X)
    assert model.background_ == "training_population"
    np.testing.assert_allclose(model.contributions(X).mean(), 0.0, atol=1e-12)
    directed = ["attendance", "refunds"]
    ranked = model.contributions(X)[directed].corrwith(X[directed], method="spearman")
    assert ranked.attendance < -0.9
    assert ranked.refunds > 0.9


def test_an_empty_store_is_honest_about_its_doubt(expert: MonotoneScorecard) -> None:
    interval = expert.interval(a_frame({"attendance": 0.8, "refunds": 0.0, "sales": 1e6})).iloc[0]
    assert interval.low < 0.04
    assert interval.high > 0.2


def test_the_doubt_of_an_expert_does_not_depend_on_the_number_of_bins() -> None:
    widths = []
    for bins in (4, 12):
        cuts = {"attendance": list(np.linspace(0, 1, bins + 1)[1:-1])}
        model = MonotoneScorecard({"attendance": -1}, cuts=cuts).fit(a_frame().iloc[:, :1])
        interval = model.interval(pd.DataFrame({"attendance": [0.01]}))
        widths.append(float(np.log(interval.high / interval.low).iloc[0]))
    assert widths[0] == pytest.approx(widths[1], rel=0.1)


def test_outcomes_narrow_the_interval() -> None:
    X, y = founders(3000, 4)
    some = founders(200, 11)[0]
    widths = [
        (m.interval(some).high - m.interval(some).low).mean()
        for m in (
            a_scorecard().fit(X[:100]),
            *(a_scorecard().fit(X[:n], y[:n]) for n in (100, 3000)),
        )
    ]
    assert widths[0] > widths[1] > widths[2]


def test_a_wider_level_holds_a_narrower_one(fitted: MonotoneScorecard) -> None:
    X = founders(50, 12)[0]
    wide, narrow = fitted.interval(X, 0.95), fitted.interval(X, 0.5)
    assert (wide.low < narrow.low).all()
    assert (wide.high > narrow.high).all()
    with pytest.raises(ValueError, match="between 0 and 1"):
        fitted.interval(X, 90)


def test_good_outcomes_alone_lower_the_risk_and_keep_the_ranking() -> None:
    X, _ = founders(60)
    model = a_scorecard().fit(X, np.zeros(60))
    prior = a_scorecard().fit(X)
    assert model.card_.intercept < prior.card_.intercept
    assert np.corrcoef(model.decision_function(X), prior.decision_function(X))[0, 1] > 0.8


def test_withholding_never_pays_where_the_catalogue_says_so() -> None:
    X, y = founders(200)
    X["attendance"] = X["attendance"].where(y == 1)
    strict = a_scorecard(when_missing="never_better_than_average").fit(X, y)
    learned = a_scorecard().fit(X, y)
    neutral = a_scorecard(when_missing={"attendance": "neutral"}).fit(X, y)
    assert learned.card_.features[0].missing_log_odds < 0
    assert strict.card_.features[0].missing_log_odds >= 0
    assert neutral.card_.features[0].missing_log_odds == pytest.approx(0.0, abs=1e-12)


def test_no_record_can_tell_risk() -> None:
    X, y = founders(400)
    X["refunds"] = X["refunds"].where(y == 0)
    model = a_scorecard().fit(X, y)
    assert model.card_.features[1].missing_log_odds > 1.0


def test_infinity_is_an_error_and_nan_is_missing(fitted: MonotoneScorecard) -> None:
    with pytest.raises(ValueError, match="infinity"):
        fitted.decision_function(a_frame({"attendance": np.inf}))
    with pytest.raises(ValueError, match="infinite"):
        fitted.card_.look_up({"attendance": float("-inf")})
    nan = fitted.card_.look_up({"attendance": float("nan")})
    assert nan == fitted.card_.look_up({"attendance": None}) == fitted.card_.look_up({})
    nan = log_odds_of(fitted.card_, {"attendance": float("nan")})
    assert nan == log_odds_of(fitted.card_, {"attendance": None}) == log_odds_of(fitted.card_, {})


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"directions": {"attendence": -1}}, "attendence"),
        ({"directions": {"attendance": 2}}, "direction of 'attendance'"),
        ({"directions": [1, 1]}, "2 entries for 4 columns"),
        ({"directions": DIRECTIONS, "weights": {"attendance": -1}}, "weight of 'attendance'"),
        ({"weights": {"attendance": 1}}, "no direction"),
        ({"cuts": {"attendance": [2, 1]}}, "strictly ascending"),
        ({"when_missing": "ignored"}, "when_missing of 'attendance'"),
        ({"base_rate": (0, 1)}, "base_rate"),
        ({"n_binnings": 0}, "n_binnings"),
        ({"max_card_bins": 1}, "max_card_bins"),
    ],
)
def test_a_wrong_declaration_is_named(kwargs: dict[str, object], message: str) -> None:
    X, y = founders(40)
    with pytest.raises(ValueError, match=message):
        MonotoneScorecard(**kwargs).fit(X, y)


def test_a_fit_beats_the_expert_once_there_are_outcomes() -> None:
    from sklearn.metrics import log_loss

    X, y = founders(600, 20)
    unseen, outcome = founders(4000, 21)
    losses = [
        log_loss(outcome, model.predict_proba(unseen)[:, 1])
        for model in (a_scorecard().fit(X), a_scorecard().fit(X, y))
    ]
    assert losses[1] < losses[0]


def test_cuts_lie_halfway_between_distinct_values() -> None:
    cuts = cut_points(np.array([1.0, 2, 4, np.nan]), np.ones(4), bins=8, floor=1, shift=0)
    assert cuts.tolist() == [1.5, 3.0]


def test_a_common_value_leaves_bins_to_the_rest() -> None:
    values = np.concatenate([np.zeros(900), np.arange(1.0, 101.0)])
    cuts = cut_points(values, np.ones(1000), bins=8, floor=1, shift=0)
    assert 7 <= len(cuts) <= 7 + 2 * TAIL_CUTS
    assert cuts[0] < 15


def test_the_rarest_values_have_cuts_of_their_own() -> None:
    values = np.arange(1000.0)
    cuts = cut_points(values, np.ones(1000), bins=10, floor=1, shift=0)
    assert cuts[0] == pytest.approx(100 / 2**TAIL_CUTS, abs=1)
    assert cuts[-1] == pytest.approx(1000 - 100 / 2**TAIL_CUTS, abs=1)


@given(
    steps=st.lists(st.floats(0, 3), min_size=1, max_size=40),
    most=st.integers(2, 12),
    seed=st.integers(0, 9),
)
def test_compression_keeps_order_and_the_number_of_bins(
    steps: list[float], most: int, seed: int
) -> None:
    values = np.cumsum(steps)
    mass = np.random.default_rng(seed).random(values.size) + 0.01
    runs = segments(values, mass, most)
    means = np.bincount(runs, weights=mass * values) / np.bincount(runs, weights=mass)
    assert runs[0] == 0
    assert runs[-1] < most
    assert set(np.diff(runs)) <= {0, 1}
    assert np.all(np.diff(means) >= -1e-12)


def test_stacking_prefers_the_member_that_predicts() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=400)
    bad = (rng.random(400) < 1 / (1 + np.exp(-truth))).astype(float)
    members = np.array([truth, rng.normal(size=400)])
    weights = stacking_weights(members, Outcomes(bad, np.ones(400)), np.ones(2))
    assert weights.sum() == pytest.approx(1.0)
    assert weights[0] > 0.8


@pytest.mark.parametrize("gradient", [0.0, 0.5, 5.0, 40.0, 400.0])
def test_the_doubt_of_a_pinned_step_is_that_of_a_cut_off_normal(gradient: float) -> None:
    mean, variance = cut_off_normal(np.array([gradient]), np.array([1.0]))
    x = np.linspace(0, 40 / (1 + gradient), 200_001)
    density = np.exp(-gradient * x - x**2 / 2)
    density /= density.sum()
    assert mean[0] == pytest.approx(density @ x, rel=1e-3)
    assert variance[0] == pytest.approx(density @ x**2 - (density @ x) ** 2, rel=1e-2)
