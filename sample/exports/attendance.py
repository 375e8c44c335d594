"""Attendance as programmes keep it: sheets with a column per session, and logs with rows of them.

The marks say the same in each; beside some stands why somebody was away, which nobody may keep.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import pandas as pd

from sample.exports.cells import AmountStyle, Cell, DayStyle, Moment, Style
from sample.exports.pages import Page, Row, write_text, write_workbook
from sample.exports.people import KnownAs, cohort_of, day, frame, people_of, write_mapping
from sample.exports.sessions import HOLIDAY, Session, marks_of, sessions_of
from sample.exports.written import Written
from sample.simulate import Portfolio
from scoring.intake.formats.declarations import FormatName
from scoring.records.kinds import RecordKind

_TEAM: Final = 4  # people in each
_JOINED_LATE: Final = 5  # the fifth in the list
_FIRST_OF_LATECOMER: Final = 6
_BIRTHDAY: Final = "1900-01-01"
_NOTES: Final = ("", "지어낸 비고: 정착지원 상담", "=지어낸 비고", "", "지어낸 비고: 임신 중")
_ACCOUNTS: Final = ("manager@없는캠프.example", "assistant@없는캠프.example")


def write_attendance(folder: Path, portfolio: Portfolio) -> list[Written]:
    """Write the attendance of a cohort in all its forms, and who is who beside them.

    Args:
        folder: where they go, each form in a folder of its own; `people.csv` stands beside these.
        portfolio: the sample portfolio.

    Returns:
        Every file with what it means, once the mapping is known.
    """
    people = people_of(portfolio)
    folder.mkdir(parents=True, exist_ok=True)
    write_mapping(folder, people.values())
    cohort = _Cohort(portfolio, people)
    return [
        *cohort.korean_sheets(folder / "attendance_grid"),
        *cohort.english_sheets(folder / "attendance_grid"),
        *cohort.logs(folder / "attendance_long"),
        *cohort.check_ins(folder / "attendance_long"),
    ]


class _Cohort:
    """One run of a programme: who took part, which sessions there were, who was there."""

    def __init__(self, portfolio: Portfolio, people: dict[str, KnownAs]) -> None:
        self.attendance = cohort_of(portfolio)
        self.programme = str(self.attendance["programme"].iloc[0])
        self.people = [people[one] for one in self.attendance["founder"].drop_duplicates()]
        self.sessions = sessions_of(self.attendance)
        self.known = {
            (row["founder"], day(row["held_on"])): row for row in self.attendance.to_dict("records")
        }
        self._marks = {english: self._all_marks(english=english) for english in (False, True)}

    def record(self, one: KnownAs, session: Session) -> dict[Any, Any] | None:
        """What is known of somebody at a session; nothing before they joined, or of a holiday."""
        late_joiner = self.people.index(one) == _JOINED_LATE - 1
        if session.kind == HOLIDAY or (late_joiner and session.number < _FIRST_OF_LATECOMER):
            return None
        return self.known[one.founder, session.held_on]

    def marks(self, one: KnownAs, *, english: bool) -> list[str]:
        """A cell per session."""
        return [self._marks[english][one.founder, session.number] for session in self.sessions]

    def _all_marks(self, *, english: bool) -> dict[tuple[str, int], str]:
        """Every way of writing a status in turn."""
        written: Counter[str] = Counter()
        found = {}
        for one in self.people:
            for session in self.sessions:
                known = self.record(one, session)
                status = HOLIDAY if session.kind == HOLIDAY else "blank"
                if known is not None:
                    status = str(known["status"])
                words = marks_of(status, english=english)
                found[one.founder, session.number] = words[written[status] % len(words)]
                written[status] += 1
        return found

    def truth(self, **told: str) -> pd.DataFrame:
        """Records in the columns of the plain form; `told` are columns that only some files have.

        Args:
            told: name of the form's column by name of the simulator's.
        """
        rows: list[dict[str, object]] = []
        for one in self.people:
            for session in self.sessions:
                known = self.record(one, session)
                if known is None:
                    continue
                row: dict[str, object] = {
                    "founder": one.founder,
                    "programme": self.programme,
                    "session": f"S-{session.held_on}",
                    "held_on": session.held_on,
                    "hours": session.hours,
                    "session_kind": session.kind,
                    "status": known["status"],
                    "minutes_late": 0,
                    "assignment": None,
                }
                row |= {ours: _plain(known[theirs]) for theirs, ours in told.items()}
                row["minutes_late"] = row["minutes_late"] or 0
                rows.append(row)
        return frame(rows)

    def korean_sheets(self, folder: Path) -> list[Written]:
        """A sheet with titles, a header of two lines without years, teams, sums and a legend."""
        folder.mkdir(parents=True, exist_ok=True)
        about = (
            "Attendance sheet: titles above, sessions and days without a year in two lines, "
            "weekdays, a row for each team, empty columns, excuses beside marks, sums and a legend."
        )
        files = []
        for ending, write, decomposed in _variants(DayStyle.SECONDS):
            path = folder / f"attendance-sheet.{ending}"
            write(self._korean_sheet(decomposed=decomposed), path)
            files.append(self._written(path, FormatName.ATTENDANCE_GRID, self.truth(), about))
        return files

    def _korean_sheet(self, *, decomposed: bool) -> Page:
        upper = ["", "", "", "", "", ""]
        header = ["번호", "이름", "연락처", "팀명", "생년월일", ""]
        for session in self.sessions:
            upper.append(session.korean_label)
            header.append(session.korean_day)
        upper += ["", "집계", "", "", "", ""]
        header += ["", "출석", "지각", "결석", "출석률", "비고"]
        rows: list[Row] = []
        for place, one in enumerate(self.people):
            if place % _TEAM == 0:
                rows.append([f"{place // _TEAM + 1}조 (지어낸 팀)"])
            rows.append(self._korean_row(place, one, decomposed=decomposed))
        counts = [self._present(session) for session in self.sessions]
        return Page(
            header=header,
            rows=rows,
            titles=[
                ["지어낸 창업캠프 출석부 (모두 지어낸 사람들)"],
                [f"교육기간: {self.sessions[0].held_on:%Y.%m} ~ {self.sessions[-1].held_on:%Y.%m}"],
                upper,
            ],
            totals=[
                ["합계", "", "", "", "", "", *counts],
                ["※ ○ 출석  △ 지각·조퇴  × 결석  공결: 사유서 낸 사람"],
            ],
            sheet="출석부",
        )

    def _korean_row(self, place: int, one: KnownAs, *, decomposed: bool) -> list[Cell]:
        status = Counter(known["status"] for s in self.sessions if (known := self.record(one, s)))
        share = (status["present"] + status["late"]) / max(1, status.total())
        return [
            *(place + 1, one.written_name(place, decomposed=decomposed), one.written_phone(place)),
            *(f"{place // _TEAM + 1}팀", _BIRTHDAY, ""),
            *self.marks(one, english=False),
            *("", status["present"], status["late"], status["absent"], f"{share:.1%}"),
            _NOTES[place % len(_NOTES)],
        ]

    def _present(self, session: Session) -> int:
        known = [self.record(one, session) for one in self.people]
        return sum(row is not None and row["status"] in ("present", "late") for row in known)

    def english_sheets(self, folder: Path) -> list[Written]:
        """The same attendance by participants' numbers, with English marks and whole days."""
        page = Page(
            header=[
                *("Participant ID", "Participant", "Team", "Date of birth"),
                *(session.english_label for session in self.sessions),
                *("Attendance rate", "Notes"),
            ],
            rows=[
                [
                    *(one.number, one.name, f"Team {place // _TEAM + 1}", _BIRTHDAY),
                    *self.marks(one, english=True),
                    *("100%", _NOTES[place % len(_NOTES)]),
                ]
                for place, one in enumerate(self.people)
            ],
            totals=[["Total", "", "", "", *map(self._present, self.sessions)]],
            sheet="Attendance",
        )
        about = "The same attendance by participants' numbers, with English marks."
        files = []
        for ending, write, _ in _variants(DayStyle.SECONDS)[::2]:
            path = folder / f"attendance-sheet-english.{ending}"
            write(page, path)
            files.append(self._written(path, FormatName.ATTENDANCE_GRID, self.truth(), about))
        return files

    def logs(self, folder: Path) -> list[Written]:
        """The same attendance as a row per person and session, with a column of reasons."""
        folder.mkdir(parents=True, exist_ok=True)
        about = (
            "The same attendance as a log: a row per person and session, days written in "
            "several ways, reasons in a column of their own, a repeated header, a total."
        )
        files = []
        styles = (DayStyle.HALF_DAYS, DayStyle.KOREAN, None)
        for style, place in zip(styles, range(3), strict=True):
            ending, write, decomposed = _variants(style)[place]
            path = folder / f"attendance-log.{ending}"
            write(self._log(decomposed=decomposed), path)
            files.append(self._written(path, FormatName.ATTENDANCE_LONG, self.truth(), about))
        return files

    def _log(self, *, decomposed: bool) -> Page:
        header = ["일시", "세션", "구분", "시간", "이름", "연락처", "출결상태", "사유"]
        rows: list[Row] = []
        for session in self.sessions:
            for place, one in enumerate(self.people):
                mark = self.marks(one, english=False)[session.number - 1]
                rows.append(
                    [
                        *(Moment(session.begins_at), f"{session.number}회차"),
                        *(session.korean_kind, f"{session.hours:g}시간"),
                        one.written_name(place + session.number, decomposed=decomposed),
                        one.written_phone(place + session.number),
                        *(mark, "지어낸 사유: 병원" if "결" in mark else ""),
                    ]
                )
        middle = len(rows) // 2
        return Page(
            header=header,
            rows=[*rows[:middle], header, *rows[middle:]],
            titles=[["지어낸 출결 기록"], ["내려받은 날: 지어낸 날"]],
            totals=[["합계", f"{len(rows)}건"]],
        )

    def check_ins(self, folder: Path) -> list[Written]:
        """Times of arrival without a status, minutes late, what was handed in, who marked it."""
        about = (
            "Check-ins by telephone: times of arrival and no status, minutes late, what was "
            "handed in, and the account that marked it."
        )
        truth = self._checked(self.truth(minutes_late="minutes_late", assignment="assignment"))
        files = []
        for ending, write, _ in _variants(DayStyle.DOTS)[:2]:
            path = folder / f"check-ins.{ending}"
            write(self._check_in_page(), path)
            files.append(self._written(path, FormatName.ATTENDANCE_LONG, truth, about))
        return files

    def _checked(self, truth: pd.DataFrame) -> pd.DataFrame:
        """Without a status nobody is excused: whoever did not check in was absent."""
        status = truth["status"].where(truth["status"] != "excused", "absent")
        return truth.assign(status=status, marked_on=truth["held_on"])

    def _check_in_page(self) -> Page:
        rows: list[Row] = []
        handed_in = {"on_time": "제출", "late": "지연제출", "missing": "미제출"}
        for session in (one for one in self.sessions if one.kind != HOLIDAY):
            for place, one in enumerate(self.people):
                known = self.record(one, session)
                if known is None:
                    continue
                came = known["status"] in ("present", "late")
                late = int(_plain(known["minutes_late"]) or 0)
                rows.append(
                    [
                        *(Moment(session.held_on), f"{session.number}회차", session.korean_kind),
                        *(session.hours, one.number, one.name),
                        *(session.clock(late) if came else "", "17:00" if came else ""),
                        *(late or "", handed_in.get(str(known["assignment"]), "")),
                        *(_ACCOUNTS[place % 2], Moment(session.held_on), "QR"),
                    ]
                )
        header = ["일자", "회차", "구분", "시간", "참가자번호", "이름", "입실시각", "퇴실시각"]
        return Page(
            header=[*header, "지각(분)", "과제", "처리자", "처리일", "인증방법"],
            rows=[[f"{c:g}" if isinstance(c, float) else c for c in row] for row in rows],
        )

    def _written(
        self, path: Path, format_name: FormatName, truth: pd.DataFrame, about: str
    ) -> Written:
        return Written(
            path=path,
            format_name=format_name,
            founder=None,
            options={"programme": self.programme},
            truth=truth,
            kind=RecordKind.ATTENDANCE,
            expected={"accepted": len(truth)},
            about=about,
        )


def _variants(style: DayStyle | None) -> Sequence[tuple[str, Any, bool]]:
    """Endings, how to write each, and whether it can hold Hangul in its parts."""
    text = Style(AmountStyle.PLAIN, style, padding="\u00a0\u200b")
    wide = Style(AmountStyle.PLAIN, style or DayStyle.SECONDS, padding="\u3000")
    return (
        ("utf8.csv", partial(write_text, style=text), True),
        ("cp949.csv", partial(write_text, style=wide, encoding="cp949"), False),
        ("xlsx", partial(write_workbook, style=Style(AmountStyle.PLAIN, style)), True),
    )


def _plain(value: object) -> Any:
    """A cell of the simulator's frames; nothing as None."""
    return None if pd.isna(value) else value  # type: ignore[call-overload]
