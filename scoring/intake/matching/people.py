"""Whose a row is: a founder's reference, or how the file names a person; else the row waits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import pandas as pd

from scoring.intake.batch import Batch, Waiting
from scoring.intake.current_import import CurrentImport
from scoring.intake.extract import PERSON, PERSON_ID, PERSON_NAME, PERSON_PHONE
from scoring.intake.matching.founders import Founders, unknown_founders
from scoring.intake.matching.identifying import identify
from scoring.intake.matching.loans import REFERS_TO
from scoring.intake.problems import by_index
from scoring.parties.aliases import Alias, aliases_of
from scoring.store.ledger import Ledger

UNKNOWN_PERSON = "unknown_person"
AMBIGUOUS_PERSON = "ambiguous_person"


class MatchPeople:
    """Rows are given to the founders whom they name; rows of people unknown wait."""

    def __init__(self, current: CurrentImport) -> None:
        self._current = current
        self._founders = Founders(current.ledger)

    def __call__(self, batch: Batch) -> Batch:
        """The batch with the founder of each row.

        Raises:
            FileError: a founder is not on file.
        """
        if batch.kind in REFERS_TO:
            return batch
        if any(name in batch.cells for name in PERSON):
            batch = self._named(batch)
        ids = self._founders.of_rows(batch.cells["founder"])
        batch.refuse(unknown_founders(batch.cells["founder"], ids))
        return replace(batch, founder_ids=ids.astype("int64"))

    def _named(self, batch: Batch) -> Batch:
        owners = owners_of(
            self._current.ledger,
            batch.cells,
            source=self._current.source,
            key=self._current.secret,
            given=self._current.given_founder,
            founders=self._founders,
        )
        waiting = [
            Waiting(int(index), reason, owners.aliases[index])
            for index, reason in owners.waiting.items()
        ]
        named = replace(batch, cells=batch.cells.assign(founder=owners.founders))
        return replace(named.without(waiting), by_name_only=owners.by_name_only)


@dataclass(frozen=True)
class Owners:
    """Whose the rows are, by their index.

    Attributes:
        founders: reference; empty where nobody is known.
        waiting: why a row has to wait, for those without an owner.
        aliases: how the file names the owner, hashed, for those without one.
        by_name_only: how many rows have their owner by nothing but a name.
    """

    founders: pd.Series[str]
    waiting: dict[int, str]
    aliases: dict[int, tuple[Alias, ...]]
    by_name_only: int = 0


class _Person(NamedTuple):
    number: str
    name: str
    phone: str
    cohort: str


def owners_of(
    ledger: Ledger,
    cells: pd.DataFrame,
    *,
    source: str,
    key: bytes,
    given: str | None,
    founders: Founders,
) -> Owners:
    """Find the founder of each row that names a person.

    Args:
        ledger: the open transaction.
        cells: with the columns of `PERSON`, and `founder` where a row says it outright.
        source: of the file; an operator's numbers are its own.
        key: the installation's secret.
        given: the founder whom the operator named for the file; used where it names one person.
        founders: those that the import names.
    """
    people = _people(cells, source)
    if given is not None and len({person[:3] for person in people.values()}) == 1:
        return Owners(pd.Series(given, index=cells.index, dtype="str"), {}, {})
    named = {
        person: aliases_of(
            key,
            source=source,
            cohort=person.cohort,
            number=person.number,
            name=person.name,
            phone=person.phone,
        )
        for person in set(people.values())
    }
    identified = identify(ledger.session, named)
    references = founders.references(identified.founders.values())
    outright = founders.ids([*cells["founder"].unique(), *(one.number for one in named)])
    found = {person: references[founder] for person, founder in identified.founders.items()}
    for person in named.keys() - found.keys() - identified.ambiguous:
        # What the operator mapped goes before a number that happens to look like a reference.
        if person.number in outright:
            found[person] = person.number
    owners: list[str] = []
    waiting: dict[int, str] = {}
    aliases: dict[int, tuple[Alias, ...]] = {}
    by_name_only = 0
    for index, said in by_index(cells["founder"]):
        person = people[index]
        reference = said if said in outright else found.get(person, "")
        owners.append(reference)
        by_name_only += said not in outright and person in identified.by_name_only
        if not reference:
            is_ambiguous = person in identified.ambiguous
            waiting[index] = AMBIGUOUS_PERSON if is_ambiguous else UNKNOWN_PERSON
            aliases[index] = named[person]
    return Owners(pd.Series(owners, index=cells.index, dtype="str"), waiting, aliases, by_name_only)


def _people(cells: pd.DataFrame, source: str) -> dict[int, _Person]:
    columns = [
        cells[name].tolist() if name in cells else [""] * len(cells)
        for name in (PERSON_ID, PERSON_NAME, PERSON_PHONE)
    ]
    cohorts = cells["programme"].tolist() if "programme" in cells else [source] * len(cells)
    people = map(_Person, *columns, cohorts)
    return dict(zip(cells.index.tolist(), people, strict=True))
