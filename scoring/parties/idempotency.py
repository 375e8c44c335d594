"""Idempotency keys: a request that comes again with its key is answered as it was the first time.

The key is kept in the transaction of what it asked for, so that both stand or neither. Writing
transactions follow each other, so of several requests at once with one key the first is carried
out and the others find its answer; none is refused for being at work still.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.canonical import canonical_json, digest
from scoring.base.errors import InputError
from scoring.parties.readable import readable_by
from scoring.parties.scopes import Sender
from scoring.store.ledger import Ledger
from scoring.store.tables import IdempotencyKey

KEY_FORM = r"^[\x21-\x7e]{1,200}$"


class Answer(StrEnum):
    """What a request was answered with."""

    SCORE = "score"
    RECEIPT = "receipt"


class KeyReusedError(InputError):
    """A key came with another request before."""

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key came with another request before. Take a new key for a new "
            "request."
        )


@dataclass(frozen=True)
class KeyedRequest:
    """A request with an idempotency key.

    Attributes:
        sender: who asks; a key is its sender's own.
        key: the sender's text.
        request_digest: of all that was asked for.
    """

    sender: Sender
    key: str
    request_digest: str

    def answered_before(self, session: Session) -> IdempotencyKey | None:
        """What this request was answered with before, or None.

        Raises:
            KeyReusedError: the key came with another request.
        """
        used = session.scalars(
            select(IdempotencyKey).where(
                readable_by(self.sender, IdempotencyKey), IdempotencyKey.key == self.key
            )
        ).first()
        if used is not None and used.request_digest != self.request_digest:
            raise KeyReusedError
        return used

    def remember(
        self, ledger: Ledger, answer: Answer, reference: str, content: str | None = None
    ) -> None:
        """Keep what this request was answered with, in the transaction that did it.

        Args:
            ledger: the open transaction.
            answer: what it was answered with.
            reference: of the score, or number of the import.
            content: the answer as canonical JSON, where it can't be made again from the reference.
        """
        ledger.session.add(
            IdempotencyKey(
                sender=self.sender.actor,
                key=self.key,
                request_digest=self.request_digest,
                answer=answer.value,
                reference=reference,
                content=content,
                created_at=ledger.now,
            )
        )
        ledger.session.flush()


def request_digest(operation: str, asked: Any) -> str:
    """What tells one request from another: the operation, and all that was asked of it.

    Args:
        operation: such as `scores`; one key never stands for two of them.
        asked: plain data.
    """
    return digest(canonical_json([operation, asked]))
