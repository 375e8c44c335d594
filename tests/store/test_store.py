"""The store keeps what it was told: append-only, chained, the same schema on both databases."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import UniqueConstraint, func, select, text
from sqlalchemy.exc import DatabaseError

from scoring.base.errors import ConflictError, InputError, IntegrityError, NotFoundError
from scoring.base.settings import Settings
from scoring.circumstances.interruptions import (
    PlatformEventKind,
    declare_pause,
    declare_platform_event,
)
from scoring.parties.consents import Purpose, grant_consent, withdraw_consent
from scoring.parties.lender_policies import CutOff, Policy, decide_policy
from scoring.parties.parties import (
    add_founders,
    add_lender,
    find_founder,
    find_lender,
    issue_key,
    lender_with_key,
    revoke_key,
)
from scoring.records.kinds import RecordKind
from scoring.review.dispute_decisions import decide_retracting
from scoring.review.disputes import open_dispute
from scoring.review.notices import receive_notice
from scoring.store.append import supersede_record
from scoring.store.audit import verify_chain
from scoring.store.database import SCHEMA, Database
from scoring.store.migrations.upgrading import alembic_config
from scoring.store.point_in_time import standing_as_of
from scoring.store.tables import (
    AuditEvent,
    Base,
    CutOffBackground,
    FounderAlias,
    FounderAliasWithdrawal,
    IdempotencyKey,
    ImportWithdrawal,
    OperatorKey,
    OperatorKeyRevocation,
    OrderLine,
    ProgrammeCalendar,
    QuarantinedRow,
    QuarantineResolution,
    RecordRequest,
    Shop,
    Supersession,
    UsedLink,
)
from tests.builders import a_founder, a_lender, an_expert_model, import_rows
from tests.conftest import Clock, new_postgresql_database


def test_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []


def test_the_schema_that_is_asked_for_is_that_of_the_last_migration(sqlite: Database) -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == SCHEMA
    sqlite.require_schema()
    with sqlite.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    with pytest.raises(ConflictError, match=f"schema is 0002, this version needs {SCHEMA}"):
        sqlite.require_schema()


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


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A store with a row in every table; nothing can be changed in it, so tests may share it."""
    with ExitStack() as stack:
        url = None
        if request.param == "postgresql":
            server = request.getfixturevalue("postgresql_server")
            url = stack.enter_context(new_postgresql_database(server))
        database = Database(
            Settings(data_dir=tmp_path_factory.mktemp("filled"), database_url=url),
            Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC)),
        )
        stack.callback(database.engine.dispose)
        database.migrate()
        _fill(database)
        with database.reading() as session:
            for name, table in Base.metadata.tables.items():
                assert session.scalar(select(func.count()).select_from(table)), name
        yield database


def _fill(database: Database) -> None:
    a_lender(database)
    an_expert_model(database)
    founder = a_founder(database).attending(5, of=8).selling(weekly=100_000, weeks=20)
    founder.borrowing(
        1_000_000, loan="N-1", disbursed_on=database.today - timedelta(days=90), paid=2
    )
    founder.consenting(to="L-DEMO")
    score = founder.scored()
    founder.selling(weekly=200_000, weeks=1)
    yesterday = database.today - timedelta(days=1)
    import_rows(
        database,
        RecordKind.APPLICATIONS,
        [
            {
                "founder": founder.reference,
                "application": "A-1",
                "lender": "L-DEMO",
                "applied_on": yesterday,
                "principal": 100_000,
                "months": 12,
                "instalment": 9_000,
                "currency": "KRW",
            }
        ],
    )
    import_rows(
        database,
        RecordKind.OUTCOMES,
        [{"application": "A-1", "outcome": "good", "declared_on": yesterday}],
    )
    import_rows(
        database,
        RecordKind.CASH_FLOW,
        [
            {
                "founder": founder.reference,
                "account": "K-1",
                "line": "1",
                "booked_on": yesterday,
                "direction": "in",
                "amount": 1_000,
                "currency": "KRW",
            }
        ],
    )
    _fill_what_is_reviewed(database, founder.reference, yesterday)
    _fill_what_comes_in(database, score.founder_id)
    _fill_what_a_lender_chose(database)
    with database.writing() as ledger:
        lender = find_lender(ledger.session, "L-DEMO")
        revoke_key(ledger, issue_key(ledger, lender, actor="test"), actor="test")
        ledger.session.add_all(
            [
                IdempotencyKey(
                    lender_id=lender.id,
                    key="a-key",
                    request_digest="0" * 64,
                    score_id=score.id,
                    created_at=ledger.now,
                ),
                UsedLink(nonce="a-nonce", founder_id=score.founder_id, used_at=ledger.now),
            ]
        )
        withdraw_consent(
            ledger,
            find_founder(ledger.session, founder.reference),
            lender=lender,
            purpose=Purpose.LOAN_APPLICATION,
            actor="test",
        )


