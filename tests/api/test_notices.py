"""A lender hears that a score of its own rested on a wrong record, and of nothing else."""

import pytest
from sqlalchemy import select

from scoring.parties.consents import Purpose, withdraw_consent
from scoring.parties.founders import find_founder
from scoring.parties.lenders import find_lender
from scoring.records.kinds import RecordKind
from scoring.review.dispute_decisions import decide_correcting
from scoring.review.disputes import open_dispute
from scoring.store.tables import AuditEvent
from tests.api.conftest import FOUNDER, QUESTION, Caller
from tests.builders import a_lender


def _uphold(caller: Caller, record: int = 1) -> None:
    with caller.database.writing() as ledger:
        dispute = open_dispute(
            ledger,
            find_founder(ledger.session, FOUNDER),
            RecordKind.SALES,
            record,
            reason="one order, not a hundred",
            opened_by="founder",
        )
    with caller.database.writing() as ledger:
        decide_correcting(
            ledger,
            dispute.id,
            changes={"gross": "4321"},
            reason="the invoice",
            author="Reviewer Two",
            zone=caller.database.settings.zone,
        )


def test_a_lender_hears_of_its_score_and_not_of_what_the_record_holds(
    caller_on_each: Caller,
) -> None:
    lender = caller_on_each.lender()
    score = lender.post("/v1/scores", json=QUESTION).json()
    assert lender.get("/v1/notices").json() == {"notices": []}
    _uphold(caller_on_each)
    answer = lender.get("/v1/notices")
    assert answer.status_code == 200
    assert answer.json() == {
        "notices": [
            {
                "id": 1,
                "founder": FOUNDER,
                "scores": [score["id"]],
                "kind": "sales",
                "cause": "dispute",
                "outcome": "corrected",
                "day": "2026-06-15",
                "received_at": None,
            }
        ]
    }
    for secret in ("4321", "smartstore", "one order", "the invoice", "Reviewer"):
        assert secret not in answer.text


def test_a_notice_waits_until_the_lender_says_that_it_has_it(caller_on_each: Caller) -> None:
    lender = caller_on_each.lender()
    lender.post("/v1/scores", json=QUESTION)
    _uphold(caller_on_each)
    assert len(lender.get("/v1/notices").json()["notices"]) == 1
    assert len(lender.get("/v1/notices").json()["notices"]) == 1
    first = lender.post("/v1/notices/1/receipt")
    assert first.status_code == 200
    assert first.json()["received_at"]
    assert lender.get("/v1/notices").json() == {"notices": []}
    assert lender.post("/v1/notices/1/receipt").json() == first.json()
    with caller_on_each.database.reading() as session:
        noted = session.scalars(
            select(AuditEvent).where(AuditEvent.action == "notice.received")
        ).all()
    assert [event.actor for event in noted] == ["lender:L-DEMO"]


def test_a_score_read_again_within_six_months_counts_as_given(caller: Caller) -> None:
    lender = caller.lender()
    path = lender.post("/v1/scores", json=QUESTION).headers["Location"]
    clock = caller.database.clock
    clock.advance(days=170)  # type: ignore[attr-defined]  # the tests' clock
    assert lender.get(path).status_code == 200
    clock.advance(days=20)  # type: ignore[attr-defined]
    _uphold(caller)
    assert len(lender.get("/v1/notices").json()["notices"]) == 1


def test_a_notice_of_another_lender_is_not_there(caller: Caller) -> None:
    a_lender(caller.database, "L-OTHER")
    caller.lender().post("/v1/scores", json=QUESTION)
    _uphold(caller)
    other = caller.lender("L-OTHER")
    assert other.get("/v1/notices").json() == {"notices": []}
    refused = other.post("/v1/notices/1/receipt")
    missing = other.post("/v1/notices/99/receipt")
    assert (refused.status_code, missing.status_code) == (404, 404)
    assert refused.json() == missing.json()
    assert len(caller.lender().get("/v1/notices").json()["notices"]) == 1


def test_a_lender_still_hears_after_the_founder_withdrew_consent(caller: Caller) -> None:
    lender = caller.lender()
    lender.post("/v1/scores", json=QUESTION)
    with caller.database.writing() as ledger:
        withdraw_consent(
            ledger,
            find_founder(ledger.session, FOUNDER),
            lender=find_lender(ledger.session, "L-DEMO"),
            purpose=Purpose.LOAN_APPLICATION,
            actor="founder",
        )
    _uphold(caller)
    assert len(lender.get("/v1/notices").json()["notices"]) == 1


@pytest.mark.parametrize("name", ["0", "-1", "one", "9007199254740992", "9" * 30])
def test_what_can_be_no_notice_is_refused(name: str, caller: Caller) -> None:
    assert caller.lender().post(f"/v1/notices/{name}/receipt").status_code == 422


def test_without_a_key_nothing_is_told(caller: Caller) -> None:
    assert caller.browser().get("/v1/notices").status_code == 401
    assert caller.browser().post("/v1/notices/1/receipt").status_code == 401
