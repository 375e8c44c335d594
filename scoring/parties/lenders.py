"""Lenders: adding them and finding them again."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.errors import ConflictError, InputError, NotFoundError
from scoring.parties.references import REFERENCE
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.tables import Lender


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
