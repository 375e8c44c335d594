"""Whether the same file was imported before, and for whom: asked, since it would count twice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.errors import ImportedForAnotherError
from scoring.store.tables import AuditEvent, Import, ImportWithdrawal

LENDERS = "lender:"
"""What a lender's own source begins with."""


@dataclass(frozen=True)
class FileOwner:
    """Whose a file was taken to be.

    Attributes:
        source: where its records come from.
        founder: reference of the founder named for the file.
        programmes: that its attendance is of.
        lenders: that its loans are of.
    """

    source: str
    founder: str | None
    programmes: Set[str]
    lenders: Set[str]

    @classmethod
    def of_plain_form(cls, source: str) -> FileOwner:
        """Of a file in our plain form, which says itself whose its rows are."""
        return cls(source, None, frozenset(), frozenset())

    @classmethod
    def of(cls, session: Session, entry: Import) -> FileOwner:
        """Whose the file of a receipt was taken to be: its audit event tells."""
        statement = select(AuditEvent.details).where(
            AuditEvent.at == entry.imported_at, AuditEvent.action == "records.imported"
        )
        told: dict[str, Any] = {}
        for details in map(json.loads, session.scalars(statement)):
            if details["import"] == entry.id:
                told = details
        return cls(
            entry.source,
            told.get("founder"),
            frozenset(told.get("programmes", ())),
            frozenset(told.get("lenders", ())),
        )

    def as_details(self) -> dict[str, object]:
        """What the audit event of an import keeps of it; the receipt has the source."""
        told = {
            "founder": self.founder,
            "programmes": sorted(self.programmes),
            "lenders": sorted(self.lenders),
        }
        return {name: value for name, value in told.items() if value}

    def differences(self, now: FileOwner) -> Iterator[str]:
        """In what another owner differs, in words."""
        if self.source != now.source:
            yield f"source {self.source} (now {now.source})"
        if self.founder and now.founder and self.founder != now.founder:
            yield f"founder {self.founder} (now {now.founder})"
        for word, then, today in (
            ("programme", self.programmes, now.programmes),
            ("lender", self.lenders, now.lenders),
        ):
            if then != today:
                yield f"{word} {_listed(then)} (now {_listed(today)})"


def refuse_file_of_another(session: Session, entry: Import, file: str, owner: FileOwner) -> None:
    """Ask about a file that was imported for another founder, programme, lender or source.

    Imports that were withdrawn don't count. A lender is told of its own imports alone.

    Args:
        session: of the open transaction.
        entry: the receipt of the import under way.
        file: name of the file, for the message.
        owner: whose the file is taken to be now.

    Raises:
        ImportedForAnotherError: it was, and never for this one.
    """
    statement = (
        select(Import)
        .outerjoin(ImportWithdrawal, ImportWithdrawal.import_id == Import.id)
        .where(
            Import.file_digest == entry.file_digest,
            Import.id != entry.id,
            ImportWithdrawal.import_id.is_(None),
        )
        .order_by(Import.id.desc())
    )
    if owner.source.startswith(LENDERS):
        statement = statement.where(Import.source == owner.source)
    found: tuple[int, str] | None = None
    for earlier in session.scalars(statement):
        differs = ", ".join(FileOwner.of(session, earlier).differences(owner))
        if not differs:
            return
        found = (earlier.id, differs)  # in the end the first of them: what brought the rows
    if found is not None:
        raise ImportedForAnotherError(file, receipt=found[0], differs=found[1])


def _listed(names: Set[str]) -> str:
    return ", ".join(sorted(names)) or "none"
