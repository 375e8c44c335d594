"""The store keeps what it was told: append-only, chained, the same schema on both databases."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, MetaData, String, UniqueConstraint, select, text
from sqlalchemy.exc import DatabaseError

from scoring.base.errors import ConflictError, InputError, IntegrityError, NotFoundError
from scoring.base.settings import Settings
from scoring.parties.consents import Purpose, grant_consent
from scoring.parties.founders import add_founders, find_founder
from scoring.parties.keys import issue_key, revoke_key, scope_of_key
from scoring.parties.lenders import add_lender, find_lender
from scoring.parties.scopes import LenderScope
from scoring.store.audit import verify_chain
from scoring.store.database import Database
from scoring.store.migrations.upgrading import alembic_config
from scoring.store.point_in_time import standing_as_of
from scoring.store.schema import schema_digest, schema_name
from scoring.store.supersede import supersede_record
from scoring.store.tables import (
    AuditEvent,
    Base,
    OrderLine,
    Supersession,
)
from tests.builders import a_founder, a_lender
from tests.conftest import Clock


def test_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []


def test_a_store_of_another_schema_is_refused_with_what_to_do(database: Database) -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == schema_name()
    database.require_schema()
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    variable = (
        "FOOTHOLD_DATA_DIR" if database.engine.dialect.name == "sqlite" else "FOOTHOLD_DATABASE_URL"
    )
    for refused in (database.require_schema, database.migrate):
        with pytest.raises(ConflictError, match=f"schema 0003.*{schema_name()}.*{variable}"):
            refused()
    with database.engine.connect() as connection:
        kept = connection.scalar(text("SELECT version_num FROM alembic_version"))
    assert kept == "0003"


def test_a_changed_column_makes_another_schema() -> None:
    tables = MetaData()
    for table in Base.metadata.tables.values():
        table.to_metadata(tables)
    assert f"0001_{schema_digest(tables)}" == schema_name()
    tables.tables["founders"].append_column(Column("nickname", String(20)))
    assert f"0001_{schema_digest(tables)}" != schema_name()


def test_migrating_again_keeps_everything(database: Database) -> None:
    a_founder(database).selling(weekly=1000, weeks=2)
    database.migrate()
    with database.reading() as session:
        assert len(session.scalars(select(OrderLine)).all()) == 4


@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
def test_no_row_of_any_table_can_be_changed_or_removed(table: str, filled: Database) -> None:
    column = next(c.name for c in Base.metadata.tables[table].columns if not c.primary_key)
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError, match="append-only"), filled.writing() as ledger:
            ledger.session.execute(text(statement))


@pytest.mark.parametrize("filled", ["sqlite"], indirect=True)  # PostgreSQL has no REPLACE
@pytest.mark.parametrize("recursive_triggers", ["ON", "OFF"])
@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
def test_no_row_of_any_table_can_be_replaced(
    table: str, recursive_triggers: str, filled: Database
) -> None:
    """SQLite's REPLACE removes rows by itself, also for somebody who only has the file."""
    columns = Base.metadata.tables[table].columns
    for kept in (columns, [c for c in columns if c.name != "id"]):  # the same key, or a unique one
        if len(kept) < len(columns) and not _has_unique_key(table):
            continue
        names = ", ".join(c.name for c in kept)
        marked = "superseded_recorded_at" in columns
        standing = " WHERE superseded_recorded_at IS NULL" if marked else ""
        statement = (
            f"INSERT OR REPLACE INTO {table} ({names}) SELECT {names} FROM {table}{standing}"
        )
        with closing(sqlite3.connect(str(filled.engine.url.database))) as connection:
            connection.execute(f"PRAGMA recursive_triggers = {recursive_triggers}")
            with pytest.raises(sqlite3.DatabaseError, match="append-only"):
                connection.execute(statement)


def _has_unique_key(table: str) -> bool:
    found = Base.metadata.tables[table]
    is_unique = [
        constraint for constraint in found.constraints if type(constraint) is UniqueConstraint
    ]
    return bool(is_unique) or any(index.unique for index in found.indexes)


def test_sqlite_fires_triggers_for_what_replace_removes(sqlite: Database) -> None:
    with sqlite.engine.connect() as connection:
        assert connection.execute(text("PRAGMA recursive_triggers")).scalar_one() == 1


def test_the_superseded_mark_is_set_once_and_only_by_superseding(database: Database) -> None:
    a_founder(database).selling(weekly=1000, weeks=1)
    with database.writing() as ledger:
        supersede_record(
            ledger, OrderLine, 1, replacement=None, reason="a test order", author="reviewer"
        )
    with pytest.raises(ConflictError, match="superseded before"), database.writing() as ledger:
        supersede_record(ledger, OrderLine, 1, replacement=None, reason="again", author="r")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        database.writing() as ledger,
    ):
        ledger.session.execute(text("UPDATE order_lines SET superseded_recorded_at = NULL"))
    with database.reading() as session:
        entry = session.scalars(select(Supersession)).one()
    assert (entry.reason, entry.author, entry.replacement_id) == ("a test order", "reviewer", None)


def test_a_record_that_is_not_there_cannot_be_superseded(sqlite: Database) -> None:
    with pytest.raises(NotFoundError), sqlite.writing() as ledger:
        supersede_record(ledger, OrderLine, 9, replacement=None, reason="x", author="y")


