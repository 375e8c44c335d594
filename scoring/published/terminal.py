"""The scorecard's table as plain text for a terminal."""

from __future__ import annotations

from scoring.published.table import ScorecardTable
from scoring.published.written import points_text, rate_text, share_text, weight_of_evidence_text

_HEADINGS = ("points", "share", "bad rate", "WoE")


def scorecard_text(table: ScorecardTable) -> str:
    """The lines, bins under their feature."""
    labels = [each.label for feature in table.features for each in feature.bins]
    width = max(map(len, labels), default=0) + 2
    lines = [f"{table.title} ({table.kind}, {table.currency})", table.sentence, ""]
    lines.append(_line("", _HEADINGS, width))
    for feature in table.features:
        lines += ["", f"{feature.label} ({feature.name})"]
        lines += [
            _line(
                each.label,
                (
                    points_text(each.points),
                    share_text(each.share),
                    rate_text(each.bad_rate),
                    weight_of_evidence_text(each.weight_of_evidence),
                ),
                width,
            )
            for each in feature.bins
        ]
    return "\n".join([*lines, "", *table.notes])


def _line(label: str, cells: tuple[str, ...], width: int) -> str:
    return f"  {label:<{width}}" + "".join(f"{cell:>10}" for cell in cells)
