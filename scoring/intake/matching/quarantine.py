"""Rows that wait: for a person to be named, or for the sale or loan that they tell of.

Nothing personal waits with them: what names a person is there as keyed hashes only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from scoring.intake.batch import Batch, Outcome, Waiting
from scoring.intake.checking.cells import all_columns
from scoring.intake.current_import import CurrentImport
from scoring.intake.extract import DAY_INFERRED, SUSPECT, Extract
from scoring.parties.aliases import Alias, AliasKind
from scoring.records.forms import FORMS
from scoring.records.kinds import RecordKind
from scoring.store.bulk import append_frame
from scoring.store.key_chunks import key_chunks
from scoring.store.ledger import Ledger
from scoring.store.supersede import mark_superseded
from scoring.store.tables import QuarantinedRow, QuarantineResolution

UNKNOWN_SALE, UNKNOWN_LOAN = "unknown_sale", "unknown_loan"
RESOLVED, DISMISSED, WITHDRAWN = "resolved", "dismissed", "withdrawn"


class KeepWaiting:
    """Rows that can't go on are kept until somebody or something is known."""

    def __init__(self, current: CurrentImport) -> None:
        self._current = current

    def __call__(self, batch: Batch) -> Batch:
        """The batch with its waiting rows kept; those that wait already are not kept twice."""
        if not batch.waiting:
            return batch
        rows = [self._kept(batch, entry, record) for entry, record in _records(batch)]
        known = self._known([row["natural_key"] for row in rows])
        new: list[dict[str, Any]] = []
        waits_now: list[Waiting] = []
        for entry, row in zip(batch.waiting, rows, strict=True):
            if row["natural_key"] not in known:
                known.add(row["natural_key"])
                new.append(row)
                waits_now.append(entry)
        if new:
            append_frame(self._current.ledger, QuarantinedRow, pd.DataFrame(new, dtype=object))
        reached = batch.all_reached([entry.index for entry in waits_now], Outcome.QUARANTINED)
        return replace(reached, waits_now=tuple(waits_now))

    def _kept(self, batch: Batch, entry: Waiting, record: dict[str, str]) -> dict[str, Any]:
        extract = batch.extract
        kept = {
            "cells": {name: value for name, value in record.items() if value != ""},
            "columns": list(record),
            "aliases": [[a.kind.value, a.source, a.digest] for a in entry.aliases],
            "is_export": extract.is_export,
            "stated_on": extract.stated_on.isoformat() if extract.stated_on else None,
        }
        written = json.dumps(kept, ensure_ascii=False, sort_keys=True)
        return {
            "import_id": self._current.import_id,
            "kind": batch.kind.value,
            "row": extract.place(entry.index, "founder")[0],
            "source": self._current.source,
            "natural_key": _digest(batch.kind, written),
            "reason": entry.reason,
            "person": entry.aliases[0].digest if entry.aliases else None,
            "waits_for": entry.waits_for,
            "cells": written,
        }

    def _known(self, keys: Sequence[str]) -> set[str]:
        """Digests of rows that wait or were decided on; a withdrawn one may come again."""
        found: set[str] = set()
        statement: Any = (
            select(QuarantinedRow.natural_key)
            .outerjoin(
                QuarantineResolution, QuarantineResolution.quarantined_row_id == QuarantinedRow.id
            )
            .where(
                QuarantinedRow.source == self._current.source,
                QuarantineResolution.outcome.is_(None)
                | (QuarantineResolution.outcome == DISMISSED),
            )
        )
        for some in key_chunks(keys):
            chosen = statement.where(QuarantinedRow.natural_key.in_(some))
            found.update(self._current.ledger.session.scalars(chosen))
        return found


def _records(batch: Batch) -> list[tuple[Waiting, dict[str, str]]]:
    """The waiting rows as the file has them, without what names a person."""
    names = [name for name in FORMS[batch.kind].names if name not in batch.absent]
    names += [name for name in (SUSPECT, DAY_INFERRED) if name in batch.checked]
    chosen = batch.checked.loc[[entry.index for entry in batch.waiting], names]
    records = [{str(k): v for k, v in one.items()} for one in chosen.to_dict("records")]
    return list(zip(batch.waiting, records, strict=True))


def waiting_rows(session: Session, *conditions: ColumnElement[bool]) -> list[QuarantinedRow]:
    """Rows that wait now and meet conditions on `QuarantinedRow`, in order of arrival."""
    statement = select(QuarantinedRow).where(
        QuarantinedRow.superseded_recorded_at.is_(None), *conditions
    )
    return list(session.scalars(statement.order_by(QuarantinedRow.id)))


def people_waiting(session: Session, names: Collection[str]) -> dict[str, tuple[Alias, ...]]:
    """The aliases of people of some names whose rows wait, by what rows of one person share.

    Args:
        session: to read from.
        names: as `Alias.name` gives them.
    """
    found: dict[str, tuple[Alias, ...]] = {}
    begins = func.substr(QuarantinedRow.person, 1, len(next(iter(names), "")))
    for some in key_chunks(names):
        # A number is what a person is known by first; the name stands after it.
        may_be = or_(begins.in_(some), QuarantinedRow.cells.contains('"aliases": [["id"'))
        for row in waiting_rows(session, QuarantinedRow.person.is_not(None), may_be):
            aliases = aliases_waiting(row)
            if any(alias.name in names for alias in aliases):
                found[aliases[0].digest] = aliases
    return found


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
    found: list[QuarantinedRow] = []
    for some in key_chunks(keys):
        found += waiting_rows(
            ledger.session,
            QuarantinedRow.source == source,
            QuarantinedRow.kind == kind.value,
            QuarantinedRow.waits_for.in_(some),
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
    mark_superseded(ledger, QuarantinedRow, ids)
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


def as_batch(file: str, rows: Sequence[QuarantinedRow], founder: str | None) -> Batch:
    """Rows of one kind and one import as they were checked, for the founder that they belong to.

    Args:
        file: what they are called in messages.
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
    extract = Extract(
        RecordKind(rows[0].kind),
        cells,
        locate=lambda index, column: (places[index], column),
        is_export=kept[0]["is_export"],
        stated_on=date.fromisoformat(stated) if stated else None,
    )
    return Batch.of(file, extract, all_columns(extract))


def aliases_waiting(row: QuarantinedRow) -> tuple[Alias, ...]:
    """How the file named the person of a waiting row, hashed."""
    return tuple(
        Alias(AliasKind(kind), source, digest)
        for kind, source, digest in json.loads(row.cells)["aliases"]
    )


def _digest(kind: RecordKind, written: str) -> str:
    return hashlib.sha256(f"{kind.value}:{written}".encode()).hexdigest()
