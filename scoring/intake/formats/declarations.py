"""What is known of each format: its columns under all their names, and its words.

Each format's declaration is a TOML file beside its reader; an operator adds names of their own in
a file of the same form, `formats.toml` in the data directory, without touching code.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from babel.numbers import list_currencies

from scoring.base.errors import InputError
from scoring.intake.day_order import DayOrder

_SHIPPED = Path(__file__).parent
_OWN_TABLES = ("columns", "words", "defaults")


class FormatName(StrEnum):
    """The formats that can be read."""

    SMARTSTORE = "smartstore"
    ESMPLUS = "esmplus"
    COUPANG = "coupang"
    ELEVENST = "elevenst"
    CAFE24 = "cafe24"
    WEBSHOP = "webshop"
    ATTENDANCE_GRID = "attendance_grid"
    ATTENDANCE_LONG = "attendance_long"
    LOAN_INSTALMENTS = "loan_instalments"
    LOAN_TRANSACTIONS = "loan_transactions"
    BANK_STATEMENT = "bank_statement"
    PLAIN = "plain"


class RateUnit(StrEnum):
    """How a file writes yearly rates: 5.5 per cent, or 0.055 as a share of one."""

    PERCENT = "percent"
    FRACTION = "fraction"


_DEFAULTS = {
    "sales": ("currency", "dates"),
    "attendance": ("dates",),
    "loans": ("currency", "dates", "rates"),
    "cash_flow": ("currency", "dates"),
}
_VALUES: Mapping[str, Collection[str]] = {
    "currency": list_currencies(),
    "dates": tuple(DayOrder),
    "rates": tuple(RateUnit),
}
_EXPECTED = {
    "currency": "a currency code of ISO 4217, such as KRW",
    "dates": f"one of {', '.join(DayOrder)}",
    "rates": f"one of {', '.join(RateUnit)}",
}


@dataclass(frozen=True)
class Format:
    """A format as declared.

    Attributes:
        name: of the format.
        title: what people call it.
        kind: what it tells of: sales, attendance, loans or cash_flow.
        reader: module of its reader, by its place under `scoring.intake.formats`.
        columns: header names by field, normalised, the best first.
        needs: fields without which a table is not in this format; `a|b` where either will do.
        signature: headers that tell this format from all others, normalised.
        has_session_columns: whether a header names a session's day in a column of its own.
        words: by field, what a word of the file means, normalised word to our own.
        defaults: what holds where the file does not say: currency, dates, rates.
        earliest_short_year: no file of this format writes an earlier year with two digits.
    """

    name: FormatName
    title: str
    kind: str
    reader: str
    columns: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...]
    signature: frozenset[str]
    words: Mapping[str, Mapping[str, str]]
    defaults: Mapping[str, str] = field(default_factory=dict)
    has_session_columns: bool = False
    earliest_short_year: int | None = None

    def meaning(self, of: str, word: str) -> str | None:
        """What a word of the file means in a field, or None where nobody has said."""
        return self.words.get(of, {}).get(normalised(word))


def normalised(header: str) -> str:
    """A header or word as it is compared: composed, without spaces, in lower case."""
    return "".join(unicodedata.normalize("NFKC", header).split()).casefold()


def read_formats(data_dir: Path | None = None) -> dict[FormatName, Format]:
    """All formats with an operator's own names first.

    Raises:
        InputError: the operator's file can't be read; says where.
    """
    own = _own(data_dir / "formats.toml") if data_dir is not None else {}
    declared = _declared()
    return _shipped_formats() | {
        name: _format(name, declared[name], own[name]) for name in FormatName if name in own
    }


@cache
def _shipped_formats() -> dict[FormatName, Format]:
    return {name: _format(name, declared, {}) for name, declared in _declared().items()}


@cache
def _declared() -> dict[FormatName, dict[str, Any]]:
    """The declarations beside this module; they can't change while the program runs."""
    declared: dict[str, Any] = {}
    for path in sorted(_SHIPPED.rglob("*.toml")):
        declared |= tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        name: _with_shared_words(declared[name], declared)
        for name in FormatName
        if name in declared
    }


