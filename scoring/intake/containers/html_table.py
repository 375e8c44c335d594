"""Web pages that marketplaces and banks hand out as .xls: each table is a sheet."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import partial

from lxml import etree  # type: ignore[import-untyped]

from scoring.base.errors import FileError
from scoring.intake.containers.cell_text import clean, require_short_cells
from scoring.intake.containers.limits import MOST_SHEET_COLUMNS, MOST_SHEET_ROWS, MOST_SHEETS
from scoring.intake.containers.refusing import SAVE_AGAIN, refusing, require_room, too_large
from scoring.intake.containers.sheets import Row, Sheet
from scoring.intake.containers.text_file import Encoding

_STARTS_AS_MARKUP = re.compile(
    r"\s*<(?:!doctype|!--|\?xml|html|head|meta|title|style|script|body|div|center|form|font|p|br"
    r"|table|tr|workbook)\b",
    re.IGNORECASE,
)
_SPREADSHEET_XML = "urn:schemas-microsoft-com:office:spreadsheet"
# Neither text that a person sees, nor part of the cell that a nested table stands in.
_NOT_OF_THE_CELL = frozenset(("script", "style", "table"))


def looks_like_html(head: bytes, encoding: Encoding) -> bool:
    """Whether a text starts as a web page does."""
    return _STARTS_AS_MARKUP.match(head.decode(encoding.codec, "ignore")) is not None


def html_sheets(name: str, page: str) -> tuple[Sheet, ...]:
    """The tables of a page that have any text; nothing that the page refers to is fetched.

    Raises:
        FileError: the page has no table, or too many.
    """
    with refusing(name, "is a damaged web page"):
        if _SPREADSHEET_XML in page[:4096] and "<table" not in page[:4096]:
            raise FileError(name, "is an XML spreadsheet of 2003", remedy=SAVE_AGAIN)
        parser = etree.HTMLParser(
            encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True
        )
        tree = etree.parse(io.BytesIO(page.encode("utf-8", "replace")), parser)
        root = tree.getroot()
        tables = [] if root is None else list(root.iter("table"))
        sheets: list[Sheet] = []
        for table in tables:
            if next(_rows(name, table), None) is None:
                continue
            title = clean(" ".join(table.xpath("string(caption)").split()))
            sheets.append(Sheet(title or f"table {len(sheets) + 1}", partial(_rows, name, table)))
            if len(sheets) > MOST_SHEETS:
                raise too_large(name, f"has more than {MOST_SHEETS} tables")
    if not sheets:
        raise FileError(
            name,
            "is a web page without a table",
            remedy="Sign in where you export it, and export it again.",
        )
    return tuple(sheets)


def _rows(name: str, table: etree._Element) -> Iterator[Row]:
    """Rows with spans written out: text that spans columns or rows stands in each of them."""
    with refusing(name, "is a damaged web page"):
        below: dict[int, tuple[str, int]] = {}
        for number, line in enumerate(_lines(table), start=1):
            if number > MOST_SHEET_ROWS:
                require_room(name, number, 1)
            cells: list[str] = []
            after: dict[int, tuple[str, int]] = {}
            for cell in line.iterchildren("td", "th"):
                _take_from_above(cells, below, after)
                text = clean(" ".join("".join(_texts(cell)).split()))
                rowspan = _span(cell, "rowspan", MOST_SHEET_ROWS)
                for _ in range(_span(cell, "colspan", MOST_SHEET_COLUMNS)):
                    if rowspan > 1:
                        after[len(cells)] = text, rowspan - 1
                    cells.append(text)
                if len(cells) > MOST_SHEET_COLUMNS:
                    require_room(name, number, len(cells))
            _take_from_above(cells, below, after)
            below = after
            if any(cells):
                require_short_cells(name, number, cells)
                yield number, cells


def _take_from_above(
    cells: list[str], below: dict[int, tuple[str, int]], after: dict[int, tuple[str, int]]
) -> None:
    while len(cells) in below:
        text, left = below[len(cells)]
        if left > 1:
            after[len(cells)] = text, left - 1
        cells.append(text)


def _lines(table: etree._Element) -> Iterator[etree._Element]:
    """The table's own rows, not those of a table within."""
    for child in table.iterchildren("tr", "thead", "tbody", "tfoot"):
        if child.tag == "tr":
            yield child
        else:
            yield from child.iterchildren("tr")


def _texts(cell: etree._Element) -> Iterator[str]:
    yield cell.text or ""
    left = None
    for event, element in etree.iterwalk(cell, events=("start", "end")):
        if event == "start":
            if left is None and element is not cell:
                if element.tag in _NOT_OF_THE_CELL:
                    left = element
                else:
                    yield " " if element.tag in ("br", "p", "div", "li") else ""
                    yield element.text or ""
        else:
            if element is left:
                left = None
            if left is None and element is not cell:
                yield element.tail or ""


def _span(cell: etree._Element, which: str, most: int) -> int:
    digits = (cell.get(which) or "").strip()
    if not digits.isascii() or not digits.isdigit():
        return 1
    return max(1, min(int(digits[:9]), most))
