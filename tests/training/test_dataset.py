"""The training set sees what a lender could have known, of those who allow it, in one currency."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from scoring.base.errors import InputError, ModelError
from scoring.base.settings import DeploymentProfile
from scoring.features.engines.lake import Lake
from scoring.parties.consents import Purpose, grant_consent, withdraw_consent
from scoring.parties.founders import find_founder
from scoring.records.kinds import RecordKind
from scoring.store.database import Database, last_recorded
from scoring.store.snapshots import write_snapshot
from scoring.store.tables import OrderLine
from tests.builders import FounderBuilder, a_founder, import_rows
from tests.conftest import Clock
from training.candidate import train_candidate
from training.data.dataset import TrainingSet, build_training_set

PAID_OUT = date(2025, 1, 10)
THE_DAY_BEFORE = PAID_OUT - timedelta(days=1)


def training_set(
    database: Database,
    *,
    known_at: datetime | None = None,
    currency: str | None = None,
    profile: DeploymentProfile = DeploymentProfile.RESEARCH_SANDBOX,
) -> TrainingSet:
    with database.reading() as session:
        return build_training_set(
            session,
            known_at=known_at or database.clock(),
            zone=database.settings.zone,
            profile=profile,
            currency=currency,
            now=database.clock(),
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


def test_a_consent_that_has_ended_since_the_last_record_is_not_used(
    sqlite: Database, clock: Clock
) -> None:
    a_borrower(sqlite)
    last = sqlite.clock()
    clock.advance(days=366)
    assert training_set(sqlite, known_at=last).rows.empty


def test_records_of_those_who_do_not_take_part_are_not_even_copied(database: Database) -> None:
    for number in range(3):
        a_founder(database, f"F-{number}").selling(weekly=1_000, weeks=2)
    with database.reading() as session:
        ids = [find_founder(session, f"F-{number}").id for number in (0, 2)]
        for chosen in (ids, []):
            rows = Lake(session, chosen).connection.execute(
                f"SELECT founder_id FROM {OrderLine.__tablename__}"
            )
            assert {founder for (founder,) in rows.fetchall()} == set(chosen)


def test_what_is_still_being_written_stays_out_of_the_training_set_for_good(
    database: Database,
) -> None:
    a_borrower(database, "F-TEST000001")
    a_founder(database, "F-TEST000002").borrowing(
        1_200_000, loan="N-2", disbursed_on=PAID_OUT, paid=12
    )
    with database.writing() as ledger:
        founder = find_founder(ledger.session, "F-TEST000002")
        grant_consent(ledger, founder, lender=None, purpose=Purpose.MODEL_TRAINING, actor="founder")
        with database.reading() as session:
            known_at = last_recorded(session)
        before = training_set(database, known_at=known_at)
    after = training_set(database, known_at=known_at)
    assert before.founders == after.founders == 1
    assert after.digest() == before.digest()
    with database.reading() as session:
        assert training_set(database, known_at=last_recorded(session)).founders == 2


@pytest.mark.parametrize("code", ["zz", "krw", ""])
def test_a_currency_that_does_not_exist_is_refused(sqlite: Database, code: str) -> None:
    with pytest.raises(InputError, match=f'"{code}" is not a currency code of ISO 4217'):
        training_set(sqlite, currency=code)


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
    counted = {outcome: count for outcome, count in data.counts.items() if count}
    assert counted == {"good": 1, "indeterminate": 1, "open": 1}
    assert len(data.y) == 1


def test_loans_that_founders_report_themselves_are_counted_apart(sqlite: Database) -> None:
    borrower = a_borrower(sqlite)
    assert training_set(sqlite).external_loans == 0
    elsewhere = {
        "founder": borrower.reference,
        "loan": "N-elsewhere",
        "lender": "a-bank",
        "principal": 100_000,
        "currency": "KRW",
        "annual_rate": 0.05,
        "months": 1,
        "disbursed_on": PAID_OUT,
        "origin": "external",
    }
    import_rows(sqlite, RecordKind.LOANS, [elsewhere])
    assert len(training_set(sqlite).y) == 1
    due = {
        "loan": "N-elsewhere",
        "number": 1,
        "due_on": PAID_OUT + timedelta(days=30),
        "principal": 100_000,
        "interest": 0,
    }
    import_rows(sqlite, RecordKind.SCHEDULE, [due])
    paid = {"loan": "N-elsewhere", "repayment": "R", "paid_on": due["due_on"], "amount": 100_000}
    import_rows(sqlite, RecordKind.REPAYMENTS, [paid])
    data = training_set(sqlite)
    assert len(data.y) == 2
    assert data.external_loans == 1


def test_a_loan_is_judged_by_what_was_asked_of_its_own_lender(sqlite: Database) -> None:
    borrower = a_borrower(sqlite)
    application = {
        "founder": borrower.reference,
        "application": "A-1",
        "lender": "L-DEMO",
        "applied_on": THE_DAY_BEFORE,
        "principal": 1_200_000,
        "months": 12,
        "instalment": 104_000,
        "currency": "KRW",
    }
    import_rows(sqlite, RecordKind.APPLICATIONS, [application])
    before = training_set(sqlite)
    assert before.X["instalment_over_net_sales"].notna().all()
    elsewhere = {**application, "application": "A-2", "lender": "L-OTHER", "instalment": 900_000}
    import_rows(sqlite, RecordKind.APPLICATIONS, [elsewhere])
    pd.testing.assert_frame_equal(training_set(sqlite).X, before.X)


def test_a_snapshot_gives_the_training_set_of_its_moment_and_its_name(
    database: Database, tmp_path: Path
) -> None:
    a_borrower(database)
    snapshot = write_snapshot(database, tmp_path / "lake", actor="analyst")
    from_store = training_set(database, known_at=snapshot.known_at)
    a_borrower(database, "F-TEST000002")
    with database.reading() as session:
        from_snapshot = build_training_set(
            session,
            known_at=snapshot.known_at,
            zone=database.settings.zone,
            profile=DeploymentProfile.RESEARCH_SANDBOX,
            now=database.clock(),
            snapshot=snapshot,
        )
    assert from_snapshot.digest() == from_store.digest()
    assert from_snapshot.y.tolist() == [0]
    assert from_snapshot.snapshot_digest == snapshot.digest
    candidate = train_candidate(database, by="analyst", snapshot=tmp_path / "lake")
    assert candidate.lineage["snapshot_digest"] == snapshot.digest
    assert candidate.lineage["known_at"] == snapshot.known_at.isoformat()
