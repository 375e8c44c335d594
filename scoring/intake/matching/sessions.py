"""Programmes and their sessions, added as attendance files name them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
from sqlalchemy import select

from scoring.intake.batch import Batch
from scoring.intake.current_import import CurrentImport
from scoring.intake.problems import Problem
from scoring.records.kinds import RecordKind
from scoring.store.key_chunks import key_chunks
from scoring.store.ledger import Ledger
from scoring.store.tables import Programme, ProgrammeSession


class MatchSessions:
    """Attendance finds the sessions that it is of."""

    def __init__(self, current: CurrentImport) -> None:
        self._current = current

    def __call__(self, batch: Batch) -> Batch:
        """The batch of attendance with its sessions; of other kinds, as it is.

        Raises:
            FileError: a session is on file on another day.
        """
        if batch.kind is not RecordKind.ATTENDANCE or batch.cells.empty:
            return batch
        return replace(batch, session_ids=_session_ids(self._current.ledger, batch))


def _session_ids(ledger: Ledger, batch: Batch) -> pd.Series[int]:
    session, cells = ledger.session, batch.cells
    programmes = _programmes(ledger, cells["programme"].unique().tolist())
    known = {
        (s.programme_id, s.reference): s
        for keys in key_chunks(programmes.values())
        for s in session.scalars(
            select(ProgrammeSession).where(ProgrammeSession.programme_id.in_(keys))
        )
    }
    held: list[ProgrammeSession] = []
    problems: list[Problem] = []
    names = ("programme", "session", "session_kind", "hours", "held_on")
    columns = (cells[name].tolist() for name in names)
    for index, programme, reference, kind, hours, held_on in zip(
        cells.index.tolist(), *columns, strict=True
    ):
        day = date.fromisoformat(held_on)
        key = (programmes[programme], reference)
        if key not in known:
            known[key] = ProgrammeSession(
                programme_id=key[0],
                reference=reference,
                held_on=day,
                hours=float(hours),
                kind=kind,
                added_at=ledger.now,
            )
            session.add(known[key])
        elif known[key].held_on != day:
            problems.append(
                Problem(index, "held_on", f"session {reference} is on {known[key].held_on}")
            )
        held.append(known[key])
    batch.refuse(problems)
    session.flush()
    return pd.Series([found.id for found in held], index=cells.index, dtype="int64")


def _programmes(ledger: Ledger, references: list[str]) -> dict[str, int]:
    known = {
        programme.reference: programme
        for keys in key_chunks(references)
        for programme in ledger.session.scalars(
            select(Programme).where(Programme.reference.in_(keys))
        )
    }
    for reference in references:
        if reference not in known:
            known[reference] = Programme(reference=reference, added_at=ledger.now)
            ledger.session.add(known[reference])
    ledger.session.flush()
    return {reference: programme.id for reference, programme in known.items()}
