"""The scorecard's table as CSV: a line per bin."""

from __future__ import annotations

import csv
import io

from scoring.published.table import ScorecardTable

COLUMNS = (
    "feature",
    "description",
    "kind",
    "bin",
    "points",
    "share",
    "bad_rate",
    "weight_of_evidence",
)


def scorecard_csv(table: ScorecardTable) -> str:
    """The lines, the base first; shares and rates are 0 to 1, empty where not known or not shown.

    Decimals are those of the printed table.
    """
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(COLUMNS)
    lines.writerow(["base", "Points before any feature's", "", "", table.base, "", "", ""])
    for feature in table.features:
        for each in feature.bins:
            lines.writerow(
                [
                    feature.name,
                    feature.description,
                    feature.kind,
                    each.label,
                    each.points,
                    _decimals(each.share, 3),
                    _decimals(each.bad_rate, 2),
                    _decimals(each.weight_of_evidence, 2),
                ]
            )
    return written.getvalue()


def _decimals(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"
