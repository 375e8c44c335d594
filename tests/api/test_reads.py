"""The API reads no row that its caller's scope doesn't: every read goes through `readable_by`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import scoring.store.tables as tables
from scoring.store.tables import Base
from tests.api.conftest import FOUNDER, QUESTION, Caller
from tests.builders import a_founder, a_lender

_API = Path(__file__).parents[2] / "api"
_TABLES = {name for name, found in vars(tables).items() if isinstance(found, type)} - {"Instant"}
_STEPS = {"where", "join", "outerjoin", "add_columns", "with_only_columns", "filter", "select_from"}


def _faults(source: str) -> list[str]:
    """What in a module reads rows otherwise than through `readable_by`."""
    tree = ast.parse(source)
    local = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    subqueries = _subqueries(tree)
    faults = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            faults += [f"imports {n.name}" for n in node.names if n.name in {"text", "Table"}]
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr in {"get", "get_one", "query"}:
            faults += [f"{node.func.attr}({n})" for n in _tables_in(node)]
    for chain in _chains(tree):
        root = _root(chain)
        if not isinstance(root, ast.Call) or not isinstance(root.func, ast.Name):
            continue
        if root.func.id in local or not (root.func.id == "select" or _steps(chain) & _STEPS):
            continue
        readable = {
            ast.unparse(call.args[1])
            for call in ast.walk(chain)
            if isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id == "readable_by"
        }
        faults += [f"{name} without readable_by" for name in _tables_in(chain) - readable]
        names = {n.id for a in root.args for n in ast.walk(a) if isinstance(n, ast.Name)}
        if not readable and not names <= subqueries | {"func"}:
            faults.append(f"{ast.unparse(root)} without readable_by")
    return faults


def _chains(tree: ast.AST) -> Iterator[ast.Call]:
    """Each call with all that is called on its result, once, from the outside."""
    inner = {
        node.func.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node not in inner:
            yield node


def _root(chain: ast.AST) -> ast.AST:
    while isinstance(chain, ast.Call) and isinstance(chain.func, ast.Attribute):
        chain = chain.func.value
    return chain


def _steps(chain: ast.AST) -> set[str]:
    steps = set()
    while isinstance(chain, ast.Call) and isinstance(chain.func, ast.Attribute):
        steps.add(chain.func.attr)
        chain = chain.func.value
    return steps


def _tables_in(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in _TABLES}


def _subqueries(tree: ast.AST) -> set[str]:
    return {
        node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and "subquery" in _steps(node.value)
    }


@pytest.mark.parametrize("path", sorted(_API.rglob("*.py")), ids=lambda p: str(p.relative_to(_API)))
def test_every_read_of_the_api_is_of_rows_that_its_caller_may_read(path: Path) -> None:
    assert _faults(path.read_text()) == []


@pytest.mark.parametrize(
    "read",
    [
        "session.get(Score, 1)",
        "session.get_one(Founder, score.founder_id)",
        "session.query(Score)",
        "session.scalars(select(Score).where(Score.reference == reference))",
        "session.scalars(select(Score.id))",
        "select(Score, Lender).join(Lender).where(readable_by(scope, Score))",
        "select(func.count()).select_from(Score)",
        "select(Consent).where(Consent.lender_id.in_(select(Lender.id)), readable_by(s, Consent))",
        "valid_consents(now).where(Consent.founder_id == founder_id)",
        "select(table.id).where(table.founder_id == 1)",
        "from sqlalchemy import text",
    ],
)
def test_a_read_that_forgets_whose_rows_they_are_is_found(read: str) -> None:
    assert _faults(read)


@pytest.mark.parametrize(
    "read",
    [
        "session.scalars(select(Score).where(readable_by(scope, Score)))",
        "valid_consents(now).where(readable_by(scope, Consent))",
        "select(table.id).where(readable_by(scope, table))",
        "rows = select(Loan.id).where(readable_by(s, Loan)).subquery()\nselect(rows.c.id)",
    ],
)
def test_a_read_in_a_scope_is_none(read: str) -> None:
    assert _faults(read) == []


def test_the_tables_are_known_by_name() -> None:
    assert {"Score", "Founder", "Lender", "Consent", "AuditEvent", "OrderLine"} <= _TABLES
    assert all(issubclass(getattr(tables, name), Base) for name in _TABLES)


def test_another_lenders_score_and_notice_look_like_none(caller: Caller) -> None:
    a_lender(caller.database, "L-OTHER")
    given = caller.lender().post("/v1/scores", json=QUESTION).headers["Location"]
    other = caller.lender("L-OTHER")
    for theirs, nobodys in (
        (other.get(given), other.get("/v1/scores/S-0000000000000000")),
        (other.post("/v1/notices/1/receipt"), other.post("/v1/notices/99/receipt")),
    ):
        assert (theirs.status_code, nobodys.status_code) == (404, 404)
        assert theirs.content == nobodys.content


def test_another_founders_score_is_not_chosen_by_its_reference(caller: Caller) -> None:
    reference = caller.lender().post("/v1/scores", json=QUESTION).json()["id"]
    a_founder(caller.database, "F-OTHER").selling(weekly=500_000, weeks=3)
    from tests.api.test_links import link_path

    browser = caller.browser()
    browser.post(link_path(caller, "F-OTHER"))
    theirs = browser.get("/me", params={"score": reference, "lang": "en"})
    nobodys = browser.get("/me", params={"score": "S-0000000000000000", "lang": "en"})
    assert "You have not been scored yet" in theirs.text
    assert theirs.text == nobodys.text
    own = caller.browser()
    own.post(link_path(caller, FOUNDER))
    assert "You have not been scored yet" not in own.get("/me", params={"lang": "en"}).text
