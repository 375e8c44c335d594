"""Attendance logs with a row per person and session."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date

import pandas as pd

from scoring.intake.extract import PERSON, Extract, Given, Reading
from scoring.intake.formats.attendance.marks import BLANK, STATUSES, status_of, unknown_mark
from scoring.intake.formats.attendance.records import (
    given_hours,
    hours_in,
    hours_note,
    programme_note,
    programme_of,
    session_kind,
    session_reference,
)
from scoring.intake.formats.attendance.session_headers import WrittenDay, written_day
from scoring.intake.formats.cell_values import each, is_day
from scoring.intake.formats.day_columns import read_days
from scoring.intake.formats.table_rows import ignored, names, people, record_rows, used
from scoring.intake.formats.tables import Table
from scoring.records.kinds import RecordKind

_UNREAD = ("unread",)
_NUMBER = re.compile(r"[0-9]+")
_MINUTES = re.compile(r"([0-9]{1,4})\s*(분|min|minutes)?")


def read(table: Table, given: Given) -> Reading:
    """Every row with a status as a record of its session.

    Raises:
        FileError: a mark is unknown, or the days can be read in more than one order.
    """
    rows, left_out = record_rows(table)
    notes: list[str] = []
    names_somebody = (rows[[name for name in PERSON if name in rows]] != "").any(axis=1)
    left_out["no_person"] += int((~names_somebody).sum())
    rows = rows[names_somebody]
    status = _statuses(table, rows)
    left_out.update(status[~status.isin(STATUSES)])
    rows, status = rows[status.isin(STATUSES)], status[status.isin(STATUSES)]
    cells = people(table, rows).assign(
        programme=_programmes(table, rows, given),
        held_on=_held_on(read_days(table, rows["held_on"], "held_on", given, notes), given),
        hours=_hours(rows, given),
        session_kind=_kinds(table, rows),
        status=status,
    )
    cells["session"] = _sessions(rows, cells)
    if "minutes_late" in rows:
        cells["minutes_late"] = each(rows["minutes_late"], _minutes)
    if "assignment" in rows:
        cells["assignment"] = _assignments(table, rows["assignment"])
    if "marked_by" in rows:
        cells["marked_by"] = rows["marked_by"]
    if "marked_on" in rows:
        cells["marked_on"] = read_days(table, rows["marked_on"], "marked_on", given, notes)
    once = ~_repeated(cells, by_check_in="status" not in table.fields)
    extract = Extract(RecordKind.ATTENDANCE, cells[once].astype("str"), headers=table.used)
    return Reading(
        format=table.format.name,
        kind=table.format.kind,
        sheet=table.sheet.name,
        header_row=table.header_row,
        used=used(table, _UNREAD),
        ignored=ignored(table, _UNREAD),
        extracts=lambda: iter([extract]),
        notes=(*notes, *_notes(table, cells, given)),
        left_out=dict(Counter({reason: n for reason, n in left_out.items() if n})),
        repeated=int((~once).sum()),
    )


def _statuses(table: Table, rows: pd.DataFrame) -> pd.Series[str]:
    """The status of each row, `blank` or `not_held`; by the check-in where none is written."""
    untold = pd.Series(BLANK, index=rows.index, dtype="str")
    checked = untold
    if "check_in" in rows:
        came = ~rows["check_in"].isin(["", "-"])
        checked = untold.where(~came, "present")
        if "minutes_late" in rows:
            late = each(rows["minutes_late"], _minutes).str.contains("[1-9]", regex=True)
            checked = checked.where(~(came & late), "late")
    if "status" not in rows:
        return checked.where(checked != BLANK, "absent")
    words, excuses = table.format.words["status"], table.format.words["excuse"]
    known = {cell: status_of(cell, words, excuses=excuses) for cell in rows["status"].unique()}
    unknown = [(row, cell) for row, cell in rows["status"].items() if known[cell] is None]
    if unknown:
        row, cell = unknown[0]
        raise unknown_mark(
            table.file.name,
            int(str(row)),
            table.used["status"],
            cell,
            further=len(unknown) - 1,
        )
    written = rows["status"].map(known).astype("str")
    return written.where(written != BLANK, checked)


def _held_on(days: pd.Series[str], given: Given) -> pd.Series[str]:
    """Days of sessions; one without a year is of the year told, else of the latest that fits."""

    def completed(cell: str) -> str:
        written = None if is_day(cell) else written_day(cell)
        if not isinstance(written, WrittenDay):
            return cell
        if written.year or given.year:
            candidates = [written.year or given.year or 0]
        else:
            candidates = list(range(given.today.year, given.today.year - 8, -1))
        for year in candidates:
            try:
                day = date(year, written.month, written.day)
            except ValueError:
                continue
            if len(candidates) == 1 or day <= given.today:
                return day.isoformat()
        return cell

    return each(days, completed)


def _sessions(rows: pd.DataFrame, cells: pd.DataFrame) -> pd.Series[str]:
    """References by day; several sessions of a day are numbered in the order of their names.

    The order of rows changes from export to export, that of names (1회차 before 2회차, 오전 before
    오후) does not.
    """
    nothing = pd.Series("", index=rows.index)
    name = rows["session"].str.casefold() if "session" in rows else nothing
    identity = list(
        zip(cells["programme"], cells["held_on"], name, cells["session_kind"], strict=True)
    )
    numbered: Counter[tuple[str, str]] = Counter()
    found: dict[tuple[str, str, str, str], str] = {}
    for session in sorted(set(identity), key=lambda one: (one[:2], _natural(one[2]), one[3])):
        numbered[session[:2]] += 1
        found[session] = session_reference(session[1], numbered[session[:2]])
    return pd.Series([found[session] for session in identity], index=rows.index, dtype="str")


def _natural(name: str) -> tuple[list[int], str]:
    return [int(number) for number in _NUMBER.findall(name)], name


def _kinds(table: Table, rows: pd.DataFrame) -> pd.Series[str]:
    """The kind by its own column, else by the session's name, else a class."""
    words = table.format.words["session_kind"]
    kinds = pd.Series("", index=rows.index, dtype="str")
    for field in ("session_kind", "session"):
        if field in rows:
            told = each(rows[field], lambda cell: session_kind(cell, words) or "")
            kinds = kinds.where(kinds != "", told)
    return kinds.where(kinds != "", "class")


