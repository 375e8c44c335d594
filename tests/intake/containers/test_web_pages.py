"""What may be relied on when a page was saved as .xls: its tables as sheets."""

from pathlib import Path

import pytest

from scoring.base.errors import FileError
from scoring.intake.containers import open_container
from tests.intake.containers.files import ORDERS_AS_TEXT, html_bytes, rows_of, write


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_a_page_named_xls_is_read_in_each_encoding(encoding: str, tmp_path: Path) -> None:
    container = open_container(write(tmp_path, "a.xls", html_bytes(encoding=encoding)))
    assert (container.wrapper, container.encoding) == ("html", encoding)
    assert list(container.sheets[0].rows()) == ORDERS_AS_TEXT


def _page(body: str) -> bytes:
    return f"<html><body>{body}</body></html>".encode()


def test_cells_that_span_columns_and_rows_stand_in_each(tmp_path: Path) -> None:
    body = (
        "<table><tr><th rowspan=2>주문번호</th><th colspan=2>금액</th></tr>"
        "<tr><th>판매</th><th>정산</th></tr>"
        "<tr><td>1</td><td rowspan='3'>9</td><td>8</td></tr><tr><td>2<td>7</tr></table>"
    )
    assert rows_of(write(tmp_path, "a.xls", _page(body))) == [
        (1, ["주문번호", "금액", "금액"]),
        (2, ["주문번호", "판매", "정산"]),
        (3, ["1", "9", "8"]),
        (4, ["2", "9", "7"]),
    ]


def test_text_in_a_cell_is_what_a_browser_shows(tmp_path: Path) -> None:
    body = (
        "<table><tr><td> <b>김치</b>\n 1kg<br>냉장 </td><td>a&nbsp;&amp;b</td>"
        "<td><script>x()</script><!-- y -->z</td></tr></table>"
    )
    assert rows_of(write(tmp_path, "a.xls", _page(body))) == [(1, ["김치 1kg 냉장", "a &b", "z"])]


def test_each_table_is_a_sheet_and_a_frame_around_it_is_none(tmp_path: Path) -> None:
    inner = "<table><caption>주문</caption><tr><td>1</td></tr></table>"
    body = f"<table><tr><td>{inner}</td></tr></table><table><tr><td>2</td></tr></table>"
    sheets = open_container(write(tmp_path, "a.xls", _page(body))).sheets
    assert {sheet.name: list(sheet.rows()) for sheet in sheets} == {
        "주문": [(1, ["1"])],
        "table 2": [(1, ["2"])],
    }


REFUSED = {
    "a page to sign in": ("<form>Sign in</form>", "is a web page without a table"),
    "a column too many": (
        "<table><tr>" + "<td colspan=400>x</td>" * 2 + "</tr></table>",
        "has a sheet of more than 512 columns",
    ),
    "a cell too long": (f"<table><tr><td>{'x' * 10_001}</table>", "row 1: has a cell of more"),
    "too many tables": ("<table><tr><td>1</table>" * 51, "has more than 50 tables"),
}


@pytest.mark.parametrize("problem", REFUSED)
def test_a_bad_page_is_refused(problem: str, tmp_path: Path) -> None:
    body, message = REFUSED[problem]
    with pytest.raises(FileError) as raised:
        rows_of(write(tmp_path, "a.xls", _page(body)))
    assert message in str(raised.value)


def test_an_xml_spreadsheet_is_refused_by_its_name(tmp_path: Path) -> None:
    text = b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>'
    with pytest.raises(FileError, match="is an XML spreadsheet of 2003"):
        open_container(write(tmp_path, "a.xls", text))


def test_a_page_fetches_nothing_and_expands_nothing(tmp_path: Path) -> None:
    secret = write(tmp_path, "secret.txt", b"secret")
    text = (
        f'<!DOCTYPE html [<!ENTITY x SYSTEM "file://{secret}">]><html><body>'
        "<table><tr><td>&x;1</td></tr></table></body></html>"
    )
    assert "secret" not in str(rows_of(write(tmp_path, "a.xls", text.encode())))
