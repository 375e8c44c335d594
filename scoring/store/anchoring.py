"""Writing the head's file after a commit: whole or not at all, and never back to an older one."""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.orm import Session

from scoring.base.errors import InputError, IntegrityError
from scoring.base.settings import Settings
from scoring.store.head import (
    HEAD_FILE,
    Head,
    is_in_chain,
    is_signed,
    read_head,
)

_log = logging.getLogger("foothold")


def head_path(settings: Settings) -> Path:
    """Where the head of an installation's store lies."""
    return settings.data_dir / HEAD_FILE


def refuses_to_move(session: Session, settings: Settings) -> str | None:
    """Why the head that lies beside the store must stay, in words; None where it may move on.

    A head that was not signed here, or whose event the chain has lost, is what tells of it.
    """
    try:
        there = _there(settings)
    except (OSError, InputError) as error:
        return str(error)
    if there is None:
        return None
    if not is_signed(there, settings):
        return f"{head_path(settings)} was not signed here."
    if not is_in_chain(session, there):
        return f"{head_path(settings)} names {there.words}, which the audit chain has not."
    return None


def anchor(head: Head, settings: Settings) -> None:
    """Write a head where it is newer than the one that is there.

    The commit is done when this begins, so what goes wrong is logged and stops nobody.
    """
    try:
        with head_alone(settings.data_dir):
            there = _there(settings)
            if there is None or there.sequence < head.sequence:
                write_head(head, settings)
    except (OSError, InputError) as error:
        warn_of_head(str(error))


def warn_of_head(why: str) -> None:
    """Tell in the log that the head stays as it is."""
    _log.warning(
        "The head of the audit chain was not written: %s See `foothold audit verify`.", why
    )


def write_head(head: Head, settings: Settings) -> None:
    """Write the whole file or nothing; only the installation's user may read it."""
    path = head_path(settings)
    descriptor, written = tempfile.mkstemp(dir=path.parent, prefix=".head-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(head.to_json() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(written, path)
    except BaseException:
        Path(written).unlink(missing_ok=True)
        raise


def _there(settings: Settings) -> Head | None:
    try:
        return read_head(head_path(settings))
    except IntegrityError:  # there is none
        return None


@contextmanager
def head_alone(folder: Path) -> Iterator[None]:
    """Let no other process write the head meanwhile, or the older could come last."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
