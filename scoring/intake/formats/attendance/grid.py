"""Attendance sheets with a row per person and a column per session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from scoring.base.errors import FileError
from scoring.intake.day_order import OpenDay
from scoring.intake.extract import PERSON, PERSON_ID, Extract, Given, Place, Reading
from scoring.intake.formats.attendance.marks import STATUSES, status_of, unknown_mark
from scoring.intake.formats.attendance.records import (
    given_hours,
    hours_in,
    hours_note,
    programme_note,
    programme_of,
    session_kind,
    session_reference,
)
from scoring.intake.formats.attendance.session_headers import (
    FEWEST_SESSIONS,
    WrittenDay,
    dated,
    session_days,
)
from scoring.intake.formats.cell_values import is_damaged_id
from scoring.intake.formats.day_columns import Placed, decided
from scoring.intake.formats.declarations import normalised
from scoring.intake.formats.table_rows import as_typed, ignored, is_total, titles_above, used
from scoring.intake.formats.tables import Table, candidates
from scoring.records.kinds import RecordKind

_UNREAD = ("unread", "summary", "row_number")


@dataclass(frozen=True)
class _Session:
    """A column of the sheet: where it stands, what its header says."""

    place: int
    label: str
    written: WrittenDay


@dataclass(frozen=True)
class _Line:
    """A person's row: how the file names them, and a status by column."""

    row: int
    person: dict[str, str]
    statuses: dict[int, str]


def read(table: Table, given: Given) -> Reading:
    """Every mark as a record of its session.

    Raises:
        FileError: a mark is unknown, a session's day doesn't exist, or the days can be read in
            more than one order.
    """
    order_notes: list[str] = []
    sessions = _sessions(table, given, order_notes)
    lines, left_out = _lines(table, sessions)
    marked = [any(line.statuses.get(s.place) in STATUSES for line in lines) for s in sessions]
    days = _days(table, sessions, marked, given)
    for line in lines:
        left_out.update(status for status in line.statuses.values() if status not in STATUSES)
    extract = _extract(table, sessions, lines, days, given)
    return Reading(
        format=table.format.name,
        kind=table.format.kind,
        sheet=table.sheet.name,
        header_row=table.header_row,
        used={
            **used(table, (*_UNREAD, *_numbering(table, lines))),
            **{session.label: day for session, day in zip(sessions, days, strict=True)},
        },
        ignored=tuple(
            header
            for header in ignored(table, _UNREAD)
            if header not in {table.headers[session.place] for session in sessions}
        ),
        extracts=lambda: iter([extract]),
        notes=(*order_notes, *_notes(table, sessions, days, given)),
        left_out=dict(left_out),
    )


def _sessions(table: Table, given: Given, notes: list[str]) -> list[_Session]:
    names = _header_lines(table)
    found = dict(sorted(session_days(names, taken=table.fields.values()).items()))
    labels = {
        place: " ".join(dict.fromkeys(filter(None, reversed(names[place])))) for place in found
    }
    unclear = {place: written for place, written in found.items() if isinstance(written, OpenDay)}
    placed = [Placed(table.header_row, labels[place], day) for place, day in unclear.items()]
    clear = decided(table, placed, given, notes)
    days = {place: clear[day] for place, day in unclear.items()}
    return [
        _Session(
            place,
            labels[place],
            written
            if isinstance(written, WrittenDay)
            else WrittenDay(days[place].month, days[place].day, days[place].year),
        )
        for place, written in found.items()
    ]


def _header_lines(table: Table) -> list[tuple[str, ...]]:
    """Each column's header as it stands: the lower line and the upper one, or a line by itself."""
    above: list[str] = []
    for number, cells in table.sheet.rows():
        if number == table.header_row:
            break
        above = cells
    else:
        return [(header,) for header in table.headers]
    width = len(table.headers)
    lower = (cells + [""] * width)[:width]
    upper = (above + [""] * width)[:width]
    is_one_line = tuple(lower) == table.headers
    # A title merged over the table says the same of every column.
    if is_one_line and len(set(filter(None, upper))) <= 1:
        return [(cell,) for cell in lower]
    return list(zip(lower, upper, strict=True))


def _lines(table: Table, sessions: list[_Session]) -> tuple[list[_Line], Counter[str]]:
    words, excuses = table.format.words["status"], table.format.words["excuse"]
    naming = {field: table.fields[field] for field in PERSON if field in table.fields}
    number = table.fields.get("row_number")
    known: dict[str, str | None] = {}
    unknown: list[tuple[int, str, str]] = []
    left_out: Counter[str] = Counter()
    lines: list[_Line] = []
    for row, cells in table.lines():
        person = {field: as_typed(cells[place]) for field, place in naming.items()}
        counted = cells[number] if number is not None else ""
        marks = {session.place: cells[session.place] for session in sessions}
        reason = _why_left_out(table, person, counted, marks, cells)
        if reason:
            left_out[reason] += 1
            continue
        statuses = {}
        for session in sessions:
            cell = marks[session.place]
            if cell not in known:
                known[cell] = status_of(cell, words, excuses=excuses)
            status = known[cell]
            if status is None:
                unknown.append((row, session.label, cell))
            else:
                statuses[session.place] = status
        lines.append(_Line(row, {**person, "row_number": counted}, statuses))
    if unknown:
        row, label, cell = unknown[0]
        raise unknown_mark(table.file.name, row, label, cell, further=len(unknown) - 1)
    _take_numbers(table, lines)
    return lines, left_out


