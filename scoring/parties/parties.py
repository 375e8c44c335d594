"""Founders, lenders, and the API keys of lenders and operators: adding and finding them again."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.errors import ConflictError, InputError, NotFoundError
from scoring.store.audit import append_event
from scoring.store.database import Ledger
from scoring.store.tables import (
    ApiKey,
    ApiKeyRevocation,
    Founder,
    Lender,
    OperatorKey,
    OperatorKeyRevocation,
)

_LENDERS, _OPERATORS = "fh", "fo"  # what a key begins with tells whose it is
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NUMBER = re.compile(r"[\d._:-]+")  # a phone or resident number, most likely
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


@dataclass(frozen=True)
class Operator:
    """Somebody who runs programmes and sends what founders have; known by the name of a key."""

    name: str


def random_reference(prefix: str, length: int = 10) -> str:
    """A reference that says nothing about what it stands for, such as `F-7K3M9QXZ2B`."""
    return f"{prefix}-" + "".join(secrets.choice(_CROCKFORD) for _ in range(length))


def add_founders(ledger: Ledger, references: Iterable[str], *, actor: str) -> list[Founder]:
    """Add founders under the given references; those already known are returned as they are.

    Raises:
        InputError: a reference has other characters than letters, digits and `._:-`, or no letter.
    """
    wanted = list(dict.fromkeys(references))
    for reference in wanted:
        if not REFERENCE.fullmatch(reference) or _NUMBER.fullmatch(reference):
            raise InputError(
                f'"{reference}" can\'t be a founder reference: up to 64 letters, digits and ._:- '
                "with at least one letter. Leave it out to get a random one; never use a name, a "
                "phone or a resident number: a reference goes to lenders."
            )
    known = {f.reference: f for f in ledger.session.scalars(select(Founder))}
    added = [
        Founder(reference=reference, added_at=ledger.now)
        for reference in wanted
        if reference not in known
    ]
    ledger.session.add_all(added)
    ledger.session.flush()
    known.update({f.reference: f for f in added})
    if added:
        append_event(ledger, actor=actor, action="founder.added", details={"count": len(added)})
    return [known[reference] for reference in wanted]


def find_founder(session: Session, reference: str) -> Founder:
    """The founder under a reference.

    Raises:
        NotFoundError: nobody is known by it.
    """
    founder = session.scalars(select(Founder).where(Founder.reference == reference)).first()
    if founder is None:
        raise NotFoundError(
            f'There is no founder "{reference}". Add one with `foothold founder add`.'
        )
    return founder


def add_lender(ledger: Ledger, reference: str, *, name: str, actor: str) -> Lender:
    """Add a lender.

    Raises:
        InputError: the reference has characters that it may not have.
        ConflictError: the reference is taken.
    """
    if not REFERENCE.fullmatch(reference):
        raise InputError(
            f'"{reference}" can\'t be a lender reference: up to 64 letters, digits and ._:- only.'
        )
    if ledger.session.scalars(select(Lender).where(Lender.reference == reference)).first():
        raise ConflictError(f'There is a lender "{reference}" already.')
    lender = Lender(reference=reference, name=name, added_at=ledger.now)
    ledger.session.add(lender)
    ledger.session.flush()
    append_event(ledger, actor=actor, action="lender.added", details={"lender": reference})
    return lender


def find_lender(session: Session, reference: str) -> Lender:
    """The lender under a reference.

    Raises:
        NotFoundError: no lender has it.
    """
    lender = session.scalars(select(Lender).where(Lender.reference == reference)).first()
    if lender is None:
        raise NotFoundError(
            f'There is no lender "{reference}". Add one with `foothold lender add`.'
        )
    return lender


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


def lender_with_key(session: Session, key: str) -> Lender | None:
    """The lender whose valid key this is, or None."""
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
    lender: Lender = found.Lender
    return lender


def operator_with_key(session: Session, key: str) -> Operator | None:
    """The operator whose valid key this is, or None."""
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
    return Operator(found.operator)


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
