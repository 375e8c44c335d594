"""The database: engine, schema, and transactions that happen one after the other.

Every writing transaction first takes the one writer's lock (SQLite: BEGIN IMMEDIATE; PostgreSQL:
an advisory transaction lock) and only then reads the clock. So instants of recording follow the
order of commits, and "what was known at T" means the same a year later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from scoring.base.calendar import today
from scoring.base.errors import ConflictError, UnavailableError
from scoring.base.settings import Settings
from scoring.store.anchoring import anchor, head_path, refuses_to_move, warn_of_head
from scoring.store.audit import append_event
from scoring.store.head import HEAD_MISSING, Head, head_of
from scoring.store.keys import keep_check, require_own_secret
from scoring.store.ledger import Ledger
from scoring.store.schema import schema_name
from scoring.store.sealing import (
    WRITER,
    has_written,
    note_statement,
    noting_what_is_written,
    seal,
)
from scoring.store.tables import AuditEvent

PATIENCE_SECONDS = 60.0  # how long a writer waits for another
_WRITER_LOCK = 0x466F6F74  # "Foot"


class Database:
    """The store of one installation.

    Args:
        settings: where the store is and in which zone its days end.
        clock: what tells the time; tests set it.
    """

    def __init__(self, settings: Settings, clock: Callable[[], datetime] | None = None) -> None:
        self.settings = settings
        self.clock = clock or (lambda: datetime.now(UTC))
        self.engine = _engine(settings.url)
        self._head_was_there = False

    @property
    def today(self) -> date:
        """The current day in the installation's zone."""
        return today(self.clock(), self.settings.zone)

    @property
    def exists(self) -> bool:
        """Whether a store was made; one on a server counts as made."""
        return self.engine.dialect.name != "sqlite" or Path(str(self.engine.url.database)).exists()

    def migrate(self) -> None:
        """Create the schema where there is none.

        Raises:
            ConflictError: the store was made by a version with other tables.
            UnavailableError: the database can't be reached.
        """
        if self.engine.dialect.name == "sqlite":
            path = Path(str(self.engine.url.database))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)  # it holds everybody's records; SQLite's other files follow it
        # Here, since every command would take a sixth longer to start that loads Alembic.
        from scoring.store.migrations.upgrading import upgrade

        with _reached(), self.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})"))
            _refuse_another_schema(self.engine, _schema_of(connection))
            upgrade(connection)

    def require_schema(self) -> None:
        """Say what to do when the store was never made, or by a version with other tables.

        Raises:
            ConflictError: the schema is not that of this version, or the secret is not the store's.
            UnavailableError: the database can't be reached.
        """
        if not self.exists:
            where = self.engine.url.database
            raise ConflictError(f"There is no store at {where}. Run `foothold init` first.")
        with _reached(), self.engine.connect() as connection:
            found = _schema_of(connection)
        if found is None:
            raise ConflictError("The store is empty: it has no schema yet. Run `foothold init`.")
        _refuse_another_schema(self.engine, found)
        with self.reading() as session:
            require_own_secret(session, self.settings)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads, on one snapshot.

        Raises:
            UnavailableError: the database can't be reached.
        """
        with _reached(), Session(self.engine, expire_on_commit=False) as session:
            if self.engine.dialect.name == "postgresql":
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    @contextmanager
    def writing(self) -> Iterator[Ledger]:
        """A transaction that appends; committed once, at its end, or not at all.

        Its last event answers for all rows that it wrote, and the head outside follows it.

        Raises:
            UnavailableError: another writer takes too long, or the database can't be reached.
            ConflictError: the secret is not the one that the store was begun with.
        """
        engine = self.engine.execution_options(begin="IMMEDIATE")
        head = None
        with (
            _reached(),
            Session(engine, expire_on_commit=False) as session,
            session.begin() as transaction,
        ):
            if engine.dialect.name == "postgresql":
                patience = f"{PATIENCE_SECONDS * 1000:.0f}ms"
                session.execute(select(func.set_config("lock_timeout", patience, True)))
                session.execute(select(func.pg_advisory_xact_lock(_WRITER_LOCK)))
            last = last_recorded(session)
            now = self.clock()
            if last is not None:  # clocks may be set back; the ledger's order may not
                now = max(now, last + timedelta(microseconds=1))
            ledger = Ledger(session=session, now=now)
            with noting_what_is_written(session):
                yield ledger
                if transaction.is_active:  # else whoever wrote took it all back
                    self._conclude(ledger)
                    head = self._next_head(ledger)
        if head is not None:
            anchor(head, self.settings)

    def _conclude(self, ledger: Ledger) -> None:
        """Append what answers for the transaction's rows, and for a head that is gone."""
        ledger.session.flush()
        if has_written(ledger.session):
            keep_check(ledger, self.settings)
            seal(ledger)
        self._note_missing_head(ledger)

    def _next_head(self, ledger: Ledger) -> Head | None:
        """The head to write after the commit; None where nothing was appended, or it must stay."""
        head = head_of(ledger.session, self.settings)
        if head is None or datetime.fromisoformat(head.at) != ledger.now:
            return None
        why = refuses_to_move(ledger.session, self.settings)
        if why is not None:
            warn_of_head(why)
            return None
        return head

    def _note_missing_head(self, ledger: Ledger) -> None:
        """Tell once that nothing outside said how far the chain went before this transaction."""
        path = head_path(self.settings)
        if self._head_was_there or path.exists():
            self._head_was_there = True
            return
        first = select(AuditEvent.at).where(AuditEvent.sequence == 1)
        begun, last = ledger.session.scalar(first), last_recorded(ledger.session)
        if begun is not None and begun < ledger.now == last:
            append_event(ledger, actor=WRITER, action=HEAD_MISSING)
            self._head_was_there = True


def last_recorded(session: Session) -> datetime | None:
    """The instant of the last event that the session's snapshot holds; None on an empty store.

    Unlike the clock's reading it names a state of the records: an import that is being written has
    its instant already, and will be there when somebody asks again. Events are in the order of
    their instants, so the last is found by its number and no event is scanned for it.
    """
    return session.scalar(select(AuditEvent.at).order_by(AuditEvent.sequence.desc()).limit(1))


def _refuse_another_schema(engine: Engine, found: str | None) -> None:
    if found is None or found == schema_name():
        return
    if engine.dialect.name == "sqlite":
        other = "set FOOTHOLD_DATA_DIR to another folder"
    else:
        other = "name another, empty database in FOOTHOLD_DATABASE_URL"
    raise ConflictError(
        f"The store at {engine.url.render_as_string(hide_password=True)} has the schema {found}, "
        f"and this version of Foothold has {schema_name()}. Nothing was changed. Before the first "
        f"release no store is carried from one schema to another: {other}, run `foothold init` and "
        "import the files again; or go on with the version that made this store."
    )


def _schema_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise UnavailableError(
            f"The database is busy or can't be reached ({type(error.orig).__name__}); nothing was "
            "stored. Try again when no other import is under way; check FOOTHOLD_DATABASE_URL and "
            "that the server runs."
        ) from error


def _engine(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=make_url(url).get_backend_name() != "sqlite")
    event.listen(engine, "before_cursor_execute", note_statement)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy begins them
    for pragma in (
        f"busy_timeout={PATIENCE_SECONDS * 1000:.0f}",  # first, since the others may have to wait
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "recursive_triggers=ON",  # or REPLACE would remove rows unseen by the append-only triggers
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")
