"""Founders: adding them and finding them again."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.errors import InputError, NotFoundError
from scoring.parties.references import REFERENCE
from scoring.store.audit import append_event
from scoring.store.key_chunks import key_chunks
from scoring.store.ledger import Ledger
from scoring.store.tables import Founder

_NUMBER = re.compile(r"[\d._:-]+")  # a phone or resident number, most likely


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


def references_of(session: Session, founder_ids: Collection[int]) -> dict[int, str]:
    """References of founders by their ids."""
    found: dict[int, str] = {}
    for some in key_chunks(founder_ids):
        rows = session.execute(select(Founder.id, Founder.reference).where(Founder.id.in_(some)))
        found |= {row.id: row.reference for row in rows}
    return found
