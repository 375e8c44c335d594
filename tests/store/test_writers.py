"""One writer at a time: the others wait, and say so when it takes too long."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from scoring.base.errors import FootholdError, UnavailableError
from scoring.base.settings import Settings
from scoring.intake.importing import import_file
from scoring.store import database as room
from scoring.store.audit import verify_chain
from scoring.store.database import Database
from scoring.store.tables import Import, OrderLine
from tests.builders import a_founder

SALES = "founder,channel,order_line,ordered_on,quantity,gross,currency\n"


def another(database: Database) -> Database:
    """The same store, as another process opens it."""
    return Database(database.settings, database.clock)


@contextmanager
def opened(database: Database) -> Iterator[Database]:
    second = another(database)
    yield second
    second.engine.dispose()


def test_imports_at_the_same_time_wait_for_each_other(database: Database, tmp_path: Path) -> None:
    a_founder(database, "F-1")

    def import_one(number: int) -> int:
        path = tmp_path / f"sales-{number}.csv"
        lines = (f"F-1,shop,{number}-{line},2026-03-01,1,1,KRW\n" for line in range(500))
        path.write_text(SALES + "".join(lines))
        with opened(database) as own:
            return import_file(own, path).added

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(import_one, range(4))) == [500] * 4
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(OrderLine)) == 2000
        recorded = session.scalars(select(Import.imported_at).order_by(Import.id)).all()
        assert list(recorded) == sorted(set(recorded))
        assert verify_chain(session) == 10  # each with one for its rows


def test_the_same_file_imported_twice_at_the_same_time_is_kept_once(
    database: Database, tmp_path: Path
) -> None:
    a_founder(database, "F-1")
    path = tmp_path / "sales.csv"
    path.write_text(SALES + "".join(f"F-1,shop,{n},2026-03-01,1,1,KRW\n" for n in range(500)))

    def import_it(_: int) -> tuple[int, int]:
        with opened(database) as own:
            receipt = import_file(own, path)
        return receipt.added, receipt.repeated

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(import_it, range(2))) == [(0, 500), (500, 0)]


def test_a_writer_that_waits_in_vain_says_what_to_do(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PATIENCE_SECONDS", 0.2)
    with opened(database) as impatient, database.writing():
        begun = time.monotonic()
        with pytest.raises(UnavailableError, match="Try again"), impatient.writing():
            pass
        assert time.monotonic() - begun < 10


def test_a_server_that_does_not_answer_is_told() -> None:
    away = Database(Settings(database_url="postgresql+psycopg://nobody@127.0.0.1:1/none"))
    for attempt in (away.migrate, away.require_schema):
        with pytest.raises(FootholdError, match="can't be reached"):
            attempt()
    with pytest.raises(UnavailableError), away.writing():
        pass
    with pytest.raises(UnavailableError), away.reading() as session:
        session.execute(select(func.count()).select_from(OrderLine))
    away.engine.dispose()
