"""`foothold features`: the catalogue, and any value followed to its rows."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from foothold.cli import app
from scoring.base.settings import Settings
from scoring.features import all_features
from scoring.store.database import Database
from scoring.store.tables import Attendance, OrderLine
from tests.builders import a_founder
from tests.conftest import new_sqlite_store

ROOT = Path(__file__).resolve().parents[2]


def _run(*command: str) -> str:
    result = CliRunner().invoke(app, list(command), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("FOOTHOLD_DATA_DIR", str(tmp_path / "var"))
    return new_sqlite_store(Settings())


def test_the_page_of_features_is_current() -> None:
    page = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
    assert page == _run("features", "--markdown"), "run `foothold features --markdown`"


def test_the_catalogue_is_listed_as_a_table_and_as_a_list() -> None:
    entries = json.loads(_run("features", "--json"))
    assert [entry["name"] for entry in entries] == list(all_features())
    assert all(entry["empty"] and entry["description"] for entry in entries)
    table = _run("features")
    assert all(name in table for name in all_features())


def test_a_value_is_followed_to_the_rows_that_it_was_made_from(installed: Database) -> None:
    founder = a_founder(installed).selling(weekly=200_000, weeks=60).attending(8, of=12, excused=2)
    shown = json.loads(_run("features", founder.reference, "--json"))
    found = {entry["feature"]: entry for entry in shown["features"]}
    with installed.reading() as session:
        lines = {line.id: line for line in session.query(OrderLine)}
        sessions = {row.id: row for row in session.query(Attendance)}
    level = found["monthly_net_sales_180d"]
    ids = level["records"]["order_lines"]
    start = installed.today - timedelta(days=180)
    assert set(ids) == {i for i, line in lines.items() if line.event_date > start}
    assert level["value"] == round(sum(lines[i].gross for i in ids) * 30 / 180)
    share = found["attended_share"]
    counted = [sessions[i] for i in share["records"]["attendance"]]
    assert {row.status for row in counted} == {"present", "absent"}
    assert share["observed"] == 0.8
    assert found["mean_balance_180d"]["value"] is None
    missing = "no account line with a balance in the last 180 days"
    assert found["mean_balance_180d"]["missing_means"] == missing
    assert "order_lines" in _run("features", founder.reference)
