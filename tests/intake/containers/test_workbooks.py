"""What may be relied on when a file is a workbook: its values as text, and what is refused."""

import io
import random
import struct
import zipfile
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import xlwt

from scoring.base.errors import FileError
from scoring.intake.containers import open_container, workbook
from scoring.intake.containers.limits import WORKBOOK_LIMITS
from tests.intake.containers.files import (
    ORDERS,
    ORDERS_AS_TEXT,
    csv_bytes,
    html_bytes,
    parquet_bytes,
    rows_of,
    with_password,
    write,
    xls_bytes,
    xlsx_bytes,
)


@pytest.mark.parametrize("name", ["orders.xlsx", "orders.xls", "orders.csv", "orders"])
@pytest.mark.parametrize(
    ("wrapper", "content"),
    [
        ("csv", csv_bytes()),
        ("xlsx", xlsx_bytes()),
        ("xls", xls_bytes()),
        ("html", html_bytes()),
        ("parquet", parquet_bytes()),
    ],
)
def test_a_file_is_what_it_holds_whatever_its_name_says(
    wrapper: str, content: bytes, name: str, tmp_path: Path
) -> None:
    container = open_container(write(tmp_path, name, content))
    assert container.wrapper == wrapper
    if wrapper != "parquet":
        assert list(container.sheets[0].rows()) == ORDERS_AS_TEXT


def test_a_workbook_gives_each_sheet_by_name_hidden_ones_too(tmp_path: Path) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        book.add_worksheet("주문").write(2, 1, "x")
        hidden = book.add_worksheet("정산")
        hidden.write(0, 0, "y")
        hidden.hide()
        book.add_worksheet("빈 시트")
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=주문!$A$1:$A$2"})
        book.add_chartsheet("그림").set_chart(chart)
    container = open_container(write(tmp_path, "a.xlsx", file.getvalue()))
    found = {sheet.name: list(sheet.rows()) for sheet in container.sheets}
    assert found == {"주문": [(3, ["", "x"])], "정산": [(1, ["y"])], "빈 시트": []}


VALUES: list[tuple[Any, str]] = [
    ("  주문\u00a0번호 ", "주문 번호"),
    (2_026_030_100_001, "2026030100001"),
    (2**53, "9007199254740992"),
    (-3.0, "-3"),
    (0.1, "0.1"),
    (1e-7, "0.0000001"),
    (1e21, "1000000000000000000000"),
    (True, "TRUE"),
    (False, "FALSE"),
    (datetime(2026, 3, 1, 9, 12, 33), "2026-03-01 09:12:33"),
    (datetime(2026, 3, 1), "2026-03-01"),
    ("0012", "0012"),
    ("=not a formula", "=not a formula"),
]


@pytest.mark.parametrize(("value", "text"), VALUES)
def test_a_worksheet_value_is_the_text_that_was_meant(
    value: Any, text: str, tmp_path: Path
) -> None:
    modern = xlsx_bytes([[value]], strings_to_formulas=False)
    assert rows_of(write(tmp_path, "a.xlsx", modern)) == [(1, [text])]
    assert rows_of(write(tmp_path, "a.xls", xls_bytes([[value]]))) == [(1, [text])]


def test_times_and_durations_are_read_as_a_person_sees_them(tmp_path: Path) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        page = book.add_worksheet()
        page.write_datetime(0, 0, time(9, 12, 33), book.add_format({"num_format": "hh:mm:ss"}))
        long = book.add_format({"num_format": "[h]:mm:ss"})
        page.write_datetime(0, 1, timedelta(hours=30, seconds=5), long)
    path = write(tmp_path, "a.xlsx", file.getvalue())
    assert rows_of(path) == [(1, ["09:12:33", "30:00:05"])]


def test_each_second_of_a_day_is_read_as_it_was_written(tmp_path: Path) -> None:
    moments = [datetime(2026, 3, 1, 0, 0, 1) + timedelta(seconds=997 * n) for n in range(86)]
    found = rows_of(write(tmp_path, "a.xlsx", xlsx_bytes([[moment] for moment in moments])))
    assert [cells for _, cells in found] == [[str(moment)] for moment in moments]


