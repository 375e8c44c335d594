"""An operator's mapping: which person of their files is which founder here.

The file names people; the store keeps keyed hashes of those names and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from scoring.base.errors import FileError, InputError
from scoring.base.keys import KeyPurpose
from scoring.base.lines import require_line
from scoring.intake.listed import read_list
from scoring.parties.aliases import Alias, AliasKind, add_aliases, aliases_of, require_nameable
from scoring.parties.persons import require_name_and_reason
from scoring.review.waiting import Resolved, resolve_by_aliases
from scoring.store.database import Database
from scoring.store.ledger import Ledger
from scoring.store.tables import Founder

FOUNDER, NUMBER, NAME, PHONE = "founder", "id", "name", "phone"
_ALSO_CALLED = {
    FOUNDER: ("founder reference", "reference", "창업자"),
    NUMBER: ("number", "person_id", "번호", "회원번호", "참가자번호", "수강번호", "고객번호"),
    NAME: ("person", "성명", "이름", "참가자명", "수강생명"),
    PHONE: ("mobile", "연락처", "전화번호", "휴대폰", "휴대폰번호", "휴대전화"),
}


@dataclass(frozen=True)
class Mapped:
    """What a mapping did: names newly known, and what became of rows that waited for them."""

    names: int
    rows: Resolved


def map_people(
    database: Database, ledger: Ledger, path: Path, *, source: str | None, author: str
) -> Mapped:
    """Remember how files name founders, and store the rows that waited for it.

    Args:
        database: the store.
        ledger: the open transaction.
        path: a list with a column `founder` and `id`, or `name` and `phone` (or `name` alone,
            where nobody else is called so); Korean headers do too.
        source: where the numbers hold: as files are imported with; everywhere when None.
        author: who says so.

    Raises:
        FileError: the list can't be used; says in which row.
        ConflictError: a line names somebody who is on file as another founder.
        InputError: the name of who says so is missing.
    """
    require_name_and_reason(author, "mapping")
    if source is not None:
        require_line("The source", source, longest=64)
    lines = read_list(
        path,
        required=(FOUNDER,),
        optional=(NUMBER, NAME, PHONE),
        also_called=_ALSO_CALLED,
    )
    founders = {one.reference: one for one in ledger.session.scalars(select(Founder))}
    key = database.settings.key(KeyPurpose.HASHING)
    named: list[tuple[Founder, Alias]] = []
    for row, line in zip(lines.index.tolist(), lines.to_dict("records"), strict=True):
        founder = founders.get(line[FOUNDER])
        if founder is None:
            raise FileError(
                path.name,
                f'"{line[FOUNDER]}" is not known; add them with `foothold founder add`',
                row=row,
                column=FOUNDER,
            )
        try:
            require_nameable(line[NUMBER], line[NAME], line[PHONE])
        except InputError as refused:
            raise FileError(path.name, str(refused), row=row, column=NUMBER) from None
        surest = aliases_of(
            key, source=source, number=line[NUMBER], name=line[NAME], phone=line[PHONE]
        )
        of_number = [alias for alias in surest if alias.kind is AliasKind.ID][:1]
        of_name = [alias for alias in surest if alias.kind is not AliasKind.ID]
        named += [(founder, alias) for alias in of_number + of_name]
    added = add_aliases(ledger, named, author=author)
    return Mapped(added, resolve_by_aliases(database, ledger, author=author))
