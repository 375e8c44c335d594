"""A lender's book as one HTML page that loads nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from scoring.base.money import money_text

_WIDTH, _HEIGHT, _LEFT, _BELOW = 640, 220, 48, 24
_EARLY, _LATE = (0x9F, 0xC3, 0xD4), (0x17, 0x3B, 0x4E)  # the latest month is darkest


def book_html(figures: Mapping[str, Any]) -> str:
    """The page.

    Args:
        figures: of `BookFigures.as_dict`.
    """
    environment = Environment(
        loader=PackageLoader("scoring.lending", "."),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= {"money": money_text, "percent": percent_text}
    environment.globals["curves"] = _curves
    return environment.get_template("book.html").render(book=figures)


def percent_text(share: float | None) -> str:
    """A share in percent; "none" where nothing stands below the line."""
    return "none" if share is None else f"{share:.1%}"


def _curves(vintages: Sequence[Mapping[str, Any]]) -> Markup:
    """A line per month of disbursement over months on book."""
    drawn = [vintage for vintage in vintages if vintage["curve"]]
    longest = max((len(vintage["curve"]) for vintage in drawn), default=0)
    top = max((max(vintage["curve"]) for vintage in drawn), default=0.0) or 0.1
    if longest < 2:
        return Markup("<p>No month has been on book for two months yet.</p>")

    def x(month: int) -> float:
        return _LEFT + (_WIDTH - _LEFT - 8) * month / longest

    def y(share: float) -> float:
        return 8 + (_HEIGHT - _BELOW - 8) * (1 - share / top)

    lines = []
    for place, vintage in enumerate(drawn):
        shade = place / max(len(drawn) - 1, 1)
        colour = "".join(
            f"{round(a + (b - a) * shade):02x}" for a, b in zip(_EARLY, _LATE, strict=True)
        )
        points = " ".join(
            f"{x(month):.1f},{y(share):.1f}" for month, share in enumerate((0.0, *vintage["curve"]))
        )
        lines.append(
            Markup('<polyline stroke="#{}" points="{}"><title>{}</title></polyline>').format(
                colour, points, f"paid out in {vintage['month']}, {vintage['loans']} loans"
            )
        )
    ticks = [
        Markup('<text x="{}" y="{}" text-anchor="middle">{}</text>').format(
            round(x(month), 1), _HEIGHT - 4, month
        )
        for month in range(0, longest + 1, max(longest // 8, 1))
    ]
    sides = Markup('<text x="0" y="{}">{}</text><text x="0" y="{}">0 %</text>').format(
        round(y(top), 1) + 4, f"{top:.0%}", round(y(0), 1)
    )
    return Markup(
        '<svg viewBox="0 0 {w} {h}" width="100%" role="img" aria-label="Share of loans 90 days '
        'past due by months on book, a line per month of disbursement">{body}</svg>'
        '<p class="quiet">Months on book; earlier months of disbursement are lighter.</p>'
    ).format(w=_WIDTH, h=_HEIGHT, body=Markup("").join([sides, *ticks, *lines]))