@pytest.mark.parametrize("day", [date(1904, 1, 2), date(2000, 2, 29), date(2026, 3, 1)])
def test_days_counted_from_1904_are_the_same_days(day: date, tmp_path: Path) -> None:
    moment = datetime.combine(day, time(9, 12, 33))
    for content in (
        xlsx_bytes([[moment]], date_1904=True),
        xlsx_bytes([[moment]]),
        xls_bytes([[moment]], dates_1904=True),
        xls_bytes([[moment]]),
    ):
        assert rows_of(write(tmp_path, "a.xlsx", content)) == [(1, [str(moment)])]


def test_a_formula_gives_the_value_that_was_stored(tmp_path: Path) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        book.add_worksheet().write_formula(0, 0, "=1+1", None, 42)
    assert rows_of(write(tmp_path, "a.xlsx", file.getvalue())) == [(1, ["42"])]


def test_a_header_below_guide_text_keeps_its_row_number(tmp_path: Path) -> None:
    guide = ["다운로드 받은 파일로 '엑셀 일괄발송' 처리하는 방법"]
    found = rows_of(write(tmp_path, "a.xlsx", xlsx_bytes([guide, [], *ORDERS])))
    width = len(ORDERS[0])
    assert found[0] == (1, guide + [""] * (width - 1))
    assert found[1:] == [(at + 2, cells) for at, cells in ORDERS_AS_TEXT]


def test_merged_header_cells_are_filled_and_merged_data_is_left(tmp_path: Path) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        page = book.add_worksheet()
        page.merge_range(0, 0, 1, 0, "주문번호")
        page.merge_range(0, 1, 0, 2, "금액")
        page.write_row(1, 1, ["판매", "정산"])
        page.merge_range(60, 0, 60, 2, "합계")
    assert rows_of(write(tmp_path, "a.xlsx", file.getvalue())) == [
        (1, ["주문번호", "금액", "금액"]),
        (2, ["주문번호", "판매", "정산"]),
        (61, ["합계", "", ""]),
    ]


def test_merged_header_cells_of_an_old_workbook_are_filled(tmp_path: Path) -> None:
    book, file = xlwt.Workbook(), io.BytesIO()
    page = book.add_sheet("a")
    page.write_merge(1, 1, 1, 2, "amount")
    page.write(2, 1, "sold")
    page.write(2, 2, "paid")
    book.save(file)
    assert rows_of(write(tmp_path, "a.xls", file.getvalue())) == [
        (2, ["", "amount", "amount"]),
        (3, ["", "sold", "paid"]),
    ]


def test_a_long_old_workbook_is_read_whole(tmp_path: Path) -> None:
    rows = [[f"order {at}", at, at / 8] for at in range(20_000)]
    found = rows_of(write(tmp_path, "a.xls", xls_bytes(rows)))
    assert len(found) == 20_000
    assert found[-1] == (20_000, ["order 19999", "19999", "2499.875"])


def test_a_workbook_with_a_password_opens_with_it_and_leaves_nothing_on_the_disk(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "orders.xlsx", with_password(xlsx_bytes(), "1234"))
    container = open_container(path, password="1234")
    assert container.wrapper == "xlsx"
    assert list(container.sheets[0].rows()) == ORDERS_AS_TEXT
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("password", [None, ""])
def test_a_missing_password_is_asked_for(password: str | None, tmp_path: Path) -> None:
    path = write(tmp_path, "orders.xlsx", with_password(xlsx_bytes(), "1234"))
    with pytest.raises(FileError, match="is protected with a password") as raised:
        open_container(path, password=password)
    assert "--password-env NAME" in str(raised.value)


