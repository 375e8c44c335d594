"""What a lender and a founder may rely on in a score."""

import json
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from scoring.base.errors import (
    ConflictError,
    ConsentError,
    InputError,
    NoChampionError,
    NotFoundError,
)
from scoring.records.kinds import RecordKind
from scoring.score.document import InDefault
from scoring.score.replay import replay_score
from scoring.score.views import lender_view
from scoring.store.database import Database
from scoring.store.supersede import supersede_record
from scoring.store.tables import OrderLine
from tests.builders import a_founder, a_lender, an_expert_model, document_of, import_rows
from tests.conftest import Clock, new_sqlite_store


def test_a_founder_with_records_and_consent_is_scored(database: Database) -> None:
    a_lender(database)
    an_expert_model(database)
    founder = a_founder(database).attending(9, of=10).selling(weekly=600_000, weeks=40)
    view = lender_view(founder.consenting(to="L-DEMO").scored())
    assert view["score"] == view["base_points"] + sum(p["points"] for p in view["points"])
    assert 0 < view["pd_low"] < view["pd"] < view["pd_high"] < 1
    assert len(view["reasons"]["for"]) <= 4
    assert len(view["reasons"]["against"]) <= 4
    assert view["completeness"]["sales"]["records"] == 80


def test_without_consent_there_is_no_score(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    founder = a_founder(sqlite).selling(weekly=600_000, weeks=40)
    with pytest.raises(ConsentError, match="no valid consent"):
        founder.scored()


def test_an_unknown_founder_looks_like_one_without_consent(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    known = a_founder(sqlite, "F-KNOWN")
    unknown = a_founder(sqlite, "F-X")
    unknown.reference = "F-UNKNOWN"
    messages = []
    for founder in (known, unknown):
        with pytest.raises(ConsentError) as raised:
            founder.scored()
        messages.append(str(raised.value).replace(founder.reference, "F"))
    assert messages[0] == messages[1]


def test_a_withdrawn_consent_stops_the_next_query(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    founder = a_founder(sqlite).selling(weekly=600_000, weeks=40).consenting(to="L-DEMO")
    founder.scored()
    founder.withdrawing(from_lender="L-DEMO")
    with pytest.raises(ConsentError):
        founder.scored()


def test_who_withdraws_from_nobody_in_particular_reads_whom_it_was_given_to(
    sqlite: Database,
) -> None:
    a_lender(sqlite)
    founder = a_founder(sqlite).consenting(to="L-DEMO")
    with pytest.raises(NotFoundError, match="It stands for lender L-DEMO: name one"):
        founder.withdrawing(from_lender=None)


def test_consent_to_one_lender_is_none_to_another(sqlite: Database) -> None:
    a_lender(sqlite)
    a_lender(sqlite, "L-OTHER")
    an_expert_model(sqlite)
    founder = a_founder(sqlite).selling(weekly=600_000, weeks=40).consenting(to="L-DEMO")
    with pytest.raises(ConsentError):
        founder.scored(lender="L-OTHER")


def test_a_thin_file_gets_no_score_but_what_is_missing(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    founder = a_founder(sqlite).attending(10, of=10).selling(weekly=600_000, weeks=3)
    view = lender_view(founder.consenting(to="L-DEMO").scored())
    assert view["score"] is None
    assert {entry["code"] for entry in view["missing"]} >= {"sales_history"}
    assert "pd" not in view


def test_no_model_no_score(sqlite: Database) -> None:
    a_lender(sqlite)
    with pytest.raises(NoChampionError, match="foothold train"):
        a_founder(sqlite).consenting(to="L-DEMO").scored()


def test_a_future_day_is_refused(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    founder = a_founder(sqlite).consenting(to="L-DEMO")
    with pytest.raises(InputError, match="future"):
        founder.scored(as_of=sqlite.today + timedelta(days=1))


def test_records_in_another_currency_are_refused(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    founder = a_founder(sqlite).selling(weekly=600, weeks=40, currency="USD")
    with pytest.raises(ConflictError, match="KRW"):
        founder.consenting(to="L-DEMO").scored()


def _sale(founder: str, line: str, day: date, gross: int) -> dict[str, object]:
    return {
        "founder": founder,
        "channel": "cafe24",
        "order_line": line,
        "ordered_on": day,
        "quantity": 1,
        "gross": gross,
        "currency": "KRW",
    }


def test_yesterdays_score_stays_the_same_to_the_byte_when_records_arrive_late_or_are_corrected(
    database: Database, clock: Clock
) -> None:
    a_lender(database)
    an_expert_model(database)
    founder = a_founder(database).attending(7, of=10).selling(weekly=500_000, weeks=30)
    founder.borrowing(
        3_000_000, loan="N-1", disbursed_on=database.today - timedelta(days=200), paid=4
    )
    founder.consenting(to="L-DEMO")
    yesterday = database.today
    first = founder.scored()

    clock.advance(days=1)
    # arrives late: a sale of long ago, heard of only today
    late = _sale(founder.reference, "LATE-1", yesterday - timedelta(days=20), 9_000_000)
    import_rows(database, RecordKind.SALES, [late], lag=None)
    # corrected: one sale was ten times as large; another never happened
    with database.writing() as ledger:
        keys = [
            f"{founder.reference}|smartstore|smartstore-{yesterday - timedelta(days=1)}-0",
            f"{founder.reference}|smartstore|smartstore-{yesterday - timedelta(days=4)}-1",
        ]
        wrong, invented = (
            ledger.session.scalars(select(OrderLine).where(OrderLine.natural_key == key)).one()
            for key in keys
        )
        supersede_record(
            ledger,
            OrderLine,
            wrong.id,
            replacement={"gross": 5_000_000},
            reason="typing error",
            author="a reviewer",
        )
        supersede_record(
            ledger, OrderLine, invented.id, replacement=None, reason="test order", author="x"
        )
    again = founder.scored(as_of=yesterday)
    assert again.document == first.document
    assert founder.scored().document != first.document
    assert replay_score(database, first.reference)["equal"] is True
    assert replay_score(database, again.reference)["equal"] is True


def test_a_backfill_changes_what_is_asked_again_but_never_a_replay(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    founder = a_founder(sqlite).selling(weekly=500_000, weeks=30).consenting(to="L-DEMO")
    first = founder.scored()
    founder.selling(weekly=900_000, weeks=30, channel="cafe24")
    assert founder.scored(as_of=first.as_of).document != first.document
    assert replay_score(sqlite, first.reference)["equal"] is True


def test_asking_for_a_score_never_changes_it(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    founder = a_founder(sqlite).selling(weekly=500_000, weeks=30).consenting(to="L-DEMO")
    documents = {founder.scored().document for _ in range(5)}
    assert len(documents) == 1


def test_a_score_says_nothing_of_programmes_to_a_lender(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    founder = a_founder(sqlite).attending(7, of=12, excused=3).selling(weekly=500_000, weeks=30)
    view = json.dumps(lender_view(founder.consenting(to="L-DEMO").scored()), ensure_ascii=False)
    for secret in ("P-01", "excused", "attended_share", "feature", "session_"):
        assert secret not in view


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    weekly=st.integers(min_value=1_000, max_value=20_000_000),
    weeks=st.integers(min_value=30, max_value=60),
    attended=st.integers(min_value=0, max_value=12),
    refund_every=st.integers(min_value=0, max_value=9),
    paid=st.integers(min_value=0, max_value=5),
    late=st.integers(min_value=0, max_value=20),
    number=st.integers(min_value=1, max_value=10**9),
)
def test_points_of_any_founder_add_up_to_the_score(
    scored_store: Database,
    weekly: int,
    weeks: int,
    attended: int,
    refund_every: int,
    paid: int,
    late: int,
    number: int,
) -> None:
    reference = f"F-{number}-{weekly}-{weeks}-{attended}-{refund_every}-{paid}-{late}"
    founder = a_founder(scored_store, reference).attending(attended, of=12)
    founder.selling(weekly=weekly, weeks=weeks, refund_every=refund_every)
    if paid:
        disbursed = scored_store.today - timedelta(days=180)
        founder.borrowing(
            1_200_000,
            loan=f"N-{reference}",
            disbursed_on=disbursed,
            paid=paid,
            late_days=late,
        )
    result = document_of(founder.consenting(to="L-DEMO").scored()).result
    if isinstance(result, InDefault):
        assert 0 < paid <= 2, "three instalments paid leave fewer than 90 days"
        return
    by_feature = result.points_by_feature
    by_group = {group.code: group.points for group in result.points}
    assert result.base_points + sum(by_feature.values()) == result.score
    assert result.base_points + sum(by_group.values()) == result.score
    log_odds = result.base_log_odds + sum(result.contributions.values())
    assert log_odds == pytest.approx(result.log_odds, abs=1e-12)
    assert sum(result.category_shares.values()) in (0, 100)


@pytest.fixture(scope="module")
def scored_store(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A store with a lender and a champion that all examples share."""
    from datetime import UTC, datetime

    from scoring.base.settings import Settings

    clock = Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC))
    made = new_sqlite_store(Settings(data_dir=tmp_path_factory.mktemp("store")), clock)
    a_lender(made)
    an_expert_model(made)
    return made
