"""Growth is against the same season, with the holidays that move lined up."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from korean_lunar_calendar import KoreanLunarCalendar

from scoring.base.calendar import day_number, day_of
from scoring.features.engines.one_founder import one_founder
from scoring.features.kinds.seasons import SEASON, WINDOW, holidays, year_before_day
from scoring.parties.founders import find_founder
from scoring.records.kinds import RecordKind
from scoring.store.database import Database
from tests.builders import a_founder, import_rows


@pytest.mark.parametrize(("name", "month", "day"), [("seollal", 1, 1), ("chuseok", 8, 15)])
def test_the_days_of_moving_holidays_are_those_of_the_lunar_calendar(
    name: str, month: int, day: int
) -> None:
    calendar = KoreanLunarCalendar()
    days = []
    for year in range(2015, 2036):
        calendar.setLunarDate(year, month, day, False)
        days.append(date.fromisoformat(calendar.SolarIsoFormat()))
    assert list(holidays()[name]) == days


def _season_days(last: date) -> int:
    days = {last - timedelta(days=back) for back in range(WINDOW)}
    return sum(
        holiday - timedelta(days=back) in days
        for found in holidays().values()
        for holiday in found
        for back in range(SEASON)
    )


def test_both_windows_hold_as_many_days_of_the_season() -> None:
    moved = 0
    for number in range(0, 8 * 365, 5):
        last = date(2018, 1, 1) + timedelta(days=number)
        before = day_of(year_before_day(last))
        assert _season_days(before) == _season_days(last), last
        moved += before != last - timedelta(days=364)
    assert moved > 20


def test_before_the_table_begins_plain_weeks_are_compared() -> None:
    assert year_before_day(date(1997, 3, 1)) == day_number(date(1997, 3, 1)) - 364


def _selling_gifts(database: Database, reference: str) -> int:
    """Ten orders before each Chuseok, one a week besides; the same every year."""
    a_founder(database, reference)
    chuseok = (date(2024, 9, 17), date(2025, 10, 6))
    days = [eve - timedelta(days=back) for eve in chuseok for back in range(2, 22, 2)]
    days += [date(2023, 10, 2) + timedelta(days=7 * week) for week in range(104)]
    import_rows(
        database,
        RecordKind.SALES,
        [
            {
                "founder": reference,
                "channel": "cafe24",
                "order_line": f"{reference}-{number}",
                "ordered_on": day,
                "quantity": 1,
                "gross": 100_000,
                "currency": "KRW",
            }
            for number, day in enumerate(days)
        ],
    )
    with database.reading() as session:
        return find_founder(session, reference).id


def test_a_gift_season_that_came_later_is_no_fall_in_sales(sqlite: Database) -> None:
    founder = _selling_gifts(sqlite, "F-1")
    with sqlite.reading() as session:
        growth = one_founder(
            session,
            founder,
            as_of=date(2025, 9, 20),  # a year before, Chuseok had come and gone by then
            known_at=sqlite.clock(),
            zone=sqlite.settings.zone,
        ).values["sales_growth_90d"]
    assert growth == pytest.approx(1.0, abs=0.15)  # of plain weeks it would be 0.7


def test_a_shorter_record_is_compared_with_the_quarter_before(sqlite: Database) -> None:
    founder = a_founder(sqlite)
    founder.selling(weekly=600_000, weeks=13)
    founder.selling(
        weekly=300_000, weeks=17, until=sqlite.today - timedelta(days=91), channel="coupang"
    )
    with sqlite.reading() as session:
        growth = one_founder(
            session,
            find_founder(session, founder.reference).id,
            as_of=sqlite.today,
            known_at=sqlite.clock(),
            zone=sqlite.settings.zone,
        ).values["sales_growth_90d"]
    assert growth == pytest.approx(2.0, abs=0.1)
