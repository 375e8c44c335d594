"""The store keeps what it was told: append-only, chained, the same schema on both databases."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DatabaseError

from scoring.errors import ConflictError, IntegrityError, NotFoundError
from scoring.records.audit import verify_chain
from scoring.records.database import Database
from scoring.records.parties import (
    add_founders,
    find_lender,
    issue_key,
    lender_with_key,
    revoke_key,
)
from scoring.records.store import supersede_record
from scoring.records.tables import Base, OrderLine, Supersession
from scoring.settings import Settings
from tests.builders import a_founder, a_lender, an_expert_model
from tests.conftest import Clock


def test_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_again_keeps_everything(database: Database) -> None:
    a_founder(database).selling(weekly=1000, weeks=2)
    database.migrate()
    with database.reading() as session:
        assert len(session.scalars(select(OrderLine)).all()) == 4


# A trigger fires per row, so these, which other rooms fill, are tried there.
EMPTY = {"applications", "cash_flow_lines", "declared_outcomes", "idempotency_keys", "used_links"}
EMPTY |= {"consent_withdrawals"}


@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
def test_no_row_of_any_table_can_be_changed_or_removed(table: str, filled: Database) -> None:
    column = next(c.name for c in Base.metadata.tables[table].columns if not c.primary_key)
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with filled.engine.connect() as connection:
            count = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        if count == 0:
            assert table in EMPTY
            return
        with (
            pytest.raises(DatabaseError, match="append-only"),
            filled.writing() as ledger,
        ):
            ledger.session.execute(text(statement))


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A store with a row in most tables; nothing can be changed in it, so tests may share it."""
    url = None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql_server")
        admin = create_engine(
            server.replace("postgresql://", "postgresql+psycopg://", 1),
            isolation_level="AUTOCOMMIT",
        )
        name = tmp_path_factory.mktemp("db").name + f"_{id(request)}"
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        url = str(admin.url.set(database=name).render_as_string(hide_password=False))
        admin.dispose()
    database = Database(
        Settings(data_dir=tmp_path_factory.mktemp("filled"), database_url=url),
        Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC)),
    )
    database.migrate()
    a_lender(database)
    an_expert_model(database)
    founder = a_founder(database).attending(5, of=8).selling(weekly=100_000, weeks=20)
    founder.borrowing(
        1_000_000, loan="N-1", disbursed_on=database.today - timedelta(days=90), paid=2
    )
    founder.consenting(to="L-DEMO").scored()
    founder.selling(weekly=200_000, weeks=1)
    with database.writing() as ledger:
        key = issue_key(ledger, find_lender(ledger.session, "L-DEMO"), actor="test")
        revoke_key(ledger, key, actor="test")
    return database


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
        assert verify_chain(session) == 3
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
        found = lender_with_key(session, key)
        assert found is not None
        assert found.reference == "L-DEMO"
        assert lender_with_key(session, key[:-1] + "x") is None
        assert lender_with_key(session, "nonsense") is None
    with database.writing() as ledger:
        revoke_key(ledger, key, actor="test")
    with database.reading() as session:
        assert lender_with_key(session, key) is None
        stored = session.execute(text("SELECT digest FROM api_keys")).scalar_one()
    assert key not in stored


def test_a_store_that_was_never_made_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConflictError, match="foothold init"):
        Database(Settings(data_dir=tmp_path / "nothing")).require_schema()
