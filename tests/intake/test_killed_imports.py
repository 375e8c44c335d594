"""An import that is killed at any moment, and run again, ends like one that nobody disturbed."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from scoring.base.settings import Settings
from scoring.parties.founders import add_founders
from scoring.store.database import Database
from scoring.store.tables import RECORD_TABLES
from tests.conftest import new_postgresql_database

ROWS = 6000
SECRET = "k" * 40
NAMES = ("sqlite", "postgresql")


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that takes the store a moment to take in."""
    path = tmp_path_factory.mktemp("sales") / "sales.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("founder,channel,order_line,ordered_on,quantity,gross,currency,buyer,")
        file.write("status,refunded_on\n")
        for row in range(ROWS):
            refund = "returned,2026-04-01" if row % 9 == 0 else "sold,"
            day = f"2026-03-{row % 28 + 1:02d}"
            file.write(f"F-A,shop,O{row},{day},1,{row % 90 + 1}00,KRW,b{row % 70},{refund}\n")
    return path


def settings(folder: Path, url: str | None) -> Settings:
    return Settings(data_dir=folder, database_url=url, secret_key=SECRET)


def start_import(folder: Path, url: str | None, sales: Path) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "FOOTHOLD_DATA_DIR": str(folder),
        "FOOTHOLD_SECRET_KEY": SECRET,
        **({"FOOTHOLD_DATABASE_URL": url} if url else {}),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "foothold", "import", str(sales), "--learned", "2"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def rows_of(folder: Path, url: str | None) -> list[tuple[object, ...]]:
    """Every row of evidence and every receipt, apart from numbers and the moment of recording."""
    database = Database(settings(folder, url))
    found: list[tuple[object, ...]] = []
    with database.reading() as session:
        for table in RECORD_TABLES:
            names = [
                c.name
                for c in table.__table__.columns
                if c.name not in {"id", "import_id", "recorded_at"}
            ]
            order = ", ".join(names)
            statement = f"SELECT {order} FROM {table.__tablename__} ORDER BY natural_key, id"
            found += [tuple(row) for row in session.execute(text(statement))]
        found += [
            tuple(row)
            for row in session.execute(text("SELECT file_digest, kind, source FROM imports"))
        ]
    database.engine.dispose()
    return found


def kill_at_random_moments(moments: int, sales: Path, folder: Path, server: str | None) -> None:
    chance = random.Random(moments)

    def attempt(number: int, delay: float | None, url: str | None) -> tuple[float, list[object]]:
        own = folder / f"store{number}"
        database = Database(settings(own, url))
        database.migrate()
        with database.writing() as ledger:
            add_founders(ledger, ["F-A"], actor="test")
        database.engine.dispose()
        started = time.monotonic()
        process = start_import(own, url, sales)
        if delay is not None:
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        process.wait()
        took = time.monotonic() - started
        if delay is not None:
            stored = len(rows_of(own, url))
            assert stored in {0, len(undisturbed)}, "a killed import stored a part of its file"
            assert start_import(own, url, sales).wait() == 0
        rows = rows_of(own, url)
        if server is None:
            shutil.rmtree(own)
        return took, list(rows)

    def on_engine(number: int, delay: float | None) -> tuple[float, list[object]]:
        if server is None:
            return attempt(number, delay, None)
        with new_postgresql_database(server) as url:
            return attempt(number, delay, url)

    undisturbed: list[object] = []
    took, rows = on_engine(0, None)
    undisturbed += rows
    assert len(undisturbed) > ROWS
    for number in range(1, moments + 1):
        _, rows = on_engine(number, chance.uniform(0, took))
        # an import that was done when it was killed has two receipts, of the same file
        assert list(dict.fromkeys(rows)) == undisturbed


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def test_an_import_killed_at_some_moments_ends_like_one_that_nobody_disturbed(
    engine: str, sales: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("postgresql_server") if engine == "postgresql" else None
    kill_at_random_moments(3, sales, tmp_path, server)


@pytest.mark.slow
@pytest.mark.parametrize("engine", NAMES)
def test_an_import_killed_at_fifty_moments_ends_like_one_that_nobody_disturbed(
    engine: str, sales: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("postgresql_server") if engine == "postgresql" else None
    kill_at_random_moments(50, sales, tmp_path, server)
