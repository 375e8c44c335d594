"""Snapshots: what was known at a moment, whole or not at all, and never changed unseen."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from foothold.cli import app
from scoring.base.errors import ConflictError, InputError, IntegrityError, NotFoundError
from scoring.circumstances.interruptions import PlatformEventKind, declare_platform_event
from scoring.records.kinds import RecordKind
from scoring.review.corrections import correct_record
from scoring.store.audit import verify_chain
from scoring.store.database import Database
from scoring.store.lake_columns import KEYS
from scoring.store.snapshots import open_snapshot, verify_snapshot, write_snapshot
from scoring.store.tables import AuditEvent, OrderLine
from tests.builders import a_founder, import_rows
from tests.conftest import Clock


def _two_founders(database: Database) -> None:
    a_founder(database, "F-ONE0000001").selling(weekly=300_000, weeks=8).attending(5, of=8)
    a_founder(database, "F-TWO0000001").selling(weekly=90_000, weeks=5)
    with database.writing() as ledger:
        declare_platform_event(
            ledger,
            "smartstore",
            PlatformEventKind.OUTAGE,
            first_day=database.today - timedelta(days=9),
            last_day=database.today - timedelta(days=8),
            author="operator",
            zone=database.settings.zone,
        )


def _correct_a_sale(database: Database) -> int:
    with database.writing() as ledger:
        sale = ledger.session.scalars(select(OrderLine).order_by(OrderLine.id)).first()
        assert sale is not None
        correct_record(
            ledger,
            RecordKind.SALES,
            sale.id,
            changes={"gross": "1"},
            reason="the invoice",
            author="reviewer",
            zone=database.settings.zone,
        )
        return sale.id


def test_it_holds_every_record_and_says_how_many(database: Database, tmp_path: Path) -> None:
    _two_founders(database)
    snapshot = write_snapshot(database, tmp_path / "lake", actor="operator", buckets=3)
    assert snapshot.rows["order_lines"] == 2 * 8 + 2 * 5
    assert snapshot.rows["attendance"] == 8
    assert snapshot.rows["platform_events"] == 1
    table = pq.read_table([tmp_path / "lake" / f.path for f in snapshot.files["order_lines"]])
    with database.reading() as session:
        stored = session.scalars(select(OrderLine)).all()
    assert sorted(zip(*(table[c].to_pylist() for c in ("id", "gross", "buyer")), strict=True)) == (
        sorted((line.id, line.gross, line.buyer) for line in stored)
    )
    for file in snapshot.files["order_lines"]:
        rows = pq.read_table(tmp_path / "lake" / file.path)
        assert {founder % 3 for founder in rows["founder_id"].to_pylist()} == {file.bucket}


def test_the_same_moment_gives_the_same_digest_whatever_was_learned_since(
    database: Database, tmp_path: Path, clock: Clock
) -> None:
    _two_founders(database)
    first = write_snapshot(database, tmp_path / "first", actor="operator")
    clock.advance(days=2)
    corrected = _correct_a_sale(database)
    a_founder(database, "F-LATER00001").selling(weekly=10_000, weeks=3)
    then = write_snapshot(database, tmp_path / "then", actor="operator", known_at=first.known_at)
    now = write_snapshot(database, tmp_path / "now", actor="operator")
    assert then.digest == first.digest
    assert now.digest != first.digest
    lines = pq.read_table(now.paths("order_lines")).to_pylist()
    old = next(line for line in lines if line["id"] == corrected)
    assert old["superseded_recorded_at"] is not None  # so that any earlier day can be asked for


def test_no_name_and_no_number_of_a_source_leaves_the_store(
    database: Database, tmp_path: Path
) -> None:
    _two_founders(database)
    snapshot = write_snapshot(database, tmp_path / "lake", actor="operator")
    columns = {name for table in snapshot.columns.values() for name in table}
    assert not columns & {"natural_key", "author", "marked_by", "import_id"}
    # Accounts and loans are told apart by a hash of their source: its name stays.
    with_source = {table for table, names in snapshot.columns.items() if "source" in names}
    assert with_source == set(KEYS)
    line = {"line": "T1", "booked_on": "2026-03-02", "direction": "in", "amount": 1000}
    line |= {"founder": "F-ONE0000001", "account": "A1", "currency": "KRW", "balance": 1000}
    for source in ("Village bank", "Another"):
        import_rows(database, RecordKind.CASH_FLOW, [line], source=source, again_for_another=True)
    lines = pq.read_table(
        write_snapshot(database, tmp_path / "told", actor="operator").paths("cash_flow_lines")
    ).to_pylist()
    assert len({row["source"] for row in lines}) == 2
    assert all(re.fullmatch("[0-9a-f]{16}", row["source"]) for row in lines)
    written = b"".join(path.read_bytes() for path in (tmp_path / "lake").rglob("*.parquet"))
    assert b"F-ONE0000001" not in written


def test_the_audit_chain_knows_of_it(database: Database, tmp_path: Path) -> None:
    _two_founders(database)
    snapshot = write_snapshot(database, tmp_path / "lake", actor="an operator")
    with database.reading() as session:
        event = session.scalars(
            select(AuditEvent).where(AuditEvent.action == "snapshot.written")
        ).one()
        verify_chain(session)
    assert event.actor == "an operator"
    assert json.loads(event.details)["snapshot"] == snapshot.digest


def test_a_snapshot_is_never_overwritten(sqlite: Database, tmp_path: Path) -> None:
    _two_founders(sqlite)
    first = write_snapshot(sqlite, tmp_path / "lake", actor="operator")
    with pytest.raises(ConflictError, match="never overwritten"):
        write_snapshot(sqlite, tmp_path / "lake", actor="operator")
    assert verify_snapshot(tmp_path / "lake").digest == first.digest


def test_an_interruption_leaves_nothing_and_a_rerun_is_safe(
    sqlite: Database, tmp_path: Path
) -> None:
    _two_founders(sqlite)

    def interrupt(label: str, done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_snapshot(sqlite, tmp_path / "lakes" / "one", actor="operator", progress=interrupt)
    assert list((tmp_path / "lakes").iterdir()) == []
    # What a killed process leaves does not stand in the way either.
    left = tmp_path / "lakes" / ".one.unfinished"
    left.mkdir()
    (left / "half.parquet").write_bytes(b"PAR1")
    snapshot = write_snapshot(sqlite, tmp_path / "lakes" / "one", actor="operator")
    assert verify_snapshot(tmp_path / "lakes" / "one").digest == snapshot.digest
    assert [path.name for path in (tmp_path / "lakes").iterdir()] == ["one"]


def test_what_was_changed_is_refused(sqlite: Database, tmp_path: Path) -> None:
    _two_founders(sqlite)
    lake = tmp_path / "lake"
    snapshot = write_snapshot(sqlite, lake, actor="operator")
    path = Path(snapshot.paths("order_lines")[0])
    content = path.read_bytes()
    path.write_bytes(content[:-9] + b"x" + content[-8:])
    with pytest.raises(IntegrityError, match="was changed"):
        verify_snapshot(lake)
    path.write_bytes(content[:-1])
    with pytest.raises(IntegrityError, match="another size"):
        open_snapshot(lake)
    path.write_bytes(content)
    manifest = lake / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"rows":26', '"rows":25'))
    with pytest.raises(IntegrityError, match="does not match its digest"):
        open_snapshot(lake)
    with pytest.raises(NotFoundError, match="no snapshot"):
        open_snapshot(tmp_path)


def test_neither_the_future_nor_what_came_later_can_be_asked(
    sqlite: Database, tmp_path: Path
) -> None:
    _two_founders(sqlite)
    with pytest.raises(InputError, match="future"):
        write_snapshot(
            sqlite,
            tmp_path / "lake",
            actor="operator",
            known_at=sqlite.clock() + timedelta(days=1),
        )
    snapshot = write_snapshot(sqlite, tmp_path / "lake", actor="operator")
    snapshot.require_moment(snapshot.known_at)
    with pytest.raises(InputError, match="Write a new one"):
        snapshot.require_moment(sqlite.clock())


def test_the_command_writes_and_verifies(
    sqlite: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _two_founders(sqlite)
    monkeypatch.setenv("FOOTHOLD_DATA_DIR", str(sqlite.settings.data_dir))
    run = CliRunner()
    lake = str(tmp_path / "lake")
    written = run.invoke(app, ["snapshot", lake, "--by", "operator", "--json"])
    assert written.exit_code == 0, written.output
    verified = run.invoke(app, ["snapshot", "verify", lake, "--json"])
    assert json.loads(verified.stdout)["digest"] == json.loads(written.stdout)["digest"]
