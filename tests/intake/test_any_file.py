"""Whatever bytes a file holds: a receipt or a refusal in words, and never a traceback."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.base.errors import FootholdError
from scoring.base.settings import Settings
from scoring.intake.importing import Request, import_records
from scoring.intake.telling.receipts import Receipt
from scoring.parties.founders import add_founders
from scoring.store.database import Database
from tests.conftest import Clock, new_sqlite_store
from tests.intake.containers.files import parquet_bytes, xls_bytes, xlsx_bytes
from tests.intake.containers.test_any_bytes import any_bytes

# One file of each format; people and goods are invented.
FILES = [
    "상품주문번호,주문번호,주문일시,주문상태,수량,상품별 총 주문금액,구매자ID\n"
    '2026030100000001,90001,2026-03-01 10:00,취소완료,1,"35,000",b1\n'
    "2026030100000002,90001,2026-03-02 10:00,구매확정,2,12000,b2\n",
    "판매사이트,장바구니번호,주문번호,주문일자,진행상태,수량,판매금액,배송비 금액\n"
    "G마켓,11,4000001,2026-03-01,배송완료,1,5000,2500\n",
    "번호,묶음배송번호,주문번호,주문일,옵션ID,구매수(수량),옵션판매가(판매단가),결제액\n"
    "1,7,3000001,2026-03-01 10:00:00,55,1,9900,9900\n",
    "주문번호,주문순번,주문일시,주문상태,수량,판매단가,주문금액\n"
    "20260301001,1,2026/03/01 10:00:00,배송완료,1,8800,8800\n",
    "주문번호,품목별 주문번호,주문일시,수량,판매가,상품구매금액\n"
    "20260301-0000011,20260301-0000011-01,2026-03-01 10:00:00,2,7000,14000\n",
    "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n"
    "536365,85123A,6,2010-12-01 08:26:00,2.55,17850\nC536379,85123A,-1,2010-12-01 09:41:00,2.55,\n",
    "2026년 창업 부트캠프 출석부\n번호,이름,연락처,1회차(3/2),2회차(3/5),출석률,비고\n"
    "1,가온새,010-1234-5678,O,공결(병원),100%,\n",
    "날짜,세션,이름,연락처,상태\n2026-03-02,1회차,가온새,010-1234-5678,지각\n",
    "대출번호,성명,대출일,대출금액,회차,납입예정일,예정원금,예정이자,납입일,납입금액\n"
    'L-1,가온새,2026-01-05,"3,000,000",1,2026-02-05,250000,12000,2026-02-05,262000\n',
    "Loan Account No,Client Name,Transaction Id,Transaction Date,Transaction Type,Amount,"
    "Principal,Interest\n"
    "000000012,Ga On,501,05 January 2026,Disbursement,3000000,0,0\n"
    "000000012,Ga On,502,05 February 2026,Repayment,262000,250000,12000\n",
    "거래일시,적요,출금액,입금액,잔액\n2026-03-01 10:00,체크카드,12000,0,500000\n",
    "founder,channel,order_line,ordered_on,quantity,gross,currency\n"
    "F-1,shop,O1,2026-03-01,1,12000,KRW\n",
]
CELLS = st.sampled_from(
    [
        "",
        "0",
        "-1",
        "=1+1",
        "@x",
        "1e999",
        "NaN",
        "inf",
        "2026-13-45",
        "45000",
        "0000-00-00",
        "9" * 40,
        "-",
        "₩1,000",
        "１２３",
        "(1,000)",
        "1.234.567",
        "취소",
        "O",
        "\u202e",
        "\u3000",
        "'5",
        "가" * 300,
        "2.02E+15",
        "31/12/2026",
        "2999-01-01",
        "총합계",
        "F-1",
        "true",
        "null",
        "a|b",
    ]
) | st.text(max_size=12)


@st.composite
def altered_files(draw: st.DrawFn) -> bytes:
    """A file of a known format with cells, rows or columns changed, dropped or doubled."""
    rows = list(csv.reader(io.StringIO(draw(st.sampled_from(FILES)))))
    for _ in range(draw(st.integers(1, 5))):
        row = draw(st.integers(0, len(rows) - 1))
        if not rows[row]:
            continue
        column = draw(st.integers(0, len(rows[row]) - 1))
        match draw(st.sampled_from(["cell", "drop cell", "drop row", "repeat", "blank", "widen"])):
            case "cell":
                rows[row][column] = draw(CELLS)
            case "drop cell":
                del rows[row][column]
            case "drop row" if len(rows) > 1:
                del rows[row]
            case "repeat":
                rows.append(list(rows[row]))
            case "blank":
                rows.insert(row, [])
            case "widen":
                rows[row] = rows[row] * 2
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "cp949", "utf-16"]))
    return text.getvalue().encode(encoding, errors="replace")


def workbooks() -> list[bytes]:
    """The same files as a workbook holds them, some cells being numbers and days."""
    found = []
    for text in FILES:
        rows = list(csv.reader(io.StringIO(text)))
        width = max(map(len, rows))
        padded = [row + [""] * (width - len(row)) for row in rows]
        found += [xlsx_bytes(padded), xls_bytes(padded)]
    return [*found, parquet_bytes()]


@pytest.fixture(scope="module")
def store() -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC))
        database = new_sqlite_store(Settings(data_dir=Path(folder) / "var"), clock)
        with database.writing() as ledger:
            add_founders(ledger, ["F-1"], actor="test")
        yield database
        database.engine.dispose()


def gives_a_receipt_or_is_refused(database: Database, content: bytes) -> Receipt | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.dat"
        path.write_bytes(content)
        try:
            receipt = import_records(database, path, Request(founder="F-1", programme="CAMP"))
        except FootholdError as refused:
            message = str(refused)
            assert message.startswith("file.dat")
            assert "\nNothing was imported. " in message
            assert len(message) < 1000
            return None
    parts = (receipt.accepted, receipt.suspect, receipt.quarantined, receipt.repeated)
    assert receipt.rows == sum(parts) + sum(receipt.left_out.values())
    return receipt


def test_each_of_the_files_gives_a_receipt_as_it_is(store: Database) -> None:
    """Or altering them would show nothing."""
    for text in FILES:
        assert gives_a_receipt_or_is_refused(store, text.encode()) is not None, text[:40]


all_files = st.one_of(any_bytes, altered_files(), altered_files(), st.sampled_from(workbooks()))
_SETTINGS = settings(
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@settings(_SETTINGS, max_examples=50)
@given(content=all_files)
def test_any_file_gives_a_receipt_or_a_clear_refusal(store: Database, content: bytes) -> None:
    gives_a_receipt_or_is_refused(store, content)


@pytest.mark.slow
@settings(_SETTINGS, max_examples=10_000)
@given(content=all_files)
def test_ten_thousand_files_give_a_receipt_or_a_clear_refusal(
    store: Database, content: bytes
) -> None:
    gives_a_receipt_or_is_refused(store, content)
