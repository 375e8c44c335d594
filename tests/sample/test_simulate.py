"""The invented portfolio keeps its promises: same seed, same bytes; real bads; no leaks."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from sample.simulate import (
    PROCESS_THRESHOLDS,
    PROCESS_WEIGHTS,
    Portfolio,
    simulate_portfolio,
    write_sample_portfolio,
)

UNTIL = date(2025, 6, 30)
FEW = 60


@pytest.fixture(scope="module")
def portfolio() -> Portfolio:
    return simulate_portfolio(until=UNTIL)


@pytest.fixture(scope="module")
def sales(portfolio: Portfolio) -> pd.DataFrame:
    return pd.concat(portfolio.sales.values(), ignore_index=True)


@pytest.fixture(scope="module")
def matured(portfolio: Portfolio) -> pd.DataFrame:
    """Matured loans by day of disbursement, with the outcome read off the ledger and the truth."""
    first_due = portfolio.schedule.groupby("loan")["due_on"].min()
    loans = portfolio.loans.assign(window_end=portfolio.loans["loan"].map(first_due))
    loans["window_end"] += pd.DateOffset(months=12)
    loans = loans[loans["window_end"] <= pd.Timestamp(UNTIL)]
    worst = [
        _worst_days_past_due(portfolio, row.loan, row.window_end) for row in loans.itertuples()
    ]
    loans = loans.assign(worst=worst).merge(portfolio.truth[["loan", "true_pd", "fate"]], on="loan")
    return loans.sort_values(["disbursed_on", "loan"], ignore_index=True)


def _worst_days_past_due(portfolio: Portfolio, loan: str, end: pd.Timestamp) -> int:
    """Plain loop over the contract's words: cumulative due less 1 % of the instalment."""
    schedule = portfolio.schedule[portfolio.schedule["loan"] == loan].sort_values("number")
    paid = portfolio.repayments[portfolio.repayments["loan"] == loan].sort_values("paid_on")
    received = paid["amount"].cumsum()
    owed, worst = 0, 0
    for row in schedule.itertuples():
        due = row.principal + row.interest
        owed += due
        if row.due_on > end:
            break
        enough = paid.loc[received >= owed - 0.01 * due, "paid_on"]
        settled = min(enough.min(), end) if len(enough) else end
        worst = max(worst, (settled - row.due_on).days)
    return worst


def _frames(portfolio: Portfolio) -> Iterator[tuple[str, pd.DataFrame]]:
    for name in ("founders", "attendance", "applications", "loans", "schedule", "repayments"):
        yield name, getattr(portfolio, name)
    yield "cash_flow", portfolio.cash_flow
    yield "truth", portfolio.truth
    yield from portfolio.sales.items()


def _written(directory: Path) -> dict[str, bytes]:
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}


def test_the_same_seed_and_last_day_give_the_same_bytes(tmp_path: Path) -> None:
    write_sample_portfolio(tmp_path / "one", until=UNTIL, founders=FEW)
    write_sample_portfolio(tmp_path / "two", until=UNTIL, founders=FEW)
    assert _written(tmp_path / "one") == _written(tmp_path / "two")


def test_another_seed_gives_another_portfolio() -> None:
    one = simulate_portfolio(seed=7, until=UNTIL, founders=FEW)
    two = simulate_portfolio(seed=8, until=UNTIL, founders=FEW)
    assert not set(one.founders["founder"]) & set(two.founders["founder"])


@pytest.mark.parametrize("until", [date(2024, 2, 29), date(2026, 11, 23)])
def test_another_last_day_moves_every_day_and_nothing_else(until: date) -> None:
    one = simulate_portfolio(until=UNTIL, founders=FEW)
    two = simulate_portfolio(until=until, founders=FEW)
    shift = pd.Timedelta(until - UNTIL)
    for (name, before), (_, after) in zip(_frames(one), _frames(two), strict=True):
        days = before.select_dtypes("datetime").columns
        assert len(days) or name in {"founders", "truth"}
        moved = before.assign(**{day: before[day] + shift for day in days})
        pd.testing.assert_frame_equal(moved.astype(after.dtypes), after)


