"""Backing up a store on SQLite while it serves: one file, whole or not at all.

The store is copied by SQLite's own backup, in one step on one snapshot, so what lies in its
write-ahead log is in it and writers go on meanwhile.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from scoring.base.errors import ConflictError, InputError, IntegrityError
from scoring.base.settings import SECRET_FILE, Settings
from scoring.store.anchoring import head_path
from scoring.store.archive import FILES, FOLDERS, STORE, write_archive
from scoring.store.audit import append_event
from scoring.store.database import PATIENCE_SECONDS, Database
from scoring.store.encryption import EncryptedWriter
from scoring.store.head import Head, head_of, read_head, verify_head
from scoring.store.keys import require_own_secret
from scoring.store.schema import schema_name

BACKUP_BEGUN = "backup.begun"
_COPY = ".backup"


@dataclass(frozen=True)
class BackedUp:
    """A backup that was written.

    Attributes:
        path: where.
        size: in bytes.
        head: of the chain in it.
        members: its files by name.
        holds_secret: whether the secret is in it; else it is set in the environment.
    """

    path: Path
    size: int
    head: Head
    members: tuple[str, ...]
    holds_secret: bool


def back_up(database: Database, path: Path, *, by: str, passphrase: bytes | None) -> BackedUp:
    """Copy store, secret and artefacts into one file; others read and write meanwhile.

    That it was begun is noted in the audit chain, since everybody's records leave with it.

    Args:
        database: the store, on SQLite.
        path: of the file; it has another name until it is whole.
        by: who does this.
        passphrase: to encrypt it with; plain when None.

    Raises:
        ConflictError: the file is there already, or another backup is under way.
        InputError: the store is on PostgreSQL, or the folder is not there.
        IntegrityError: the chain is not what its head says, so a good backup could be lost for it.
    """
    settings = database.settings
    if database.engine.dialect.name != "sqlite":
        raise InputError(
            "`foothold backup` copies stores on SQLite. This one is on PostgreSQL: take it with "
            "pg_dump, with the secret and the head, as docs/operator.md says."
        )
    if path.exists():
        raise ConflictError(f"{path} is there already; a backup is never overwritten.")
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent}.")
    with _alone(settings.data_dir) as folder:
        with database.writing() as ledger:
            append_event(
                ledger,
                actor=by,
                action=BACKUP_BEGUN,
                details={"encrypted": passphrase is not None},
            )
        beside = read_head(head_path(settings))  # before the copy, which then goes at least so far
        copied = _copy(database, folder)
        head = _checked_head(settings, copied, beside)
        members = {STORE: copied} | _files(settings)
        _write(path, members, head, passphrase)
    return BackedUp(path, path.stat().st_size, head, tuple(members), SECRET_FILE in members)


def _copy(database: Database, folder: Path) -> Path:
    copied = folder / STORE
    copied.touch(mode=0o600)
    with (
        closing(sqlite3.connect(str(database.engine.url.database))) as source,
        closing(sqlite3.connect(copied)) as target,
    ):
        source.execute(f"PRAGMA busy_timeout={PATIENCE_SECONDS * 1000:.0f}")
        source.backup(target)
    return copied


def _checked_head(settings: Settings, copied: Path, beside: Head) -> Head:
    """The head of the copy, after checking that it goes on from the one beside the store."""
    of_copy = settings.model_copy(update={"database_url": f"sqlite:///{copied}"})
    database = Database(of_copy)
    try:
        with database.reading() as session:
            require_own_secret(session, settings)
            verify_head(session, beside, settings, where=str(head_path(settings)))
            head = head_of(session, settings)
            if head is None:
                raise IntegrityError("The audit chain of the store is empty.")
    finally:
        database.engine.dispose()
    make_one_file(copied)
    return head


def make_one_file(path: Path) -> None:
    """Let SQLite bring all of a store that nobody has open into its one file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _files(settings: Settings) -> dict[str, Path]:
    found = {}
    if not settings.secret_key:
        found[SECRET_FILE] = settings.data_dir / SECRET_FILE
    for name in FILES:
        if (settings.data_dir / name).is_file():
            found[name] = settings.data_dir / name
    for folder in FOLDERS:
        for path in sorted((settings.data_dir / folder).glob("[!.]*")):
            if path.is_file():
                found[f"{folder}/{path.name}"] = path
    return found


def _write(path: Path, members: dict[str, Path], head: Head, passphrase: bytes | None) -> None:
    written = path.with_name(f".{path.name}.part")
    written.unlink(missing_ok=True)  # of a backup that was killed
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if passphrase is None:
                write_archive(file, members, schema=schema_name(), head=head)
            else:
                with EncryptedWriter(file, passphrase) as sealed:
                    stream = cast(IO[bytes], sealed)
                    write_archive(stream, members, schema=schema_name(), head=head)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            raise ConflictError(f"{path} has come meanwhile; a backup is never overwritten.")
        os.replace(written, path)
    except BaseException:
        written.unlink(missing_ok=True)
        raise
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _alone(data_dir: Path) -> Iterator[Path]:
    """A folder for the copy, beside the store; what a killed backup left in it is removed."""
    folder = data_dir / _COPY
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConflictError("Another backup of this store is under way.") from None
        _clear(folder)
        try:
            yield folder
        finally:
            _clear(folder)
    finally:
        os.close(descriptor)


def _clear(folder: Path) -> None:
    for left in folder.iterdir():
        left.unlink()
