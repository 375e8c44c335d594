"""A lender records applications, decides on them, and asks what a loan would weigh."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from scoring.parties.lender_policies import CutOff, Policy, decide_policy
from scoring.parties.lenders import find_lender
from scoring.records.kinds import RecordKind
from scoring.score.arrears_told import tell_everybody
from tests.api.conftest import FOUNDER, QUESTION, Caller
from tests.api.test_links import link_path
from tests.builders import import_rows

LOAN = {"founder": FOUNDER, "principal": 5_000_000, "months": 12, "annual_rate": "0.12"}


def _applied(caller: Caller, reference: str = "A-1", **other: Any) -> dict[str, Any]:
    return (
        LOAN | {"application": reference, "applied_on": caller.database.today.isoformat()} | other
    )


def _page(caller: Caller, language: str) -> str:
    browser = caller.browser(language=language)
    assert browser.post(link_path(caller)).status_code == 303
    return re.sub(r"\s+", " ", browser.get(f"/me?lang={language}").text)


def test_an_application_has_the_instalment_of_its_terms(caller_on_each: Caller) -> None:
    lender, asked = caller_on_each.lender(), _applied(caller_on_each)
    first = lender.post("/v1/applications", json=asked)
    assert first.status_code == 201, first.text
    assert first.json()["instalment"] == 444_244
    assert lender.post("/v1/applications", json=asked).status_code == 200
    assert lender.post("/v1/applications", json=asked | {"months": 24}).status_code == 409
    assert lender.post("/v1/scores", json=QUESTION | {"application": "A-1"}).status_code == 201


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"instalment": 1}, "An instalment of 1 is none"),
        ({"currency": "USD"}, "The model scores KRW"),
        ({"annual_rate": None}, "Give the rate or the instalment"),
    ],
)
def test_an_application_that_can_not_be_is_refused(
    caller: Caller, change: dict[str, Any], words: str
) -> None:
    answer = caller.lender().post("/v1/applications", json=_applied(caller, **change))
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_a_score_alone_never_declines(caller: Caller) -> None:
    lender = caller.lender()
    lender.post("/v1/applications", json=_applied(caller))
    body = {"outcome": "decline", "by": "Officer One", "reasons": ["score_below_cut_off"]}
    answer = lender.post("/v1/applications/A-1/decisions", json=body)
    assert answer.status_code == 422
    assert "A score alone never declines" in answer.json()["detail"]


def test_a_declined_founder_reads_why_in_both_languages(caller: Caller) -> None:
    lender = caller.lender()
    lender.post("/v1/applications", json=_applied(caller))
    score = lender.post("/v1/scores", json=QUESTION | {"application": "A-1"}).json()
    body = {"outcome": "decline", "by": "Officer One", "score": score["id"]}
    body |= {"reasons": ["instalments_too_high"]}
    made = lender.post("/v1/applications/A-1/decisions", json=body)
    assert made.status_code == 201, made.text
    assert lender.get("/v1/applications/A-1").json()["decision"] == made.json()
    against = score["reasons"]["against"][0]["text"]
    for language, words in (
        ("en", "The instalments would be too high for what is left each month."),
        ("ko", "매달 남는 돈에 견주어 갚을 돈이 너무 커요."),
    ):
        page = _page(caller, language)
        assert words in page
        assert against[language] in page
        assert "₩5,000,000" in page


def test_a_decision_against_the_policy_says_why(caller: Caller) -> None:
    lender = caller.lender()
    lender.post("/v1/applications", json=_applied(caller))
    score = lender.post("/v1/scores", json=QUESTION | {"application": "A-1"}).json()
    with caller.database.writing() as ledger:
        decide_policy(
            ledger,
            find_lender(ledger.session, "L-DEMO"),
            Policy(CutOff(score["score"] + 1, 10)),
            by="Officer One",
            reason="a trial",
        )
    body = {"outcome": "approve", "by": "Officer One", "score": score["id"]}
    answer = lender.post("/v1/applications/A-1/decisions", json=body)
    assert answer.status_code == 422
    assert "is below the cut-off" in answer.json()["detail"]
    body |= {"override_reason": "we know the shop"}
    made = lender.post("/v1/applications/A-1/decisions", json=body).json()
    assert "below the cut-off" in made["against_policy"]


def test_without_costs_nothing_is_green(caller_on_each: Caller) -> None:
    found = caller_on_each.lender().post("/v1/affordability", json=LOAN).json()
    assert found["basis"] == "sales_alone"
    assert found["worst_three_months"] == {
        "surplus": None,
        "debt_service_to_surplus": None,
        "colour": None,
    }
    assert found["greatest_principal"] is None
    usual = sum(month["net_sales"] for month in found["months"]) // len(found["months"])
    assert found["instalments_to_net_sales"] == found["instalment"] / usual


def test_declared_costs_give_a_colour_and_what_could_be_lent(caller: Caller) -> None:
    lender = caller.lender()
    found = lender.post("/v1/affordability", json=LOAN | {"declared_costs": 1_000_000}).json()
    worst = sorted(month["surplus"] for month in found["months"])[:3]
    assert found["worst_three_months"]["surplus"] == sum(worst) // 3
    share = found["worst_three_months"]["debt_service_to_surplus"]
    assert share == found["instalment"] / (sum(worst) // 3)
    limit = lender.post(
        "/v1/affordability",
        json=LOAN | {"declared_costs": 1_000_000, "principal": found["greatest_principal"]},
    ).json()
    assert limit["worst_three_months"]["colour"] == "green"
    more = LOAN | {"declared_costs": 1_000_000, "principal": found["greatest_principal"] + 100}
    assert lender.post("/v1/affordability", json=more).json()["worst_three_months"]["colour"] != (
        "green"
    )
    down = found["stress"]["sales_down_30_percent"]["surplus"]
    assert down < found["worst_three_months"]["surplus"]
    assert found["stress"]["largest_channel_lost_60_days"]["channel"] == "smartstore"


def test_who_has_nothing_left_is_red_and_nothing_is_clipped(caller: Caller) -> None:
    asked = LOAN | {"principal": 50_000_000_000, "declared_costs": 90_000_000}
    found = caller.lender().post("/v1/affordability", json=asked).json()
    assert found["worst_three_months"]["colour"] == "red"
    assert found["worst_three_months"]["surplus"] < 0
    assert found["greatest_principal"] == 0
    assert found["shortest_months"] is None
    assert found["instalments_to_net_sales"] > 1000


def test_money_in_an_account_counts_once_and_a_loan_is_no_income(caller: Caller) -> None:
    lender, today = caller.lender(), caller.database.today
    month = today.replace(day=1)
    rows = []
    for _ in range(4):
        month = (month.replace(day=1) - timedelta(days=1)).replace(day=10)
        for name, direction, amount, purpose in (
            ("in", "in", 2_000_000, "sales_receipt"),
            ("out", "out", 1_200_000, "supplier"),
            ("loan", "out", 300_000, "loan_payment"),
        ):
            row = {"founder": FOUNDER, "account": "ACC", "line": f"{month}-{name}"}
            row |= {"booked_on": month, "direction": direction, "amount": amount}
            rows.append(row | {"currency": "KRW", "purpose": purpose})
    import_rows(caller.database, RecordKind.CASH_FLOW, rows)
    found = lender.post("/v1/affordability", json=LOAN).json()
    assert found["basis"] == "account"
    told = [month for month in found["months"] if month["surplus"] is not None]
    assert [(m["inflow"], m["outflow"], m["surplus"]) for m in told] == [
        (2_000_000, 1_200_000, 800_000)
    ] * 4
    assert found["worst_three_months"]["surplus"] == 800_000


def test_running_loans_count_and_the_founder_sees_who_asked(caller: Caller) -> None:
    lender, today = caller.lender(), caller.database.today
    terms = {"product": "equal_principal", "principal": 1_200_000, "annual_rate": "0.12"}
    terms |= {"loan": "K-1", "founder": FOUNDER, "instalments": 6}
    lender.post("/v1/loans", json=terms | {"disbursed_on": today.isoformat()})
    found = lender.post("/v1/affordability", json=LOAN).json()
    assert (found["existing_instalments"], found["loans_counted"]) == (212_000, 1)
    assert "asked what a loan would weigh each month" in _page(caller, "en")
    assert "매달 얼마를 갚을 수 있을지" in _page(caller, "ko")


def test_arrears_that_others_will_see_stand_on_the_page(caller: Caller) -> None:
    lender, today = caller.lender(), caller.database.today
    terms = {"product": "equal_principal", "principal": 1_200_000, "annual_rate": "0.12"}
    terms |= {"loan": "K-1", "founder": FOUNDER, "instalments": 6}
    day = (today - timedelta(days=60)).isoformat()
    lender.post("/v1/loans", json=terms | {"disbursed_on": day})
    assert tell_everybody(caller.database, actor="test") == 1
    page = _page(caller, "en")
    assert "On your loan at Sample lender, ₩212,000 has been past due since" in page
    assert "other lenders whom you allow to ask" in page
    assert "밀려 있어요" in _page(caller, "ko")
