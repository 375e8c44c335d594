"""The head of the audit chain, signed and kept outside the store.

The chain alone can't tell that its end was cut off: what is left is a chain too. The head says
how far it went. It lies beside the store as `foothold.head`, is written after each commit, and
can be kept elsewhere: whoever has the store's file has this one too, but not a copy somewhere else.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from scoring.base.canonical import canonical_json
from scoring.base.errors import InputError, IntegrityError
from scoring.base.keys import KeyPurpose
from scoring.base.settings import Settings
from scoring.store.keys import latest_generation
from scoring.store.tables import AuditEvent

FORMAT = "foothold.head/1"
HEAD_FILE = "foothold.head"
HEAD_MISSING = "head.missing"
HEAD_REPLACED = "head.replaced"
RESTORED = "store.restored"

_first = aliased(AuditEvent)
_LAST = (
    select(
        AuditEvent.sequence,
        AuditEvent.digest,
        AuditEvent.at,
        select(_first.digest).where(_first.sequence == 1).scalar_subquery().label("store"),
        latest_generation(KeyPurpose.HEAD).scalar_subquery().label("generation"),
    )
    .order_by(AuditEvent.sequence.desc())
    .limit(1)
)


@dataclass(frozen=True)
class Head:
    """How far the chain of one store goes.

    Attributes:
        store: digest of the chain's first event, which no two stores share.
        sequence: number of the last event.
        digest: of the last event.
        at: its instant, as ISO text.
        generation: of the key that signed the head.
        signature: HMAC-SHA-256 over all that, in hexadecimal digits.
    """

    store: str
    sequence: int
    digest: str
    at: str
    generation: int
    signature: str = ""

    def to_json(self) -> str:
        """One line of canonical JSON."""
        return canonical_json({"format": FORMAT, **asdict(self)})

    @property
    def words(self) -> str:
        """For messages."""
        return f"event {self.sequence} of {datetime.fromisoformat(self.at):%Y-%m-%d %H:%M:%S} UTC"


def parse_head(text: str, *, where: str) -> Head:
    """A head as it was printed or written.

    Raises:
        InputError: the text is none.
    """
    try:
        told: dict[str, Any] = json.loads(text)
        if told.pop("format") != FORMAT:
            raise ValueError
        head = Head(**told)
        datetime.fromisoformat(head.at)
        if type(head.sequence) is not int or type(head.generation) is not int:
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{where} is no head: give what `foothold audit head` printed, or a file of it."
        ) from error
    return head


def head_of(session: Session, settings: Settings) -> Head | None:
    """The head of the chain as it is now, signed; None while the chain is empty."""
    # One statement, since every commit asks it.
    found = session.execute(_LAST).first()
    if found is None:
        return None
    head = Head(
        store=found.store,
        sequence=found.sequence,
        digest=found.digest,
        at=found.at.isoformat(),
        generation=found.generation or 0,
    )
    return replace(head, signature=signature_of(head, settings))


def signature_of(head: Head, settings: Settings) -> str:
    """What the installation signs a head with, by the key of the generation that it names."""
    key = settings.key(KeyPurpose.HEAD, head.generation)
    return hmac.digest(key, replace(head, signature="").to_json().encode(), "sha256").hex()


def is_signed(head: Head, settings: Settings) -> bool:
    """Whether this installation signed a head."""
    return hmac.compare_digest(head.signature.encode(), signature_of(head, settings).encode())


def read_head(path: Path) -> Head:
    """The head in a file.

    Raises:
        IntegrityError: there is none.
        InputError: the file holds something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise IntegrityError(
            f"There is no {path}: nothing outside the store says how far the audit chain went. "
            "If nobody moved it, somebody removed it: compare with a head kept elsewhere "
            "(`foothold audit verify --head HEAD`). The next commit begins it anew, and notes so."
        ) from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is no head: it is not text.") from None
    return parse_head(text, where=str(path))


def verify_head(session: Session, head: Head, settings: Settings, *, where: str) -> None:
    """Check that the chain goes as far as a head says, and on from it.

    A head that is older than the chain is in order: a commit comes before its head.

    Args:
        session: an open transaction, begun after the head was read.
        head: of this store, or one that should be.
        settings: with the secret.
        where: what the head is, for messages.

    Raises:
        IntegrityError: it is of another store, was not signed here, or the chain lacks its event.
    """
    first = _first_digest(session)
    if first is not None and head.store != first:
        raise IntegrityError(f"{where} is the head of another store.")
    if not is_signed(head, settings):
        raise IntegrityError(
            f"{where} was not signed with this installation's key: it was forged, or the secret "
            f"in {settings.secret_words} was exchanged."
        )
    if is_in_chain(session, head):
        return
    restored = _restored_from(session, head)
    if restored is not None:
        raise IntegrityError(
            f"{where} names {head.words}, which the chain has not: a backup was put in the store's "
            f"place on {restored.at:%Y-%m-%d %H:%M} UTC (event {restored.sequence}), and what came "
            "between is lost. Keep a newer head: `foothold audit head`."
        )
    last = session.scalar(select(AuditEvent.sequence).order_by(AuditEvent.sequence.desc()).limit(1))
    if last is None or last < head.sequence:
        raise IntegrityError(
            f"{where} names {head.words}, and the audit chain ends with event {last or 0}: its "
            "last events were cut off, or were lost."
        )
    raise IntegrityError(
        f"{where} names {head.words}, and the chain has another event there: it was written anew."
    )


def is_in_chain(session: Session, head: Head) -> bool:
    """Whether the chain has the very event that a head names."""
    found = select(AuditEvent.digest).where(AuditEvent.sequence == head.sequence)
    return session.scalar(found) == head.digest


def heads_begun_anew(session: Session) -> list[int]:
    """Numbers of the events that tell of a head that was gone, or replaced by somebody's word."""
    actions = (HEAD_MISSING, HEAD_REPLACED)
    events = select(AuditEvent.sequence).where(AuditEvent.action.in_(actions))
    return list(session.scalars(events.order_by(AuditEvent.sequence)))


def _first_digest(session: Session) -> str | None:
    return session.scalar(select(AuditEvent.digest).where(AuditEvent.sequence == 1))


def _restored_from(session: Session, head: Head) -> AuditEvent | None:
    """The restore that is known to have lost a head's events, if there is one."""
    events = select(AuditEvent).where(AuditEvent.action == RESTORED)
    for event in session.scalars(events.order_by(AuditEvent.sequence)):
        known = json.loads(event.details).get("known")
        if known is not None and known["sequence"] >= head.sequence > event.sequence - 1:
            return event
        if known is not None and known["digest"] == head.digest:
            return event
    return None
