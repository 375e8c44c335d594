"""`foothold train`: a candidate with honest figures, the same from the same records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from typer.testing import CliRunner

from sample.simulate import PROCESS_THRESHOLDS, PROCESS_WEIGHTS
from scoring.base.errors import FourEyesError, InputError
from scoring.base.settings import Settings
from scoring.features.catalogue import Kind
from scoring.features.engines.one_founder import one_founder
from scoring.governance.registry import champion, find_model, load_artefact, promote_model
from scoring.models.card.points import PointsScale
from scoring.models.priors import read_priors
from scoring.parties.consents import Purpose
from scoring.store.database import Database
from tests.assessed import assessed
from tests.builders import a_founder, a_lender, document_of
from tests.sample_store import a_sample_store
from tests.training.conftest import KNOWN_AT, NOW
from training.candidate import Candidate, train_candidate
from training.cli.training import app
from training.data.dataset import TrainingSet, build_training_set
from training.data.labels import OutcomeDefinition
from training.measures.figures import FIGURES, Judged, bootstrap_weights, figures_of
from training.measures.folds import grouped_folds
from training.validation.validate import out_of_time_split


@pytest.fixture(scope="module")
def portfolio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A small sample portfolio without accounts, imported as an operator would."""
    folder = tmp_path_factory.mktemp("portfolio")
    with a_sample_store(folder, NOW, blocks=("attendance", "sales")) as database:
        yield database


@pytest.fixture(scope="module")
def data(portfolio: Database) -> TrainingSet:
    with portfolio.reading() as session:
        return build_training_set(
            session,
            known_at=KNOWN_AT,
            zone=portfolio.settings.zone,
            profile=portfolio.settings.deployment_profile,
            blocks_off=portfolio.settings.blocks_off,
        )


@pytest.fixture(scope="module")
def candidate(portfolio: Database) -> Candidate:
    return train_candidate(portfolio, by="an analyst", known_at=KNOWN_AT)


def test_a_candidate_has_figures_with_intervals_and_its_lineage(
    portfolio: Database, candidate: Candidate
) -> None:
    assert candidate.kind == "fitted"
    for part in ("out_of_time", "cross_validation"):
        found = candidate.figures[part]
        assert set(FIGURES) < set(found)
        assert found["auc"]["low"] < found["auc"]["value"] < found["auc"]["high"]
        assert found["bads"] >= 2
    assert candidate.auc_out_of_time == candidate.figures["out_of_time"]["auc"]["value"]
    assert candidate.lineage["outcome_definition"] == {
        "bad_days_past_due": 90,
        "indeterminate_days_past_due": 30,
        "performance_window_days": 365,
        "material_percent": 1,
        "material_floors": {"KRW": 10_000},
    }
    assert candidate.lineage["deployment_profile"] == "research_sandbox"
    with portfolio.reading() as session:
        model = find_model(session, candidate.reference)
        assert json.loads(model.figures) == candidate.figures
        assert json.loads(model.lineage) == candidate.lineage


def test_a_candidate_scores_its_training_set_better_than_a_coin(
    portfolio: Database, candidate: Candidate, data: TrainingSet
) -> None:
    with portfolio.reading() as session:
        artefact = load_artefact(find_model(session, candidate.reference))
    scores = artefact.points.score_frame(data.X)
    assert roc_auc_score(data.y, -scores) > 0.65


def test_who_trained_a_model_may_not_promote_it(portfolio: Database, candidate: Candidate) -> None:
    with pytest.raises(FourEyesError), portfolio.writing() as ledger:
        promote_model(ledger, candidate.reference, by="An  Analyst", reason="mine")
    with portfolio.writing() as ledger:
        promote_model(ledger, candidate.reference, by="a reviewer", reason="holds up")
    with portfolio.reading() as session:
        assert champion(session).reference == candidate.reference


def test_an_equal_model_keeps_what_was_said_of_it_first(sqlite: Database) -> None:
    first = train_candidate(sqlite, by="an analyst")
    assert not first.known
    page = first.report.read_bytes()
    again = train_candidate(sqlite, by="another analyst")
    assert again.reference == first.reference
    assert again.known
    assert again.trained_by == "an analyst"
    assert again.lineage == first.lineage
    assert again.report.read_bytes() == page

    first.report.unlink()
    missing = train_candidate(sqlite, by="another analyst")
    assert "another analyst" in missing.report.read_text(encoding="utf-8")


def test_whoever_trained_an_equal_model_may_not_promote_it_either(sqlite: Database) -> None:
    model = train_candidate(sqlite, by="an analyst").reference
    train_candidate(sqlite, by="another analyst")
    for trainer in ("an analyst", "Another Analyst"):
        with pytest.raises(FourEyesError, match="may not promote it"), sqlite.writing() as ledger:
            promote_model(ledger, model, by=trainer, reason="mine")
    with sqlite.writing() as ledger:
        promote_model(ledger, model, by="a reviewer", reason="holds up")
    with sqlite.reading() as session:
        assert champion(session).reference == model