def _own(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        own = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} can't be read: {error}. See docs/operator.md.") from error
    unknown = sorted(set(own) - set(FormatName))
    if unknown:
        raise InputError(
            f"{path}: {', '.join(unknown)} is no format. The formats are {', '.join(FormatName)}."
        )
    for name, tables in own.items():
        strange = sorted(set(tables) - set(_OWN_TABLES)) if isinstance(tables, dict) else [name]
        if strange or not all(isinstance(table, dict) for table in tables.values()):
            raise InputError(
                f"{path}: [{name}] may hold {', '.join(f'[{name}.{t}]' for t in _OWN_TABLES)} "
                "and nothing else. See docs/operator.md."
            )
    return own


def _with_shared_words(declared: dict[str, Any], all_declared: dict[str, Any]) -> dict[str, Any]:
    """A format's declaration with the words that it shares with others; its own go first."""
    words = {of: dict(m) for of, m in all_declared.get(declared.get("words_from", ""), {}).items()}
    for of, meanings in declared.get("words", {}).items():
        words[of] = words.get(of, {}) | meanings
    return declared | {"words": words}


def _format(name: FormatName, declared: dict[str, Any], own: dict[str, Any]) -> Format:
    columns = dict(declared.get("columns", {}))
    for of, headers in own.get("columns", {}).items():
        if of not in columns:
            raise InputError(
                f'formats.toml: [{name}] has no field "{of}". Its fields are {", ".join(columns)}.'
            )
        columns[of] = [*_texts(name, of, headers), *columns[of]]
    words = {of: dict(meanings) for of, meanings in declared.get("words", {}).items()}
    for of, meanings in own.get("words", {}).items():
        if of not in words:
            raise InputError(f'formats.toml: [{name}] takes no words for "{of}".')
        allowed = set(words[of].values())
        for word, meaning in meanings.items():
            if meaning not in allowed:
                raise InputError(
                    f'formats.toml: [{name}.words.{of}] "{word}" means "{meaning}", which is '
                    f"not one of {', '.join(sorted(allowed))}."
                )
        words[of] |= meanings
    defaults = dict(declared.get("defaults", {})) | _own_defaults(name, declared["kind"], own)
    return Format(
        name=name,
        title=declared["title"],
        kind=declared["kind"],
        reader=declared["reader"],
        columns={
            of: tuple(dict.fromkeys(normalised(header) for header in headers))
            for of, headers in columns.items()
        },
        needs=tuple(declared["needs"]),
        signature=frozenset(normalised(header) for header in declared.get("signature", ())),
        words={
            of: {normalised(word): meaning for word, meaning in meanings.items()}
            for of, meanings in words.items()
        },
        defaults=defaults,
        has_session_columns=declared.get("has_session_columns", False),
        earliest_short_year=declared.get("earliest_short_year"),
    )


def _own_defaults(name: str, kind: str, own: dict[str, Any]) -> dict[str, str]:
    """What an operator says of files that don't say it themselves."""
    told: dict[str, str] = own.get("defaults", {})
    taken = _DEFAULTS[kind]
    for of, value in told.items():
        if of not in taken:
            raise InputError(
                f'formats.toml: [{name}.defaults] can\'t hold "{of}". It takes {", ".join(taken)}.'
            )
        if value not in _VALUES[of]:
            raise InputError(
                f'formats.toml: [{name}.defaults] {of} can\'t be "{value}". It is {_EXPECTED[of]}.'
            )
    return told


def _texts(name: str, of: str, headers: Any) -> list[str]:
    if not isinstance(headers, list) or not all(isinstance(header, str) for header in headers):
        raise InputError(f"formats.toml: [{name}.columns] {of} must be a list of headers.")
    return headers
