"""Worksheets as rows of text: stored values only, formulas are never evaluated."""

from __future__ import annotations

from collections.abc import Iterator

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum

from scoring.intake.containers.cell_text import require_short_cells, workbook_text
from scoring.intake.containers.limits import HEADER_ROWS
from scoring.intake.containers.refusing import has_macros, is_empty, require_room, too_large
from scoring.intake.containers.sheets import Row

# More merged cells than any header has; looking at each takes time.
_MOST_MERGED = 10_000

_Corner = tuple[int, int]


def worksheets(name: str, book: CalamineWorkbook, *, most: int) -> list[tuple[int, str]]:
    """Place and title of each worksheet of a workbook, hidden ones too.

    Args:
        name: of the file.
        book: the workbook.
        most: sheets that it may have.

    Raises:
        FileError: it has macros, too many sheets, or none.
    """
    kinds = [sheet.typ for sheet in book.sheets_metadata]
    if SheetTypeEnum.MacroSheet in kinds or SheetTypeEnum.Vba in kinds:
        raise has_macros(name)
    if len(kinds) > most:
        raise too_large(name, f"has more than {most} sheets")
    if SheetTypeEnum.WorkSheet not in kinds:
        raise is_empty(name)
    return [
        (at, title)
        for at, (title, kind) in enumerate(zip(book.sheet_names, kinds, strict=True))
        if kind == SheetTypeEnum.WorkSheet
    ]


def worksheet_rows(name: str, sheet: CalamineSheet) -> Iterator[Row]:
    """Rows of a worksheet as text, blank ones left out.

    Raises:
        FileError: the sheet is beyond a limit, or one of its cells is.
    """
    start, end = sheet.start, sheet.end
    if start is None or end is None:
        return
    require_room(name, end[0] + 1, end[1] + 1)
    before = [""] * start[1]
    merged = _MergedCells(sheet)
    for index, values in enumerate(sheet.iter_rows()):
        cells = before + [workbook_text(value) for value in values]
        if index < HEADER_ROWS:
            merged.fill(index, cells)
        if any(cells):
            require_short_cells(name, index + 1, cells)
            yield index + 1, cells


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