def test_the_analyst_says_when_a_loan_is_bad(sqlite: Database) -> None:
    a_founder(sqlite).borrowing(
        1_200_000, loan="N1", disbursed_on=date(2025, 1, 10), paid=12, late_days=65
    ).consenting(to=None, purpose=Purpose.MODEL_TRAINING)
    a_founder(sqlite, "F-TEST000002").borrowing(
        1_200_000, loan="N2", disbursed_on=date(2025, 1, 10), paid=12
    ).consenting(to=None, purpose=Purpose.MODEL_TRAINING)
    assert train_candidate(sqlite, by="an analyst").figures["bads"] == 0
    stricter = train_candidate(
        sqlite, by="an analyst", definition=OutcomeDefinition.of(bad_days=60, window_months=6)
    )
    assert stricter.figures["bads"] == 1
    assert stricter.lineage["outcome_definition"]["bad_days_past_due"] == 60


def test_out_of_time_takes_whole_days_from_the_end(small_data: TrainingSet) -> None:
    split = out_of_time_split(small_data)
    assert split is not None
    earlier, later = split
    days = small_data.rows["as_of"].to_numpy()
    assert days[earlier].max() < days[later].min()
    assert later.size == pytest.approx(0.3 * days.size, abs=5)


def test_all_loans_of_a_founder_are_in_one_fold(small_data: TrainingSet) -> None:
    founders = small_data.rows["founder_id"].to_numpy()
    folds = grouped_folds(small_data.y, founders, seed=1)
    assert len(folds) == 5
    for train, test in folds:
        assert not set(founders[train]) & set(founders[test])
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(small_data.y)))


def test_figures_agree_with_the_textbook() -> None:
    rng = np.random.default_rng(3)
    log_odds = rng.normal(-1, 1.5, 300).round(1)  # with ties
    y = (rng.random(300) < expit(0.7 * log_odds + 0.3)).astype(np.int64)
    judged = Judged(y, log_odds, np.arange(300))
    once = bootstrap_weights(judged.founders, seed=1, draws=0)
    found = {name: float(measure(judged, once)[0]) for name, measure in FIGURES.items()}
    assert found["auc"] == pytest.approx(roc_auc_score(y, log_odds))
    assert found["gini"] == pytest.approx(2 * roc_auc_score(y, log_odds) - 1)
    assert found["log_loss"] == pytest.approx(log_loss(y, expit(log_odds)))
    assert found["brier"] == pytest.approx(brier_score_loss(y, expit(log_odds)))
    textbook = LogisticRegression(C=1e9, tol=1e-9).fit(log_odds[:, None], y)
    assert found["calibration_slope"] == pytest.approx(textbook.coef_[0, 0], abs=1e-4)
    moved = expit(log_odds + found["calibration_intercept"])
    assert moved.sum() == pytest.approx(y.sum())


def test_a_draw_is_the_same_as_repeating_founders() -> None:
    rng = np.random.default_rng(5)
    founders = rng.integers(0, 40, 100)
    judged = Judged(rng.integers(0, 2, 100), rng.normal(size=100), founders)
    weights = bootstrap_weights(founders, seed=2, draws=3)
    for draw in weights:
        taken = np.repeat(np.arange(100), draw.astype(int))
        repeated = Judged(judged.y[taken], judged.log_odds[taken], founders[taken])
        once = np.ones((1, taken.size))
        for name in ("auc", "ks", "log_loss", "brier", "calibration_slope"):
            measure = FIGURES[name]
            assert measure(judged, draw[None])[0] == pytest.approx(measure(repeated, once)[0])


def test_too_few_outcomes_give_a_reason_and_no_figure() -> None:
    judged = Judged(np.array([0, 0, 1]), np.zeros(3), np.arange(3))
    for figure in figures_of(judged, seed=1).values():
        assert figure.value is None
        assert figure.reason == "1 bad and 2 good; at least 2 of each are needed"


def test_every_interval_holds_its_figure() -> None:
    rng = np.random.default_rng(3)
    log_odds = rng.normal(-1.5, 1.0, 200)
    y = (rng.random(200) < 1 / (1 + np.exp(-log_odds))).astype(np.int64)  # as foretold
    figures = figures_of(Judged(y, log_odds, np.arange(200)), seed=1)
    told = {name: each for name, each in figures.items() if each.low is not None}
    assert set(figures) - set(told) == {"ece"}
    assert figures["ece"].value is not None
    assert "no interval" in str(figures["ece"].reason)
    for figure in told.values():
        assert figure.low <= figure.value <= figure.high