def test_tampering_with_the_audit_chain_is_found(sqlite: Database) -> None:
    a_lender(sqlite)
    a_founder(sqlite).consenting(to="L-DEMO")
    with sqlite.reading() as session:
        assert verify_chain(session) == 6  # each with one for its rows
    with sqlite.engine.begin() as connection:  # somebody with the file and no triggers
        connection.execute(text("DROP TRIGGER audit_events_no_update"))
        connection.execute(text("UPDATE audit_events SET actor = 'nobody' WHERE sequence = 2"))
    with sqlite.reading() as session, pytest.raises(IntegrityError, match="Audit event 2"):
        verify_chain(session)


def test_a_failed_transaction_leaves_no_trace(database: Database) -> None:
    def lose_power_while_adding() -> None:
        with database.writing() as ledger:
            add_founders(ledger, ["F-GONE"], actor="test")
            raise RuntimeError("the power went out")

    with pytest.raises(RuntimeError):
        lose_power_while_adding()
    with database.reading() as session:
        assert verify_chain(session) == 0


def test_instants_of_recording_follow_the_order_of_commits(database: Database) -> None:
    clock = database.clock
    assert isinstance(clock, Clock)
    a_founder(database, "F-1")
    clock.advance(hours=-5)  # the machine's clock is set back
    a_founder(database, "F-2")
    with database.reading() as session:
        times = session.execute(text("SELECT at FROM audit_events ORDER BY sequence")).all()
    assert times == sorted(times)


def test_a_key_opens_until_it_is_revoked(database: Database) -> None:
    a_lender(database)
    with database.writing() as ledger:
        key = issue_key(ledger, find_lender(ledger.session, "L-DEMO"), actor="test")
    with database.reading() as session:
        found = scope_of_key(session, key)
        assert isinstance(found, LenderScope)
        assert found.lender.reference == "L-DEMO"
        assert scope_of_key(session, key[:-1] + "x") is None
        assert scope_of_key(session, "nonsense") is None
    with database.writing() as ledger:
        revoke_key(ledger, key, actor="test")
    with database.reading() as session:
        assert scope_of_key(session, key) is None
        stored = session.execute(text("SELECT digest FROM api_keys")).scalar_one()
    assert key not in stored


def test_a_store_that_was_never_made_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConflictError, match="foothold init"):
        Database(Settings(data_dir=tmp_path / "nothing")).require_schema()


def test_what_stands_is_told_by_day_and_by_what_was_known(database: Database, clock: Clock) -> None:
    a_founder(database).selling(weekly=1000, weeks=1)
    before = database.clock()
    clock.advance(days=2)
    with database.writing() as ledger:
        supersede_record(ledger, OrderLine, 1, replacement=None, reason="a test", author="x")
    after = database.clock()

    def standing(as_of_end: datetime, known_at: datetime) -> list[int]:
        view = standing_as_of(OrderLine, as_of_end=as_of_end, known_at=known_at)
        with database.reading() as session:
            return list(session.scalars(select(OrderLine.id).where(view).order_by(OrderLine.id)))

    assert standing(after, after) == [2]
    assert standing(after, before) == [1, 2]  # not known to be wrong then
    assert standing(before, after) == [1, 2]  # as of that day it stood
    assert standing(after, before - timedelta(days=1)) == []  # not recorded yet
    assert standing(before - timedelta(days=9), after) == []  # not learned yet


def test_the_chain_tells_to_whom_a_consent_was_given_and_until_when(sqlite: Database) -> None:
    a_lender(sqlite)
    a_founder(sqlite, "F-1")
    until = datetime(2026, 12, 31, tzinfo=UTC)
    with sqlite.writing() as ledger:
        grant_consent(
            ledger,
            find_founder(ledger.session, "F-1"),
            lender=find_lender(ledger.session, "L-DEMO"),
            purpose=Purpose.PORTFOLIO_REVIEW,
            expires_at=until,
            actor="test",
        )
    with sqlite.reading() as session:
        event = session.scalars(
            select(AuditEvent).where(AuditEvent.action == "consent.granted")
        ).one()
    assert json.loads(event.details) == {
        "consent": 1,
        "reads_loans_elsewhere": True,
        "shows_facts": False,
        "purpose": "portfolio_review",
        "lender": "L-DEMO",
        "expires_at": "2026-12-31T00:00:00+00:00",
    }


@pytest.mark.parametrize(("name", "actor"), [("n" * 121, "test"), ("n", "a" * 121), ("n\0", "t")])
def test_a_text_that_does_not_fit_is_refused_on_every_engine(
    name: str, actor: str, database: Database
) -> None:
    with (
        pytest.raises(InputError, match="has 121 characters; 120 are|control character"),
        database.writing() as ledger,
    ):
        add_lender(ledger, "L-1", name=name, actor=actor)
    with database.reading() as session:
        assert verify_chain(session) == 0


@pytest.mark.parametrize(("reason", "author"), [("r" * 401, "me"), ("wrong", "m" * 121)])
def test_a_reason_or_an_author_that_does_not_fit_is_refused(
    reason: str, author: str, database: Database
) -> None:
    a_founder(database).selling(weekly=1000, weeks=1)
    with pytest.raises(InputError, match="Shorten it"), database.writing() as ledger:
        supersede_record(ledger, OrderLine, 1, replacement=None, reason=reason, author=author)
    with database.reading() as session:
        record = session.get(OrderLine, 1)
        assert record is not None
        assert record.superseded_recorded_at is None