def test_the_files_hold_what_the_manifest_says(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    manifest = write_sample_portfolio(
        tmp_path, until=UNTIL, founders=FEW, progress=lambda *step: told.append(step)
    )
    for kind, rows in manifest.counts.items():
        path = getattr(manifest, kind)
        paths = path.values() if kind == "sales" else [path]
        assert sum(len(pd.read_csv(each)) for each in paths) == rows
    assert "invented" in manifest.readme.read_text(encoding="utf-8")
    assert told[-1][1] == told[-1][2]
    assert all(done <= total for _, done, total in told)


def test_the_truth_lies_apart(tmp_path: Path) -> None:
    manifest = write_sample_portfolio(tmp_path, until=UNTIL, founders=FEW)
    assert manifest.true_pd == tmp_path / "truth" / "true_pd.csv"
    telling = {"true_pd", "hidden", "fate"}
    for path in tmp_path.rglob("*.csv"):
        if path != manifest.true_pd:
            assert not telling & set(pd.read_csv(path, nrows=0).columns)


def test_too_few_founders_are_refused() -> None:
    with pytest.raises(ValueError, match="founders is 19"):
        simulate_portfolio(until=UNTIL, founders=19)


def test_there_is_enough_to_score_and_to_learn_from(
    portfolio: Portfolio, sales: pd.DataFrame, matured: pd.DataFrame
) -> None:
    first_sale = sales.groupby("founder")["ordered_on"].min()
    three_months_ago = pd.Timestamp(UNTIL) - pd.DateOffset(months=3)
    assert len(portfolio.founders) == 600
    assert (first_sale <= three_months_ago).sum() >= 450
    assert len(portfolio.loans) >= 300
    assert portfolio.loans["founder"].duplicated().sum() >= 30
    assert len(matured) >= 250
    assert 120_000 <= len(sales) <= 180_000
    assert 150 <= portfolio.cash_flow["founder"].nunique() <= 250


def test_some_files_are_thin(portfolio: Portfolio, sales: pd.DataFrame) -> None:
    everyone = set(portfolio.founders["founder"])
    sellers, borrowers = set(sales["founder"]), set(portfolio.loans["founder"])
    only_attended = set(portfolio.attendance["founder"]) - sellers - borrowers
    first_sale = sales.groupby("founder")["ordered_on"].min()
    new = set(first_sale.index[first_sale > pd.Timestamp(UNTIL) - pd.DateOffset(months=3)])
    assert len(everyone - borrowers) >= 100
    assert len(only_attended) >= 20
    assert len(new - borrowers) >= 20


def test_shops_have_one_to_ten_channels(sales: pd.DataFrame) -> None:
    channels = sales.groupby("founder")["channel"].nunique()
    assert channels.min() == 1
    assert channels.max() >= 9
    assert (channels == 1).mean() > 0.25


def test_outcomes_are_what_was_drawn_by_the_definition_of_bad(matured: pd.DataFrame) -> None:
    fate = np.select(
        [matured["worst"] >= 90, matured["worst"] >= 30], ["bad", "indeterminate"], "good"
    )
    assert (fate == matured["fate"]).all()


def test_bads_are_as_many_as_they_should_be(matured: pd.DataFrame) -> None:
    bad = matured["worst"] >= 90
    latest = bad.iloc[round(0.7 * len(bad)) :]
    assert 0.18 <= bad.mean() <= 0.25
    assert latest.sum() >= 25
    assert 5 <= (matured["fate"] == "indeterminate").sum() <= 30


@pytest.mark.parametrize("seed", [7, 11])
def test_the_truth_tells_good_from_bad_no_better_than_life_does(seed: int) -> None:
    truth = simulate_portfolio(seed=seed, until=UNTIL).truth
    pd_, bad = truth["true_pd"].to_numpy(), (truth["fate"] == "bad").to_numpy()
    assert 0.77 <= roc_auc_score(bad, pd_) <= 0.87
    assert 0.79 <= _expected_auc(pd_) <= 0.85
    assert abs(bad.mean() - pd_.mean()) < 0.06


def _expected_auc(true_pd: np.ndarray) -> float:
    """AUC over all possible outcomes of these loans, weighed by their chances."""
    bad_above_good = np.greater.outer(true_pd, true_pd) + 0.5 * np.equal.outer(true_pd, true_pd)
    pairs = np.outer(true_pd, 1 - true_pd)
    np.fill_diagonal(pairs, 0.0)
    return float((pairs * bad_above_good).sum() / pairs.sum())


def test_attendance_weighs_little() -> None:
    attendance = PROCESS_WEIGHTS["attended_share"] + PROCESS_WEIGHTS["assignments_on_time_share"]
    assert attendance < 0.1 * sum(PROCESS_WEIGHTS.values())
    assert set(PROCESS_WEIGHTS) == set(PROCESS_THRESHOLDS)


def test_nothing_happens_after_the_last_day(portfolio: Portfolio) -> None:
    for name, frame in _frames(portfolio):
        for day in frame.select_dtypes("datetime").columns:
            if name != "schedule":
                assert frame[day].max() <= pd.Timestamp(UNTIL)
            assert frame[day].min() > pd.Timestamp(UNTIL) - timedelta(days=1100)


def test_records_are_named_once(portfolio: Portfolio, sales: pd.DataFrame) -> None:
    assert portfolio.founders["founder"].is_unique
    assert portfolio.founders["founder"].str.fullmatch("F-[0-9A-HJKMNP-TV-Z]{10}").all()
    assert not sales.duplicated(["founder", "channel", "order_line"]).any()
    assert not portfolio.attendance.duplicated(["founder", "programme", "session"]).any()
    assert not portfolio.cash_flow.duplicated(["founder", "account", "line"]).any()
    assert not portfolio.schedule.duplicated(["loan", "number"]).any()
    assert portfolio.repayments["repayment"].is_unique
    assert portfolio.applications["application"].is_unique
    assert portfolio.loans["loan"].is_unique


def test_amounts_add_up(portfolio: Portfolio, sales: pd.DataFrame) -> None:
    assert (sales[["gross", "quantity"]] > 0).all(axis=None)
    assert (sales[["discount", "shipping", "fee"]] >= 0).all(axis=None)
    assert (sales["refund"].dropna() > 0).all()
    assert (sales["refund"].fillna(0) <= sales["gross"] - sales["discount"]).all()
    assert (portfolio.repayments["amount"] > 0).all()
    assert (portfolio.cash_flow["amount"] > 0).all()
    assert (portfolio.schedule[["principal", "interest"]] >= 0).all(axis=None)
    repaid = portfolio.schedule.groupby("loan")["principal"].sum()
    assert (portfolio.loans["principal"] == portfolio.loans["loan"].map(repaid)).all()


def test_refunds_come_with_their_day_and_cause_after_the_sale(sales: pd.DataFrame) -> None:
    refunded = sales["refund"].notna()
    assert (refunded == sales["refunded_on"].notna()).all()
    assert (refunded == sales["refund_cause"].notna()).all()
    assert refunded[sales["status"] != "sold"].all()
    days = (sales["refunded_on"] - sales["ordered_on"])[refunded].dt.days
    assert days.min() >= 0
    assert days.median() >= 7


def test_terms_are_within_reason(portfolio: Portfolio) -> None:
    loans = portfolio.loans
    assert loans["principal"].between(3_000_000, 30_000_000).all()
    assert loans["annual_rate"].between(0.045, 0.09).all()
    assert loans["months"].between(12, 24).all()
    assert set(loans["grace_months"]) == {0, 1, 2}


def test_every_loan_was_applied_for_some_days_before(portfolio: Portfolio) -> None:
    terms = ["founder", "principal", "months"]
    pairs = portfolio.loans.merge(portfolio.applications, on=terms)
    lead = (pairs["disbursed_on"] - pairs["applied_on"]).dt.days
    pairs = pairs[lead.between(5, 20)]
    largest = portfolio.schedule.assign(due=lambda s: s["principal"] + s["interest"])
    largest = largest[largest["number"] == 3].set_index("loan")["due"]
    assert set(pairs["loan"]) == set(portfolio.loans["loan"])
    assert (pairs["instalment"] == pairs["loan"].map(largest)).all()
    assert len(portfolio.applications) > len(portfolio.loans)


def test_good_borrowers_are_sometimes_late_and_pay_in_parts(
    portfolio: Portfolio, matured: pd.DataFrame
) -> None:
    good = matured[matured["fate"] == "good"]
    assert (good["worst"] >= 5).mean() > 0.3
    counts = portfolio.repayments.groupby("loan").size()
    months = portfolio.loans.set_index("loan")["months"]
    assert (counts[good["loan"]] > months[good["loan"]]).any()


def test_some_defaulters_pay_back_something_later(
    portfolio: Portfolio, matured: pd.DataFrame
) -> None:
    bad = matured.loc[matured["fate"] == "bad", "loan"]
    paid = portfolio.repayments[portfolio.repayments["loan"].isin(bad)].sort_values("paid_on")
    wait = paid.groupby("loan")["paid_on"].diff().dt.days
    assert 5 <= paid[wait >= 90]["loan"].nunique() < len(bad)


def test_sales_fall_before_some_defaults_but_not_before_the_loan(
    portfolio: Portfolio, sales: pd.DataFrame, matured: pd.DataFrame
) -> None:
    lines = sales.merge(matured[["founder", "disbursed_on", "fate"]], on="founder")
    age = (lines["ordered_on"] - lines["disbursed_on"]).dt.days
    before, after = age.between(-180, -1), age.between(240, 420)
    held = lines[after].groupby("fate").size() / lines[before].groupby("fate").size()
    assert held["bad"] < 0.7 * held["good"]


def test_festivals_lift_sales(sales: pd.DataFrame) -> None:
    daily = sales.groupby("ordered_on").size()
    end = pd.Timestamp(UNTIL)
    for festival in (-300, -170):
        day = end + pd.Timedelta(days=festival)
        rush = daily[day - pd.Timedelta(days=20) : day - pd.Timedelta(days=7)].mean()
        usual = daily[day - pd.Timedelta(days=70) : day - pd.Timedelta(days=30)].mean()
        assert rush > 1.15 * usual


def test_balances_follow_from_the_lines(portfolio: Portfolio) -> None:
    rows = portfolio.cash_flow
    signed = rows["amount"].where(rows["direction"] == "in", -rows["amount"])
    steps = rows.groupby("founder")["balance"].diff()
    assert (steps.dropna() == signed[steps.notna()]).all()