def test_a_store_without_any_loan_gives_the_experts_scorecard(database: Database) -> None:
    candidate = train_candidate(database, by="an analyst", currency="EUR")
    assert candidate.kind == "expert_prior"
    assert candidate.currency == "EUR"
    assert candidate.auc_out_of_time is None
    assert "monthly_net_sales_180d" in candidate.lineage["features_left_out"]
    assert "opinion" in candidate.report.read_text(encoding="utf-8")
    with database.reading() as session:
        artefact = load_artefact(find_model(session, candidate.reference))
    empty = assessed(artefact, [{}])
    assert empty.pd_low[0] < 0.05 < empty.pd[0] < 0.2 < empty.pd_high[0]


def test_a_model_keeps_the_blocks_that_it_was_trained_without(sqlite: Database) -> None:
    off = Settings(data_dir=sqlite.settings.data_dir, blocks_off=("cash_flow",))
    candidate = train_candidate(Database(off, sqlite.clock), by="an analyst")
    assert candidate.lineage["blocks_off"] == ["cash_flow"]
    with sqlite.writing() as ledger:
        promote_model(ledger, candidate.reference, by="a reviewer", reason="without accounts")
    a_lender(sqlite)
    founder = a_founder(sqlite).selling(weekly=600_000, weeks=40).consenting(to="L-DEMO")
    document = document_of(founder.scored())  # the setting is gone, the model's choice not
    assert Kind.CASH_FLOW not in document.completeness
    assert not {"mean_balance_180d", "instalment_over_inflow"} & set(document.features)


def test_ratios_are_shrunk_in_training_as_they_are_in_serving(
    portfolio: Database, candidate: Candidate, data: TrainingSet
) -> None:
    with portfolio.reading() as session:
        artefact = load_artefact(find_model(session, candidate.reference))
        assert artefact.shrinkage_constants == data.constants
        row = data.rows.iloc[-1]
        served = one_founder(
            session,
            int(row["founder_id"]),
            as_of=row["as_of"],
            known_at=data.known_at,
            zone=portfolio.settings.zone,
            lender=row["lender"] or "",
            constants=artefact.shrinkage_constants,
        ).values
    trained = data.X.iloc[-1].dropna().to_dict()
    assert trained == {name: served[name] for name in trained}
    assert 0.5 < artefact.shrinkage_constants["on_time_share_730d"] < 1


@pytest.mark.parametrize("late_days", [0, 150])
def test_one_loan_alone_never_breaks_training(sqlite: Database, late_days: int) -> None:
    a_founder(sqlite).borrowing(
        1_200_000, loan="N1", disbursed_on=date(2025, 1, 10), paid=12, late_days=late_days
    ).consenting(to=None, purpose=Purpose.MODEL_TRAINING)
    candidate = train_candidate(sqlite, by="an analyst")
    assert candidate.kind == ("expert_prior" if late_days else "fitted")
    assert candidate.figures["labels"] == 1
    assert candidate.figures["out_of_time"]["auc"]["value"] is None
    assert candidate.figures["cross_validation"]["auc"]["reason"]
    assert candidate.report.exists()


def test_training_writes_no_scores(portfolio: Database, candidate: Candidate) -> None:
    del candidate
    with portfolio.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM scores").scalar() == 0


def test_the_sample_is_not_made_by_the_experts_weights_or_cuts() -> None:
    priors, factor = read_priors().features, PointsScale().factor
    weights = {name: priors[name].weight_points / factor for name in PROCESS_WEIGHTS}
    apart = [abs(PROCESS_WEIGHTS[name] - weights[name]) for name in weights]
    assert all(difference > 0.01 for difference in apart)
    assert np.corrcoef(list(PROCESS_WEIGHTS.values()), list(weights.values()))[0, 1] < 0.95
    shared = [
        name
        for name, threshold in PROCESS_THRESHOLDS.items()
        if threshold in (priors[name].cuts_in("KRW") or [])
    ]
    assert len(shared) <= 1, shared


def test_with_json_standard_output_is_one_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTHOLD_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.delenv("FOOTHOLD_DATABASE_URL", raising=False)
    Database(Settings()).migrate()
    run = CliRunner().invoke
    command = ["train", "--by", "an analyst", "--bad-days", "60", "--window-months", "6", "--json"]
    trained = run(app, command, catch_exceptions=False)
    assert trained.exit_code == 0
    found = json.loads(trained.stdout)
    assert found["kind"] == "expert_prior"
    assert found["known"] is False
    assert found["lineage"]["outcome_definition"]["bad_days_past_due"] == 60
    assert found["lineage"]["outcome_definition"]["performance_window_days"] == 182
    assert Path(found["report"]).exists()

    order = ["promote", found["model"], "--reason", "first", "--json", "--by"]
    with pytest.raises(FourEyesError):
        run(app, [*order, "an analyst"], catch_exceptions=False)
    with pytest.raises(InputError):
        run(app, [*order, " "], catch_exceptions=False)
    promoted = run(app, [*order, "a reviewer"], catch_exceptions=False)
    assert json.loads(promoted.stdout)["model"] == found["model"]
