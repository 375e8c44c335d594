"""Keys of operators, as issued and revoked at the command line."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from sqlalchemy import select

from scoring.base.errors import ConflictError, InputError, NotFoundError
from scoring.parties.keys import (
    issue_key,
    issue_operator_key,
    revoke_key,
    scope_of_key,
)
from scoring.parties.lenders import find_lender
from scoring.parties.scopes import OperatorScope
from scoring.store.database import Database
from scoring.store.tables import AuditEvent, OperatorKey
from tests.builders import a_lender
from tests.shell import Shell


def test_a_key_is_issued_to_a_lender_or_to_an_operator(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "data")
    shell.json("init")
    assert "LENDER or --operator NAME" in shell.refused("key", "issue")
    assert "LENDER or --operator NAME" in shell.refused("key", "issue", "L-1", "--operator", "O-1")
    issued = shell.json("key", "issue", "--operator", "O-1")
    assert issued["operator"] == "O-1"
    assert issued["key"].startswith("fo_")
    assert shell.json("key", "revoke", issued["key"]) == {"revoked": True}
    assert "was revoked before" in shell.refused("key", "revoke", issued["key"])


def test_only_the_digest_of_a_key_is_kept_and_both_ends_are_noted(database: Database) -> None:
    with database.writing() as ledger:
        key = issue_operator_key(ledger, "O-1", actor="test")
    with database.reading() as session:
        kept = session.scalars(select(OperatorKey)).one()
        assert kept.digest == hashlib.sha256(key.encode()).hexdigest()
        found = scope_of_key(session, key)
        assert isinstance(found, OperatorScope)
        assert found.name == "O-1"
        assert scope_of_key(session, key[:-1]) is None
        assert scope_of_key(session, "nonsense") is None
    with database.writing() as ledger:
        revoke_key(ledger, key, actor="test")
    with database.reading() as session:
        assert scope_of_key(session, key) is None
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.sequence)).all()
    answered = "rows.written"
    actions = [event.action for event in events]
    assert actions == ["key.issued", answered, "key.revoked", answered]
    assert json.loads(events[0].details) == {"operator": "O-1", "key": kept.identifier}
    assert key not in str([event.details for event in events])


def test_either_kind_of_key_is_revoked_by_its_identifier_once(sqlite: Database) -> None:
    a_lender(sqlite)
    with sqlite.writing() as ledger:
        lender = find_lender(ledger.session, "L-DEMO")
        keys = [
            issue_key(ledger, lender, actor="test"),
            issue_operator_key(ledger, "O-1", actor="test"),
        ]
        for key in keys:
            revoke_key(ledger, key.split("_")[1], actor="test")
            with pytest.raises(ConflictError):
                revoke_key(ledger, key, actor="test")
        with pytest.raises(NotFoundError):
            revoke_key(ledger, "fo_000000000000", actor="test")


@pytest.mark.parametrize("name", ["", "홍길동", "two words", "x" * 65])
def test_an_operators_name_goes_into_receipts_and_is_plain(sqlite: Database, name: str) -> None:
    with sqlite.writing() as ledger, pytest.raises(InputError):
        issue_operator_key(ledger, name, actor="test")
