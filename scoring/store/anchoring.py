"""Writing the head's file after a commit: whole or not at all, and never back to an older one."""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scoring.base.errors import InputError, IntegrityError
from scoring.base.settings import Settings
from scoring.store.head import HEAD_FILE, Head, is_signed, read_head

_log = logging.getLogger("foothold")


def head_path(settings: Settings) -> Path:
    """Where the head of an installation's store lies."""
    return settings.data_dir / HEAD_FILE


def anchor(head: Head, settings: Settings) -> None:
    """Write a head where it is newer than the one that is there.

    What is there and was not signed here stays, for `foothold audit verify` to tell. The commit
    is done when this begins, so what goes wrong is logged and stops nobody.
    """
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        with _alone(settings.data_dir):
            there = _there(settings)
            if there is None or (is_signed(there, settings) and there.sequence < head.sequence):
                write_head(head, settings)
            elif not is_signed(there, settings):
                _log.warning("%s was not signed here, so it stays.", head_path(settings))
    except (OSError, InputError) as error:
        _log.warning("The head of the audit chain was not written: %s", error)


def replace_head(head: Head, settings: Settings) -> None:
    """Write a head whatever is there: after a rotation, for which somebody answers by name."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with _alone(settings.data_dir):
        write_head(head, settings)


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
def _alone(folder: Path) -> Iterator[None]:
    """Let no other process write the head meanwhile, or the older could come last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
