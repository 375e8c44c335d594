"""What may be relied on when a file is text: its encoding, its delimiter, its rows."""

import csv
import io
import tracemalloc
import unicodedata
from hashlib import sha256
from pathlib import Path

import pytest

from scoring.base.errors import FileError
from scoring.intake.containers import limits, open_container, text_file
from tests.intake.containers.files import ORDERS, ORDERS_AS_TEXT, csv_bytes, rows_of, write


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_korean_text_is_read_in_each_encoding_that_offices_write(
    encoding: str, tmp_path: Path
) -> None:
    content = csv_bytes(encoding=encoding)
    container = open_container(write(tmp_path, "orders.csv", content))
    assert (container.wrapper, container.encoding) == ("csv", encoding)
    assert (container.name, container.digest) == ("orders.csv", sha256(content).hexdigest())
    assert [sheet.name for sheet in container.sheets] == [""]
    assert list(container.sheets[0].rows()) == ORDERS_AS_TEXT


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_utf_16_with_tabs_named_csv_is_read_with_a_mark_and_without(
    codec: str, mark: str, tmp_path: Path
) -> None:
    content = mark.encode(codec) + csv_bytes(encoding=codec, delimiter="\t")
    container = open_container(write(tmp_path, "orders.csv", content))
    assert container.encoding == "utf-16"
    assert list(container.sheets[0].rows()) == ORDERS_AS_TEXT


def test_euc_kr_is_read_as_the_cp949_that_contains_it(tmp_path: Path) -> None:
    assert rows_of(write(tmp_path, "a.csv", csv_bytes(encoding="euc-kr"))) == ORDERS_AS_TEXT


def test_wide_spaces_no_break_spaces_and_unseen_characters_are_made_plain(tmp_path: Path) -> None:
    cells = ["\ufeff주문\u3000번호\u200b", "\u00a012,000\u00a0", "\u202d010-1\u202c", " a\u2009b "]
    path = write(tmp_path, "a.csv", csv_bytes([cells]))
    assert rows_of(path) == [(1, ["주문 번호", "12,000", "010-1", "a b"])]


def test_hangul_typed_on_a_mac_is_the_same_hangul(tmp_path: Path) -> None:
    apart = unicodedata.normalize("NFD", "주문번호")
    assert rows_of(write(tmp_path, "a.csv", csv_bytes([[apart, "x"]]))) == [(1, ["주문번호", "x"])]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_found_below_title_lines(delimiter: str, tmp_path: Path) -> None:
    titles = [["다운로드 받은 파일로, 엑셀 일괄발송 처리하는 방법"], [], ["2026년 3월"]]
    rows = titles + [[*row, "1,234", "a|b"] for row in ORDERS]
    content = csv_bytes(rows, delimiter=delimiter)
    found = rows_of(write(tmp_path, "a.csv", content))
    assert found[2:] == [(at + 3, [*cells, "1,234", "a|b"]) for at, cells in ORDERS_AS_TEXT]


