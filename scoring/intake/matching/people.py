"""Whose a row is: a founder's reference, or how the file names a person; else the row waits."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import select

from scoring.intake.checking.cells import by_index
from scoring.intake.extract import PERSON_ID, PERSON_NAME, PERSON_PHONE
from scoring.parties.aliases import Alias, aliases_of, founders_by_alias
from scoring.store.database import Ledger
from scoring.store.tables import Founder

UNKNOWN_PERSON = "unknown_person"
AMBIGUOUS_PERSON = "ambiguous_person"


@dataclass(frozen=True)
class Owners:
    """Whose the rows are, by their index.

    Attributes:
        founders: reference; empty where nobody is known.
        waiting: why a row has to wait, for those without an owner.
        aliases: how the file names the owner, hashed, for those without one.
    """

    founders: pd.Series[str]
    waiting: dict[int, str]
    aliases: dict[int, tuple[Alias, ...]]


def owners_of(
    ledger: Ledger, cells: pd.DataFrame, *, source: str, key: bytes, given: str | None
) -> Owners:
    """Find the founder of each row that names a person.

    Args:
        ledger: the open transaction.
        cells: with the columns of `PERSON`, and `founder` where a row says it outright.
        source: of the file; an operator's numbers are its own.
        key: the installation's secret.
        given: the founder whom the operator named for the file; used where it names one person.
    """
    references = {
        reference: founder_id
        for founder_id, reference in ledger.session.execute(select(Founder.id, Founder.reference))
    }
    by_id = {founder_id: reference for reference, founder_id in references.items()}
    people = _people(cells)
    if given is not None and len(set(people.values())) == 1:
        return Owners(pd.Series(given, index=cells.index, dtype="str"), {}, {})
    named = {
        person: aliases_of(key, source=source, number=person[0], name=person[1], phone=person[2])
        for person in set(people.values())
    }
    known = founders_by_alias(
        ledger.session, [alias.digest for aliases in named.values() for alias in aliases]
    )
    found: dict[tuple[str, str, str], str] = {}
    doubtful: dict[tuple[str, str, str], str] = {}
    for person, aliases in named.items():
        candidates = set().union(*(known.get(alias.digest, set()) for alias in aliases))
        # What the operator mapped goes before a number that happens to look like a reference.
        if not candidates and person[0] in references:
            found[person] = person[0]
        elif len(candidates) == 1:
            found[person] = by_id[candidates.pop()]
        else:
            doubtful[person] = AMBIGUOUS_PERSON if candidates else UNKNOWN_PERSON
    said = cells["founder"]
    founders: list[str] = []
    waiting: dict[int, str] = {}
    unresolved: dict[int, tuple[Alias, ...]] = {}
    for index, outright in by_index(said):
        person = people[index]
        reference = outright if outright in references else found.get(person, "")
        founders.append(reference)
        if not reference:
            waiting[index] = doubtful.get(person, UNKNOWN_PERSON)
            unresolved[index] = named[person]
    return Owners(pd.Series(founders, index=cells.index, dtype="str"), waiting, unresolved)


def hashed_per_founder(
    key: bytes, purpose: str, founders: pd.Series, texts: pd.Series
) -> pd.Series:
    """Texts as hashes keyed per founder: one key for all would map a community.

    The series is of objects: left to guess, pandas makes NaN of None.

    Args:
        key: the installation's secret.
        purpose: what is hashed, so that a buyer and an account never meet.
        founders: reference per row.
        texts: what is hashed per row; empty gives None.
    """
    keys: dict[str, bytes] = {}
    hashes: dict[tuple[str, str], str | None] = {}
    pairs = list(zip(founders.tolist(), texts.tolist(), strict=True))
    for founder, text in set(pairs):
        own = keys.get(founder)
        if own is None:
            own = keys[founder] = hmac.digest(key, f"{purpose}:{founder}".encode(), "sha256")
        written = unicodedata.normalize("NFC", text).encode()
        hashes[founder, text] = (
            hmac.new(own, written, hashlib.sha256).hexdigest()[:32] if text else None
        )
    return pd.Series([hashes[pair] for pair in pairs], index=texts.index, dtype=object)


def _people(cells: pd.DataFrame) -> dict[int, tuple[str, str, str]]:
    columns = [
        cells[name].tolist() if name in cells else [""] * len(cells)
        for name in (PERSON_ID, PERSON_NAME, PERSON_PHONE)
    ]
    return dict(zip(cells.index.tolist(), zip(*columns, strict=True), strict=True))
