"""The Berka loans take the product's own way, and every learner sees the same of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from scoring.base.errors import FileError
from training.backtest.cross_validation import SCORECARD, backtest_berka, berka_training_set
from training.challengers.peers import all_peers
from training.cli.training import app
from training.data.dataset import TrainingSet

BERKA = Path(__file__).parents[2] / "data" / "berka"


@pytest.fixture(scope="module")
def data() -> TrainingSet:
    return berka_training_set(BERKA)


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """What `foothold backtest berka --json` prints."""
    command = ["backtest", "berka", str(BERKA), "--peers", "--repeats", "1", "--json"]
    ran = CliRunner().invoke(app, command, catch_exceptions=False)
    shown: dict[str, Any] = json.loads(ran.stdout)
    return shown


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
    own = lines[(lines["account_id"] == loan["account_id"]) & (booked <= until)]
    # An account opens with its first credit, so its lines add up to the balance of any day.
    moved = own["amount"].where(own["type"] == "credit", -own["amount"])
    ends = moved.groupby(pd.to_datetime(own["booked_on"]).dt.normalize()).sum().cumsum()
    daily = ends.reindex(pd.date_range(ends.index.min(), until), method="ffill")
    row = data.rows.index[data.rows["reference"] == f"L{loan['loan_id']}"][0]
    assert data.X.at[row, "minimum_balance_90d"] == pytest.approx(
        100 * daily.tail(90).min(),
        rel=1e-4,  # balances are rounded here and there
    )
    mean = data.X.at[row, "mean_balance_180d"]
    assert mean == pytest.approx(100 * daily.tail(180).mean(), rel=1e-4)


@pytest.mark.slow
def test_the_scorecard_finds_the_bad_loans(found: dict[str, Any]) -> None:
    scorecard = found["learners"][0]
    assert scorecard["name"] == SCORECARD
    assert scorecard["auc"]["value"] == found["berka_auc"] > 0.88
    assert scorecard["auc"]["low"] < found["berka_auc"] < scorecard["auc"]["high"] <= 1


@pytest.mark.slow
def test_peers_stand_beside_it_on_the_same_folds(found: dict[str, Any]) -> None:
    _, *peers = found["learners"]
    assert [peer["name"] for peer in peers] == [peer.name for peer in all_peers()]
    for peer in peers:
        assert peer["auc"]["value"] > 0.75
        difference = peer["auc"]["value"] - found["berka_auc"]
        assert peer["auc_difference"]["value"] == pytest.approx(difference)
        assert 0 < peer["standard_error_of_mean"] < peer["standard_error"]


@pytest.mark.slow
def test_the_out_of_time_figure_says_how_few_bads_it_rests_on(found: dict[str, Any]) -> None:
    assert found["bads_1998"] == 4
    assert found["loans_1998"] == 158


def test_peers_get_the_features_with_any_value_only(data: TrainingSet) -> None:
    logistic = all_peers()[0]
    log_odds = logistic.fit_and_foretell(data.X[:300], data.y[:300], data.X[300:])
    assert log_odds.shape == (54,)
    assert np.isfinite(log_odds).all()


def test_a_folder_without_the_files_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"loans\.parquet: is not in"):
        backtest_berka(tmp_path)