def _hours(rows: pd.DataFrame, given: Given) -> pd.Series[str]:
    if "hours" not in rows:
        return pd.Series(given_hours(given), index=rows.index, dtype="str")
    return each(rows["hours"], lambda cell: hours_in(cell) or cell or given_hours(given))


def _programmes(table: Table, rows: pd.DataFrame, given: Given) -> pd.Series[str]:
    told = programme_of(given)
    if given.programme or "programme" not in rows:
        return pd.Series(told, index=rows.index, dtype="str")
    named = names(table, rows["programme"], "programme")
    return named.where(named != "", told)


def _minutes(cell: str) -> str:
    found = _MINUTES.fullmatch(cell.strip())
    return found[1] if found else "" if cell.strip() in {"", "-"} else cell


def _assignments(table: Table, cells: pd.Series[str]) -> pd.Series[str]:
    words = table.format.words["assignment"]
    meanings = {cell: status_of(cell, words) for cell in cells.unique()}
    for row, cell in cells.items():
        if meanings[cell] in (None, "present"):  # a time in this column says nothing
            raise unknown_mark(table.file.name, int(str(row)), table.used["assignment"], cell)
    return cells.map(meanings).replace(BLANK, "").astype("str")


def _repeated(cells: pd.DataFrame, *, by_check_in: bool) -> pd.Series[bool]:
    """Rows that tell nothing new: of check-ins, every further one of a person and session."""
    if not by_check_in:
        return cells.duplicated()
    key = [*(field for field in PERSON if field in cells), "programme", "session"]
    # Whoever checked in once was there: rows without a time come last.
    order = (
        cells["status"].map({"present": 0, "late": 1}).fillna(2).sort_values(kind="stable").index
    )
    return cells.loc[order].duplicated(key).reindex(cells.index)


def _notes(table: Table, cells: pd.DataFrame, given: Given) -> Iterator[str]:
    if "programme" not in table.fields:
        yield programme_note(given)
    if "hours" not in table.fields or (cells["hours"] == given_hours(given)).all():
        yield hours_note(given)
    if "status" not in table.fields:
        yield (
            "The file has times of arrival and no status: with one somebody was there, without one "
            "they were absent."
        )
    several = cells.drop_duplicates("session")
    if several.duplicated(["programme", "held_on"]).any():
        yield "On some days there are several sessions; they were numbered in the order of names."
