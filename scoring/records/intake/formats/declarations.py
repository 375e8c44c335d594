"""What is known of each format: its columns under all their names, and its words.

The names stand in the TOML files beside this module, one per kind; an operator adds others in a
file of the same form, `formats.toml` in the data directory, without touching code.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from scoring.errors import InputError

_SHIPPED = Path(__file__).parent


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


@dataclass(frozen=True)
class Format:
    """A format as declared.

    Attributes:
        name: of the format.
        title: what people call it.
        kind: what it tells of: sales, attendance, loans or cash_flow.
        columns: header names by field, normalised, the best first.
        needs: fields without which a table is not in this format; `a|b` where either will do.
        signature: headers that tell this format from all others, normalised.
        words: by field, what a word of the file means, normalised word to our own.
    """

    name: FormatName
    title: str
    kind: str
    columns: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...]
    signature: frozenset[str]
    words: Mapping[str, Mapping[str, str]]

    def meaning(self, field: str, word: str) -> str | None:
        """What a word of the file means in a field, or None where nobody has said."""
        return self.words.get(field, {}).get(normalised(word))


def normalised(header: str) -> str:
    """A header or word as it is compared: composed, without spaces, in lower case."""
    return "".join(unicodedata.normalize("NFKC", header).split()).casefold()


def read_formats(data_dir: Path | None = None) -> dict[FormatName, Format]:
    """All formats with an operator's own names first.

    Raises:
        InputError: the operator's file can't be read; says where.
    """
    declared: dict[str, Any] = {}
    for path in sorted(_SHIPPED.glob("*.toml")):
        declared |= tomllib.loads(path.read_text(encoding="utf-8"))
    own = _own(data_dir / "formats.toml") if data_dir is not None else {}
    return {
        name: _format(name, declared[name], own.get(name, {}))
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
    return own


def _format(name: FormatName, declared: dict[str, Any], own: dict[str, Any]) -> Format:
    columns = dict(declared.get("columns", {}))
    for field, headers in own.get("columns", {}).items():
        if field not in columns:
            raise InputError(
                f'formats.toml: [{name}] has no field "{field}". Its fields are '
                f"{', '.join(columns)}."
            )
        columns[field] = [*_texts(name, field, headers), *columns[field]]
    words = {field: dict(meanings) for field, meanings in declared.get("words", {}).items()}
    for field, meanings in own.get("words", {}).items():
        if field not in words:
            raise InputError(f'formats.toml: [{name}] takes no words for "{field}".')
        allowed = set(words[field].values())
        for word, meaning in meanings.items():
            if meaning not in allowed:
                raise InputError(
                    f'formats.toml: [{name}.words.{field}] "{word}" means "{meaning}", which is '
                    f"not one of {', '.join(sorted(allowed))}."
                )
        words[field] |= meanings
    return Format(
        name=name,
        title=declared["title"],
        kind=declared["kind"],
        columns={
            field: tuple(dict.fromkeys(normalised(header) for header in headers))
            for field, headers in columns.items()
        },
        needs=tuple(declared["needs"]),
        signature=frozenset(normalised(header) for header in declared.get("signature", ())),
        words={
            field: {normalised(word): meaning for word, meaning in meanings.items()}
            for field, meanings in words.items()
        },
    )


def _texts(name: str, field: str, headers: Any) -> list[str]:
    if not isinstance(headers, list) or not all(isinstance(header, str) for header in headers):
        raise InputError(f"formats.toml: [{name}.columns] {field} must be a list of headers.")
    return headers
