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
class Recognised(Generic[Who]):
    """Who is which founder.

    Attributes:
        founders: the founder's id, for those who are known.
        ambiguous: those who may be one of several people.
        by_name_only: those who are known by nothing but a name.
    """

    founders: dict[Who, int]
    ambiguous: set[Who]
    by_name_only: set[Who]


def recognise(session: Session, named: Mapping[Who, tuple[Alias, ...]]) -> Recognised[Who]:
    """Find the founders of people by their aliases.

    A name alone decides only where one founder bears it, and nobody else is known to: no other
    founder, nobody of another number, phone or cohort who waits in quarantine, and nobody of
    another number or phone among these people.
    """
    known = founders_by_alias(session, [alias.digest for own in named.values() for alias in own])
    surely: dict[Who, int] = {}
    by_name: dict[Who, int] = {}
    ambiguous: set[Who] = set()
    for who, aliases in named.items():
        sure, alike = _candidates(aliases, known)
        candidates = sure or alike
        if len(candidates) > 1 or (sure and alike and not sure <= alike):
            ambiguous.add(who)
        elif candidates:
            (surely if sure else by_name)[who] = next(iter(candidates))
    if by_name:
        shared = _shared_names(session, named, surely, by_name)
        ambiguous |= shared
        by_name = {who: founder for who, founder in by_name.items() if who not in shared}
    return Recognised(surely | by_name, ambiguous, set(by_name))


def _candidates(
    aliases: tuple[Alias, ...], known: Mapping[str, set[int]]
) -> tuple[set[int], set[int]]:
    """The founders whom aliases name: by a number or a phone, and by a name alone."""
    sure, alike = set[int](), set[int]()
    for alias in aliases:
        (alike if alias.kind is AliasKind.NAME else sure).update(known.get(alias.digest, ()))
    return sure, alike


def _shared_names(
    session: Session,
    named: Mapping[Who, tuple[Alias, ...]],
    surely: Mapping[Who, int],
    by_name: Mapping[Who, int],
) -> set[Who]:
    """Those known by a name alone that somebody else bears too."""
    names = {who: _name(named[who]) for who in by_name}
    bearers = founders_by_name(session, names.values())
    others: dict[str, list[tuple[Alias, ...]]] = {}
    for aliases in people_waiting(session, set(names.values())).values():
        others.setdefault(_name(aliases), []).append(aliases)
    owners: dict[str, set[int | None]] = {}
    for who, aliases in named.items():
        if who not in by_name and any(alias.kind is not AliasKind.NAME for alias in aliases):
            owners.setdefault(_name(aliases), set()).add(surely.get(who))
    known = founders_by_alias(
        session, [alias.digest for each in others.values() for own in each for alias in own]
    )
    shared = set()
    for who, founder in by_name.items():
        name = names[who]
        own = {alias.digest for alias in named[who]}
        waits = any(
            aliases[0].digest not in own and _candidates(aliases, known)[0] != {founder}
            for aliases in others.get(name, ())
        )
        if waits or (bearers.get(name, set()) | owners.get(name, set())) - {founder}:
            shared.add(who)
    return shared


def _name(aliases: tuple[Alias, ...]) -> str:
    """What all hashes of the person's name share; empty where only a number is told."""
    return next((alias.name for alias in aliases if alias.name), "")
