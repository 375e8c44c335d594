"""The scorecard as a spreadsheet that scores: values are typed, formulas look up and add.

A spreadsheet compares numbers to some fifteen digits and reads no more than that, so bins are not
found by the card's cuts but by whole numbers: a value, rounded to its decimals as the score does,
times ten to these decimals, against the lowest such number of each bin. For every finished value
that is the bin of the card.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING

from scoring.base.errors import InputError
from scoring.features.catalogue import Feature
from scoring.models.artefact import Artefact
from scoring.models.card.log_odds import CardFeature
from scoring.models.card.points import PointsFeature
from scoring.published.bins import NO_RECORD, bin_label, edges_of, unit_words
from scoring.published.table import TOO_THIN, ScorecardTable
from scoring.published.written import label_text

if TYPE_CHECKING:
    from xlsxwriter.format import Format  # type: ignore[import-untyped]
    from xlsxwriter.workbook import Workbook  # type: ignore[import-untyped]
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

SCORE, SCORECARD, BINS = "Score", "Scorecard", "Bins"
FIRST_ROW = 12
"""Row of the first feature on the sheet where values are typed, counted from 1."""

_BELOW_ALL = -1e300
_NOTES = (
    "Type a founder's values into the yellow cells, as the score document's `features` gives them "
    "(or `foothold features FOUNDER`): finished ones, ratios already pulled towards the model's "
    "constants. Leave empty what is null: nothing on file.",
    "The probability of default (PD) comes from the unrounded log-odds, not from points. "
    f"{TOO_THIN}",
)


@dataclass(frozen=True)
class _Line:
    """A feature's rows on the sheet of bins, counted from 1; that of missing comes last."""

    feature: Feature
    first: int
    bins: int
    missing_points: int
    missing_log_odds: float

    def column(self, letter: str, *, missing: bool) -> str:
        last = self.first + self.bins - (0 if missing else 1)
        return f"{BINS}!${letter}${self.first}:${letter}${last}"


def write_workbook(
    path: Path, artefact: Artefact, table: ScorecardTable, *, made_at: datetime
) -> None:
    """Write the workbook: a sheet to type into, the table, and all bins with their log-odds.

    Args:
        path: of the file, .xlsx.
        artefact: the model.
        table: its table.
        made_at: noted as the time of making, so that equal models give equal files.

    Raises:
        InputError: xlsxwriter is not installed.
        ModelError: this version's catalogue lacks one of the model's features.
    """
    try:
        from xlsxwriter import Workbook  # type: ignore[import-untyped]
    except ImportError as error:
        raise InputError(
            'A spreadsheet needs xlsxwriter: run `pip install "foothold[train]"`.'
        ) from error
    with Workbook(str(path)) as book:
        book.set_properties({"title": table.title, "created": made_at})
        score, printed, bins = (book.add_worksheet(name) for name in (SCORE, SCORECARD, BINS))
        lines = list(_write_bins(book, bins, artefact))
        _write_score(book, score, artefact, table, lines)
        _write_table(book, printed, table)


def _write_score(
    book: Workbook,
    sheet: Worksheet,
    artefact: Artefact,
    table: ScorecardTable,
    lines: list[_Line],
) -> None:
    """Values are typed here; what stands beside them is looked up on the sheet of bins."""
    head, quiet, title = _head(book), _quiet(book), book.add_format({"bold": True, "font_size": 16})
    typed = book.add_format({"bg_color": "#fff7cc", "border": 1, "border_color": "#d9cf94"})
    signed, odds = book.add_format({"num_format": "+0;-0;0"}), book.add_format(_ODDS)
    left = {"align": "left"}
    large = left | {"bold": True, "font_size": 14}
    sheet.set_column("A:A", 28)
    sheet.set_column("B:B", 66)
    sheet.set_column("C:C", 15)
    sheet.set_column("D:D", 14)
    sheet.set_column("E:E", 26)
    sheet.set_column("F:G", 10)
    sheet.set_column("H:H", 6)
    sheet.write_string("A1", f"Score by hand: {table.title}", title)
    for row, note in enumerate(_NOTES, start=2):
        sheet.write_string(f"A{row}", note, quiet)
    last = FIRST_ROW + len(lines) - 1
    intercept = artefact.scorecard.card_.intercept
    at_rest = intercept + sum(line.missing_log_odds for line in lines)
    results = (
        ("Base", table.base, "", book.add_format(left)),
        ("Base log-odds", intercept, "", book.add_format(_ODDS | left)),
        (
            "Score",
            table.base + sum(line.missing_points for line in lines),
            f"=B5+SUM(F{FIRST_ROW}:F{last})",
            book.add_format(large),
        ),
        (
            "Log-odds of bad",
            at_rest,
            f"=B6+SUM(G{FIRST_ROW}:G{last})",
            book.add_format(_ODDS | left),
        ),
        (
            "PD",
            1.0 / (1.0 + exp(-at_rest)),
            "=1/(1+EXP(-B8))",
            book.add_format(
                {"bold": True, "font_size": 14, "num_format": "0.00%", "align": "left"}
            ),
        ),
    )
    for row, (label, result, formula, style) in enumerate(results, start=5):
        sheet.write_string(f"A{row}", label, head)
        if formula:
            sheet.write_formula(f"B{row}", formula, style, result)
        else:
            sheet.write_number(f"B{row}", result, style)
    headings = ("Feature", "What it measures", "Unit", "Value", "Bin", "Points", "Log-odds", "Row")
    for column, heading in enumerate(headings):
        sheet.write_string(FIRST_ROW - 2, column, heading, head)
    for row, line in enumerate(lines, start=FIRST_ROW):
        sheet.write_string(f"A{row}", line.feature.name)
        sheet.write_string(f"B{row}", label_text(line.feature.description), quiet)
        sheet.write_string(f"C{row}", unit_words(line.feature, artefact.currency), quiet)
        sheet.write_blank(f"D{row}", None, typed)
        found = f"ROUND(D{row}*{10**line.feature.decimals},0)"
        match = f"MATCH({found},{line.column('B', missing=False)},1)"
        sheet.write_formula(
            f"H{row}", f"=IF(ISBLANK(D{row}),{line.bins + 1},{match})", quiet, line.bins + 1
        )
        for letter, of, style, value in (
            ("E", "C", None, NO_RECORD),
            ("F", "D", signed, line.missing_points),
            ("G", "E", odds, line.missing_log_odds),
        ):
            looked_up = f"=INDEX({line.column(of, missing=True)},H{row})"
            sheet.write_formula(f"{letter}{row}", looked_up, style, value)
    sheet.data_validation(
        f"D{FIRST_ROW}:D{last}",
        {
            "validate": "decimal",
            "criteria": "between",
            "minimum": -1e15,
            "maximum": 1e15,
            "error_title": "A number, or nothing",
            "error_message": "Type a number, or leave the cell empty where nothing is on file.",
        },
    )
    sheet.freeze_panes(FIRST_ROW - 1, 1)
    _fit_on_paper(sheet)


