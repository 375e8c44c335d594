"""Rows that wait: for a person to be named, or for the sale or loan that they tell of.

Nothing personal waits with them: what names a person is there as keyed hashes only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from scoring.intake.extract import DAY_INFERRED, SUSPECT, Extract
from scoring.parties.aliases import Alias, AliasKind
from scoring.records.forms import FORMS
from scoring.records.kinds import RecordKind
from scoring.store.bulk import append_frame
from scoring.store.database import Ledger
from scoring.store.tables import QuarantinedRow, QuarantineResolution

UNKNOWN_SALE, UNKNOWN_LOAN = "unknown_sale", "unknown_loan"
RESOLVED, DISMISSED, WITHDRAWN = "resolved", "dismissed", "withdrawn"
_KEYS = 5000


@dataclass(frozen=True)
class Waiting:
    """A row that has to wait: its place among the cells, why, and for what."""

    index: int
    reason: str
    aliases: tuple[Alias, ...] = ()
    waits_for: str | None = None


def put_in_quarantine(
    ledger: Ledger,
    extract: Extract,
    cells: pd.DataFrame,
    waiting: Sequence[Waiting],
    *,
    source: str,
    import_id: int,
) -> set[int]:
    """Let rows wait.

    Returns:
        The indexes of rows that wait already, or were dismissed before: the same file again.
    """
    if not waiting:
        return set()
    names = [name for name in FORMS[extract.kind].names if name in extract.cells]
    names += [name for name in (SUSPECT, DAY_INFERRED) if name in cells]
    chosen = cells.loc[[entry.index for entry in waiting], names]
    rows: list[dict[str, Any]] = []
    for entry, record in zip(waiting, chosen.to_dict("records"), strict=True):
        kept = {
            "cells": {str(name): value for name, value in record.items() if value != ""},
            "columns": names,
            "aliases": [[a.kind.value, a.source, a.digest] for a in entry.aliases],
            "is_export": extract.is_export,
            "stated_on": extract.stated_on.isoformat() if extract.stated_on else None,
        }
        written = json.dumps(kept, ensure_ascii=False, sort_keys=True)
        rows.append(
            {
                "import_id": import_id,
                "kind": extract.kind.value,
                "row": extract.place(entry.index, "founder")[0],
                "source": source,
                "natural_key": _digest(extract.kind, written),
                "reason": entry.reason,
                "person": entry.aliases[0].digest if entry.aliases else None,
                "waits_for": entry.waits_for,
                "cells": written,
            }
        )
    known = _known(ledger.session, source, [row["natural_key"] for row in rows])
    repeated, new, seen = set(), [], set(known)
    for entry, row in zip(waiting, rows, strict=True):
        if row["natural_key"] in seen:
            repeated.add(entry.index)
        else:
            new.append(row)
            seen.add(row["natural_key"])
    if new:
        append_frame(ledger, QuarantinedRow, pd.DataFrame(new, dtype=object))
    return repeated


def waiting_rows(session: Session, *conditions: ColumnElement[bool]) -> list[QuarantinedRow]:
    """Rows that wait now and meet conditions on `QuarantinedRow`, in order of arrival."""
    statement = select(QuarantinedRow).where(
        QuarantinedRow.superseded_recorded_at.is_(None), *conditions
    )
    return list(session.scalars(statement.order_by(QuarantinedRow.id)))


def waiting_for(
    ledger: Ledger, kind: RecordKind, keys: Iterable[str], *, source: str
) -> list[QuarantinedRow]:
    """Rows of a kind that wait for one of these sales or loans of their source."""
    is_any = select(QuarantinedRow.id).where(
        QuarantinedRow.superseded_recorded_at.is_(None),
        QuarantinedRow.waits_for.is_not(None),
        QuarantinedRow.source == source,
        QuarantinedRow.kind == kind.value,
    )
    if ledger.session.scalar(is_any.limit(1)) is None:
        return []
    wanted = list(keys)
    found: list[QuarantinedRow] = []
    for start in range(0, len(wanted), _KEYS):
        found += waiting_rows(
            ledger.session,
            QuarantinedRow.source == source,
            QuarantinedRow.kind == kind.value,
            QuarantinedRow.waits_for.in_(wanted[start : start + _KEYS]),
        )
    return found


def end_of_waiting(
    ledger: Ledger,
    rows: Sequence[QuarantinedRow],
    *,
    outcome: str,
    reason: str,
    author: str,
    founder_id: int | None = None,
) -> None:
    """Mark rows as decided; each keeps what became of it, by whom and why."""
    ids = [row.id for row in rows]
    for start in range(0, len(ids), _KEYS):
        ledger.session.execute(
            update(QuarantinedRow)
            .where(QuarantinedRow.id.in_(ids[start : start + _KEYS]))
            .values(superseded_learned_at=ledger.now, superseded_recorded_at=ledger.now)
            .execution_options(synchronize_session=False)
        )
    for row_id in ids:
        ledger.session.add(
            QuarantineResolution(
                quarantined_row_id=row_id,
                outcome=outcome,
                founder_id=founder_id,
                reason=reason,
                author=author,
                resolved_at=ledger.now,
            )
        )
    ledger.session.flush()


def as_extract(rows: Sequence[QuarantinedRow], founder: str | None) -> Extract:
    """Rows of one kind and one import as they were read, for the founder that they belong to.

    Args:
        rows: of one kind.
        founder: reference to put in; None where the rows say whose they are.
    """
    kept = [json.loads(row.cells) for row in rows]
    columns = list(dict.fromkeys(name for entry in kept for name in entry["columns"]))
    cells = pd.DataFrame(
        [{name: entry["cells"].get(name, "") for name in columns} for entry in kept],
        index=pd.Index([row.id for row in rows], dtype="int64"),
        columns=columns,
        dtype="str",
    )
    if founder is not None:
        cells["founder"] = pd.Series(founder, index=cells.index, dtype="str")
    stated = kept[0]["stated_on"]
    places = {row.id: row.row for row in rows}
    return Extract(
        RecordKind(rows[0].kind),
        cells,
        locate=lambda index, column: (places[index], column),
        is_export=kept[0]["is_export"],
        stated_on=date.fromisoformat(stated) if stated else None,
    )


def aliases_waiting(row: QuarantinedRow) -> tuple[Alias, ...]:
    """How the file named the person of a waiting row, hashed."""
    return tuple(
        Alias(AliasKind(kind), source, digest)
        for kind, source, digest in json.loads(row.cells)["aliases"]
    )


def _digest(kind: RecordKind, written: str) -> str:
    return hashlib.sha256(f"{kind.value}:{written}".encode()).hexdigest()


def _known(session: Session, source: str, keys: Sequence[str]) -> set[str]:
    """Digests of rows that wait or were decided on; a withdrawn one may come again."""
    found: set[str] = set()
    statement: Any = (
        select(QuarantinedRow.natural_key)
        .outerjoin(
            QuarantineResolution, QuarantineResolution.quarantined_row_id == QuarantinedRow.id
        )
        .where(
            QuarantinedRow.source == source,
            QuarantineResolution.outcome.is_(None) | (QuarantineResolution.outcome == DISMISSED),
        )
    )
    for start in range(0, len(keys), _KEYS):
        chosen = QuarantinedRow.natural_key.in_(keys[start : start + _KEYS])
        found.update(session.scalars(statement.where(chosen)))
    return found
