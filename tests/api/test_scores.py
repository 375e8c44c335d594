"""What a lender may rely on."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from scoring.parties.consents import Purpose, grant_consent, withdraw_consent
from scoring.parties.founders import find_founder
from scoring.parties.lenders import find_lender
from scoring.records.kinds import RecordKind
from scoring.score.views import lender_view
from scoring.store.database import Database
from scoring.store.tables import AuditEvent, Score
from tests.api.conftest import FOUNDER, QUESTION, Caller
from tests.builders import a_founder, a_lender, import_rows


def _withdraw(database: Database) -> None:
    with database.writing() as ledger:
        withdraw_consent(
            ledger,
            find_founder(ledger.session, FOUNDER),
            lender=find_lender(ledger.session, "L-DEMO"),
            purpose=Purpose.LOAN_APPLICATION,
            actor="founder",
        )


def test_after_a_withdrawal_a_lender_can_read_no_score_again(caller: Caller) -> None:
    given = caller.lender().post("/v1/scores", json=QUESTION).json()
    assert caller.lender().get(f"/v1/scores/{given['id']}").json() == given
    _withdraw(caller.database)
    assert caller.lender().get(f"/v1/scores/{given['id']}").status_code == 403


def _count_scores(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Score)) or 0


def test_a_lender_gets_exactly_its_view_of_the_stored_score(caller_on_each: Caller) -> None:
    answer = caller_on_each.lender().post("/v1/scores", json=QUESTION)
    assert answer.status_code == 201
    body = answer.json()
    assert body["score"] == body["base_points"] + sum(p["points"] for p in body["points"])
    assert answer.headers["Location"] == f"/v1/scores/{body['id']}"
    with caller_on_each.database.reading() as session:
        stored = session.scalars(select(Score).where(Score.reference == body["id"])).one()
        assert body == lender_view(stored)
        assert stored.score == body["score"]


def test_a_score_is_noted_with_the_lender_that_asked(caller: Caller) -> None:
    body = caller.lender().post("/v1/scores", json=QUESTION).json()
    with caller.database.reading() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == "score.issued")).one()
    assert event.actor == "lender:L-DEMO"
    assert json.loads(event.details)["score"] == body["id"]


def test_a_lender_sees_no_feature_and_no_programme(caller: Caller) -> None:
    text = caller.lender().post("/v1/scores", json=QUESTION).text
    for secret in ("P-01", "attended_share", "points_by_feature", "session_"):
        assert secret not in text


def test_a_thin_file_gets_no_score_but_what_is_missing(caller: Caller) -> None:
    a_founder(caller.database, "F-THIN").selling(weekly=1000, weeks=2).consenting(to="L-DEMO")
    answer = caller.lender().post("/v1/scores", json=QUESTION | {"founder": "F-THIN"})
    assert answer.status_code == 201
    assert answer.json()["score"] is None
    assert {entry["code"] for entry in answer.json()["missing"]} >= {"sales_history"}
    assert "pd" not in answer.json()


def test_signs_to_ask_about_come_with_texts_and_no_counts(caller_on_each: Caller) -> None:
    lender, today = caller_on_each.lender(), caller_on_each.database.today
    assert lender.post("/v1/scores", json=QUESTION).json()["integrity_signals"] == []
    order = {
        "founder": FOUNDER,
        "channel": "cafe24",
        "ordered_on": today,
        "quantity": 1,
        "gross": 23_700,
        "currency": "KRW",
        "buyer": "one",
    }
    rows = [{**order, "order_line": f"O{number}"} for number in range(60)]
    import_rows(caller_on_each.database, RecordKind.SALES, rows)
    (signal,) = lender.post("/v1/scores", json=QUESTION).json()["integrity_signals"]
    assert set(signal) == {"code", "text"}
    assert signal["code"] == "self_purchases"
    assert signal["text"]["en"].startswith("Most orders came from one buyer.")
    assert signal["text"]["ko"]


def test_as_of_and_application_are_honoured(caller: Caller) -> None:
    today = caller.database.today
    application = {
        "founder": FOUNDER,
        "application": "A-1",
        "lender": "L-DEMO",
        "applied_on": today,
        "principal": 3_000_000,
        "currency": "KRW",
        "months": 12,
        "instalment": 260_000,
    }
    import_rows(caller.database, RecordKind.APPLICATIONS, [application])
    lender = caller.lender()
    asked = lender.post("/v1/scores", json=QUESTION | {"application": "A-1"}).json()
    assert asked["application"] == "A-1"
    earlier = (today - timedelta(days=30)).isoformat()
    assert lender.post("/v1/scores", json=QUESTION | {"as_of": earlier}).json()["as_of"] == earlier


def test_no_consent_and_no_such_founder_look_the_same(caller: Caller) -> None:
    a_founder(caller.database, "F-SILENT").selling(weekly=600_000, weeks=40)
    lender = caller.lender()
    answers = [
        lender.post("/v1/scores", json=QUESTION | {"founder": founder})
        for founder in ("F-SILENT", "F-NOBODY")
    ]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].json() == answers[1].json()


def test_a_withdrawal_stops_the_next_query_even_with_a_known_key(caller: Caller) -> None:
    lender = caller.lender()
    key = {"Idempotency-Key": "again"}
    assert lender.post("/v1/scores", json=QUESTION, headers=key).status_code == 201
    _withdraw(caller.database)
    assert lender.post("/v1/scores", json=QUESTION).status_code == 403
    assert lender.post("/v1/scores", json=QUESTION, headers=key).status_code == 403


def test_the_same_key_and_body_give_the_same_score_once(caller_on_each: Caller) -> None:
    lender = caller_on_each.lender()
    key = {"Idempotency-Key": "3f2a"}
    first = lender.post("/v1/scores", json=QUESTION, headers=key)
    second = lender.post("/v1/scores", json=QUESTION | {"as_of": None}, headers=key)
    assert first.json() == second.json()
    assert second.status_code == 201
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert _count_scores(caller_on_each.database) == 1


def test_the_same_key_with_another_body_is_refused(caller: Caller) -> None:
    lender = caller.lender()
    key = {"Idempotency-Key": "3f2a"}
    lender.post("/v1/scores", json=QUESTION, headers=key)
    answer = lender.post("/v1/scores", json=QUESTION | {"as_of": "2026-06-01"}, headers=key)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


def test_a_key_of_one_lender_is_nothing_to_another(caller: Caller) -> None:
    a_lender(caller.database, "L-OTHER")
    key = {"Idempotency-Key": "3f2a"}
    caller.lender().post("/v1/scores", json=QUESTION, headers=key)
    answer = caller.lender("L-OTHER").post("/v1/scores", json=QUESTION, headers=key)
    assert answer.status_code == 403


@pytest.mark.parametrize("key", ["", "x" * 201, "two words"])
def test_a_key_has_one_to_two_hundred_characters(caller: Caller, key: str) -> None:
    answer = caller.lender().post("/v1/scores", json=QUESTION, headers={"Idempotency-Key": key})
    assert answer.status_code == 422


def test_a_score_is_read_again_by_its_lender_only_and_that_is_noted(caller: Caller) -> None:
    a_lender(caller.database, "L-OTHER")
    lender = caller.lender()
    given = lender.post("/v1/scores", json=QUESTION)
    path = given.headers["Location"]
    assert lender.get(path).json() == given.json()
    assert caller.lender("L-OTHER").get(path).status_code == 404
    with caller.database.reading() as session:
        reads = session.scalars(select(AuditEvent).where(AuditEvent.action == "score.read"))
        assert [event.actor for event in reads] == ["lender:L-DEMO"]


def test_a_refused_question_leaves_nothing_behind(caller: Caller) -> None:
    answer = caller.lender().post("/v1/scores", json=QUESTION | {"as_of": "2999-01-01"})
    assert answer.status_code == 422
    assert _count_scores(caller.database) == 0


def test_values_behind_reasons_are_there_only_where_the_founder_shows_them(caller: Caller) -> None:
    lender = caller.lender()
    assert "facts" not in lender.post("/v1/scores", json=QUESTION).json()
    with caller.database.writing() as ledger:
        grant_consent(
            ledger,
            find_founder(ledger.session, FOUNDER),
            lender=find_lender(ledger.session, "L-DEMO"),
            purpose=Purpose.LOAN_APPLICATION,
            shows_facts=True,
            actor="founder",
        )
    body = lender.post("/v1/scores", json=QUESTION).json()
    told = {fact["code"] for fact in body["facts"]}
    assert told <= {one["code"] for side in body["reasons"].values() for one in side}
    with caller.database.reading() as session:
        stored = session.scalars(select(Score).where(Score.reference == body["id"])).one()
        features = json.loads(stored.document)["features"]
    assert body["facts"]
    assert all(features[fact["feature"]] == fact["value"] for fact in body["facts"])
