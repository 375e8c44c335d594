"""Worksheets as rows of text: stored values only, formulas are never evaluated."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum

from scoring.intake.containers.archive import require_room
from scoring.intake.containers.cell_text import require_short_cells, workbook_text
from scoring.intake.containers.limits import HEADER_ROWS, MOST_SHEETS
from scoring.intake.containers.refusing import has_macros, is_empty, refusing, too_large
from scoring.intake.containers.sheets import Row, Sheet

# More merged cells than any header has; looking at each takes time.
_MOST_MERGED = 10_000

_Corner = tuple[int, int]


def workbook_sheets(name: str, content: bytes) -> tuple[Sheet, ...]:
    """The worksheets of a workbook that was found safe to read, hidden ones too.

    Raises:
        FileError: it has macros, too many sheets, or is damaged.
    """
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    kinds = [sheet.typ for sheet in book.sheets_metadata]
    if SheetTypeEnum.MacroSheet in kinds or SheetTypeEnum.Vba in kinds:
        raise has_macros(name)
    if len(kinds) > MOST_SHEETS:
        raise too_large(name, f"has more than {MOST_SHEETS} sheets")
    if SheetTypeEnum.WorkSheet not in kinds:
        raise is_empty(name)
    opened = _Worksheets(name, book)
    return tuple(
        Sheet(title, partial(opened.rows, at))
        for at, (title, kind) in enumerate(zip(book.sheet_names, kinds, strict=True))
        if kind == SheetTypeEnum.WorkSheet
    )


class _Worksheets:
    """A workbook that keeps the worksheet read last: its rows are often asked for twice."""

    def __init__(self, name: str, book: CalamineWorkbook) -> None:
        self._name, self._book = name, book
        self._last: tuple[int, CalamineSheet] | None = None

    def rows(self, at: int) -> Iterator[Row]:
        title = self._book.sheet_names[at]
        with refusing(self._name, f'has a damaged sheet "{title}"'):
            sheet = self._sheet(at)
            start, end = sheet.start, sheet.end
            if start is None or end is None:
                return
            require_room(self._name, end[0] + 1, end[1] + 1)
            before = [""] * start[1]
            merged = _MergedCells(sheet)
            for index, values in enumerate(sheet.iter_rows()):
                cells = before + [workbook_text(value) for value in values]
                if index < HEADER_ROWS:
                    merged.fill(index, cells)
                if any(cells):
                    require_short_cells(self._name, index + 1, cells)
                    yield index + 1, cells

    def _sheet(self, at: int) -> CalamineSheet:
        if self._last is None or self._last[0] != at:
            self._last = None
            self._last = at, self._book.get_sheet_by_index(at)
        return self._last[1]


class _MergedCells:
    """Fills merged cells near the top with their text, so that a header names each column."""

    def __init__(self, sheet: CalamineSheet) -> None:
        areas = (sheet.merged_cell_ranges or [])[:_MOST_MERGED]
        self._areas = [(first, last) for first, last in areas if first[0] < HEADER_ROWS]
        self._texts: dict[_Corner, str] = {}

    def fill(self, index: int, cells: list[str]) -> None:
        """Fill one row; rows come from the top down."""
        for first, last in self._areas:
            if first[0] == index and first[1] < len(cells):
                self._texts[first] = cells[first[1]]
            if first[0] <= index <= last[0]:
                text = self._texts.get(first, "")
                for column in range(first[1], min(last[1] + 1, len(cells))):
                    cells[column] = text