def _write_bins(book: Workbook, sheet: Worksheet, artefact: Artefact) -> Iterable[_Line]:
    """Every bin that a finished value can lie in, as it is served."""
    head, odds = _head(book), book.add_format(_ODDS)
    sheet.set_column("A:C", 28)
    sheet.set_column("D:E", 14)
    headings = ("Feature", "Lowest value × 10^decimals", "Bin", "Points", "Log-odds of bad")
    for column, heading in enumerate(headings):
        sheet.write_string(0, column, heading, head)
    sheet.freeze_panes(1, 1)
    catalogue = artefact.features
    row = 1
    for points, card in zip(
        artefact.points.features, artefact.scorecard.card_.features, strict=True
    ):
        first = row
        for lowest, label, earned, log_odds in _rows(
            points, card, catalogue[points.name], artefact.currency
        ):
            sheet.write_string(row, 0, points.name)
            if lowest is not None:
                sheet.write_number(row, 1, lowest)
            sheet.write_string(row, 2, label)
            sheet.write_number(row, 3, earned)
            sheet.write_number(row, 4, log_odds, odds)
            row += 1
        yield _Line(
            feature=catalogue[points.name],
            first=first + 1,
            bins=row - first - 1,
            missing_points=points.missing_points,
            missing_log_odds=card.missing_log_odds,
        )


def _rows(
    points: PointsFeature, card: CardFeature, feature: Feature, currency: str
) -> Iterable[tuple[float | None, str, int, float]]:
    """Lowest value in steps, label, points and log-odds of each bin and, last, of missing."""
    edges = edges_of(points.cuts, feature.decimals)
    for edge, earned, log_odds in zip(edges, points.points, card.log_odds, strict=True):
        if not edge.is_empty:
            lowest = _BELOW_ALL if edge.lowest is None else edge.lowest
            yield lowest, bin_label(edge, feature, currency), earned, log_odds
    yield None, NO_RECORD, points.missing_points, card.missing_log_odds


def _write_table(book: Workbook, sheet: Worksheet, table: ScorecardTable) -> None:
    """The published table, a line per bin."""
    head, quiet = _head(book), _quiet(book)
    signed = book.add_format({"num_format": "+0;-0;0"})
    share, rate, weight_of_evidence = (
        book.add_format({"num_format": form}) for form in ("0.0%", "0%", "+0.00;-0.00;0.00")
    )
    sheet.set_column("A:A", 28)
    sheet.set_column("B:B", 26)
    sheet.set_column("C:F", 12)
    sheet.set_column("G:G", 70)
    sheet.write_string(0, 0, table.sentence, head)
    for row, note in enumerate(table.notes, start=1):
        sheet.write_string(row, 0, note, quiet)
    row = len(table.notes) + 2
    headings = ("Feature", "Bin", "Points", "Share", "Bad rate", "WoE", "What it measures")
    for column, heading in enumerate(headings):
        sheet.write_string(row, column, heading, head)
    for feature in table.features:
        for each in feature.bins:
            row += 1
            sheet.write_string(row, 0, feature.name)
            sheet.write_string(row, 1, each.label)
            sheet.write_number(row, 2, each.points, signed)
            for column, value, decimals, style in (
                (3, each.share, 3, share),
                (4, each.bad_rate, 2, rate),
                (5, each.weight_of_evidence, 2, weight_of_evidence),
            ):
                if value is not None:
                    sheet.write_number(row, column, round(value, decimals), style)
            sheet.write_string(row, 6, feature.description, quiet)
    _fit_on_paper(sheet)


_ODDS = {"num_format": "+0.0000;-0.0000;0", "align": "right"}


def _head(book: Workbook) -> Format:
    return book.add_format({"bold": True})


def _quiet(book: Workbook) -> Format:
    return book.add_format({"font_color": "#66707a"})


def _fit_on_paper(sheet: Worksheet) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
