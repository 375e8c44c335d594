"""Errors tell a program what to do, and nobody what was sent."""

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from api.problems import problem_of
from scoring.base import errors
from scoring.store.database import Database
from tests.api.conftest import FOUNDER, QUESTION, Caller
from tests.builders import a_founder, a_lender


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InputError("x"), 422),
        (errors.FileError("f.csv", "x"), 422),
        (errors.NotFoundError("x"), 404),
        (errors.ConflictError("x"), 409),
        (errors.ConsentError("x"), 403),
        (errors.FourEyesError("x"), 403),
        (errors.NoChampionError("x"), 503),
        (errors.ModelError("x"), 503),
        (errors.IntegrityError("x"), 500),
        (ValueError("secret"), 500),
    ],
)
def test_every_error_of_the_family_has_its_status(error: Exception, status: int) -> None:
    problem = problem_of(error)
    assert problem.status == status
    assert "secret" not in problem.model_dump_json()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"purpose": "loan_application"}, "founder"),
        (QUESTION | {"purpose": "model_training"}, "purpose"),
        (QUESTION | {"as_of": "yesterday"}, "as_of"),
        (QUESTION | {"as_of": 1_700_000_000}, "as_of"),
        (QUESTION | {"as_of": "2026-06-01T00:00:00"}, "as_of"),
        (QUESTION | {"founder": "홍길동 900101-1234567"}, "founder"),
        (QUESTION | {"name": "홍길동 900101-1234567"}, "name"),
        (QUESTION | {"\ud800": 1}, "body"),
        ([], "body"),
    ],
)
def test_a_wrong_field_is_named_and_its_content_is_not(
    caller: Caller, body: Any, field: str
) -> None:
    answer = caller.lender().post(
        "/v1/scores", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert [entry["field"] for entry in problem["errors"]] == [field]
    assert {"type", "title", "status", "detail"} <= problem.keys()
    assert "900101" not in answer.text
    assert "홍길동" not in json.dumps(problem, ensure_ascii=False)


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "text/plain"}])
def test_a_body_without_its_media_type_is_told_what_to_send(
    caller: Caller, headers: dict[str, str]
) -> None:
    content = json.dumps(QUESTION).encode()
    answer = caller.lender().post("/v1/scores", content=content, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {
            "field": "body",
            "message": "Send a JSON object, with the header Content-Type: application/json.",
        }
    ]


@pytest.mark.parametrize("path", ["/v1/scores/", "/v1/notices/", "/me/", "/health/live/"])
def test_a_trailing_slash_leads_nowhere_else(caller: Caller, path: str) -> None:
    lender = caller.lender()
    answer = lender.get(path, headers={"Host": "elsewhere.example.org"})
    assert answer.status_code == 404
    assert "Location" not in answer.headers


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[" * 30_000, b"nonsense"])
def test_what_is_not_json_is_refused(caller: Caller, content: bytes) -> None:
    answer = caller.lender().post(
        "/v1/scores", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in {400, 422}
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "content", "media_type", "status", "slug"),
    [
        ("POST", "/v1/scores", b"[" * 30_000, "application/json", 400, "unreadable-body"),
        ("POST", "/v1/scores", b" " * 200_000, "application/json", 413, "body-too-large"),
        ("POST", "/v1/records/loans", b"x", "image/png", 415, "media-type"),
        ("DELETE", "/v1/scores", b"", "text/plain", 405, "method-not-allowed"),
        ("GET", "/v1/nothing", b"", "text/plain", 404, "not-found"),
        ("GET", "/v1/scores/S-0000000000000000", b"", "text/plain", 404, "not-found"),
    ],
)
def test_what_is_refused_before_it_is_read_has_a_type_that_programs_can_tell(
    caller: Caller,
    method: str,
    path: str,
    content: bytes,
    media_type: str,
    status: int,
    slug: str,
) -> None:
    headers = {"Content-Type": media_type}
    answer = caller.lender().request(method, path, content=content, headers=headers)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:foothold:problem:{slug}"


def test_a_very_large_body_is_refused(caller: Caller) -> None:
    answer = caller.lender().post("/v1/scores", content=b" " * 200_000)
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_without_a_model_there_is_none_in_service(sqlite: Database) -> None:
    from contextlib import ExitStack

    a_lender(sqlite)
    a_founder(sqlite, FOUNDER).consenting(to="L-DEMO")
    with ExitStack() as stack:
        answer = Caller(sqlite, stack).lender().post("/v1/scores", json=QUESTION)
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:foothold:problem:no-model"


def test_unknown_paths_and_methods_are_problems_too(caller: Caller) -> None:
    lender = caller.lender()
    assert lender.get("/v1/nothing").headers["Content-Type"] == "application/problem+json"
    answer = lender.delete("/v1/scores")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_an_unexpected_error_tells_nothing_outside_and_no_values_in_the_log(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"statement with {FOUNDER}")

    monkeypatch.setattr("api.lenders.issuing.score_founder", fail)
    lender = caller.lender()
    with capture_logs() as log:
        answer = lender.post("/v1/scores", json=QUESTION)
    assert answer.status_code == 500
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert FOUNDER not in answer.text
    assert FOUNDER not in str(log)
    assert log[0]["error"] == "RuntimeError"


def test_the_log_holds_templates_and_no_references(caller: Caller) -> None:
    lender = caller.lender()
    with capture_logs() as log:
        given = lender.post("/v1/scores", json=QUESTION)
        lender.get(given.headers["Location"])
        caller.browser().get("/me/open/some-token")
    assert [entry["route"] for entry in log] == [
        "/v1/scores",
        "/v1/scores/{score_id}",
        "/me/open/{token}",
    ]
    assert log[0]["id"] == given.headers["X-Request-Id"]
    for secret in (FOUNDER, given.json()["id"], "some-token"):
        assert secret not in str(log)
