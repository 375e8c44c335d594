"""How files name founders, kept as keyed hashes only: an operator's own numbers, names and phones.

A name or a number is hashed as soon as it is read and never stored. The key is the installation's
secret, so that a stolen store can't be searched with a list of names. Hashes of one name begin
alike, whatever phone stands beside it, so that a name which several people bear is known as such.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scoring.base.errors import ConflictError, InputError, NotFoundError
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.tables import Founder, FounderAlias, FounderAliasWithdrawal

_KEYS = 5000
_OF_THE_NAME = 24  # hexadecimal digits of a digest that the name alone decides


class AliasKind(StrEnum):
    """What a founder is recognised by, the surest first."""

    ID = "id"
    NAME_PHONE = "name_phone"
    NAME = "name"


@dataclass(frozen=True)
class Alias:
    """One keyed hash.

    Attributes:
        kind: what was hashed.
        source: of a number, the source that it holds in; of a name, the cohort; None where it
            holds everywhere.
        digest: the hash, in hexadecimal.
    """

    kind: AliasKind
    source: str | None
    digest: str

    @property
    def name(self) -> str | None:
        """What all hashes of this name share; None of a number."""
        return None if self.kind is AliasKind.ID else self.digest[:_OF_THE_NAME]


@dataclass(frozen=True)
class KnownName:
    """An alias on file, without its digest, and whose it is."""

    id: int
    founder: str
    kind: str
    source: str | None
    author: str


def aliases_of(
    key: bytes,
    *,
    source: str | None,
    cohort: str | None = None,
    number: str = "",
    name: str = "",
    phone: str = "",
) -> tuple[Alias, ...]:
    """The aliases that a row of a file gives, the surest first; none where it names nobody.

    A number is an operator's own, so it counts within one source; without a source it is taken as
    the same person's in every file. A name without a phone counts within its cohort (a programme,
    or a source), or everywhere where a mapping says so.

    Hangul is composed (NFC) before hashing, spaces and case are of no weight, and a phone number
    is its digits with a leading 0 for +82.
    """
    found = []
    number, name, digits = _plain(number), _plain(name), _digits(phone)
    if number:
        found.append(Alias(AliasKind.ID, source, _digest(key, f"id:{source}:{number}")))
        if source is not None:  # somebody may have mapped the number for every source
            found.append(Alias(AliasKind.ID, None, _digest(key, f"id:None:{number}")))
    if name and digits:
        digest = _digest_of_name(key, name, f"person:{name}:{digits}")
        found.append(Alias(AliasKind.NAME_PHONE, None, digest))
    elif name:
        for where in dict.fromkeys((cohort, None)):
            digest = _digest_of_name(key, name, f"name:{where}:{name}")
            found.append(Alias(AliasKind.NAME, where, digest))
    return tuple(found)


def founders_by_alias(session: Session, digests: Collection[str]) -> dict[str, set[int]]:
    """The founders that standing aliases belong to, by digest."""
    wanted = sorted(set(digests))
    found: dict[str, set[int]] = {}
    for start in range(0, len(wanted), _KEYS):
        statement = (
            select(FounderAlias.digest, FounderAlias.founder_id)
            .outerjoin(FounderAliasWithdrawal, FounderAliasWithdrawal.alias_id == FounderAlias.id)
            .where(
                FounderAlias.digest.in_(wanted[start : start + _KEYS]),
                FounderAliasWithdrawal.alias_id.is_(None),
            )
        )
        for digest, founder_id in session.execute(statement):
            found.setdefault(digest, set()).add(founder_id)
    return found


def founders_by_name(session: Session, names: Collection[str]) -> dict[str, set[int]]:
    """The founders who bear a name by standing aliases, with a phone or without one.

    Args:
        session: to read from.
        names: as `Alias.name` gives them.
    """
    wanted = sorted(set(names))
    found: dict[str, set[int]] = {}
    name = func.substr(FounderAlias.digest, 1, _OF_THE_NAME)
    for start in range(0, len(wanted), _KEYS):
        statement = (
            select(name, FounderAlias.founder_id)
            .outerjoin(FounderAliasWithdrawal, FounderAliasWithdrawal.alias_id == FounderAlias.id)
            .where(
                FounderAlias.kind != AliasKind.ID.value,
                name.in_(wanted[start : start + _KEYS]),
                FounderAliasWithdrawal.alias_id.is_(None),
            )
        )
        for shared, founder_id in session.execute(statement):
            found.setdefault(shared, set()).add(founder_id)
    return found


def add_aliases(ledger: Ledger, named: Sequence[tuple[Founder, Alias]], *, author: str) -> int:
    """Remember how files name founders; what is known already is left as it is.

    Returns:
        How many were new.

    Raises:
        ConflictError: a number or a name with its phone is on file for somebody else.
    """
    known = founders_by_alias(ledger.session, [alias.digest for _, alias in named])
    added: set[tuple[int, str]] = set()
    for founder, alias in named:
        owners = known.get(alias.digest, set())
        if founder.id in owners or (founder.id, alias.digest) in added:
            continue
        if owners and alias.kind is not AliasKind.NAME:  # people share names
            raise ConflictError(
                f"What names {founder.reference} ({alias.kind.replace('_', ' and ')}) is on file "
                "for another founder. Withdraw that first: `foothold people withdraw`."
            )
        ledger.session.add(
            FounderAlias(
                founder_id=founder.id,
                kind=alias.kind.value,
                source=alias.source,
                digest=alias.digest,
                author=author,
                added_at=ledger.now,
            )
        )
        added.add((founder.id, alias.digest))
    ledger.session.flush()
    if added:
        append_event(ledger, actor=author, action="people.mapped", details={"count": len(added)})
    return len(added)


def withdraw_alias(ledger: Ledger, alias_id: int, *, author: str) -> None:
    """Let an alias stand no more; records that came in by it stay until they are corrected.

    Raises:
        NotFoundError: there is none, or it was withdrawn before.
    """
    standing = {alias.id for alias in standing_aliases(ledger.session)}
    if alias_id not in standing:
        raise NotFoundError(f"There is no alias {alias_id}. See `foothold people list`.")
    ledger.session.add(
        FounderAliasWithdrawal(alias_id=alias_id, author=author, withdrawn_at=ledger.now)
    )
    ledger.session.flush()
    append_event(ledger, actor=author, action="people.unmapped", details={"alias": alias_id})


def standing_aliases(session: Session) -> list[KnownName]:
    """Every alias that stands, without its digest."""
    statement = (
        select(FounderAlias, Founder.reference)
        .join(Founder, Founder.id == FounderAlias.founder_id)
        .outerjoin(FounderAliasWithdrawal, FounderAliasWithdrawal.alias_id == FounderAlias.id)
        .where(FounderAliasWithdrawal.alias_id.is_(None))
        .order_by(FounderAlias.id)
    )
    return [
        KnownName(alias.id, reference, alias.kind, alias.source, alias.author)
        for alias, reference in session.execute(statement)
    ]


def require_nameable(number: str, name: str, phone: str) -> None:
    """Refuse a line of a mapping that names nobody.

    Raises:
        InputError: neither a number nor a name is there.
    """
    if not _plain(number) and not _plain(name):
        raise InputError("A line of the mapping needs the person's number, or name and phone.")


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split()).casefold()


def _digits(phone: str) -> str:
    digits = re.sub(r"\D", "", phone)
    if phone.strip().startswith("+") and digits.startswith("82"):
        digits = "0" + digits[2:].lstrip("0")
    if len(digits) == 10 and digits.startswith("10"):  # a spreadsheet drops the leading zero
        digits = "0" + digits
    return digits


def _digest(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()


def _digest_of_name(key: bytes, name: str, text: str) -> str:
    return _digest(key, f"name:{name}")[:_OF_THE_NAME] + _digest(key, text)[_OF_THE_NAME:]