def _fill_what_a_lender_chose(database: Database) -> None:
    with database.writing() as ledger:
        lender = find_lender(ledger.session, "L-DEMO")
        decide_policy(ledger, lender, Policy(CutOff(170, 20)), by="A Person", reason="because")
        ledger.session.add(
            CutOffBackground(
                reference="B-000000000000",
                lender_id=lender.id,
                model_id=1,
                positive_only=False,
                cut_off=170,
                margin=20,
                founders=20,
                content="{}",
                computed_by="A Person",
                computed_at=ledger.now,
            )
        )


def _fill_what_is_reviewed(database: Database, founder: str, day: date) -> None:
    """A dispute that a lender has heard of, a pause and a failure of a channel."""
    zone = database.settings.zone
    with database.writing() as ledger:
        person = find_founder(ledger.session, founder)
        dispute = open_dispute(
            ledger, person, RecordKind.SALES, 3, reason="not mine", opened_by="founder"
        )
        declare_pause(ledger, person, first_day=day, last_day=day, author="test", zone=zone)
        declare_platform_event(
            ledger,
            "smartstore",
            PlatformEventKind.OUTAGE,
            first_day=day,
            last_day=day,
            author="test",
            zone=zone,
        )
    with database.writing() as ledger:
        decide_retracting(ledger, dispute.id, reason="indeed", author="a reviewer")
        receive_notice(ledger, find_lender(ledger.session, "L-DEMO"), 1)


def _fill_what_comes_in(database: Database, founder_id: int) -> None:
    with database.writing() as ledger:
        now, author = ledger.now, "test"
        alias = FounderAlias(
            founder_id=founder_id, kind="name", digest="0" * 64, author=author, added_at=now
        )
        key = OperatorKey(operator="O-1", identifier="abc", digest="0" * 64, issued_at=now)
        waiting = QuarantinedRow(
            import_id=1,
            kind="sales",
            row=2,
            source="shop",
            natural_key="0" * 64,
            reason="unknown_person",
            cells="{}",
            recorded_at=now,
        )
        ledger.session.add_all([alias, key, waiting])
        ledger.session.flush()
        ledger.session.add_all(
            [
                FounderAliasWithdrawal(alias_id=alias.id, author=author, withdrawn_at=now),
                OperatorKeyRevocation(operator_key_id=key.id, revoked_at=now),
                QuarantineResolution(
                    quarantined_row_id=waiting.id,
                    outcome="dismissed",
                    reason="nobody's",
                    author=author,
                    resolved_at=now,
                ),
                ImportWithdrawal(import_id=1, reason="wrong", author=author, withdrawn_at=now),
                ProgrammeCalendar(
                    programme_id=1, held_on=database.today, author=author, added_at=now
                ),
                Shop(
                    founder_id=founder_id,
                    channel="shop",
                    opened_on=database.today,
                    author=author,
                    added_at=now,
                ),
                RecordRequest(
                    sender="O-1",
                    key="a-key",
                    request_digest="0" * 64,
                    receipt="{}",
                    created_at=now,
                ),
            ]
        )


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
        event = session.scalars(select(AuditEvent).order_by(AuditEvent.sequence.desc())).first()
    assert event is not None
    assert json.loads(event.details) == {
        "consent": 1,
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
