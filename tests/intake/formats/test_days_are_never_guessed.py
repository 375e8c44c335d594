"""A day is read in the one order that is certain for its column, or the file is refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.base.errors import FileError, InputError
from scoring.intake.day_order import DayOrder
from tests.intake.formats.conftest import HEADER, SECOND
from tests.intake.formats.texts import cells_of, reading_of, statement

DAY_FIRST, MONTH_FIRST, YEAR_FIRST = DayOrder.DAY_FIRST, DayOrder.MONTH_FIRST, DayOrder.YEAR_FIRST
LEDGER = """\
Loan ID,Client Name,Principal,Disbursed On,Due Date,Principal Due,Interest Due,Paid On,Amount Paid
L-9,C Two,1000000,01/05/25,02/05/25,83333,5000,02/05/25,88333
L-9,C Two,1000000,01/05/25,03/05/25,83333,4600,03/07/25,87933
"""
WEBSHOP = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,SAMPLE,6,{day},2.55,17850,Nowhere
"""


def booked(text: str, **said: object) -> list[str]:
    return cells_of(text, **said)["booked_on"].tolist()


@pytest.mark.parametrize("day", ["12/1/26", "26/01/12", "26-01-12", "26.1.12", "26. 1. 12."])
def test_a_year_of_two_digits_is_refused_where_nothing_tells_its_place(day: str) -> None:
    with pytest.raises(FileError, match='row 2, column "Date": "') as refused:
        reading_of(statement(day))
    assert "can be 20" in str(refused.value)
    assert "--dates year-first, month-first or day-first" in str(refused.value)


def test_day_and_month_are_refused_where_either_may_come_first() -> None:
    with pytest.raises(FileError, match="2026-03-04 or 2026-04-03, and nothing in the column"):
        reading_of(statement("03/04/2026", "05/06/2026"))


def test_days_of_a_statement_written_day_first_are_not_read_year_first() -> None:
    days = statement("02/05/25", "03/05/25", "20/05/25")
    with pytest.raises(FileError, match='row 2, column "Date": "02/05/25" can be'):
        reading_of(days)
    assert booked(days, dates=DAY_FIRST) == ["2025-05-02", "2025-05-03", "2025-05-20"]


def test_days_of_a_ledger_written_month_first_make_nobody_late() -> None:
    with pytest.raises(FileError, match='column "Disbursed On": "01/05/25" can be'):
        reading_of(LEDGER)
    loans, schedule, paid = (one.cells for one in reading_of(LEDGER, dates=MONTH_FIRST).extracts())
    assert loans["disbursed_on"].tolist() == ["2025-01-05"]
    assert schedule["due_on"].tolist() == ["2025-02-05", "2025-03-05"]
    assert paid["paid_on"].tolist() == ["2025-02-05", "2025-03-07"]


@pytest.mark.parametrize(
    ("days", "read"),
    [
        (["03/04/2026", "13/04/2026"], ["2026-04-03", "2026-04-13"]),
        (["03/04/2026", "04/13/2026"], ["2026-03-04", "2026-04-13"]),
        (["3/1/26", "3/13/26"], ["2026-03-01", "2026-03-13"]),
        (["45-01-02"], ["2045-01-02"]),
        (["05/05/2026"], ["2026-05-05"]),
    ],
)
def test_an_order_is_read_where_the_column_leaves_one(days: list[str], read: list[str]) -> None:
    assert booked(statement(*days)) == read


def test_what_was_read_is_told() -> None:
    reading = reading_of(statement("03/04/2026", "13/04/2026"))
    assert "Days are read day first, such as 03/04/2026 for 2026-04-03." in reading.notes


def test_a_column_that_no_order_fits_is_refused_at_the_row_that_breaks_it() -> None:
    with pytest.raises(FileError, match='row 4, column "Date": "04/13/2026" is in another order'):
        reading_of(statement("03/04/2026", "13/04/2026", "04/13/2026"))


def test_days_of_two_writings_do_not_decide_each_other() -> None:
    with pytest.raises(FileError, match='"26.03.01" can be'):
        reading_of(statement("26.03.01", "13/04/2026"))


