"""A lender without a core banking system keeps its loans through the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.api.conftest import FOUNDER, QUESTION, Caller
from tests.builders import a_lender


def _new(caller: Caller, ago: int = 70, **other: Any) -> dict[str, Any]:
    day = caller.database.today - timedelta(days=ago)
    terms = {"product": "equal_principal", "principal": 1_200_000, "annual_rate": "0.12"}
    return (
        terms
        | {
            "loan": "K-1",
            "founder": FOUNDER,
            "instalments": 6,
            "disbursed_on": day.isoformat(),
        }
        | other
    )


def test_a_loan_is_disbursed_repaid_and_read(caller_on_each: Caller) -> None:
    lender = caller_on_each.lender()
    made = lender.post("/v1/loans", json=_new(caller_on_each))
    assert made.status_code == 201, made.text
    assert made.json()["standing"]["days_past_due"] > 0
    today = caller_on_each.database.today.isoformat()
    body = {"repayment": "R-1", "paid_on": today, "amount": 422_000}
    first = lender.post("/v1/loans/K-1/repayments", json=body)
    again = lender.post("/v1/loans/K-1/repayments", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == lender.get("/v1/loans/K-1").json()
    assert again.json()["standing"]["days_past_due"] == 0
    assert again.json()["standing"]["outstanding_principal"] == 800_000
    other = lender.post("/v1/loans/K-1/repayments", json=body | {"amount": 1})
    assert other.status_code == 409
    assert [line["loan"] for line in lender.get("/v1/loans").json()["loans"]] == ["K-1"]


def test_a_bounced_payment_and_a_rescheduling_are_events(caller: Caller) -> None:
    lender, today = caller.lender(), caller.database.today
    lender.post("/v1/loans", json=_new(caller))
    body = {"repayment": "R-1", "paid_on": today.isoformat(), "amount": 422_000}
    lender.post("/v1/loans/K-1/repayments", json=body)
    bounced = {"event_id": "E-1", "event": "reversed", "reason": "bounced", "repayment": "R-1"}
    read = lender.post("/v1/loans/K-1/events", json=bounced | {"happened_on": today.isoformat()})
    assert read.status_code == 201, read.text
    days = read.json()["standing"]["days_past_due"]
    assert days > 0
    due = {"number": 1, "principal": 1_200_000, "interest": 20_000}
    due |= {"due_on": (today + timedelta(days=30)).isoformat()}
    new = {"event_id": "E-2", "event": "rescheduled", "reason": "distress", "instalments": [due]}
    read = lender.post("/v1/loans/K-1/events", json=new | {"happened_on": today.isoformat()}).json()
    assert read["events"][-1]["days_past_due"] == days, "what was past due is kept"
    assert read["standing"]["days_past_due"] == 0
    score = lender.post("/v1/scores", json=QUESTION).json()
    assert score["status"] == "in_default"
    assert score["in_default"]["cause"] == "rescheduled_in_distress"


def test_another_lenders_loan_is_not_found_and_no_loan_without_consent(caller: Caller) -> None:
    caller.lender().post("/v1/loans", json=_new(caller))
    a_lender(caller.database, "L-OTHER")
    stranger = caller.lender("L-OTHER")
    assert stranger.get("/v1/loans/K-1").status_code == 404
    assert stranger.get("/v1/loans").json() == {"loans": [], "next": None}
    assert stranger.post("/v1/loans", json=_new(caller, loan="K-2")).status_code == 403


def test_a_loan_above_the_cap_is_refused_with_what_to_do(caller: Caller) -> None:
    answer = caller.lender().post("/v1/loans", json=_new(caller, annual_rate="0.25"))
    assert answer.status_code == 422
    assert "the cap is 20%" in answer.json()["detail"]


def test_the_list_of_loans_goes_on_after_the_last_one_shown(caller: Caller) -> None:
    lender = caller.lender()
    for number in ("K-1", "K-2", "K-3"):
        lender.post("/v1/loans", json=_new(caller, loan=number))
    first = lender.get("/v1/loans", params={"limit": 2}).json()
    assert [line["loan"] for line in first["loans"]] == ["K-1", "K-2"]
    rest = lender.get("/v1/loans", params={"after": first["next"]}).json()
    assert ([line["loan"] for line in rest["loans"]], rest["next"]) == (["K-3"], None)
