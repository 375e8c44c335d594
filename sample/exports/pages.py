"""A page of an export, written as the files that shops and banks hand out."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final

import msoffcrypto.format.ooxml as ooxml  # type: ignore[import-untyped]
import xlsxwriter  # type: ignore[import-untyped]

from sample.exports.cells import (
    Amount,
    AmountStyle,
    Cell,
    DayStyle,
    Digits,
    Moment,
    Style,
    serial,
    text_of,
)
from sample.exports.formula_safe import formula_safe

Row = Sequence[Cell]
# A workbook tells when it was made; the same seed is to give the same sheets.
_MADE: Final = datetime(2026, 1, 1)


@dataclass(frozen=True)
class Page:
    """What stands on one page.

    Attributes:
        header: names of the columns.
        rows: under the header, those that tell of orders and those that only stand among them.
        titles: rows above the header: what the page is, and how to use it.
        totals: rows at the foot.
        sheet: name of the worksheet.
    """

    header: Sequence[str]
    rows: Sequence[Row]
    titles: Sequence[Row] = ()
    totals: Sequence[Row] = ()
    sheet: str = "Sheet1"
    _all: list[Row] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        self._all.extend([*self.titles, self.header, *self.rows, *self.totals])

    @property
    def last_day(self) -> date:
        """The latest day that stands anywhere on the page: how far the export goes."""
        return max(cell.day for row in self.rows for cell in row if isinstance(cell, Moment))

    @property
    def rows_below_header(self) -> int:
        """Rows that an import has to account for."""
        return len(self.rows) + len(self.totals)


def write_text(
    page: Page, path: Path, *, style: Style, encoding: str = "utf-8-sig", delimiter: str = ","
) -> None:
    """Write a page as text with separated cells and Windows line ends."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    for row in page._all:
        writer.writerow([text_of(cell, style) for cell in row])
    path.write_bytes(buffer.getvalue().encode(encoding))


def write_html(page: Page, path: Path, *, style: Style) -> None:
    """Write a page as the HTML table that some shops call a workbook."""
    lines = [
        "<tr>" + "".join(f"<td>{html.escape(text_of(cell, style))}</td>" for cell in row) + "</tr>"
        for row in page._all
    ]
    table = "\n".join(lines)
    head = '<html><head><meta charset="utf-8"></head>'
    whole = f'{head}<body><table border="1">\n{table}\n</table></body></html>\n'
    path.write_bytes(whole.encode("utf-8"))


def write_workbook(page: Page, path: Path, *, style: Style, password: str | None = None) -> None:
    """Write a page as a workbook, with a password if given."""
    content = _workbook(page, style)
    if password is not None:
        locked = io.BytesIO()
        ooxml.OOXMLFile(io.BytesIO(content)).encrypt(password, locked)
        content = locked.getvalue()
    path.write_bytes(content)


def _workbook(page: Page, style: Style) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "default_date_format": None}) as book:
        book.set_properties({"created": _MADE})
        sheet = book.add_worksheet(page.sheet)
        moments = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        days = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate(page._all):
            for place, cell in enumerate(row):
                _write_cell(sheet, (number, place), cell, style, moments=moments, days=days)
        if page.titles and len(page.header) > 1:
            first = text_of(page.titles[0][0], style)
            sheet.merge_range(0, 0, 0, len(page.header) - 1, first)
    return buffer.getvalue()


def _write_cell(
    sheet: xlsxwriter.worksheet.Worksheet,
    at: tuple[int, int],
    cell: Cell,
    style: Style,
    *,
    moments: xlsxwriter.format.Format,
    days: xlsxwriter.format.Format,
) -> None:
    """Numbers as numbers, days as days; texts as texts, which are never evaluated."""
    match cell:
        case None | "":
            return
        case Amount(value) if style.amount is AmountStyle.PLAIN:
            sheet.write_number(*at, value)
        case Digits(digits) if not style.quoted_digits:
            sheet.write_number(*at, int(digits))
        case int():
            sheet.write_number(*at, cell)
        case Moment(when) if style.day is None:
            shown = moments if isinstance(when, datetime) else days
            sheet.write_number(*at, serial(when), shown)
        case Moment(when) if style.day is DayStyle.SERIAL:
            sheet.write_number(*at, serial(when))
        case str():
            sheet.write_string(*at, formula_safe(cell + style.padding))
        case _:
            sheet.write_string(*at, text_of(cell, style))
