"""What stands between a file and a score: other lenders' matters, profiles, evidence, currency."""

from datetime import timedelta
from typing import Any

import pytest

from scoring.base.errors import InputError, ModelError
from scoring.base.settings import DeploymentProfile, Settings
from scoring.features.catalogue import Kind
from scoring.parties.consents import Purpose
from scoring.parties.lenders import find_lender
from scoring.portfolio import score_portfolio
from scoring.records.kinds import RecordKind
from scoring.score.scoring import score_founder
from scoring.store.database import Database
from scoring.store.tables import Score
from tests.builders import (
    FounderBuilder,
    a_founder,
    a_lender,
    an_expert_model,
    document_of,
    import_rows,
)


def _apply(founder: FounderBuilder, reference: str, lender: str, instalment: int) -> None:
    import_rows(
        founder.database,
        RecordKind.APPLICATIONS,
        [
            {
                "founder": founder.reference,
                "application": reference,
                "lender": lender,
                "applied_on": founder.today - timedelta(days=3),
                "principal": 10 * instalment,
                "months": 12,
                "instalment": instalment,
                "currency": "KRW",
            }
        ],
    )


def _score(founder: FounderBuilder, lender: str, application: str | None = None) -> Score:
    database = founder.database
    with database.writing() as ledger:
        return score_founder(
            ledger,
            database.settings,
            founder.reference,
            lender=find_lender(ledger.session, lender),
            purpose=Purpose.LOAN_APPLICATION,
            application=application,
            actor="test",
        )


def _features(score: Score) -> dict[str, Any]:
    return dict(document_of(score).features)


def test_a_lender_learns_nothing_of_an_application_to_another(database: Database) -> None:
    for lender in ("L-A", "L-B"):
        a_lender(database, lender)
    an_expert_model(database)
    founder = a_founder(database).selling(weekly=900_000, weeks=30)
    founder.consenting(to="L-A").consenting(to="L-B")
    _apply(founder, "A-1", "L-A", 200_000)
    before = _score(founder, "L-A", "A-1")
    _apply(founder, "A-2", "L-B", 2_000_000)
    after = _score(founder, "L-A", "A-1")
    assert after.document == before.document
    assert _features(after)["instalment_asked"] == 200_000
    assert _features(_score(founder, "L-B", "A-2"))["instalment_asked"] == 2_000_000
    with pytest.raises(InputError, match="to this lender"):
        _score(founder, "L-A", "A-2")


def test_a_model_for_another_profile_scores_nobody(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    founder = a_founder(sqlite).selling(weekly=900_000, weeks=30).consenting(to="L-DEMO")
    settings = Settings(
        data_dir=sqlite.settings.data_dir, deployment_profile=DeploymentProfile.NONFINANCIAL_CB
    )
    founder.database = Database(settings, sqlite.clock)
    with pytest.raises(ModelError, match="nonfinancial_cb"):
        founder.scored()


def test_a_non_financial_bureau_reads_no_repayment_record(sqlite: Database) -> None:
    settings = Settings(
        data_dir=sqlite.settings.data_dir, deployment_profile=DeploymentProfile.NONFINANCIAL_CB
    )
    bureau = Database(settings, sqlite.clock)
    a_lender(bureau)
    an_expert_model(bureau)
    founder = a_founder(bureau)
    founder.borrowing(
        3_000_000, loan="N-1", disbursed_on=bureau.today - timedelta(days=200), paid=6
    )
    document = document_of(founder.consenting(to="L-DEMO").scored())
    assert document.result.score is None, "repayment alone is no evidence here"
    assert Kind.REPAYMENT not in document.completeness
    assert "repayment_history" not in {entry.code for entry in document.missing}
    founder.selling(weekly=900_000, weeks=30)
    document = document_of(founder.scored())
    assert document.result.score is not None
    assert not [name for name in document.features if "days_past_due" in name]


def test_orders_that_were_given_back_are_counted_once(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    founder = a_founder(sqlite).consenting(to="L-DEMO")
    import_rows(
        sqlite,
        RecordKind.SALES,
        [
            {
                "founder": founder.reference,
                "channel": "cafe24",
                "order_line": f"O{number}",
                "ordered_on": founder.today - timedelta(days=25 * number + 5),
                "quantity": 1,
                "gross": 50_000,
                "currency": "KRW",
                "status": "cancelled",
                "refunded_on": founder.today - timedelta(days=25 * number + 4),
            }
            for number in range(5)
        ],
    )
    document = document_of(founder.scored())
    assert document.result.score is None
    assert document.completeness[Kind.SALES].records == 5


def test_one_founder_who_cannot_be_scored_stops_nobody_else(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    for number in range(4):
        founder = a_founder(sqlite, f"F-{number}").consenting(to="L-DEMO")
        founder.selling(weekly=900_000, weeks=30, currency="USD" if number == 1 else "KRW")
    a_founder(sqlite, "F-SILENT").selling(weekly=900_000, weeks=30)
    a_founder(sqlite, "F-THIN").consenting(to="L-DEMO")
    summary = score_portfolio(
        sqlite, lender_reference="L-DEMO", purpose=Purpose.LOAN_APPLICATION, actor="test"
    )
    assert (summary.scored, summary.insufficient) == (3, 1)
    assert set(summary.refused) == {"F-1"}
    assert "USD" in summary.refused["F-1"]
    assert set(summary.references) == {"F-0", "F-2", "F-3", "F-THIN"}