def test_a_wrong_password_is_refused_and_named_nowhere(tmp_path: Path) -> None:
    path = write(tmp_path, "orders.xlsx", with_password(xlsx_bytes(), "1234"))
    with pytest.raises(FileError, match="does not open with this password") as raised:
        open_container(path, password="s3cret-9")
    assert "s3cret-9" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_password_that_is_not_needed_does_no_harm(tmp_path: Path) -> None:
    assert rows_of(write(tmp_path, "a.xlsx", xlsx_bytes()), password="1234") == ORDERS_AS_TEXT


def test_a_locked_file_with_anything_but_a_workbook_in_it_is_refused(tmp_path: Path) -> None:
    inner = _archive({"a.txt": random.Random(1).randbytes(9000)}, valid=True)
    path = write(tmp_path, "a.xlsx", with_password(inner, "1234"))
    with pytest.raises(FileError, match="is an archive"):
        open_container(path, password="1234")


def _archive(members: dict[str, bytes], *, valid: bool = False) -> bytes:
    file = io.BytesIO()
    types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in ({"[Content_Types].xml": types.encode()} if valid else {}).items():
            packed.writestr(name, content)
        for name, content in members.items():
            packed.writestr(name, content)
    return file.getvalue()


def _with_member(content: bytes, name: str, member: bytes) -> bytes:
    """The same workbook with one part added, or written anew."""
    parts = {name: member}
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = {part: packed.read(part) for part in packed.namelist()} | parts
    return _archive(parts)


def _with_sheet_data(data: bytes) -> bytes:
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    page = b'<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (space, data)
    return _with_member(xlsx_bytes(), "xl/worksheets/sheet1.xml", page)


def _with_cells(*places: str) -> bytes:
    rows = (f'<row><c r="{place}"><v>1</v></c></row>' for place in places)
    return _with_sheet_data("".join(rows).encode())


def _old_workbook_with_macros() -> bytes:
    """An old workbook whose second stream is named as the ones that hold programs."""
    content = bytearray(xls_bytes([["x"] * 200] * 40))
    name = "\x05SummaryInformation".encode("utf-16-le")
    at = content.find(name)
    if at < 0:
        # The writer adds no such stream: an unused directory entry takes its place.
        root = content.find("Root Entry".encode("utf-16-le"))
        at = root + 256
        content[at + 66] = 1
        content[at + 68 : at + 80] = struct.pack("<3I", *[0xFFFFFFFF] * 3)
        content[at + 116 : at + 128] = struct.pack("<IQ", 0xFFFFFFFE, 0)
        content[root + 128 + 72 : root + 128 + 76] = struct.pack("<I", 2)
    macros = "_VBA_PROJECT_CUR".encode("utf-16-le")
    content[at : at + 64] = macros.ljust(64, b"\0")
    content[at + 64 : at + 66] = struct.pack("<H", len(macros) + 2)
    return bytes(content)


REFUSED = {
    "macros": (_with_member(xlsx_bytes(), "xl/vbaProject.bin", b"x"), "has macros"),
    "a sheet of macros": (
        _with_member(xlsx_bytes(), "xl/macrosheets/sheet1.xml", b"<x/>"),
        "has macros",
    ),
    "macros in an old workbook": (_old_workbook_with_macros(), "has macros"),
    "a plain archive": (_archive({"orders.csv": b"a,b\n"}), "is an archive (zip), and no workbook"),
    "an archive in an archive": (_archive({"orders.xlsx": xlsx_bytes()}), "is an archive (zip)"),
    "a binary workbook": (_archive({"xl/workbook.bin": b"x"}), "is a binary workbook (.xlsb)"),
    "OpenDocument": (
        _archive({"mimetype": b"application/x", "content.xml": b"<x/>"}),
        "is an OpenDocument file (.ods)",
    ),
    "a cut archive": (xlsx_bytes()[:-40], "is a damaged workbook ("),
    "a cut old workbook": (xls_bytes()[:1500], "is a damaged workbook ("),
    "a sheet that is no XML": (_with_sheet_data(b"<row><c></row>"), "has a damaged sheet"),
    "a part that unpacks to far more": (
        _with_member(xlsx_bytes(), "xl/media/image1.png", bytes(30 * 2**20)),
        "unpacks to more than 200 times its size",
    ),
    "a cell in a corner far off": (
        _with_cells("A1", "Z1048576"),
        "spans 1,048,576 rows and 26 columns",
    ),
    "a row beyond the last": (
        _with_cells("A1048577"),
        "has a sheet of more than 1,048,576 rows",
    ),
    "a column beyond the last": (
        _with_cells("XFD1"),
        "has a sheet of more than 512 columns",
    ),
    "too many cells that don't say where they stand": (
        _with_sheet_data(b"<row>" + b"<c><v>1</v></c>" * 513 + b"</row>"),
        "has a sheet of more than 512 columns",
    ),
    "a cell too long": (xlsx_bytes([["a"], ["x" * 10_001]]), "row 2: has a cell of more than"),
}


