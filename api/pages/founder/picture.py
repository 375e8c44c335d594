"""The picture from base points to the score: a bar for each group of reasons, right or left."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scoring.reasons.texts import Language, texts
from scoring.score.document import ReasonGroupPoints

_LEAST_SIDE = 14.0  # percent of the picture's width kept for each side
_LEAST_BAR = 1.5


@dataclass(frozen=True)
class Bar:
    """One group's points and its bar, in percent of the picture's width."""

    label: str
    points: int
    x: float
    width: float


@dataclass(frozen=True)
class Picture:
    """From base points to the score."""

    bars: list[Bar]
    middle: float
    untouched: list[str]


def picture_of(points: Sequence[ReasonGroupPoints], language: Language) -> Picture:
    """Bars of the groups that moved the score, the best first; without points there are none."""
    titles = texts().groups
    groups = [(titles[group.code].title.in_language(language), group.points) for group in points]
    moved = sorted((g for g in groups if g[1]), key=lambda group: -group[1])
    gain = max([points for _, points in moved if points > 0], default=0)
    loss = -min([points for _, points in moved if points < 0], default=0)
    middle = 100 * loss / (gain + loss) if moved else 50.0
    middle = min(max(middle, _LEAST_SIDE), 100 - _LEAST_SIDE)
    # The longer side fills its part; both share one scale.
    scale = min(
        middle / loss if loss else math.inf,
        (100 - middle) / gain if gain else math.inf,
    )
    return Picture(
        bars=[_bar(label, points, middle, scale) for label, points in moved],
        middle=round(middle, 2),
        untouched=[label for label, points in groups if not points],
    )


def _bar(label: str, points: int, middle: float, scale: float) -> Bar:
    width = max(abs(points) * scale, _LEAST_BAR)
    x = middle if points > 0 else middle - width
    return Bar(label=label, points=points, x=round(x, 2), width=round(width, 2))
