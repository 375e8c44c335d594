"""`audit verify` finds what somebody with the database's file did, to any row of any table."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Date, String, Table, UniqueConstraint, func, select, text

from scoring.base.errors import IntegrityError
from scoring.base.settings import Settings
from scoring.governance.registry import champion
from scoring.parties.founders import add_founders
from scoring.records.kinds import RecordKind
from scoring.review.corrections import retract_record
from scoring.store.audit import verify_chain
from scoring.store.coverage import DATED, NUMBERED, POSITIONS, UNCOVERED
from scoring.store.database import Database
from scoring.store.row_verification import verify_marks, verify_rows
from scoring.store.sealing import RowsDigest
from scoring.store.tables import AuditEvent, Base
from scoring.store.tables.bookkeeping import MARKS
from scoring.store.verification import verify_store
from tests.builders import a_founder, a_lender, an_expert_model
from tests.store.tampering import tamper


def test_each_table_is_answered_for_or_named_with_the_reason_why_not() -> None:
    assert not NUMBERED.keys() & DATED.keys()
    assert not POSITIONS.keys() & UNCOVERED.keys()
    assert POSITIONS.keys() | UNCOVERED.keys() == Base.metadata.tables.keys()
    for table, position in POSITIONS.items():
        assert position in Base.metadata.tables[table].columns


def test_every_row_of_a_store_with_rows_in_all_tables_is_answered_for(filled: Database) -> None:
    with filled.reading() as session:
        counts = verify_rows(session)
        for name in POSITIONS:
            stored = session.scalar(select(func.count()).select_from(Base.metadata.tables[name]))
            assert counts[name] == stored, name
            assert stored, name


@contextmanager
def a_copy_of(store: Database, folder: Path) -> Iterator[Database]:
    """The same store in files of its own, to be tampered with."""
    shutil.copytree(store.settings.data_dir, folder)
    copied = Database(Settings(data_dir=folder), store.clock)
    yield copied
    copied.engine.dispose()


@pytest.mark.parametrize("filled", ["sqlite"], indirect=True)
@pytest.mark.parametrize("table", sorted(POSITIONS))
def test_a_row_of_any_table_that_is_changed_is_found(
    table: str, filled: Database, tmp_path: Path
) -> None:
    found = Base.metadata.tables[table]
    column = [c for c in found.columns if c.name not in MARKS and not c.primary_key][-1]
    new = "'1999-01-01'" if isinstance(column.type, Date) else None
    new = new or ("'another'" if isinstance(column.type, String) else "99")
    with a_copy_of(filled, tmp_path / "own") as own:
        tamper(own, f"UPDATE {table} SET {column.name} = {new} WHERE rowid = {_first(table)}")
        with own.reading() as session, pytest.raises(IntegrityError, match=f"{table}, row"):
            verify_rows(session)


@pytest.mark.parametrize("filled", ["sqlite"], indirect=True)
@pytest.mark.parametrize("table", sorted(POSITIONS))
def test_a_row_of_any_table_that_is_removed_is_found(
    table: str, filled: Database, tmp_path: Path
) -> None:
    with a_copy_of(filled, tmp_path / "own") as own:
        tamper(own, f"DELETE FROM {table} WHERE rowid = {_first(table)}")
        with own.reading() as session, pytest.raises(IntegrityError, match=f"{table}, row.*gone"):
            verify_rows(session)


@pytest.mark.parametrize("filled", ["sqlite"], indirect=True)
@pytest.mark.parametrize("table", sorted(POSITIONS))
def test_a_row_of_any_table_that_is_added_is_found(
    table: str, filled: Database, tmp_path: Path
) -> None:
    with a_copy_of(filled, tmp_path / "own") as own:
        row = _another_row(own, Base.metadata.tables[table])
        marks = ", ".join("?" * len(row))
        tamper(
            own,
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})",
            values=tuple(row.values()),
        )
        with (
            own.reading() as session,
            pytest.raises(IntegrityError, match=f"{table}.*(1 more than|1 row .*no event|1 row )"),
        ):
            verify_rows(session)


def _first(table: str) -> str:
    return f"(SELECT min(rowid) FROM {table})"


def _another_row(database: Database, table: Table) -> dict[str, Any]:
    """A row like the last one, with other values where two may not be equal."""
    unique = set(table.primary_key.columns) | {
        column
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
        for column in constraint.columns
    }
    unique |= {column for index in table.indexes if index.unique for column in index.columns}
    with closing(sqlite3.connect(str(database.engine.url.database))) as connection:
        connection.row_factory = sqlite3.Row
        row = dict(
            connection.execute(f"SELECT * FROM {table.name} ORDER BY rowid DESC LIMIT 1").fetchone()
        )
    for column in unique:
        value = row[column.name]
        row[column.name] = f"x{value}" if isinstance(value, str) else value + 1_000_000
    return row


def test_a_promotion_without_an_event_is_found_on_every_engine(database: Database) -> None:
    an_expert_model(database)
    with database.writing() as ledger:
        own = champion(ledger.session).id
    tamper(
        database,
        "INSERT INTO promotions (id, model_id, promoted_by, reason, promoted_at) "
        f"VALUES (2, {own}, 'Nobody', 'because', 1781492400000000)",
    )
    with database.reading() as session:
        verify_chain(session)
        words = "promotions: 1 row from number 2 on that no event"
        with pytest.raises(IntegrityError, match=words):
            verify_store(session)


def test_figures_and_lineage_of_a_model_are_compared(sqlite: Database) -> None:
    an_expert_model(sqlite)
    tamper(sqlite, "UPDATE models SET lineage = '[1]'")
    with (
        sqlite.reading() as session,
        pytest.raises(IntegrityError, match="models, row.*model.trained by"),
    ):
        verify_store(session)


def test_an_amount_of_an_imported_sale_is_compared_on_every_engine(database: Database) -> None:
    a_founder(database).selling(weekly=1000, weeks=5)
    tamper(database, "UPDATE order_lines SET gross = gross + 1 WHERE id = 4")
    with (
        database.reading() as session,
        pytest.raises(IntegrityError, match="order_lines, rows 1 to 10 .*changed after"),
    ):
        verify_store(session)


def test_an_event_that_is_removed_with_its_row_leaves_a_hole(sqlite: Database) -> None:
    a_lender(sqlite)
    a_founder(sqlite)
    tamper(sqlite, "DELETE FROM lenders", "DELETE FROM audit_events WHERE sequence <= 2")
    with sqlite.reading() as session, pytest.raises(IntegrityError, match="event 1 is missing"):
        verify_store(session)


def test_a_record_marked_as_superseded_by_nobody_is_found_on_every_engine(
    database: Database,
) -> None:
    a_founder(database).selling(weekly=1000, weeks=1)
    with database.writing() as ledger:
        retract_record(ledger, RecordKind.SALES, 1, reason="a test", author="Reviewer One")
    with database.reading() as session:
        assert verify_marks(session) == 1
    tamper(database, "UPDATE order_lines SET superseded_learned_at = 1, superseded_recorded_at = 1")
    with database.reading() as session, pytest.raises(IntegrityError, match="row [12]:"):
        verify_store(session)


def test_a_mark_that_was_taken_away_is_found(sqlite: Database) -> None:
    a_founder(sqlite).selling(weekly=1000, weeks=1)
    with sqlite.writing() as ledger:
        retract_record(ledger, RecordKind.SALES, 1, reason="a test", author="Reviewer One")
    tamper(
        sqlite,
        "UPDATE order_lines SET superseded_learned_at = NULL, superseded_recorded_at = NULL",
    )
    with sqlite.reading() as session, pytest.raises(IntegrityError, match="order_lines, row 1:"):
        verify_store(session)


def test_what_was_taken_back_in_a_part_of_a_transaction_is_not_answered_for(
    database: Database,
) -> None:
    with database.writing() as ledger:
        add_founders(ledger, ["F-1"], actor="test")
        part = ledger.session.begin_nested()
        add_founders(ledger, ["F-2"], actor="test")
        part.rollback()
        add_founders(ledger, ["F-3"], actor="test")
    with database.reading() as session:
        assert verify_rows(session)["founders"] == 2
        verify_store(session)


def test_what_a_door_without_events_wrote_is_answered_for_too(database: Database) -> None:
    with database.writing() as ledger:
        ledger.session.execute(
            text("INSERT INTO founders (id, reference, added_at) VALUES (7, 'F-7', 7)")
        )
    with database.reading() as session:
        assert verify_rows(session)["founders"] == 1
        actions = session.scalars(select(AuditEvent.action)).all()
    assert list(actions) == ["rows.written"]


_rows = st.lists(
    st.tuples(st.text(max_size=5), st.none() | st.integers() | st.floats(allow_nan=False)),
    max_size=12,
)


@given(rows=_rows, cuts=st.lists(st.integers(0, 12), max_size=4))
def test_the_digest_of_rows_does_not_depend_on_how_they_come(
    rows: list[tuple[Any, ...]], cuts: list[int]
) -> None:
    numbered = [(number, *row) for number, row in enumerate(rows)]
    whole, pieces = RowsDigest(), RowsDigest()
    whole.add(numbered, place=0)
    bounds = sorted({0, len(rows), *(min(cut, len(rows)) for cut in cuts)})
    for start, end in zip(bounds, bounds[1:], strict=False):
        pieces.add(numbered[start:end], place=0)
    assert pieces.told() == whole.told()


@given(rows=_rows, other=_rows)
def test_other_rows_have_another_digest(
    rows: list[tuple[Any, ...]], other: list[tuple[Any, ...]]
) -> None:
    one, two = RowsDigest(), RowsDigest()
    one.add([(0, *row) for row in rows], place=0)
    two.add([(0, *row) for row in other], place=0)
    assert (repr(rows) == repr(other)) == (one.told() == two.told())


def test_a_table_without_its_triggers_is_found_on_every_engine(database: Database) -> None:
    with database.writing() as ledger:
        add_founders(ledger, ["F-1"], actor="test")
    on_sqlite = database.engine.dialect.name == "sqlite"
    with database.engine.begin() as connection:
        connection.execute(
            text("DROP TRIGGER promotions_no_update")
            if on_sqlite
            else text("ALTER TABLE promotions DISABLE TRIGGER promotions_append_only_row")
        )
    with (
        pytest.raises(IntegrityError, match="promotions: what refuses to change its rows is gone"),
        database.reading() as session,
    ):
        verify_store(session)
