"""A request that comes again with its key is answered as it was, for scores and records alike."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import func, select

from scoring.store.tables import IdempotencyKey, Import, Score
from tests.api.conftest import FOUNDER, QUESTION, Caller

KEY = {"Idempotency-Key": "one"}
LOAN = {
    "founder": FOUNDER,
    "loan": "K-1",
    "lender": "L-DEMO",
    "principal": 1_200_000,
    "currency": "KRW",
    "annual_rate": 0.055,
    "months": 12,
    "disbursed_on": "2026-02-01",
}
Ask = Callable[[TestClient, bool], Response]


def _score(client: TestClient, is_other: bool) -> Response:
    asked = QUESTION | ({"as_of": "2026-06-01"} if is_other else {})
    return client.post("/v1/scores", json=asked, headers=KEY)


def _loans(client: TestClient, is_other: bool) -> Response:
    rows = json.dumps(LOAN | ({"principal": 1_300_000} if is_other else {}))
    headers = KEY | {"Content-Type": "application/x-ndjson"}
    return client.post("/v1/records/loans", content=rows.encode(), headers=headers)


both = pytest.mark.parametrize(("ask", "table"), [(_score, Score), (_loans, Import)])


def _count(caller: Caller, table: type) -> int:
    with caller.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@both
def test_the_same_request_gets_the_same_bytes(
    caller_on_each: Caller, ask: Ask, table: type
) -> None:
    lender, by_another_key = caller_on_each.lender(), caller_on_each.lender()
    before = _count(caller_on_each, table)
    first, again = ask(lender, False), ask(by_another_key, False)
    assert (first.status_code, again.status_code) == (201, 201), first.text
    assert first.content == again.content
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.headers.get("Location") == again.headers.get("Location")
    assert _count(caller_on_each, table) == before + 1
    assert _count(caller_on_each, IdempotencyKey) == 1


@both
def test_another_request_is_refused_alike(caller: Caller, ask: Ask, table: type) -> None:
    lender = caller.lender()
    assert ask(lender, False).status_code == 201
    before = _count(caller, table)
    refused = ask(lender, True)
    assert refused.status_code == 422
    assert refused.json() == {
        "type": "urn:foothold:problem:invalid-request",
        "title": "Invalid request",
        "status": 422,
        "detail": "This Idempotency-Key came with another request before. Take a new key for a new "
        "request.",
        "errors": [
            {
                "field": "Idempotency-Key",
                "message": "This Idempotency-Key came with another request before. Take a new key "
                "for a new request.",
            }
        ],
    }
    assert _count(caller, table) == before


def test_a_key_of_a_score_is_no_key_of_an_import(caller: Caller) -> None:
    lender = caller.lender()
    assert _score(lender, False).status_code == 201
    refused = _loans(lender, False)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "Idempotency-Key"


@both
def test_of_twenty_at_once_one_is_carried_out_and_all_get_its_answer(
    caller_on_each: Caller, ask: Ask, table: type
) -> None:
    lender = caller_on_each.lender()
    before = _count(caller_on_each, table)
    start, answers = threading.Barrier(20), []

    def send() -> None:
        start.wait()
        answers.append(ask(lender, False))

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 20
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 19
    assert _count(caller_on_each, table) == before + 1


@both
def test_a_refused_request_leaves_its_key_free(caller: Caller, ask: Ask, table: type) -> None:
    stranger = {"founder": "F-NOBODY", "purpose": "loan_application"}
    lender = caller.lender()
    assert lender.post("/v1/scores", json=stranger, headers=KEY).status_code == 403
    assert ask(lender, False).status_code == 201
