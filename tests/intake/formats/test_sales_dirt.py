"""The dirt of shops' exports as people have them: encodings, containers, headers, cells.

A test per group, each file written by hand; what becomes of orders is in the file beside this.
"""

from __future__ import annotations

import io
import zipfile
from datetime import date

import msoffcrypto.format.ooxml as ooxml  # type: ignore[import-untyped]
import pytest
import xlsxwriter  # type: ignore[import-untyped]
import xlwt  # type: ignore[import-untyped]

from scoring.base.errors import FileError
from tests.intake.formats.conftest import FIRST, HEADER, SECOND, SMARTSTORE, WHOLE, Shop


def workbook(text: str) -> bytes:
    """A workbook with the cells of a CSV as text."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, line in enumerate(text.splitlines()):
            for place, cell in enumerate(line.split(",")):
                sheet.write_string(number, place, cell)
    return buffer.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "euc-kr"])
def test_group_1_encodings(encoding: str, shop: Shop) -> None:
    shop.take(SMARTSTORE.encode(encoding))
    assert shop.sales() == WHOLE


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_group_1_utf16_with_tabs_named_csv(encoding: str, shop: Shop) -> None:
    shop.take(SMARTSTORE.replace(",", "\t").encode(encoding))
    assert shop.sales() == WHOLE


def test_group_1_spaces_of_odd_widths_and_none(shop: Shop) -> None:
    odd = HEADER.replace("주문일시", "주문\u00a0일시\u200b").replace("수량", "\u3000수량\ufeff")
    row = FIRST.replace("배송완료", "배송\u3000완료\u00a0").replace("12340", "\u200b12340\u00a0")
    shop.take("\n".join([odd, row, SECOND]))
    assert shop.sales() == WHOLE


def test_group_2_a_workbook_with_a_password(shop: Shop) -> None:
    locked = io.BytesIO()
    ooxml.OOXMLFile(io.BytesIO(workbook(SMARTSTORE))).encrypt("1234", locked)
    with pytest.raises(FileError, match="password"):
        shop.take(locked.getvalue(), name="export.xlsx")
    shop.take(locked.getvalue(), name="export.xlsx", password="1234")
    assert shop.sales() == WHOLE


def test_group_2_a_web_page_named_xls(shop: Shop) -> None:
    rows = "".join(
        "<tr>" + "".join(f"<td>{cell}</td>" for cell in line.split(",")) + "</tr>"
        for line in SMARTSTORE.splitlines()
    )
    shop.take(f"<html><body><table>{rows}</table></body></html>", name="export.xls")
    assert shop.sales() == WHOLE


def test_group_2_an_old_workbook(shop: Shop) -> None:
    book, buffer = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("Sheet1")
    for number, line in enumerate(SMARTSTORE.splitlines()):
        for place, cell in enumerate(line.split(",")):
            sheet.write(number, place, cell)
    book.save(buffer)
    shop.take(buffer.getvalue(), name="export.xls")
    assert shop.sales() == WHOLE


def test_group_2_a_text_named_xlsx(shop: Shop) -> None:
    shop.take(SMARTSTORE, name="export.xlsx")
    assert shop.sales() == WHOLE


def test_group_2_macros_are_refused(shop: Shop) -> None:
    buffer = io.BytesIO(workbook(SMARTSTORE))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    with pytest.raises(FileError, match="macro"):
        shop.take(buffer.getvalue(), name="export.xlsm")


@pytest.mark.parametrize("written", ['"=""2026030100000011"""', "'2026030100000011"])
def test_group_2_numbers_guarded_against_spreadsheets_are_read_as_numbers(
    written: str, shop: Shop
) -> None:
    row = FIRST.replace("2026030100000011", written).replace("12340", "'12340")
    shop.take("\n".join([HEADER, row, SECOND]))
    assert shop.sales() == WHOLE


@pytest.mark.parametrize("above", range(6))
def test_group_3_a_header_in_rows_1_to_6_under_guides(above: int, shop: Shop) -> None:
    guides = [
        "엑셀 일괄발송 안내: 지어낸 글,,,",
        "조회기간,2026-03-01,~,2026-03-31",
        ",,",
        "a,b",
        "-",
    ]
    receipt = shop.take("\n".join([*guides[:above], SMARTSTORE]))
    assert shop.sales() == WHOLE
    assert receipt.rows == 2


