"""A portfolio's scores in one file: whole or not at all, with consent, and told to the audit."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from foothold.cli import app
from scoring.base.errors import ConflictError, InputError
from scoring.parties.consents import Purpose
from scoring.portfolio.engines import Engine
from scoring.portfolio.to_file import PortfolioRun, score_portfolio_to_file
from scoring.store.audit import verify_chain
from scoring.store.database import Database
from scoring.store.snapshots import sha256_of, write_snapshot
from scoring.store.tables import AuditEvent
from tests.builders import a_founder, a_lender, an_expert_model
from tests.conftest import Clock

REVIEW = Purpose.PORTFOLIO_REVIEW


def _portfolio(database: Database) -> None:
    a_lender(database)
    an_expert_model(database)
    seller = a_founder(database, "F-SELLER").selling(weekly=400_000, weeks=30)
    seller.attending(9, of=10).consenting(to="L-DEMO", purpose=REVIEW)
    a_founder(database, "F-THIN").consenting(to="L-DEMO", purpose=REVIEW)
    other = a_founder(database, "F-EUROS").selling(weekly=400, weeks=30, currency="EUR")
    other.consenting(to="L-DEMO", purpose=REVIEW)
    a_founder(database, "F-NOT-ASKED").selling(weekly=400_000, weeks=30)
    loan_only = a_founder(database, "F-LOAN-ONLY").selling(weekly=400_000, weeks=30)
    loan_only.consenting(to="L-DEMO")


def _run(database: Database, out: Path, **given: object) -> PortfolioRun:
    return score_portfolio_to_file(
        database,
        out,
        lender_reference="L-DEMO",
        purpose=REVIEW,
        engine=Engine.DUCKDB,
        actor="operator",
        **given,  # type: ignore[arg-type]
    )


def test_only_those_who_consent_to_it_are_in_it(database: Database, tmp_path: Path) -> None:
    _portfolio(database)
    run = _run(database, tmp_path / "scores.parquet")
    rows = {row["founder"]: row for row in pq.read_table(run.file).to_pylist()}
    assert {name: row["status"] for name, row in rows.items()} == {
        "F-SELLER": "scored",
        "F-THIN": "insufficient",
        "F-EUROS": "refused",
    }
    assert (run.scored, run.insufficient, run.refused) == (1, 1, 1)
    assert rows["F-THIN"]["score"] is None
    narrows = {entry["code"]: entry["narrows_by_points"] for entry in rows["F-THIN"]["missing"]}
    assert set(narrows) == {"sales_history", "cash_flow_history", "repayment_history"}
    assert list(narrows.values()) == sorted(narrows.values(), reverse=True)
    assert not rows["F-THIN"]["evidence"]["sufficient"]
    assert rows["F-SELLER"]["evidence"]["sufficient"]
    assert rows["F-SELLER"]["pd_low"] < rows["F-SELLER"]["pd"] < rows["F-SELLER"]["pd_high"]
    assert sum(group["points"] for group in rows["F-SELLER"]["points"]) != 0


def test_every_founder_is_told_in_the_audit_chain_and_the_file_tells_its_lineage(
    database: Database, tmp_path: Path
) -> None:
    _portfolio(database)
    snapshot = write_snapshot(database, tmp_path / "lake", actor="operator")
    run = _run(database, tmp_path / "scores.parquet", snapshot=tmp_path / "lake")
    with database.reading() as session:
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.sequence)).all()
        verify_chain(session)
    whole = [json.loads(e.details) for e in events if e.action == "portfolio.scored"]
    assert [(e["run"], e["founders"]) for e in whole] == [(run.reference, 3)]
    assert whole[0]["file_digest"] == run.file_digest == sha256_of(run.file)
    each = [json.loads(e.details)["run"] for e in events if e.action == "score.portfolio"]
    assert each == [run.reference] * 3
    told = pq.read_schema(run.file).metadata
    assert told[b"foothold.snapshot"].decode() == snapshot.digest == run.snapshot_digest
    assert told[b"foothold.purpose"] == b"portfolio_review"


def test_an_interruption_leaves_no_file_and_tells_nobody(sqlite: Database, tmp_path: Path) -> None:
    _portfolio(sqlite)

    def interrupt(label: str, done: int, total: int) -> None:
        if label == "scores":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _run(sqlite, tmp_path / "out" / "scores.parquet", progress=interrupt)
    assert list((tmp_path / "out").iterdir()) == []
    assert not list(sqlite.settings.data_dir.glob(".snapshot-*"))
    with sqlite.reading() as session:
        actions = set(session.scalars(select(AuditEvent.action)))
    assert "score.portfolio" not in actions
    assert _run(sqlite, tmp_path / "out" / "scores.parquet").scored == 1


def test_scores_that_were_given_are_not_overwritten(sqlite: Database, tmp_path: Path) -> None:
    _portfolio(sqlite)
    first = _run(sqlite, tmp_path / "scores.parquet")
    with pytest.raises(ConflictError, match="not overwritten"):
        _run(sqlite, tmp_path / "scores.parquet")
    assert sha256_of(first.file) == first.file_digest


def test_a_day_after_the_snapshot_is_refused(
    sqlite: Database, tmp_path: Path, clock: Clock
) -> None:
    _portfolio(sqlite)
    write_snapshot(sqlite, tmp_path / "lake", actor="operator")
    clock.advance(days=40)
    with pytest.raises(InputError, match="silence"):
        _run(
            sqlite,
            tmp_path / "scores.parquet",
            snapshot=tmp_path / "lake",
            as_of=sqlite.today - timedelta(days=1),
        )


def test_the_command_says_what_came_of_it(
    sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _portfolio(sqlite)
    monkeypatch.setenv("FOOTHOLD_DATA_DIR", str(sqlite.settings.data_dir))
    given = ["score-portfolio", "--lender", "L-DEMO", "--out", str(tmp_path / "s.parquet")]
    done = CliRunner().invoke(app, [*given, "--as-of", "2026-06-14", "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["founders"], said["scored"], said["engine"]) == (3, 1, "duckdb")
