"""The scorecard's table as one picture: features in columns, bins with bars and bad rates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from scoring.base.errors import InputError
from scoring.published.table import Bin, FeatureTable, ScorecardTable
from scoring.published.written import points_text, rate_text, share_text, weight_of_evidence_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SAFER, RISKIER, INK, QUIET = "#2f6f8f", "#b5532a", "#22272b", "#66707a"
_COLUMNS = 3
_WIDTH = 104.0  # of a column, in units of the drawing
_ROW = 0.165  # inches
_HEAD_ROWS = 6.0  # of the page
_BAR = (48.0, 24.0)  # middle and length of the longest bar
_CELLS = ((67.0, "points"), (77.0, "share"), (87.0, "bad rate"), (98.0, "WoE"))
_STYLE: Any = {  # matplotlib types its settings by literal keys
    "font.family": "sans-serif",
    "font.size": 7.5,
    "text.color": INK,
}


def draw_scorecard(path: Path, table: ScorecardTable) -> None:
    """Write the picture as PNG.

    Raises:
        InputError: matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError(
            'A picture needs matplotlib: run `pip install "foothold[train]"`.'
        ) from error
    columns = _in_columns(table.features)
    rows = _HEAD_ROWS + max(sum(map(_height, column)) for column in columns)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(5.4 * _COLUMNS, rows * _ROW), dpi=110, facecolor="white")
        axes = figure.add_axes((0.015, 0.01, 0.97, 0.98))
        axes.set(xlim=(0, _COLUMNS * _WIDTH), ylim=(rows, 0))
        axes.set_axis_off()
        axes.text(0, 0.9, table.title, fontsize=15, fontweight="bold")
        axes.text(0, 2.5, table.sentence)
        axes.text(0, 3.7, _told(table), color=QUIET)
        for number, column in enumerate(columns):
            _draw_column(axes, column, left=number * _WIDTH, scale=_BAR[1] / 2 / table.most_points)
        figure.savefig(path, format="png")


def _told(table: ScorecardTable) -> str:
    return (
        "WoE (weight of evidence): ln of the bin's share of good loans over its share of bad ones, "
        "above 0 is safer. –: not shown of few founders."
        if table.has_outcomes
        else table.notes[1]
    )


def _height(feature: FeatureTable) -> float:
    return len(feature.bins) + 3.2


def _in_columns(features: tuple[FeatureTable, ...]) -> list[list[FeatureTable]]:
    """Features in reading order, in columns of about equal height."""
    target = sum(map(_height, features)) / _COLUMNS
    columns: list[list[FeatureTable]] = [[] for _ in range(_COLUMNS)]
    used = 0.0
    for feature in features:
        middle = used + _height(feature) / 2
        columns[min(int(middle / target), _COLUMNS - 1)].append(feature)
        used += _height(feature)
    return columns


def _draw_column(axes: Axes, column: list[FeatureTable], *, left: float, scale: float) -> None:
    row = _HEAD_ROWS
    for at, heading in _CELLS:
        axes.text(left + at, row - 0.8, heading, ha="right", color=QUIET, fontsize=6.5)
    for feature in column:
        axes.text(left, row + 0.6, _clipped(feature.label), fontweight="bold")
        axes.text(
            left, row + 1.6, f"{feature.name} · {feature.direction}", color=QUIET, fontsize=6.5
        )
        for offset, each in enumerate(feature.bins):
            _draw_bin(axes, each, left=left, row=row + 2.6 + offset, scale=scale)
        row += _height(feature)


def _draw_bin(axes: Axes, each: Bin, *, left: float, row: float, scale: float) -> None:
    ink = QUIET if each.share == 0 else INK
    axes.text(left + 1, row, each.label, color=ink)
    middle = left + _BAR[0]
    axes.plot([middle, middle], [row - 0.85, row + 0.2], color="#c9cfd3", linewidth=0.6)
    colour = SAFER if each.points > 0 else RISKIER
    axes.barh(row - 0.32, each.points * scale, height=0.66, left=middle, color=colour)
    written = (
        points_text(each.points),
        share_text(each.share),
        rate_text(each.bad_rate),
        weight_of_evidence_text(each.weight_of_evidence),
    )
    for (at, _), text in zip(_CELLS, written, strict=True):
        axes.text(left + at, row, text, ha="right", color=ink)


def _clipped(text: str) -> str:
    return text if len(text) <= 78 else text[:77].rsplit(" ", 1)[0] + " …"