def test_group_3_a_header_over_two_lines(shop: Shop) -> None:
    upper = "상품주문번호,주문번호,주문,,주문,,상품,,구매자"
    lower = ",,일시,결제일,상태,클레임상태,수량,상품별 총 주문금액,구매자ID"
    shop.take("\n".join([upper, lower, FIRST, SECOND]))
    assert shop.sales() == WHOLE


def test_group_3_totals_and_repeated_headers_are_no_orders(shop: Shop) -> None:
    total = "합계,,,,,,3,17340,"
    receipt = shop.take("\n".join([HEADER, FIRST, HEADER, SECOND, total]))
    assert shop.sales() == WHOLE
    assert receipt.left_out == {"header": 1, "total": 1}
    assert receipt.rows == 4


@pytest.mark.parametrize(
    "written",
    [
        *("12340", '"12,340"', '"₩12,340"', '"\\12,340"', '"12,340원"', "KRW 12340"),
        *('"１２，３４０"', "12340.00", '" 12,340 "', '"￦12,340"', "1.234E+4"),
    ],
)
def test_group_4_amounts(written: str, shop: Shop) -> None:
    shop.take("\n".join([HEADER, FIRST.replace("12340", written), SECOND]))
    assert shop.sales() == WHOLE


@pytest.mark.parametrize("written", ['"(12,340)"', '"−12,340"', "-12340", '"-₩12,340"', "'-12340"])
def test_group_4_negative_amounts_give_a_sale_back(written: str, shop: Shop) -> None:
    back = FIRST.replace("12340", written).replace("배송완료", "")
    shop.take("\n".join([HEADER, FIRST, SECOND, back]))
    assert shop.sales() == WHOLE
    assert shop.refunds() == {"2026030100000011": 12340}


@pytest.mark.parametrize("written", ["", "-", "많음"])
def test_group_4_an_order_without_an_amount_is_refused_in_its_place(
    written: str, shop: Shop
) -> None:
    with pytest.raises(FileError, match='row 2, column "상품별 총 주문금액"'):
        shop.take("\n".join([HEADER, FIRST.replace("12340", written), SECOND]))


def test_group_4_order_numbers_that_lost_digits_are_doubtful_and_told_apart(shop: Shop) -> None:
    rows = [
        line.replace(line.split(",")[0], "2.02603E+15", 1).replace(line.split(",")[1], "2.0E+15", 1)
        for line in (FIRST, SECOND)
    ]
    receipt = shop.take("\n".join([HEADER, *rows]))
    assert receipt.suspect == 2
    assert receipt.doubts == {"damaged_id": 2}
    assert sorted(shop.sales().values()) == [5000, 12340]


def test_group_4_leading_zeros_of_order_numbers_are_kept(shop: Shop) -> None:
    shop.take("\n".join([HEADER, FIRST.replace("2026030100000011", "0026030100000011")]))
    assert shop.sales() == {"0026030100000011": 12340}


@pytest.mark.parametrize(
    "written",
    [
        *("2026-03-01 09:12:33", "2026.3.1", "2026.03.01 09:12", "20260301091233", "20260301"),
        *("26/03/01", "26-03-01", "2026/03/01", "2026년 3월 1일", "2026-03-01 오전 9:12:33"),
        *("2026. 3. 1. 오후 11:12", "46082", "46082.38371", "2026-02-28T23:30:00Z"),
        *("2026-03-01T00:30:00+09:00", "'2026-03-01"),
    ],
)
def test_group_5_days(written: str, shop: Shop) -> None:
    shop.take("\n".join([HEADER, FIRST.replace("2026-03-01 09:12:33", written)]))
    assert [line.event_date for line in shop.lines()] == [date(2026, 3, 1)]


@pytest.mark.parametrize("written", ["2026-02-30", "31/03/2026", "03/01/2026", "언젠가"])
def test_group_5_a_day_that_is_none_or_has_no_clear_order_is_refused(
    written: str, shop: Shop
) -> None:
    with pytest.raises(FileError, match='row 2, column "주문일시"'):
        shop.take("\n".join([HEADER, FIRST.replace("2026-03-01 09:12:33", written)]))