@pytest.mark.parametrize("problem", REFUSED)
def test_a_bad_workbook_is_refused(problem: str, tmp_path: Path) -> None:
    content, message = REFUSED[problem]
    with pytest.raises(FileError) as raised:
        rows_of(write(tmp_path, "a.xlsx", content))
    assert message in str(raised.value)


def test_a_blank_cell_in_a_corner_far_off_takes_no_room(tmp_path: Path) -> None:
    data = (
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="1"/></row>'
    )
    assert rows_of(write(tmp_path, "a.xlsx", _with_sheet_data(data))) == [(1, ["1"])]


def test_cells_that_do_not_say_where_they_stand_are_read_in_order(tmp_path: Path) -> None:
    data = b"<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>"
    found = rows_of(write(tmp_path, "a.xlsx", _with_sheet_data(data)))
    assert found == [(1, ["1", "2"]), (2, ["3", ""])]


def test_a_zip_bomb_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    """The directory claims 1,000 bytes where 30 MiB come out."""
    content = bytearray(_with_member(xlsx_bytes(), "xl/media/image1.png", bytes(30 * 2**20)))
    claim = struct.pack("<I", 30 * 2**20)
    assert content.count(claim) == 2
    path = write(tmp_path, "a.xlsx", bytes(content.replace(claim, struct.pack("<I", 1000))))
    with pytest.raises(FileError, match=r"is a damaged workbook \(a part is larger than it claims"):
        open_container(path)


def _limit(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    monkeypatch.setattr(workbook, "WORKBOOK_LIMITS", replace(WORKBOOK_LIMITS, **limits))


def test_a_workbook_that_unpacks_to_too_much_in_many_parts_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _limit(monkeypatch, unpacked=3 * 2**20)
    parts = {f"xl/media/{n}.png": bytes(2**20) for n in range(4)}
    path = write(tmp_path, "a.xlsx", _archive({"xl/workbook.xml": b"<x/>"} | parts))
    with pytest.raises(FileError, match="unpacks to more than"):
        open_container(path)


def test_one_long_text_shown_in_very_many_cells_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored once, it takes little room in the file, and all room in memory."""
    _limit(monkeypatch, text=2**20)
    with pytest.raises(FileError, match="MiB of text"):
        rows_of(write(tmp_path, "a.xlsx", xlsx_bytes([["x" * 9000] * 20] * 20)))
    # The longest in every cell would be too much, and what is there is not.
    mixed = [["x" * 9000], *([[f"{at}"] for at in range(300)])]
    assert len(rows_of(write(tmp_path, "b.xlsx", xlsx_bytes(mixed)))) == 301


def test_more_sheets_than_anybody_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        for _ in range(51):
            book.add_worksheet()
    with pytest.raises(FileError, match="has more than 50 sheets"):
        open_container(write(tmp_path, "a.xlsx", file.getvalue()))
    _limit(monkeypatch, sheets=51)
    assert len(open_container(tmp_path / "a.xlsx").sheets) == 51
