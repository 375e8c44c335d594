"""Sessions of a programme as its sheets head them, and the marks that people put there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final

import pandas as pd

from sample.exports.people import day

HOLIDAY: Final = "holiday"
KINDS: Final = MappingProxyType(
    {"class": "강의", "mentoring": "멘토링", "assignment": "과제", "pitch": "발표"}
)

_WEEKDAYS: Final = "월화수목금토일"
_BEGIN: Final = time(10)
_HOLIDAY_AFTER: Final = 8  # so many sessions

# What follows a mark is why, and invented like the rest. All of it can be written in CP949.
_KOREAN: Final = MappingProxyType(
    {
        "present": ("○", "출석", "O", "ㅇ", "◎", "09:52", "출", "온라인"),
        "late": ("△", "지각", "지", "지각(지어낸 버스 지연)", "조퇴", "△ 10:21"),
        "excused": (
            *("공결(병원)", "병결", "예비군", "공결 - 지어낸 하나원 교육", "결석→공결", "공"),
            *("병원", "결석(출산)", "하나원", "공가: 지어낸 장례", "× (예비군 훈련)"),
        ),
        "absent": ("×", "결석", "X", "결", "무단결석", "결석(지어낸 연락 두절)"),
        "blank": ("", "-", "해당없음"),
        HOLIDAY: ("휴강", "", "공휴일"),
    }
)
_ENGLISH: Final = MappingProxyType(
    {
        "present": ("P", "Present", "Y", "online", "9:52"),
        "late": ("L", "late 10 min", "Tardy", "left early"),
        "excused": ("E", "excused (hospital)", "Excused", "absent - funeral", "sick", "exempt"),
        "absent": ("A", "Absent", "N", "no show"),
        "blank": ("", "-", "n/a"),
        HOLIDAY: ("holiday", ""),
    }
)


@dataclass(frozen=True)
class Session:
    """One session; on a holiday that the calendar forgot, nobody could come."""

    number: int
    held_on: date
    hours: float
    kind: str

    @property
    def korean_kind(self) -> str:
        """What the session was, as a sheet says it."""
        return KINDS.get(self.kind, "강의")

    @property
    def korean_label(self) -> str:
        """The upper line of a header."""
        return f"{self.number}회차 {self.korean_kind} {self.hours:g}시간"

    @property
    def korean_day(self) -> str:
        """The lower line of a header: the day without its year, with its weekday."""
        written = f"{self.held_on.month}/{self.held_on.day}"
        return f"{written}({_WEEKDAYS[self.held_on.weekday()]})"

    @property
    def english_label(self) -> str:
        """A header in one line."""
        kind = self.kind if self.kind in KINDS else "class"
        return f"{self.held_on.day} {self.held_on:%b %Y} {kind} {self.hours:g}h"

    @property
    def begins_at(self) -> datetime:
        """When it begins."""
        return datetime.combine(self.held_on, _BEGIN)

    def clock(self, minutes_late: int) -> str:
        """When somebody arrived, on the dot of whole minutes."""
        came = self.begins_at + timedelta(minutes=minutes_late or -8)
        return f"{came:%H:%M}"


def sessions_of(attendance: pd.DataFrame) -> list[Session]:
    """The sessions of a run in the order of their days, with a holiday among them."""
    held = attendance.drop_duplicates("held_on").sort_values("held_on")
    days = [
        (day(row["held_on"]), float(row["hours"]), str(row["session_kind"]))
        for row in held.to_dict("records")
    ]
    free = days[_HOLIDAY_AFTER - 1][0] + timedelta(days=1)
    days.insert(_HOLIDAY_AFTER, (free, 3.0, HOLIDAY))
    return [Session(place + 1, *told) for place, told in enumerate(days)]


def marks_of(status: str, *, english: bool) -> Sequence[str]:
    """All ways of writing a status."""
    return (_ENGLISH if english else _KOREAN)[status]
