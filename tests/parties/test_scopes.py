"""Only authentication makes a scope, and each table says once who may read its rows."""

from __future__ import annotations

import ast
import copy
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest
from sqlalchemy import select

from scoring.cli.console import staff_scope
from scoring.parties.keys import issue_key, issue_operator_key, scope_of_key
from scoring.parties.lenders import find_lender
from scoring.parties.readable import readable_by
from scoring.parties.scopes import (
    FounderScope,
    LenderScope,
    OperatorScope,
    StaffScope,
    _Authenticated,
)
from scoring.store.database import Database
from scoring.store.tables import (
    RECORD_TABLES,
    ApiKey,
    Attendance,
    Consent,
    Founder,
    Import,
    Lender,
    OrderLine,
    Score,
)
from tests.builders import a_founder, a_lender, an_expert_model

_ROOT = Path(__file__).parents[2]
_AUTHENTICATING = {
    "scoring/parties/scopes.py",  # declares it
    "scoring/parties/keys.py",  # an API key
    "api/pages/founder/links.py",  # a signed link or session
    "scoring/cli/console.py",  # an account that reaches the store
}


def _scope(database: Database, lender: str) -> LenderScope:
    with database.writing() as ledger:
        key = issue_key(ledger, find_lender(ledger.session, lender), actor="test")
        found = scope_of_key(ledger.session, key)
    assert isinstance(found, LenderScope)
    return found


@pytest.mark.parametrize("proof", [None, object(), True, _Authenticated()])
def test_a_scope_is_made_by_authentication_alone(proof: object) -> None:
    lender = Lender(reference="L-1", name="One")
    for make in (
        lambda: LenderScope(proof, lender=lender),  # type: ignore[arg-type]
        lambda: OperatorScope(proof, name="O-1"),  # type: ignore[arg-type]
        lambda: FounderScope(proof, founder_id=1),  # type: ignore[arg-type]
        lambda: StaffScope(proof),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeError, match="Only authentication makes a"):
            make()


def test_a_scope_never_becomes_anothers(sqlite: Database) -> None:
    a_lender(sqlite)
    with sqlite.writing() as ledger:
        scope = scope_of_key(ledger.session, issue_operator_key(ledger, "O-1", actor="test"))
    assert isinstance(scope, OperatorScope)
    with pytest.raises((TypeError, ValueError)):
        replace(scope, name="O-2")
    with pytest.raises(FrozenInstanceError):
        scope.name = "O-2"  # type: ignore[misc]
    assert copy.copy(scope) == scope


def test_no_other_module_names_the_proof_of_authentication() -> None:
    naming = {
        str(path.relative_to(_ROOT))
        for package in ("scoring", "training", "sample", "api", "foothold")
        for path in (_ROOT / package).rglob("*.py")
        if _names_the_proof(path.read_text())
    }
    assert naming == _AUTHENTICATING


@pytest.mark.parametrize(
    "source",
    [
        "from scoring.parties.scopes import AUTHENTICATED",
        "from scoring.parties.scopes import AUTHENTICATED as yes",
        "from scoring.parties import scopes\nscopes.AUTHENTICATED",
        "from scoring.parties import scopes\ngetattr(scopes, 'AUTHENTICATED')",
        "from scoring.parties.scopes import *",
        "from scoring.parties.scopes import _Authenticated",
        "object.__new__(LenderScope)",
    ],
)
def test_a_way_round_authentication_is_noticed(source: str) -> None:
    assert _names_the_proof(source)


def _names_the_proof(source: str) -> bool:
    words = {"AUTHENTICATED", "_Authenticated"}
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(module="scoring.parties.scopes", names=names):
                if words & {name.name for name in names} or names[0].name == "*":
                    return True
            case ast.Call(func=ast.Attribute(attr="__new__"), args=[ast.Name(id=made), *_]):
                if made.endswith("Scope"):
                    return True
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Constant(value=str(name)):
                if name in words:
                    return True
    return False


def test_each_reads_its_own_rows_and_nobody_elses(database: Database) -> None:
    a_lender(database)
    a_lender(database, "L-OTHER")
    an_expert_model(database)
    one = a_founder(database, "F-ONE").attending(9, of=10).selling(weekly=600_000, weeks=40)
    one.consenting(to="L-DEMO").scored()
    a_founder(database, "F-TWO").attending(9, of=10).consenting(to="L-OTHER")
    demo, other = _scope(database, "L-DEMO"), _scope(database, "L-OTHER")
    with database.reading() as session:

        def count(scope: LenderScope | StaffScope, table: type) -> int:
            return len(session.scalars(select(table).where(readable_by(scope, table))).all())

        for table in (Score, Consent, Founder, Lender):
            everybodys = len(session.scalars(select(table)).all())
            assert count(staff_scope(), table) == everybodys
        assert (count(demo, Score), count(other, Score)) == (1, 0)
        assert (count(demo, Consent), count(other, Consent)) == (1, 1)
        for scope, founder in ((demo, "F-ONE"), (other, "F-TWO")):
            known = select(Founder.reference).where(readable_by(scope, Founder))
            assert session.scalars(known).all() == [founder]
            lender = select(Lender).where(readable_by(scope, Lender))
            assert session.scalars(lender).one().reference == scope.lender.reference
        # Sales and attendance came from elsewhere: they are no lender's to read.
        assert count(demo, OrderLine) == count(demo, Attendance) == count(demo, Import) == 0
        assert count(staff_scope(), OrderLine) > 0


def test_an_operators_key_reads_nothing_but_what_it_sent(sqlite: Database) -> None:
    a_lender(sqlite)
    a_founder(sqlite, "F-ONE").attending(9, of=10).consenting(to="L-DEMO")
    with sqlite.writing() as ledger:
        scope = scope_of_key(ledger.session, issue_operator_key(ledger, "O-1", actor="test"))
    assert scope is not None
    with sqlite.reading() as session:
        for table in (Score, Consent, Founder, Lender, Import, *RECORD_TABLES):
            assert session.scalars(select(table).where(readable_by(scope, table))).all() == []


def test_a_table_without_a_rule_is_read_in_no_scope() -> None:
    with pytest.raises(LookupError, match="api_keys has no rule"):
        readable_by(staff_scope(), ApiKey)
