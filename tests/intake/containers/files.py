"""Files as marketplaces, banks and offices write them, each by a real writer."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
import xlwt
from msoffcrypto.format.ooxml import OOXMLFile

from scoring.intake.containers import open_container

ORDERS: list[list[Any]] = [
    ["주문번호", "상품명", "수량", "금액"],
    ["2026030100001", "김치 1kg", 2, 24000],
    ["2026030100002", "만두", 1, 9500.5],
]
ORDERS_AS_TEXT = [
    (1, ["주문번호", "상품명", "수량", "금액"]),
    (2, ["2026030100001", "김치 1kg", "2", "24000"]),
    (3, ["2026030100002", "만두", "1", "9500.5"]),
]


def csv_bytes(
    rows: Iterable[Iterable[Any]] = ORDERS, *, encoding: str = "utf-8", delimiter: str = ","
) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_bytes(rows: list[list[Any]] = ORDERS, *, sheet: str = "주문", **options: Any) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(
        file, {"default_date_format": "yyyy-mm-dd hh:mm:ss"} | options
    ) as book:
        page = book.add_worksheet(sheet)
        for at, row in enumerate(rows):
            page.write_row(at, 0, row)
    return file.getvalue()


def xls_bytes(rows: list[list[Any]] = ORDERS, *, dates_1904: bool = False) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = dates_1904
    page = book.add_sheet("주문")
    moment = xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm:ss")
    plain = xlwt.easyxf()
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            page.write(at, column, value, moment if isinstance(value, datetime) else plain)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def html_bytes(rows: list[list[Any]] = ORDERS, *, encoding: str = "utf-8") -> bytes:
    lines = "".join(
        "<tr>" + "".join(f"<td style=\"mso-number-format:'\\@'\">{v}</td>" for v in row) + "</tr>"
        for row in rows
    )
    page = (
        f'<html><head><meta charset="{encoding}"></head><body><table>{lines}</table></body></html>'
    )
    return page.encode(encoding)


def parquet_bytes(**columns: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns or {"order": ["1", "2"], "gross": [24000, None]}), file)
    return file.getvalue()


def with_password(content: bytes, password: str) -> bytes:
    locked = io.BytesIO()
    OOXMLFile(io.BytesIO(content)).encrypt(password, locked)
    return locked.getvalue()


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def rows_of(path: Path, *, password: str | None = None) -> list[tuple[int, list[str]]]:
    (sheet,) = open_container(path, password=password).sheets
    return list(sheet.rows())
