"""Clients over a store in which one founder can be scored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from scoring.parties.keys import issue_key
from scoring.parties.lenders import find_lender
from scoring.store.database import Database
from tests.builders import a_founder, a_lender, an_expert_model

BASE_URL = "http://127.0.0.1:8000"
FOUNDER = "F-TEST000001"
QUESTION = {"founder": FOUNDER, "purpose": "loan_application"}


class Caller:
    """HTTP clients over one store: a lender's, and a browser on this machine."""

    def __init__(self, database: Database, stack: ExitStack) -> None:
        self.database, self._stack = database, stack
        self._app = create_app(database)

    def browser(
        self, *, base_url: str = BASE_URL, peer: str = "127.0.0.1", language: str = ""
    ) -> TestClient:
        client = TestClient(
            self._app,
            base_url=base_url,
            client=(peer, 50_000),
            headers={"Accept-Language": language},
            follow_redirects=False,
        )
        return self._stack.enter_context(client)

    def lender(self, reference: str = "L-DEMO") -> TestClient:
        client = self.browser()
        client.headers["Authorization"] = f"Bearer {self.key(reference)}"
        return client

    def key(self, reference: str = "L-DEMO") -> str:
        with self.database.writing() as ledger:
            return issue_key(ledger, find_lender(ledger.session, reference), actor="test")


def _caller(database: Database, stack: ExitStack) -> Caller:
    a_lender(database)
    an_expert_model(database)
    founder = a_founder(database, FOUNDER).attending(9, of=10).selling(weekly=600_000, weeks=40)
    founder.consenting(to="L-DEMO")
    return Caller(database, stack)


@pytest.fixture
def caller(sqlite: Database) -> Iterator[Caller]:
    """Clients over SQLite."""
    with ExitStack() as stack:
        yield _caller(sqlite, stack)


@pytest.fixture
def caller_on_each(database: Database) -> Iterator[Caller]:
    """Clients over each engine in turn."""
    with ExitStack() as stack:
        yield _caller(database, stack)
