"""Putting a backup where no store is: checked whole before anything gets its place.

A store from a backup has forgotten what came after it: links that were spent would open again, so
all links end; consents that were withdrawn since stand again, so somebody has to ask.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, cast

from scoring.base.errors import ConflictError, InputError
from scoring.base.keys import KeyPurpose
from scoring.base.settings import SECRET_FILE, Settings
from scoring.store.anchoring import write_head
from scoring.store.archive import FILES, FOLDERS, STORE, Manifest, read_archive
from scoring.store.audit import append_event
from scoring.store.backup import make_one_file
from scoring.store.database import Database
from scoring.store.encryption import MAGIC, DecryptedReader
from scoring.store.head import HEAD_FILE, RESTORED, Head, is_signed, verify_head
from scoring.store.keys import require_own_secret, rotate_key
from scoring.store.schema import schema_name
from scoring.store.verification import verify_store

_FOLDER = ".restoring"


@dataclass(frozen=True)
class Restored:
    """What was restored.

    Attributes:
        head: of the chain in the backup.
        known: the later head that was given, if one was.
        lost_from: the instant after which records may be missing.
        lost_events: how many events are known to be missing; None where no head was given, and 0
            where the one given is no later than the backup, so that it can't tell.
    """

    head: Head
    known: Head | None
    lost_from: datetime
    lost_events: int | None


def restore(
    settings: Settings, path: Path, *, by: str, passphrase: bytes | None, known: Head | None
) -> Restored:
    """Put a backup in a data folder that holds no store.

    Args:
        settings: of the installation to be; the store goes where they say.
        path: of the backup.
        by: who does this.
        passphrase: that it was encrypted with.
        known: a head that was kept elsewhere, to say how much is lost.

    Raises:
        ConflictError: there is a store, or the secret is not the backup's.
        InputError: the file is no backup, or the passphrase is not the one.
        IntegrityError: the backup is not what its manifest, chain or head say.
    """
    if not settings.url.startswith("sqlite:"):
        raise InputError(
            "`foothold restore` makes stores on SQLite, and FOOTHOLD_DATABASE_URL names "
            "PostgreSQL: restore with pg_restore, as docs/operator.md says."
        )
    store = Path(settings.url.removeprefix("sqlite:///"))
    _refuse_what_is_there(settings, store)
    with _folder_beside(settings.data_dir) as folder:
        with path.open("rb") as file:
            manifest = read_archive(_plain(file, passphrase), folder)
        found = _prepared(settings, folder, manifest, by=by, known=known)
        _refuse_what_is_there(settings, store)
        _put_in_place(folder, settings.data_dir, store)
    return found


def _prepared(
    settings: Settings, folder: Path, manifest: Manifest, *, by: str, known: Head | None
) -> Restored:
    """Check what was read, in the folder where it lies, and note the restore in its chain."""
    if manifest.schema != schema_name():
        raise ConflictError(
            f"The backup has the schema {manifest.schema}, and this version of Foothold has "
            f"{schema_name()}. Restore it with the version that made it; nothing was restored."
        )
    if not settings.secret_key and not (folder / SECRET_FILE).exists():
        raise ConflictError(
            "The backup holds no secret, since it was set in the environment: set "
            "FOOTHOLD_SECRET_KEY to the same. Nothing was restored."
        )
    own = settings.model_copy(update={"data_dir": folder, "database_url": None})
    database = Database(own)
    try:
        with database.reading() as session:
            require_own_secret(session, own)
            verify_store(session)
            verify_head(session, manifest.head, own, where="The backup's head")
            if known is not None and not is_signed(known, own):
                raise InputError("The head given was not signed with the backup's secret.")
            if known is not None and known.sequence <= manifest.head.sequence:
                verify_head(session, known, own, where="The head given")
        write_head(manifest.head, own)
        with database.writing() as ledger:
            append_event(
                ledger,
                actor=by,
                action=RESTORED,
                details={
                    "backup": asdict(manifest.head),
                    "known": None if known is None else asdict(known),
                },
            )
            rotate_key(ledger, KeyPurpose.LINKS, by=by)
    finally:
        database.engine.dispose()
    make_one_file(folder / STORE)
    lost = None if known is None else max(0, known.sequence - manifest.head.sequence)
    at = datetime.fromisoformat(manifest.head.at)
    return Restored(manifest.head, known, at, lost)


def _plain(file: IO[bytes], passphrase: bytes | None) -> IO[bytes]:
    is_encrypted = file.read(len(MAGIC)) == MAGIC
    file.seek(0)
    if not is_encrypted:
        if passphrase is not None:
            raise InputError(
                "The backup is not encrypted, so anybody may have read or changed it. If you took "
                "it without a passphrase, leave --passphrase-env out; nothing was restored."
            )
        return file
    if passphrase is None:
        raise InputError(
            "The backup is encrypted: put its passphrase in an environment variable and name it "
            "with --passphrase-env."
        )
    return cast(IO[bytes], DecryptedReader(file, passphrase))


def _refuse_what_is_there(settings: Settings, store: Path) -> None:
    own = (SECRET_FILE, HEAD_FILE, *FILES, *FOLDERS)
    for there in (store, *(settings.data_dir / name for name in own)):
        if there.exists():
            raise ConflictError(
                f"{there} is there already, and a restore never overwrites. Set FOOTHOLD_DATA_DIR "
                "to an empty folder, or move away what is in this one."
            )


def _put_in_place(folder: Path, data_dir: Path, store: Path) -> None:
    """Give all files their names, the store last: where it is, all is."""
    for there in sorted(folder.iterdir()):
        if there.name != STORE:
            os.rename(there, data_dir / there.name)
    store.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder / STORE, store)


@contextmanager
def _folder_beside(data_dir: Path) -> Iterator[Path]:
    """A folder inside the data folder, which goes with all that is in it when anything fails."""
    was_there = data_dir.exists()
    folder = data_dir / _FOLDER
    if folder.exists():  # of a restore that was killed
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        if not was_there:
            data_dir.rmdir()
        raise
    shutil.rmtree(folder)
