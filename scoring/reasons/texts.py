"""The texts of reasons in Korean and English, and how a value is written in each."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision
from pydantic import BaseModel, ConfigDict

from scoring.features.catalogue import Unit

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = ("ko", "en")
_PATH = Path(__file__).with_name("texts.toml")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Text(_Strict):
    """One text in every language."""

    ko: str
    en: str

    def as_dict(self) -> dict[str, str]:
        """Plain data, by language."""
        return {"ko": self.ko, "en": self.en}

    def in_language(self, language: Language) -> str:
        """The text in one language."""
        return self.ko if language == "ko" else self.en


class GroupTexts(_Strict):
    """What a lender reads of a group of features: levels, no numbers."""

    title: Text
    against: Text
    for_: Text
    missing: Text

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=lambda name: name.rstrip("_")
    )


class FeatureTexts(_Strict):
    """What a founder reads of one feature."""

    seen: Text
    zero: Text | None = None
    missing: Text
    advice: Text | None = None


class MissingTexts(_Strict):
    """What a thin file lacks: `give` where nothing is on file, `more` where something is."""

    give: Text
    more: Text


class WithheldTexts(_Strict):
    """What a founder reads of a kind of record that was not given and cost points."""

    seen: Text
    advice: Text


class SignalTexts(_Strict):
    """What a lender reads of a signal, and what the founder reads beside it."""

    text: Text
    seen: Text


class StateTexts(_Strict):
    """Why somebody is in default, and what ends it."""

    reason: Text
    cure: Text


class ArrearsTexts(_Strict):
    """The fact of arrears on a day."""

    text: Text


class Texts(_Strict):
    """All texts of reasons."""

    groups: dict[str, GroupTexts]
    features: dict[str, FeatureTexts]
    missing: dict[str, MissingTexts]
    withheld: dict[str, WithheldTexts]
    signals: dict[str, SignalTexts]
    states: dict[str, StateTexts]
    arrears: dict[str, ArrearsTexts]


@cache
def texts() -> Texts:
    """The texts, read once."""
    return Texts.model_validate(tomllib.loads(_PATH.read_text(encoding="utf-8")))


def reason_text(code: str, side: str, *, is_missing: bool) -> Text:
    """What a lender reads of a reason group, `against` or `for`, or where nothing is on file."""
    entry = texts().groups[code]
    if is_missing:
        return entry.missing
    return entry.against if side == "against" else entry.for_


def missing_text(code: str, *, records: int) -> Text:
    """What would help a thin file that has so many records of a kind: more of it, or some."""
    said = texts().missing[code]
    return said.more if records else said.give


def signal_text(code: str) -> Text:
    """What a lender reads of a signal."""
    return texts().signals[code].text


def signal_seen(code: str, seen: Mapping[str, int], language: Language) -> str:
    """What the founder reads of a signal, with its counts."""
    return texts().signals[code].seen.in_language(language).format(**seen)


def written_value(value: float, unit: Unit, *, currency: str, language: Language) -> str:
    """A value with its unit, as a person writes it.

    Args:
        value: as the feature gives it; money in minor units.
        unit: of the feature.
        currency: ISO 4217 code of money.
        language: `ko` or `en`.
    """
    match unit:
        case Unit.SHARE:
            return str(format_percent(value, format="#,##0.#%", locale=language))
        case Unit.RATIO:
            return str(format_decimal(value, format="#,##0.##", locale=language))
        case Unit.MONEY:
            digits = get_currency_precision(currency)
            about = _three_significant(value) / 10**digits
            return str(format_currency(about, currency, locale=language))
        case Unit.DAYS:
            return f"{value:.0f}일" if language == "ko" else _counted(value, "day")
        case Unit.MONTHS:
            return f"{value:.0f}개월" if language == "ko" else _counted(value, "month")
        case Unit.COUNT:
            return f"{value:.0f}번" if language == "ko" else f"{value:.0f}"


def _three_significant(value: float) -> int:
    """Money as a person says it: 3,106,667 won a month is about 3,110,000."""
    whole = round(value)
    return round(whole, 3 - len(str(abs(whole)))) if abs(whole) >= 1000 else whole


def _counted(value: float, noun: str) -> str:
    return f"{value:.0f} {noun}" + ("" if value == 1 else "s")
