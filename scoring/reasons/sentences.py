"""What a founder reads of each feature: what was seen, what it gave or cost, what could change."""

from __future__ import annotations

from dataclasses import dataclass

from scoring.features.catalogue import Feature, Kind
from scoring.reasons.texts import Language, texts, written_value


@dataclass(frozen=True)
class Sentence:
    """One line of the founder's page."""

    feature: str
    kind: str
    points: int
    seen: str
    advice: str | None
    is_missing: bool


def withheld_sentence(kind: Kind, *, points: int, language: Language) -> Sentence:
    """What a founder reads once for all features of a kind that nothing was given for."""
    entry = texts().withheld[kind.value]
    return Sentence(
        feature=kind.value,
        kind=kind.value,
        points=points,
        seen=entry.seen.in_language(language),
        advice=entry.advice.in_language(language),
        is_missing=True,
    )


def sentence(
    feature: Feature,
    *,
    value: float | None,
    points: int,
    currency: str,
    language: Language,
) -> Sentence:
    """What a founder reads of one feature; advice only where points were lost."""
    entry = texts().features[feature.name]
    if value is None:
        seen = entry.missing.in_language(language)
    elif value == 0 and entry.zero is not None:
        seen = entry.zero.in_language(language)
    else:
        written = written_value(value, feature.unit, currency=currency, language=language)
        seen = entry.seen.in_language(language).replace("{value}", written)
    advised = value is not None and feature.actionable and points < 0
    return Sentence(
        feature=feature.name,
        kind=feature.kind.value,
        points=points,
        seen=seen,
        advice=entry.advice.in_language(language) if advised and entry.advice else None,
        is_missing=value is None,
    )
