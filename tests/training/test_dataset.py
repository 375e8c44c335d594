"""The training set sees what a lender could have known, of those who allow it, in one currency."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from scoring.errors import ModelError
from scoring.records.consents import Purpose, withdraw_consent
from scoring.records.database import Database
from scoring.records.intake.forms import RecordKind
from scoring.records.parties import find_founder
from scoring.settings import DeploymentProfile
from tests.builders import FounderBuilder, a_founder, import_rows
from training.dataset import TrainingSet, build_training_set

PAID_OUT = date(2025, 1, 10)
THE_DAY_BEFORE = PAID_OUT - timedelta(days=1)


def training_set(
    database: Database,
    *,
    currency: str | None = None,
    profile: DeploymentProfile = DeploymentProfile.RESEARCH_SANDBOX,
) -> TrainingSet:
    with database.reading() as session:
        return build_training_set(
            session,
            known_at=database.clock(),
            zone=database.settings.zone,
            profile=profile,
            currency=currency,
        )


def a_borrower(database: Database, reference: str = "F-TEST000001") -> FounderBuilder:
    return (
        a_founder(database, reference)
        .selling(weekly=300_000, weeks=30, until=THE_DAY_BEFORE)
        .borrowing(1_200_000, loan=f"N-{reference}", disbursed_on=PAID_OUT, paid=12)
        .consenting(to=None, purpose=Purpose.MODEL_TRAINING)
    )


def test_features_are_those_of_the_day_before_the_loan_was_paid_out(sqlite: Database) -> None:
    borrower = a_borrower(sqlite)
    before = training_set(sqlite)
    assert before.rows["as_of"].tolist() == [THE_DAY_BEFORE]
    assert before.y.tolist() == [0]
    assert before.X["days_since_last_sale"].tolist() == [0.0]
    assert before.X["instalments_settled"].isna().all()

    borrower.selling(weekly=9_000_000, weeks=10, channel="events", until=date(2025, 6, 1))
    after = training_set(sqlite)
    pd.testing.assert_frame_equal(after.X, before.X)
    assert after.digest() == before.digest()


def test_what_was_learned_after_the_loan_was_paid_out_stays_out(sqlite: Database) -> None:
    a_borrower(sqlite)
    before = training_set(sqlite)
    late = {
        "founder": "F-TEST000001",
        "channel": "events",
        "order_line": "late",
        "ordered_on": THE_DAY_BEFORE,
        "quantity": 1,
        "gross": 5_000_000,
        "currency": "KRW",
    }
    import_rows(sqlite, RecordKind.SALES, [late], lag=2, source="late")
    pd.testing.assert_frame_equal(training_set(sqlite).X, before.X)


def test_only_those_who_allow_training_take_part(sqlite: Database) -> None:
    a_borrower(sqlite)
    a_founder(sqlite, "F-TEST000002").borrowing(
        1_200_000, loan="N-2", disbursed_on=PAID_OUT, paid=12
    )
    data = training_set(sqlite)
    assert data.rows["founder"].tolist() == ["F-TEST000001"]
    assert data.founders == 1

    with sqlite.writing() as ledger:
        founder = find_founder(ledger.session, "F-TEST000001")
        withdraw_consent(
            ledger, founder, lender=None, purpose=Purpose.MODEL_TRAINING, actor="founder"
        )
    assert training_set(sqlite).rows.empty


def test_two_currencies_are_refused_by_name(sqlite: Database) -> None:
    borrower = a_borrower(sqlite)
    borrower.selling(weekly=300, weeks=2, channel="abroad", currency="USD")
    with pytest.raises(ModelError, match=r"KRW \(loans, order lines\); USD \(order lines\)"):
        training_set(sqlite)


def test_another_currency_than_that_of_the_records_is_refused(sqlite: Database) -> None:
    a_borrower(sqlite)
    with pytest.raises(ModelError, match="records are in KRW, so the model can't be in EUR"):
        training_set(sqlite, currency="EUR")


def test_without_records_the_currency_is_the_one_asked_for(sqlite: Database) -> None:
    a_founder(sqlite).consenting(to=None, purpose=Purpose.MODEL_TRAINING)
    assert training_set(sqlite).currency == "KRW"
    assert training_set(sqlite, currency="EUR").currency == "EUR"


def test_a_non_financial_bureau_trains_without_repayments(sqlite: Database) -> None:
    a_borrower(sqlite)
    data = training_set(sqlite, profile=DeploymentProfile.NONFINANCIAL_CB)
    assert "on_time_share_730d" in training_set(sqlite).X
    assert "on_time_share_730d" not in data.X


def test_loans_without_a_label_are_counted(sqlite: Database) -> None:
    a_borrower(sqlite).borrowing(
        600_000, loan="N-open", disbursed_on=sqlite.today - timedelta(days=100)
    ).borrowing(600_000, loan="N-between", disbursed_on=PAID_OUT, paid=12, late_days=40)
    data = training_set(sqlite)
    assert data.counts == {"good": 1, "bad": 0, "indeterminate": 1, "open": 1}
    assert len(data.y) == 1