def _why_left_out(
    table: Table, person: dict[str, str], number: str, marks: dict[int, str], cells: list[str]
) -> str | None:
    """Why a row is no person's; None where it is one's."""
    if is_total(cells):
        return "total"
    filled = [mark for mark in marks.values() if mark]
    whole = [cell for cell in cells if cell]
    if len(whole) > FEWEST_SESSIONS and len(set(whole)) == 1:
        return "heading"  # of a team, merged over the row
    if any(
        normalised(cell) in table.format.columns[field] for field, cell in person.items() if cell
    ):
        return "repeated_header"
    if not any(person.values()) and (person or not number or not filled):
        return "no_person" if filled else "heading"
    return None


def _take_numbers(table: Table, lines: list[_Line]) -> None:
    """Take 번호 for a person's number, where the sheet has no better and it doesn't just count.

    A running number is somebody else in the next sheet: nobody may be recognised by it.

    Raises:
        FileError: a number lost its last digits in a spreadsheet.
    """
    numbers = [line.person.pop("row_number") for line in lines]
    if "row_number" in table.fields and PERSON_ID not in table.fields:
        counts = all(
            number.isdecimal() and len(number) < 5 and int(number) <= 2 * len(lines)
            for number in numbers
            if number
        )
        if not counts or not any(field in table.fields for field in PERSON):
            for line, number in zip(lines, numbers, strict=True):
                line.person[PERSON_ID] = number
    for line in lines:
        if is_damaged_id(line.person.get(PERSON_ID, "")):
            raise FileError(
                table.file.name,
                "is a number whose last digits a spreadsheet has dropped",
                row=line.row,
                column=table.used.get(PERSON_ID) or table.used["row_number"],
            )


def _numbering(table: Table, lines: list[_Line]) -> tuple[str, ...]:
    taken = bool(lines) and PERSON_ID in lines[0].person
    return () if taken else ("row_number",)


def _days(table: Table, sessions: list[_Session], marked: list[bool], given: Given) -> list[str]:
    try:
        days = dated(
            [session.written for session in sessions],
            marked=marked,
            year=given.year,
            titles=titles_above(table),
            today=given.today,
        )
    except ValueError as error:
        raise FileError(
            table.file.name,
            "names a day that doesn't exist in its year",
            row=table.header_row,
            remedy="Correct the header, or say the right year with --year.",
        ) from error
    return [day.isoformat() for day in days]


def _extract(
    table: Table, sessions: list[_Session], lines: list[_Line], days: list[str], given: Given
) -> Extract:
    kinds = table.format.words["session_kind"]
    seen: Counter[str] = Counter()
    of_session: dict[int, tuple[str, str, str, str]] = {}
    for session, day in zip(sessions, days, strict=True):
        seen[day] += 1
        of_session[session.place] = (
            session_reference(day, seen[day]),
            day,
            hours_in(session.label) or given_hours(given),
            session_kind(session.label, kinds) or "class",
        )
    naming = [field for field in PERSON if lines and field in lines[0].person]
    width = len(table.headers)
    rows = [
        (line.row * width + place, *map(line.person.__getitem__, naming), *told, status)
        for line in lines
        for place, told in of_session.items()
        if (status := line.statuses[place]) in STATUSES
    ]
    columns = ["index", *naming, "session", "held_on", "hours", "session_kind", "status"]
    cells = pd.DataFrame(rows, columns=columns).set_index("index").astype("str")
    cells["programme"] = programme_of(given)
    labels = {session.place: session.label for session in sessions}
    names = dict(table.used)
    if PERSON_ID not in names and "row_number" in names:
        names[PERSON_ID] = names["row_number"]

    def locate(index: int, column: str) -> Place:
        row, place = divmod(index, width)
        return row, names.get(column) if column in PERSON else labels[place]

    return Extract(RecordKind.ATTENDANCE, cells, locate=locate)


def _notes(table: Table, sessions: list[_Session], days: list[str], given: Given) -> Iterator[str]:
    yield programme_note(given)
    if any(hours_in(session.label) is None for session in sessions):
        yield hours_note(given)
    if any(session.written.year is None for session in sessions):
        yield (
            "The headers name days without a year; the sessions were taken to run from "
            f"{days[0]} to {days[-1]}."
        )
    if any(before > after for before, after in pairwise(days)):
        yield "The sessions do not stand in the order of their days."
    twice = [day for day, count in Counter(days).items() if count > 1]
    if twice:
        yield (
            f"On {len(twice)} day{'s' if len(twice) > 1 else ''} there are several sessions; they "
            "were numbered in the order of their columns."
        )
    others = [
        sheet.name
        for sheet in table.file.sheets
        if sheet is not table.sheet and next(candidates(sheet, table.format), None)
    ]
    if others:
        yield (
            f'Only the sheet "{table.sheet.name}" was read. Attendance stands also in '
            f"{', '.join(others)}: import each sheet as a file of its own."
        )
