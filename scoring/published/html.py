"""The scorecard's table as one HTML page that loads nothing from elsewhere."""

from __future__ import annotations

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    PackageLoader,
    StrictUndefined,
    select_autoescape,
)

from scoring.published.table import ScorecardTable
from scoring.published.written import points_text, rate_text, share_text, weight_of_evidence_text


def scorecard_html(table: ScorecardTable) -> str:
    """The page, ready to be printed."""
    return page_environment().get_template("scorecard.html").render(table=table)


def page_environment(*before: BaseLoader) -> Environment:
    """Templates for pages that show a scorecard: they include `card.css` and `card.html`.

    Args:
        before: where templates are looked for first.
    """
    environment = Environment(
        loader=ChoiceLoader([*before, PackageLoader("scoring.published", ".")]),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "points": points_text,
        "share": share_text,
        "rate": rate_text,
        "evidence": weight_of_evidence_text,
    }
    return environment
