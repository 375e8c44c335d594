"""Programmes and their sessions, added as attendance files name them."""

from __future__ import annotations

from datetime import date

import pandas as pd
from sqlalchemy import select

from scoring.intake.batch import Task
from scoring.intake.checking.cells import Problem
from scoring.store.database import Ledger
from scoring.store.tables import Programme, ProgrammeSession


def session_ids(task: Task) -> pd.Series[int]:
    """The id of each row's session; programmes and sessions that are new are added.

    Raises:
        FileError: a session is on file on another day.
    """
    ledger, cells = task.ledger, task.cells
    session = ledger.session
    programmes = _programmes(ledger, cells["programme"].unique().tolist())
    known = {(s.programme_id, s.reference): s for s in session.scalars(select(ProgrammeSession))}
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
    task.refuse(problems)
    session.flush()
    return pd.Series([found.id for found in held], index=cells.index, dtype="int64")


def _programmes(ledger: Ledger, references: list[str]) -> dict[str, int]:
    known = {p.reference: p for p in ledger.session.scalars(select(Programme))}
    for reference in references:
        if reference not in known:
            known[reference] = Programme(reference=reference, added_at=ledger.now)
            ledger.session.add(known[reference])
    ledger.session.flush()
    return {reference: programme.id for reference, programme in known.items()}
