"""Rows in quarantine, decided on: given to the founder that they are of, or dismissed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from scoring.base.errors import ConflictError, FileError, NotFoundError
from scoring.intake.batch import Outcome
from scoring.intake.matching.identifying import identify
from scoring.intake.matching.people import AMBIGUOUS_PERSON, UNKNOWN_PERSON
from scoring.intake.matching.quarantine import (
    DISMISSED,
    RESOLVED,
    aliases_waiting,
    end_of_waiting,
    waiting_rows,
)
from scoring.intake.stages import release_rows
from scoring.parties.aliases import add_aliases
from scoring.parties.persons import require_name_and_reason
from scoring.records.kinds import RecordKind
from scoring.store.audit import append_event
from scoring.store.database import Database
from scoring.store.ledger import Ledger
from scoring.store.tables import Founder, QuarantinedRow

_PERSON = (UNKNOWN_PERSON, AMBIGUOUS_PERSON)
_BY_HAND = "resolved by hand"
# What others refer to goes first.
_ORDER = [kind.value for kind in RecordKind]


@dataclass(frozen=True)
class Resolved:
    """What became of rows that waited.

    Attributes:
        stored: rows that are records now.
        suspect: of these, rows held back by a doubt.
        still_waiting: rows that wait on, for the sale or loan that they tell of.
        refused: rows that contradict what is on file, each with the reason; they wait on.
    """

    stored: int = 0
    suspect: int = 0
    still_waiting: int = 0
    refused: tuple[str, ...] = ()

    def __add__(self, other: Resolved) -> Resolved:
        return Resolved(
            self.stored + other.stored,
            self.suspect + other.suspect,
            self.still_waiting + other.still_waiting,
            self.refused + other.refused,
        )


def list_waiting(session: Session, *, import_id: int | None = None) -> list[dict[str, Any]]:
    """Rows that wait: what for, where they stand in their file, and what they tell.

    `person` is the same for rows that name the same person; it is a part of a keyed hash.
    """
    conditions = [] if import_id is None else [QuarantinedRow.import_id == import_id]
    return [
        {
            "id": row.id,
            "import": row.import_id,
            "row": row.row,
            "kind": row.kind,
            "reason": row.reason,
            # Hashes of one name begin alike; their ends tell people apart.
            "person": row.person[-8:] if row.person else None,
            "waits_for": row.waits_for,
            "values": _shown(json.loads(row.cells)["cells"]),
        }
        for row in waiting_rows(session, *conditions)
    ]


def resolve_row(
    database: Database,
    ledger: Ledger,
    row_id: int,
    founder: Founder,
    *,
    everywhere: bool,
    author: str,
) -> Resolved:
    """Say whose a waiting row is, and store it.

    Args:
        database: the store.
        ledger: the open transaction.
        row_id: the row.
        founder: whose it is.
        everywhere: for every row that names the same person, in files to come too.
        author: who says so.

    Raises:
        NotFoundError: no such row waits.
        ConflictError: it waits for a sale or a loan and not for a person; or what names the person
            is on file for another founder; or the row contradicts what is on file.
        InputError: the name is missing.
    """
    require_name_and_reason(author, _BY_HAND)
    row = _waiting(ledger.session, row_id)
    if row.reason not in _PERSON:
        raise ConflictError(
            f"Row {row_id} waits for {row.waits_for}, not for a person. Import the file that "
            "tells of it, or dismiss the row: `foothold quarantine dismiss`."
        )
    rows = [row]
    if everywhere and row.person is not None:
        add_aliases(ledger, [(founder, alias) for alias in aliases_waiting(row)[:1]], author=author)
        rows = waiting_rows(ledger.session, QuarantinedRow.person == row.person)
    done = give_to(database, ledger, rows, founder, author=author)
    if done.refused and len(rows) == 1:
        raise ConflictError(done.refused[0])
    return done


def resolve_by_aliases(database: Database, ledger: Ledger, *, author: str) -> Resolved:
    """Store every waiting row whose person a mapping names by now."""
    rows = waiting_rows(ledger.session, QuarantinedRow.reason.in_(_PERSON))
    identified = identify(ledger.session, {row.id: aliases_waiting(row) for row in rows})
    by_founder: dict[int, list[QuarantinedRow]] = {}
    for row in rows:
        if row.id in identified.founders:
            by_founder.setdefault(identified.founders[row.id], []).append(row)
    done = Resolved()
    for founder_id, own in by_founder.items():
        founder = ledger.session.get_one(Founder, founder_id)
        done += give_to(database, ledger, own, founder, author=author)
    return done


def dismiss_rows(ledger: Ledger, ids: Sequence[int], *, reason: str, author: str) -> int:
    """Let rows wait no more and never become records; the same file again does not revive them.

    Raises:
        NotFoundError: no such row waits.
        InputError: name or reason are missing.
    """
    require_name_and_reason(author, reason)
    rows = [_waiting(ledger.session, row_id) for row_id in dict.fromkeys(ids)]
    end_of_waiting(ledger, rows, outcome=DISMISSED, reason=reason, author=author)
    append_event(ledger, actor=author, action="quarantine.dismissed", details={"rows": len(rows)})
    return len(rows)


def give_to(
    database: Database,
    ledger: Ledger,
    rows: Sequence[QuarantinedRow],
    founder: Founder,
    *,
    author: str,
) -> Resolved:
    """Store waiting rows as a founder's, each in the name of the import that it came with.

    Rows of one kind and import are stored together or, where one contradicts what is on file,
    not at all: they wait on.
    """
    done = Resolved()
    groups: dict[tuple[int, int], list[QuarantinedRow]] = {}
    for row in rows:
        groups.setdefault((_ORDER.index(row.kind), row.import_id), []).append(row)
    for _, own in sorted(groups.items()):
        try:
            with ledger.session.begin_nested():
                tally = release_rows(
                    database,
                    ledger,
                    own,
                    founder=founder.reference,
                    file=f"import {own[0].import_id}",
                    author=author,
                )
        except FileError as refused:
            done += Resolved(still_waiting=len(own), refused=(str(refused),))
            continue
        counts = tally.counts()
        waits = counts[Outcome.QUARANTINED]
        done += Resolved(len(own) - waits, counts[Outcome.SUSPECT], waits)
    if done.stored:
        append_event(
            ledger,
            actor=author,
            action="quarantine.resolved",
            founder_id=founder.id,
            details={"rows": done.stored, "outcome": RESOLVED},
        )
    return done


def _shown(cells: dict[str, str]) -> dict[str, str]:
    """Values of a waiting row for people to read: hashes say nothing to them."""
    return {name: value for name, value in cells.items() if name != "marked_by"}


def _waiting(session: Session, row_id: int) -> QuarantinedRow:
    found = waiting_rows(session, QuarantinedRow.id == row_id)
    if not found:
        raise NotFoundError(f"No row {row_id} waits. See `foothold quarantine list`.")
    return found[0]
