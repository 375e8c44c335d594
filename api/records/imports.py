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
from scoring.base.canonical import canonical_json
from scoring.base.errors import ConflictError, NotFoundError
from scoring.intake.importing import (
    Checked,
    Permit,
    Request,
    check_file,
    preview_records,
    store_checked,
)
from scoring.parties.idempotency import Answer, KeyedRequest, request_digest
from scoring.parties.readable import readable_by
from scoring.parties.scopes import Sender
from scoring.store.database import Database
from scoring.store.tables import IdempotencyKey, ImportWithdrawal

# An import waits for the one writer while it holds its thread. With more of them than one that
# reads its file and one that writes, the threads that answer for scores would stand in line.
_THREADS = 2
# What a receipt quotes of its file. It may name people, so it is read from the file again.
_QUOTED = ("file", "used", "ignored_columns", "notes")


@dataclass(frozen=True)
class Asked:
    """What one sender asks for.

    Attributes:
        sender: who asks.
        request: the import.
        options: all that was said beside the content and changes what it comes to.
        permit: refuses what the sender may not send.
    """

    sender: Sender
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
        KeyReusedError: the key came with another file or other options before.
        ConflictError: the records that it came with were withdrawn.
        FileError: the file can't be used; nothing was stored.
        RequestRefusedError: the founder named is not on file.
    """
    checked = check_file(database, path, asked.request)
    request = KeyedRequest(
        asked.sender, key, request_digest("records", [checked.container.digest, asked.options])
    )
    with database.writing() as ledger:
        if asked.permit is not None:
            asked.permit(ledger, checked)
        answered = request.answered_before(ledger.session)
        if answered is not None:
            _refuse_withdrawn(ledger.session, asked.sender, int(answered.reference))
            return _receipt_kept(answered) | _quoted(checked), True
        try:
            receipt = store_checked(database, ledger, checked, asked.request, None).as_dict()
        except NotFoundError as error:
            raise _unknown_founder() from error
        kept = canonical_json(_without_quotes(receipt))
        request.remember(ledger, Answer.RECEIPT, str(receipt["import_id"]), kept)
    return receipt, False


def _receipt_kept(answered: IdempotencyKey) -> dict[str, Any]:
    receipt: dict[str, Any] = json.loads(answered.content or "")
    return receipt


def _refuse_withdrawn(session: Session, sender: Sender, import_id: int) -> None:
    """A receipt is not given again for records that stand no more."""
    withdrawn = select(ImportWithdrawal.import_id).where(
        readable_by(sender, ImportWithdrawal), ImportWithdrawal.import_id == import_id
    )
    if session.scalar(withdrawn) is not None:
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
