"""API keys of lenders and operators: issued, revoked, and the scope that a key opens."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.errors import ConflictError, InputError, NotFoundError
from scoring.parties.references import REFERENCE
from scoring.parties.scopes import AUTHENTICATED, LenderScope, OperatorScope
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.tables import (
    ApiKey,
    ApiKeyRevocation,
    Lender,
    OperatorKey,
    OperatorKeyRevocation,
)

_LENDERS, _OPERATORS = "fh", "fo"  # what a key begins with tells whose it is


def issue_key(ledger: Ledger, lender: Lender, *, actor: str) -> str:
    """Make a lender's API key `fh_IDENTIFIER_SECRET`; it is shown now and never again."""
    identifier, key = _new_key(_LENDERS)
    ledger.session.add(
        ApiKey(
            lender_id=lender.id, identifier=identifier, digest=_digest(key), issued_at=ledger.now
        )
    )
    ledger.session.flush()
    append_event(
        ledger,
        actor=actor,
        action="key.issued",
        details={"lender": lender.reference, "key": identifier},
    )
    return key


def issue_operator_key(ledger: Ledger, operator: str, *, actor: str) -> str:
    """Make an operator's API key `fo_IDENTIFIER_SECRET`; it is shown now and never again.

    Args:
        ledger: the open transaction.
        operator: name of who will send records, for receipts and the audit chain.
        actor: who issues it.

    Raises:
        InputError: the name has characters that it may not have.
    """
    if not REFERENCE.fullmatch(operator):
        raise InputError(
            f"\"{operator}\" can't be an operator's name: up to 64 letters, digits and ._:- only."
        )
    identifier, key = _new_key(_OPERATORS)
    ledger.session.add(
        OperatorKey(
            operator=operator, identifier=identifier, digest=_digest(key), issued_at=ledger.now
        )
    )
    ledger.session.flush()
    append_event(
        ledger,
        actor=actor,
        action="key.issued",
        details={"operator": operator, "key": identifier},
    )
    return key


def revoke_key(ledger: Ledger, identifier: str, *, actor: str) -> None:
    """End a lender's or an operator's API key, given whole or by its identifier.

    Args:
        ledger: the open transaction.
        identifier: the key, or its part after `fh_` or `fo_`.
        actor: who revokes it.

    Raises:
        NotFoundError: there is no such key.
        ConflictError: it was revoked before.
    """
    for beginning in (_LENDERS, _OPERATORS):
        identifier = identifier.removeprefix(f"{beginning}_")
    identifier = identifier.partition("_")[0]
    key = _key_under(ledger.session, identifier)
    if key is None:
        raise NotFoundError(f'There is no API key "{identifier}".')
    ending = _end_of(key, at=ledger.now)
    if ledger.session.get(type(ending), key.id):
        raise ConflictError(f'The API key "{identifier}" was revoked before.')
    ledger.session.add(ending)
    ledger.session.flush()
    append_event(ledger, actor=actor, action="key.revoked", details={"key": identifier})


def scope_of_key(session: Session, key: str) -> LenderScope | OperatorScope | None:
    """The scope of whom this valid key was issued to; None for any other text."""
    return _lender_scope(session, key) or _operator_scope(session, key)


def _lender_scope(session: Session, key: str) -> LenderScope | None:
    identifier = _identifier(key, _LENDERS)
    if identifier is None:
        return None
    found = session.execute(
        select(ApiKey, Lender)
        .join(Lender, Lender.id == ApiKey.lender_id)
        .outerjoin(ApiKeyRevocation, ApiKeyRevocation.api_key_id == ApiKey.id)
        .where(ApiKey.identifier == identifier, ApiKeyRevocation.api_key_id.is_(None))
    ).first()
    if found is None or not hmac.compare_digest(found.ApiKey.digest, _digest(key)):
        return None
    return LenderScope(AUTHENTICATED, lender=found.Lender)


def _operator_scope(session: Session, key: str) -> OperatorScope | None:
    identifier = _identifier(key, _OPERATORS)
    if identifier is None:
        return None
    found = session.scalars(
        select(OperatorKey)
        .outerjoin(OperatorKeyRevocation, OperatorKeyRevocation.operator_key_id == OperatorKey.id)
        .where(
            OperatorKey.identifier == identifier,
            OperatorKeyRevocation.operator_key_id.is_(None),
        )
    ).first()
    if found is None or not hmac.compare_digest(found.digest, _digest(key)):
        return None
    return OperatorScope(AUTHENTICATED, name=found.operator)


def _new_key(beginning: str) -> tuple[str, str]:
    identifier, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    return identifier, f"{beginning}_{identifier}_{secret}"


def _identifier(key: str, beginning: str) -> str | None:
    parts = key.split("_", 2)
    return parts[1] if len(parts) == 3 and parts[0] == beginning else None


def _key_under(session: Session, identifier: str) -> ApiKey | OperatorKey | None:
    of_lender = select(ApiKey).where(ApiKey.identifier == identifier)
    of_operator = select(OperatorKey).where(OperatorKey.identifier == identifier)
    return session.scalars(of_lender).first() or session.scalars(of_operator).first()


def _end_of(key: ApiKey | OperatorKey, *, at: datetime) -> ApiKeyRevocation | OperatorKeyRevocation:
    if isinstance(key, ApiKey):
        return ApiKeyRevocation(api_key_id=key.id, revoked_at=at)
    return OperatorKeyRevocation(operator_key_id=key.id, revoked_at=at)


def _digest(key: str) -> str:
    # A key has 256 random bits, so a plain digest is safe; a slow hash would only cost time.
    return hashlib.sha256(key.encode()).hexdigest()