def test_decimal_commas_between_semicolons_do_not_mislead(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", b"a;b\n1,5;2,5\n3,5;4,5\n")
    assert rows_of(path) == [(1, ["a", "b"]), (2, ["1,5", "2,5"]), (3, ["3,5", "4,5"])]


def test_a_delimiter_that_the_first_line_tells_is_taken(tmp_path: Path) -> None:
    assert rows_of(write(tmp_path, "a.csv", b"sep=;\r\na;b\r\n1;2\r\n")) == [
        (2, ["a", "b"]),
        (3, ["1", "2"]),
    ]


@pytest.mark.parametrize("text", ["founder\nF-1\nF-2\n", "note\nfine; or so\nlate\nill\nfine\n"])
def test_a_file_of_one_column_stays_one_column(text: str, tmp_path: Path) -> None:
    lines = text.splitlines()
    found = rows_of(write(tmp_path, "a.csv", text.encode()))
    assert found == [(at, [line]) for at, line in enumerate(lines, start=1)]


def test_rows_have_the_number_of_their_last_line_and_blank_ones_are_left_out(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "a.csv", b'a,b\r\n\r\n"x\r\ny",2\r\n , \r\n3,4,5\r\n6\r\n')
    assert rows_of(path) == [
        (1, ["a", "b"]),
        (4, ["x\r\ny", "2"]),
        (6, ["3", "4", "5"]),
        (7, ["6"]),
    ]


def test_rows_can_be_asked_for_again(tmp_path: Path) -> None:
    (sheet,) = open_container(write(tmp_path, "a.csv", csv_bytes())).sheets
    first = sheet.rows()
    next(first)
    assert list(sheet.rows()) == ORDERS_AS_TEXT
    assert list(first) == ORDERS_AS_TEXT[1:]


REFUSED = {
    "an empty file": (b"", "is empty.\nNothing was imported. Export it again: it should have a"),
    "nothing but spaces": (b" \r\n \t", "is empty"),
    "nothing but commas": (b",,,\n,,,\n", "is empty"),
    "nothing but a byte order mark": (b"\xef\xbb\xbf", "is empty"),
    "a picture": (b"\x89PNG\x00\x00\x01", "holds binary data"),
    "a document": (b"%PDF-1.7\n1 0 obj\n", "holds binary data"),
    "a quotation mark within a cell": (b'a,b\n"x"y,2\n', "row 2: is not well-formed CSV ("),
    "a quotation mark never closed": (b'a,b\n1,"2\n3,4\n', "row 3: is not well-formed CSV ("),
    "no encoding": (b"a,b\n1,2\n\xff\xff,2\n", "row 3: is neither UTF-8 nor CP949 text"),
    "UTF-8 cut within a letter": (
        "이름,금액\n홍길동,1\n가나다".encode()[:-1],
        "row 3: is not UTF-8 text",
    ),
    "UTF-16 cut within a letter": (csv_bytes(encoding="utf-16")[:-1], "is not UTF-16 text"),
    "a cell too long": (b"a,b\n1," + b"x" * 10_001, "row 2: has a cell of more than 10,000 char"),
}


@pytest.mark.parametrize("problem", REFUSED)
def test_a_bad_text_is_refused_with_its_row(problem: str, tmp_path: Path) -> None:
    content, message = REFUSED[problem]
    with pytest.raises(FileError) as raised:
        rows_of(write(tmp_path, "a.csv", content))
    assert message in str(raised.value)
    assert str(raised.value).startswith("a.csv")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"a.csv: can't be read \(No such file or directory\)"):
        open_container(tmp_path / "a.csv")
    with pytest.raises(FileError, match=r"can't be read \(Is a directory\)"):
        open_container(tmp_path)


def test_a_file_beyond_the_limits_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.truncate(limits.LARGEST_FILE + 1)
    with pytest.raises(FileError, match="is larger than 512 MiB"):
        open_container(path)
    monkeypatch.setattr(text_file, "MOST_STREAMED_ROWS", 3)
    with pytest.raises(FileError, match="has more than 3 rows"):
        rows_of(write(tmp_path, "b.csv", b"a\n1\n2\n3\n"))


def test_a_line_without_end_is_refused_before_it_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_file, "LONGEST_STREAMED_ROW", 100_000)
    with pytest.raises(FileError, match="row 1: has a row of more than 100,000 characters"):
        rows_of(write(tmp_path, "a.csv", b"x," * 1_000_000))


def test_the_limit_of_other_readers_is_left_alone(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    rows_of(write(tmp_path, "a.csv", csv_bytes()))
    assert csv.field_size_limit() == before


def test_a_long_csv_is_read_in_little_memory(tmp_path: Path) -> None:
    line = "2026030100001,상품 이름,2,24000,KRW,2026-03-01 09:12:33\n".encode()
    path = write(tmp_path, "a.csv", line * 200_000)
    size = path.stat().st_size
    tracemalloc.start()
    try:
        container = open_container(path)
        count = sum(1 for _ in container.sheets[0].rows())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 200_000
    assert peak < min(size, 9 * limits.MEBIBYTE)


def test_formula_like_cells_stay_the_text_they_are(tmp_path: Path) -> None:
    cells = ["=1+1", "+82-10", "-", "@name"]
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    assert rows_of(write(tmp_path, "a.csv", text.getvalue().encode())) == [(1, cells)]
