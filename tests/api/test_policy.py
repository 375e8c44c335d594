"""What a lender reads over HTTP once it has a policy."""

import re
from typing import Any

import pytest

from scoring.parties.lender_policies import CutOff, Policy
from tests.api.conftest import FOUNDER, QUESTION, Caller
from tests.api.test_page import page_of
from tests.applicants import applicants, compute, decide

COUNT = 24


def _with_background(caller: Caller) -> str:
    """Score applicants over HTTP, and take their means as the background of reasons."""
    lender = caller.lender()
    for founder in applicants(caller.database, COUNT):
        assert lender.post("/v1/scores", json=QUESTION | {"founder": founder}).status_code == 201
    decide(caller.database, Policy(CutOff(0, 1000)))
    return compute(caller.database).reference


def _asked(caller: Caller) -> dict[str, Any]:
    answer = caller.lender().post("/v1/scores", json=QUESTION)
    assert answer.status_code == 201
    found: dict[str, Any] = answer.json()
    return found


def test_reasons_come_against_the_cut_off_and_points_against_everybody(
    caller_on_each: Caller,
) -> None:
    before = _asked(caller_on_each)
    background = _with_background(caller_on_each)
    now = _asked(caller_on_each)
    assert before["backgrounds"]["reasons"] == before["backgrounds"]["points"]
    assert now["backgrounds"]["points"] == before["backgrounds"]["points"]
    assert now["backgrounds"]["reasons"] == {
        "id": background,
        "kind": "cut_off",
        "founders": COUNT + 1,  # who asks is one of them
    }
    assert now["points"] == before["points"]
    assert now["score"] == before["score"]
    assert all(isinstance(r["points"], int) for r in before["reasons"]["for"])
    sides = [{reason["code"] for reason in now["reasons"][side]} for side in ("against", "for")]
    assert all(len(side) <= 4 for side in sides)
    assert not sides[0] & sides[1]
    assert all(reason["text"]["ko"] for reason in now["reasons"]["against"])
    earlier = caller_on_each.lender().get(f"/v1/scores/{before['id']}").json()
    assert earlier == before


def test_an_answer_says_that_alternative_data_counted_in_favour_only(caller: Caller) -> None:
    before = _asked(caller)
    decide(caller.database, Policy(positive_only=True))
    now = _asked(caller)
    assert (before["model"]["positive_only"], now["model"]["positive_only"]) == (False, True)
    assert now["pd"] <= before["pd"]
    assert now["score"] == now["base_points"] + sum(p["points"] for p in now["points"])


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "What your lender is told"), ("ko", "금융회사가 듣는 까닭")],
)
def test_a_founder_reads_the_reasons_that_the_lender_is_told(
    caller: Caller, language: str, words: str
) -> None:
    _asked(caller)
    assert words not in page_of(caller, FOUNDER, language)
    _with_background(caller)
    told = _asked(caller)["reasons"]["against"]
    page = page_of(caller, FOUNDER, language)
    assert words in page
    assert told
    for reason in told:
        assert reason["text"][language].replace("'", "&#39;") in page


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "in your favour only"), ("ko", "유리하게만")],
)
def test_a_founder_reads_that_alternative_data_count_in_favour_only(
    caller: Caller, language: str, words: str
) -> None:
    _asked(caller)
    assert words not in page_of(caller, FOUNDER, language)
    decide(caller.database, Policy(positive_only=True))
    score = _asked(caller)
    page = page_of(caller, FOUNDER, language)
    assert words in page
    lines = [int(points) for points in re.findall(r'data-points="(-?\d+)"', page)]
    assert score["base_points"] + sum(lines) == score["score"]
    cost = re.findall(r'<li class="reason cost">\s*<p class="seen">(.*?)</p>', page)
    assert cost
    assert not [seen for seen in cost if "did not count" in seen or "반영하지 않았어요" in seen]
