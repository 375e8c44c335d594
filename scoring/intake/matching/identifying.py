"""Which founder a person is: by number, by name and phone, or by a name that nobody else bears."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from scoring.intake.matching.quarantine import people_waiting
from scoring.parties.aliases import Alias, AliasKind, founders_by_alias, founders_by_name

Who = TypeVar("Who", bound=Hashable)


@dataclass(frozen=True)
class Identified(Generic[Who]):
    """Who is which founder.

    Attributes:
        founders: the founder's id, for those who are known.
        ambiguous: those who may be one of several people.
        by_name_only: those who are known by nothing but a name.
    """

    founders: dict[Who, int]
    ambiguous: set[Who]
    by_name_only: set[Who]


def identify(session: Session, named: Mapping[Who, tuple[Alias, ...]]) -> Identified[Who]:
    """Find the founders of people by their aliases.

    A name alone decides only where one founder bears it, and nobody else is known to: no other
    founder, nobody of another number, phone or cohort who waits in quarantine, and nobody of
    another number or phone among these people.
    """
    known = founders_by_alias(session, [alias.digest for own in named.values() for alias in own])
    candidates = {who: _candidates(aliases, known) for who, aliases in named.items()}
    by_name = {who: alike for who, (sure, alike) in candidates.items() if alike and not sure}
    shared = _shared_names(session, named, by_name)
    surely = {who: sure for who, (sure, _) in candidates.items() if sure}
    contradicted = _contradicted(session, named, candidates)
    found = {
        who: next(iter(founders))
        for who, founders in (surely | by_name).items()
        if len(founders) == 1 and who not in shared | contradicted
    }
    return Identified(
        founders=found,
        ambiguous=(surely.keys() | by_name.keys()) - found.keys(),
        by_name_only=by_name.keys() & found.keys(),
    )


def _candidates(
    aliases: tuple[Alias, ...], known: Mapping[str, set[int]]
) -> tuple[set[int], set[int]]:
    """The founders whom aliases name: by a number or a phone, and by a name alone."""
    sure, alike = set[int](), set[int]()
    for alias in aliases:
        (alike if alias.kind is AliasKind.NAME else sure).update(known.get(alias.digest, ()))
    return sure, alike


def _contradicted(
    session: Session,
    named: Mapping[Who, tuple[Alias, ...]],
    candidates: Mapping[Who, tuple[set[int], set[int]]],
) -> set[Who]:
    """Those whose number or phone is of a founder whom nobody ever called by their name."""
    doubted = {who: sure for who, (sure, alike) in candidates.items() if sure and alike - sure}
    bearers = founders_by_name(session, {_name(named[who]) for who in doubted})
    return {
        who for who, sure in doubted.items() if not sure <= bearers.get(_name(named[who]), set())
    }


def _shared_names(
    session: Session, named: Mapping[Who, tuple[Alias, ...]], by_name: Mapping[Who, set[int]]
) -> set[Who]:
    """Those known by a name alone that somebody else bears too."""
    if not by_name:
        return set()
    names = {_name(named[who]) for who in by_name}
    bearers = founders_by_name(session, names)
    alike = [*people_waiting(session, names).values(), *filter(_is_more_than_named, named.values())]
    known = founders_by_alias(session, [alias.digest for own in alike for alias in own])
    by_shared_name: dict[str, list[tuple[Alias, ...]]] = {}
    for aliases in alike:
        by_shared_name.setdefault(_name(aliases), []).append(aliases)

    def is_shared(who: Who, founders: set[int]) -> bool:
        own, name = {alias.digest for alias in named[who]}, _name(named[who])
        others = (
            aliases
            for aliases in by_shared_name.get(name, ())
            if aliases[0].digest not in own and _candidates(aliases, known)[0] != founders
        )
        return any(others) or bearers.get(name, set()) > founders

    return {who for who, founders in by_name.items() if is_shared(who, founders)}


def _is_more_than_named(aliases: tuple[Alias, ...]) -> bool:
    return any(alias.kind is not AliasKind.NAME for alias in aliases)


def _name(aliases: tuple[Alias, ...]) -> str:
    """What all hashes of the person's name share; empty where only a number is told."""
    return next((alias.name for alias in aliases if alias.name), "")
