"""Who asks is known before anything is read."""

import pytest

from scoring.parties.keys import revoke_key
from tests.api.conftest import QUESTION, Caller

WRONG = [
    None,
    "Bearer",
    "Bearer ",
    "Bearer fh_0123456789ab_wrong",
    "Bearer nonsense",
    "Basic Zm9vOmJhcg==",
]


@pytest.mark.parametrize("header", WRONG)
def test_without_a_valid_key_nothing_opens(caller: Caller, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = caller.browser().post("/v1/scores", json=QUESTION, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("POST", "/v1/scores", b"{not json"),
        ("POST", "/v1/scores", b""),
        ("DELETE", "/v1/scores", b""),
        ("GET", "/v1/scores/S-NONE", b""),
        ("GET", "/v1/nothing/here", b""),
        ("GET", "/v1", b""),
    ],
)
def test_authentication_comes_before_validation_and_routing(
    caller: Caller, method: str, path: str, content: bytes
) -> None:
    answer = caller.browser().request(method, path, content=content)
    assert answer.status_code == 401


def test_a_revoked_key_is_refused_at_once(caller: Caller) -> None:
    client = caller.browser()
    client.headers["Authorization"] = f"Bearer {(key := caller.key())}"
    assert client.post("/v1/scores", json=QUESTION).status_code == 201
    with caller.database.writing() as ledger:
        revoke_key(ledger, key, actor="test")
    assert client.post("/v1/scores", json=QUESTION).status_code == 401


def test_health_and_contract_are_open_and_nothing_else_is_offered(caller: Caller) -> None:
    client = caller.browser()
    assert client.get("/health/live").json() == {"status": "ok"}
    assert client.get("/openapi.json").status_code == 200
    assert client.get("/docs").status_code == 404
