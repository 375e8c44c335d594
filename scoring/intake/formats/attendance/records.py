"""Attendance as records, the same from a sheet with a column per session as from a log."""

from __future__ import annotations

import re
from collections.abc import Mapping

from scoring.intake.extract import Given
from scoring.intake.formats.declarations import normalised
from scoring.intake.formats.table_rows import name_reference

PROGRAMME = "main"  # of an installation that has one programme and never named it

_HOURS = re.compile(r"(?<![0-9.])(?P<hours>[0-9]{1,2}(\.[0-9]+)?)\s*(시간|hours?|hrs?|h\b)")
_MINUTES = re.compile(r"(?P<minutes>[0-9]{2,3})\s*(분|min)")


def session_reference(day: str, place: int) -> str:
    """A session's name by its day, so that files of any form meet in one record.

    Args:
        day: as YYYY-MM-DD.
        place: among the sessions of the day, from 1 on.
    """
    return f"S-{day}" if place == 1 else f"S-{day}-{place}"


def session_kind(text: str, words: Mapping[str, str]) -> str | None:
    """The kind of session that a header or a cell names, also amid other words."""
    written = normalised(text)
    if written in words:
        return words[written]
    amid = (kind for word, kind in words.items() if _tells_amid_others(word) and word in written)
    return next(amid, None)


def hours_in(text: str) -> str | None:
    """Hours that a text names: `3시간`, `1.5h`, `90분`."""
    found = _HOURS.search(text.casefold())
    if found:
        return found["hours"]
    minutes = _MINUTES.search(text.casefold())
    return f"{int(minutes['minutes']) / 60:g}" if minutes else None


def given_hours(given: Given) -> str:
    """The length told for sessions that don't say theirs."""
    return f"{given.session_hours:g}"


def programme_of(given: Given) -> str:
    """The programme told, or the one that an installation without names has."""
    return name_reference(given.programme) if given.programme else PROGRAMME


def programme_note(given: Given) -> str:
    """What programme the sessions were taken to be of."""
    if given.programme:
        return f'The sessions were taken to be of the programme "{programme_of(given)}".'
    return (
        f'No programme is named: the sessions were taken to be of one called "{PROGRAMME}". Say '
        "--programme where there are several; the same sheet under another name counts twice."
    )


def hours_note(given: Given) -> str:
    """What was assumed of sessions whose length the file leaves out."""
    return f"The file does not say how long sessions were; {given_hours(given)} hours were assumed."


def _tells_amid_others(word: str) -> bool:
    # Two Latin letters may stand inside any word.
    return len(word) > 2 or word[0] >= "가"
