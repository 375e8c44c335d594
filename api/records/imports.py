"""Imports asked for over HTTP: in threads of their own, and once for each idempotency key.

A key is kept in the transaction of the import that it asked for, so that both stand or neither.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.problems import RequestRefusedError
from scoring.base.canonical import canonical_json, digest
from scoring.base.errors import ConflictError, NotFoundError
from scoring.intake.importing import (
    Checked,
    Permit,
    Request,
    check_file,
    preview_records,
    store_checked,
)
from scoring.store.database import Database
from scoring.store.tables import ImportWithdrawal, RecordRequest

# An import waits for the one writer while it holds its thread. With more of them than one that
# reads its file and one that writes, the threads that answer for scores would stand in line.
_THREADS = 2
# What a receipt quotes of its file. It may name people, so it is read from the file again.
_QUOTED = ("file", "used", "ignored_columns", "notes")


@dataclass(frozen=True)
class Asked:
    """What one sender asks for.

    Attributes:
        request: the import.
        options: all that was said beside the content and changes what it comes to.
        permit: refuses what the sender may not send.
    """

    request: Request
    options: Mapping[str, Any]
    permit: Permit | None = None


def importers() -> ThreadPoolExecutor:
    """The threads of an application's imports."""
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="import")


def preview(database: Database, path: Path, asked: Asked) -> dict[str, Any]:
    """What an import would come to.

    Raises:
        FileError: the file can't be used.
        RequestRefusedError: the founder named is not on file.
    """
    try:
        return preview_records(database, path, asked.request, permit=asked.permit).as_dict()
    except NotFoundError as error:
        raise _unknown_founder() from error


def import_once(
    database: Database, path: Path, asked: Asked, *, key: str
) -> tuple[dict[str, Any], bool]:
    """Import a file, unless this key came with it before; then its receipt is given again.

    Leave to send has to stand for a receipt given again as for a new one.

    Args:
        database: the store.
        path: the file.
        asked: what is asked for.
        key: the sender's own.

    Returns:
        The receipt, and whether it is given again.

    Raises:
        ConflictError: the key came with another file or other options before.
        FileError: the file can't be used; nothing was stored.
        RequestRefusedError: the founder named is not on file.
    """
    checked = check_file(database, path, asked.request)
    content = digest(canonical_json([checked.container.digest, asked.options]))
    with database.writing() as ledger:
        if asked.permit is not None:
            asked.permit(ledger, checked)
        used = _used(ledger.session, asked.request.author, key)
        if used is not None:
            if used.request_digest != content:
                raise ConflictError(
                    "This Idempotency-Key came with another file or other options before. Take a "
                    "new key for a new file."
                )
            _refuse_withdrawn(ledger.session, json.loads(used.receipt)["import_id"])
            return json.loads(used.receipt) | _quoted(checked), True
        try:
            receipt = store_checked(database, ledger, checked, asked.request, None).as_dict()
        except NotFoundError as error:
            raise _unknown_founder() from error
        ledger.session.add(
            RecordRequest(
                sender=asked.request.author,
                key=key,
                request_digest=content,
                receipt=canonical_json(_without_quotes(receipt)),
                created_at=ledger.now,
            )
        )
    return receipt, False


def _used(session: Session, sender: str, key: str) -> RecordRequest | None:
    return session.scalars(
        select(RecordRequest).where(RecordRequest.sender == sender, RecordRequest.key == key)
    ).first()


def _refuse_withdrawn(session: Session, import_id: int) -> None:
    """A receipt is not given again for records that stand no more."""
    statement = select(ImportWithdrawal.import_id).where(ImportWithdrawal.import_id == import_id)
    if session.scalar(statement) is not None:
        raise ConflictError(
            f"The import of this Idempotency-Key, {import_id}, was withdrawn. Take a new key to "
            "send the records again."
        )


def _without_quotes(receipt: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in receipt.items() if name not in _QUOTED}


def _quoted(checked: Checked) -> dict[str, Any]:
    reading = checked.reading
    return {
        "file": checked.container.name,
        "used": dict(reading.used),
        "ignored_columns": reading.ignored,
        "notes": reading.notes,
    }


def _unknown_founder() -> RequestRefusedError:
    return RequestRefusedError("founder", "No founder is on file under this reference.")
