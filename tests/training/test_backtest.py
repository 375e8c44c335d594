"""The Berka loans take the product's own way, and every learner sees the same of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scoring.errors import FileError
from training.backtest import (
    SCORECARD,
    BacktestResult,
    backtest_berka,
    backtest_berka_beside_peers,
    berka_training_set,
)
from training.dataset import TrainingSet
from training.peers import all_peers

BERKA = Path(__file__).parents[2] / "data" / "berka"


@pytest.fixture(scope="module")
def data() -> TrainingSet:
    return berka_training_set(BERKA)


@pytest.fixture(scope="module")
def beside_peers() -> BacktestResult:
    return backtest_berka_beside_peers(BERKA, repeats=1, folds=3)


def test_all_loans_come_through_the_intake_as_labels(data: TrainingSet) -> None:
    loans = pd.read_parquet(BERKA / "loans.parquet")
    assert len(data.y) == len(loans) == 354
    assert data.bads == loans["status"].isin(["B", "D"]).sum() == 30
    assert data.currency == "CZK"
    assert set(data.rows["kind"]) == {"application"}
    assert data.X["attended_share"].isna().all()
    assert data.X["mean_balance_180d"].notna().all()


def test_a_loan_is_judged_as_of_the_day_before_its_grant(data: TrainingSet) -> None:
    loans = pd.read_parquet(BERKA / "loans.parquet")
    granted = pd.to_datetime(loans.set_index("loan_id")["granted_on"])
    wanted = {f"L{loan}": (day - pd.Timedelta(days=1)).date() for loan, day in granted.items()}
    assert dict(zip(data.rows["reference"], data.rows["as_of"], strict=True)) == wanted

    loan = loans.iloc[0]
    lines = pd.read_parquet(BERKA / "transactions.parquet")
    until = pd.Timestamp(wanted[f"L{loan['loan_id']}"])
    booked = pd.to_datetime(lines["booked_on"])
    recent = lines[
        (lines["account_id"] == loan["account_id"])
        & (booked <= until)
        & (booked > until - pd.Timedelta(days=90))
    ]
    row = data.rows.index[data.rows["reference"] == f"L{loan['loan_id']}"][0]
    assert data.X.at[row, "minimum_balance_90d"] == round(100 * recent["balance"].min())


def test_the_scorecard_finds_the_bad_loans() -> None:
    result = backtest_berka(BERKA, repeats=1)
    assert result.berka_auc > 0.88
    assert [learner.name for learner in result.learners] == [SCORECARD]
    interval = result.learners[0].auc
    assert interval.low is not None
    assert interval.high is not None
    assert interval.low < result.berka_auc < interval.high <= 1


def test_peers_stand_beside_it_on_the_same_folds(beside_peers: BacktestResult) -> None:
    scorecard, *peers = beside_peers.learners
    assert [peer.name for peer in peers] == [peer.name for peer in all_peers()]
    for peer in peers:
        assert peer.difference is not None
        assert peer.auc.value is not None
        assert peer.difference.value == pytest.approx(peer.auc.value - beside_peers.berka_auc)
        assert peer.standard_error is not None
        assert peer.standard_error_of_mean is not None
        assert 0 < peer.standard_error_of_mean < peer.standard_error
        assert peer.auc.value > 0.75
    assert scorecard.difference is None


def test_the_out_of_time_figure_says_how_few_bads_it_rests_on(beside_peers: BacktestResult) -> None:
    assert beside_peers.bads_out_of_time == 4
    assert beside_peers.loans_out_of_time == 158
    shown = json.loads(json.dumps(beside_peers.as_dict(), allow_nan=False))
    assert shown["bads_1998"] == 4
    assert shown["berka_auc"] == beside_peers.berka_auc


def test_peers_get_the_features_with_any_value_only(data: TrainingSet) -> None:
    logistic = all_peers()[0]
    log_odds = logistic.fit_and_foretell(data.X[:300], data.y[:300], data.X[300:])
    assert log_odds.shape == (54,)
    assert np.isfinite(log_odds).all()


def test_a_folder_without_the_files_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"loans\.parquet: is not in"):
        backtest_berka(tmp_path)
