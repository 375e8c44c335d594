"""The days on which a programme meets: attendance on other days is doubtful."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scoring.base.errors import FileError, InputError
from scoring.intake.listed import read_list
from scoring.parties.persons import require_name_and_reason
from scoring.parties.references import REFERENCE
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.tables import Programme, ProgrammeCalendar

HELD_ON = "held_on"
_ALSO_CALLED = {HELD_ON: ("date", "day", "날짜", "일자", "교육일", "수업일")}


def read_calendar(path: Path) -> list[date]:
    """Session days from a list with a column `held_on`, written as YYYY-MM-DD.

    Raises:
        FileError: the list can't be read, or a cell is no day; says in which row.
    """
    lines = read_list(path, required=(HELD_ON,), also_called=_ALSO_CALLED)
    days: list[date] = []
    for row, cell in zip(lines.index.tolist(), lines[HELD_ON].tolist(), strict=True):
        try:
            days.append(date.fromisoformat(cell))
        except ValueError:
            problem = f'"{cell}" is not a day; write it as 2026-03-01'
            raise FileError(path.name, problem, row=row, column=HELD_ON) from None
    return days


def declare_calendar(
    ledger: Ledger, programme: str, days: list[date], *, author: str
) -> tuple[Programme, int]:
    """Record days on which a programme meets; days that are known stay as they are.

    From the first day declared on, attendance on any other day of the programme is doubtful.

    Returns:
        The programme, and how many days are new.

    Raises:
        InputError: the reference can't be one, or the name is missing.
    """
    require_name_and_reason(author, "calendar")
    if not REFERENCE.fullmatch(programme):
        raise InputError(
            f'"{programme}" can\'t be a programme reference: up to 64 letters, digits and ._:- '
            "only."
        )
    found = ledger.session.scalars(
        select(Programme).where(Programme.reference == programme)
    ).first()
    if found is None:
        found = Programme(reference=programme, added_at=ledger.now)
        ledger.session.add(found)
        ledger.session.flush()
    known = set(
        ledger.session.scalars(
            select(ProgrammeCalendar.held_on).where(ProgrammeCalendar.programme_id == found.id)
        )
    )
    new = sorted(set(days) - known)
    ledger.session.add_all(
        ProgrammeCalendar(programme_id=found.id, held_on=day, author=author, added_at=ledger.now)
        for day in new
    )
    ledger.session.flush()
    if new:
        append_event(
            ledger,
            actor=author,
            action="calendar.declared",
            details={"programme": programme, "days": len(new)},
        )
    return found, len(new)


def list_calendars(session: Session) -> list[dict[str, Any]]:
    """Each programme that declared days: how many, the first and the last."""
    statement = (
        select(
            Programme.reference,
            func.count(),
            func.min(ProgrammeCalendar.held_on),
            func.max(ProgrammeCalendar.held_on),
        )
        .join(ProgrammeCalendar, ProgrammeCalendar.programme_id == Programme.id)
        .group_by(Programme.reference)
        .order_by(Programme.reference)
    )
    return [
        {"programme": reference, "days": days, "first": str(first), "last": str(last)}
        for reference, days, first, last in session.execute(statement)
    ]
