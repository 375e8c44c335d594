"""The store's own keys: whether the secret is the one it was begun with, and rotations."""

from __future__ import annotations

import hmac

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from scoring.base.errors import ConflictError, InputError
from scoring.base.keys import KeyPurpose
from scoring.base.settings import Settings
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.tables import KeyCheck, KeyRotation

ROTATING = (KeyPurpose.LINKS, KeyPurpose.HEAD)


def require_own_secret(session: Session, settings: Settings) -> None:
    """Refuse to go on with another secret than the store was begun with.

    Raises:
        ConflictError: it is another one; links would not open, nobody would be recognised.
    """
    _knows_secret(session, settings)


def keep_check(ledger: Ledger, settings: Settings) -> None:
    """Let the store know its secret from its first row on.

    Raises:
        ConflictError: the secret is another one than before.
    """
    if not _knows_secret(ledger.session, settings):
        ledger.session.add(KeyCheck(check_value=_check_value(settings), made_at=ledger.now))
        ledger.session.flush()


def generation_of(session: Session, purpose: KeyPurpose) -> int:
    """How often the key of a purpose was rotated."""
    return session.scalar(latest_generation(purpose)) or 0


def latest_generation(purpose: KeyPurpose) -> Select[int | None]:
    """The statement that finds how often the key of a purpose was rotated; none where never."""
    return select(func.max(KeyRotation.generation)).where(KeyRotation.purpose == purpose.value)


def rotate_key(ledger: Ledger, purpose: KeyPurpose, *, by: str) -> int:
    """Go on with another key for a purpose; what the one before signed ends, or is kept as such.

    Links and open pages end. Heads that were signed before name their generation, and are still
    checked with its key.

    Returns:
        The new generation.

    Raises:
        InputError: the key of this purpose can't be rotated.
    """
    if purpose not in ROTATING:
        raise InputError(
            f"The key for {purpose} can't be rotated; those for {' and '.join(ROTATING)} can. With "
            "another key for hashing, people and buyers of earlier imports would not be recognised "
            "in later ones; sessions go with links."
        )
    generation = generation_of(ledger.session, purpose) + 1
    ledger.session.add(
        KeyRotation(
            purpose=purpose.value, generation=generation, rotated_by=by, rotated_at=ledger.now
        )
    )
    ledger.session.flush()
    append_event(
        ledger,
        actor=by,
        action="key.rotated",
        details={"purpose": purpose.value, "generation": generation},
    )
    return generation


def _knows_secret(session: Session, settings: Settings) -> bool:
    """Whether the store was begun, and then with this secret."""
    known = session.scalar(select(KeyCheck.check_value).order_by(KeyCheck.id).limit(1))
    if known is None:
        return False
    if not settings.has_secret:
        raise ConflictError(
            f"There is no secret at {settings.secret_words}, and this store was begun with one. "
            "Without it links would not open, and people and buyers would not be recognised. Put "
            "it back, from your backup; none was made and nothing was changed."
        )
    if not hmac.compare_digest(known, _check_value(settings)):
        raise ConflictError(
            f"The secret in {settings.secret_words} is not the one that this store was begun with. "
            "With another one, links would not open, and people and buyers would not be "
            "recognised. Put the right one back, from your backup; nothing was changed."
        )
    return True


def _check_value(settings: Settings) -> str:
    return settings.key(KeyPurpose.CHECK).hex()
