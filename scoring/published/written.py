"""How the table's figures are written wherever people read them."""

from __future__ import annotations

import re

UNKNOWN = "–"


def label_text(description: str) -> str:
    """The first words of a feature's description, which say what it measures."""
    return re.split(r"; |\. |\.$", description, maxsplit=1)[0]


def points_text(points: int) -> str:
    """Points with their sign, such as `+7`."""
    return f"{points:+d}" if points else "0"


def share_text(share: float | None) -> str:
    """A share with one decimal, such as `12.3 %`."""
    return UNKNOWN if share is None else f"{100 * share:.1f} %"


def rate_text(rate: float | None) -> str:
    """A bad rate in whole percent."""
    return UNKNOWN if rate is None else f"{100 * rate:.0f} %"


def weight_of_evidence_text(value: float | None) -> str:
    """Weight of evidence with its sign and two decimals."""
    return UNKNOWN if value is None else f"{value:+.2f}"
