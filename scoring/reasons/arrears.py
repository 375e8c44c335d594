"""Sentences of arrears and default, for the lender and for the founder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from scoring.reasons.texts import Text, texts

Written = Callable[[date, str], str]
"""A day as a person writes it, in a language."""


def iso(day: date, language: str) -> str:
    """A day as programs and lenders read it."""
    return day.isoformat()


def default_reason(cause: str, *, written: Written, since: date, through: date, days: int) -> Text:
    """Why somebody is in default."""
    return _filled(texts().states[cause].reason, written, days=days, since=since, through=through)


def default_cure(cause: str, *, clean_days: int, paid_dues: int | None) -> Text:
    """What ends the default, and how far that is."""
    return _filled(texts().states[cause].cure, iso, clean_days=clean_days, paid_dues=paid_dues or 0)


def arrears_text(
    code: str, *, written: Written, through: date | None = None, days: int | None = None
) -> Text:
    """The fact of arrears, by its code in `texts.toml`."""
    return _filled(texts().arrears[code].text, written, through=through, days=days)


def _filled(text: Text, written: Written, **values: date | int | None) -> Text:
    said = {}
    for language in ("ko", "en"):
        given = {
            name: written(value, language) if isinstance(value, date) else value
            for name, value in values.items()
        }
        said[language] = text.as_dict()[language].format(**given)
    return Text(**said)