def test_what_the_operator_says_is_kept_to() -> None:
    with pytest.raises(FileError, match='row 3.*"13/04/2026" is no day when it is read month fir'):
        reading_of(statement("03/04/2026", "13/04/2026"), dates=MONTH_FIRST)


def test_an_operator_can_say_it_once_for_all_files_of_a_format() -> None:
    own = '[bank_statement.defaults]\ndates = "year-first"\n'
    assert booked(statement("26/01/12"), own=own) == ["2026-01-12"]
    with pytest.raises(InputError, match='dates can\'t be "sideways". It is one of year-first'):
        reading_of(statement("26/01/12"), own=own.replace("year-first", "sideways"))


@pytest.mark.parametrize("day", ["12/1/26", "01/03/06", "19/03/26", "03/31/26"])
def test_a_shops_days_are_year_first_unless_a_spreadsheet_turned_them_round(day: str) -> None:
    row = SECOND.replace("2026-03-02 10:00:00", day)
    with pytest.raises(FileError, match='row 2, column "주문일시"'):
        reading_of(f"{HEADER}\n{row}\n")


def test_a_web_shops_days_are_refused_where_either_may_come_first() -> None:
    with pytest.raises(FileError, match='row 2, column "InvoiceDate": "12/1/2010" can be'):
        reading_of(WEBSHOP.format(day="12/1/2010 8:26"))
    read = cells_of(WEBSHOP.format(day="12/1/2010 8:26"), dates=MONTH_FIRST)
    assert read["ordered_on"].tolist() == ["2010-12-01"]


@pytest.mark.parametrize(
    ("first", "second"),
    [("26.3.11", "26.3.12"), ("04/03/26", "05/03/26"), ("03/04/2026", "03/05/2026")],
)
def test_days_in_the_headers_of_a_sheet_are_never_guessed(first: str, second: str) -> None:
    sheet = f"이름,{first},{second}\n견본하나,O,X\n"
    with pytest.raises(FileError, match=f'row 1, column "{first}": "{first}" can be 20'):
        reading_of(sheet, programme="P-01")


def test_a_number_of_one_digit_is_no_year() -> None:
    read = cells_of("이름,26.3.4,26.3.11\n견본하나,O,X\n", programme="P-01")
    assert read["held_on"].tolist() == ["2026-03-04", "2026-03-11"]


def test_days_in_the_headers_of_a_sheet_are_read_as_said() -> None:
    read = cells_of("이름,26.3.11,26.3.12\n견본하나,O,X\n", programme="P-01", dates=YEAR_FIRST)
    assert read["held_on"].tolist() == ["2026-03-11", "2026-03-12"]


def test_days_of_an_attendance_log_are_never_guessed() -> None:
    log = "날짜,이름,출결\n26/3/14,견본하나,출석\n"
    with pytest.raises(FileError, match='row 2, column "날짜": "26/3/14" can be'):
        reading_of(log, programme="P-01")
    assert cells_of(log, dates=YEAR_FIRST)["held_on"].tolist() == ["2026-03-14"]


WRITTEN = {
    YEAR_FIRST: "{0:%y/%m/%d}",
    MONTH_FIRST: "{0:%m/%d/%y}",
    DAY_FIRST: "{0:%d/%m/%y}",
}


@settings(max_examples=60, deadline=None)
@given(
    order=st.sampled_from(list(DayOrder)),
    days=st.lists(
        st.dates(date(2000, 1, 1), date(2069, 12, 31)), min_size=1, max_size=6, unique=True
    ),
    others=st.lists(st.dates(date(2000, 1, 1), date(2069, 12, 31)), max_size=3),
)
def test_a_column_gives_the_days_meant_or_none(
    order: DayOrder, days: list[date], others: list[date]
) -> None:
    """Whatever other rows stand beside it, a text never gives a day that was not meant."""
    meant = [*days, *others]
    try:
        read = booked(statement(*(WRITTEN[order].format(day) for day in meant)))
    except FileError:
        return
    assert read == [day.isoformat() for day in meant]
