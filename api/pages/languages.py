"""Which language a page is in, and its words: gettext catalogues compiled when they are first read.

Keys stand in the templates, words in `locale/LANGUAGE/LC_MESSAGES/messages.po`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

from babel import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from fastapi import Request
from markupsafe import Markup, escape

from scoring.reasons.texts import LANGUAGES, Language

DEFAULT: Language = "ko"
Words = Callable[..., Markup]
_LOCALE = Path(__file__).with_name("locale")
# A tag and how much it is wanted, from 0 (not at all) to 1.
_WISH = re.compile(
    r"(?P<tag>[A-Za-z0-9-]+|\*)\s*(;\s*q\s*=\s*(?P<weight>0(\.\d*)?|1(\.0*)?))?", re.IGNORECASE
)


def asked_language(request: Request) -> Language | None:
    """The language that the address asks for, if any."""
    return _known(request.query_params.get("lang", ""))


def chosen_language(request: Request) -> Language:
    """The language that the address asks for, else the browser's, else Korean."""
    return asked_language(request) or _preferred(request.headers.get("accept-language", ""))


def other_language(language: Language) -> Language:
    """The other of the two."""
    return "en" if language == "ko" else "ko"


@cache
def words_in(language: Language) -> Words:
    """A function from a key and its values to words, safe to stand in HTML.

    A key without words is an error: a page half in keys helps nobody.
    """
    catalogue = _catalogue(language)

    def words(key: str, **values: object) -> Markup:
        found = catalogue.gettext(key)
        if found == key:
            raise LookupError(f"{language} has no words for {key!r}")
        return escape(found).format(**values)

    return words


def _catalogue(language: Language) -> GNUTranslations:
    path = _LOCALE / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        messages = read_po(file, locale=language, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _preferred(header: str) -> Language:
    return _known(negotiate_locale(_wished(header), LANGUAGES, sep="-") or "") or DEFAULT


def _wished(header: str) -> list[str]:
    """Languages of an `Accept-Language` header, the most wanted first (RFC 9110, 12.5.4).

    `*` is every language that the header doesn't name. What can't be read counts for nothing.
    """
    found = [match for part in header.split(",") if (match := _WISH.fullmatch(part.strip()))]
    weights = {match["tag"].lower(): float(match["weight"] or 1) for match in found}
    if "*" in weights:
        named = {tag.partition("-")[0] for tag in weights}
        rest = [language for language in (DEFAULT, *LANGUAGES) if language not in named]
        weights |= dict.fromkeys(rest, weights["*"])
    # Sorting keeps the order of equals, which is the order in which they were wished for.
    wished = sorted(weights, key=lambda tag: -weights[tag])
    return [tag for tag in wished if weights[tag] > 0]


def _known(name: str) -> Language | None:
    return next((language for language in LANGUAGES if language == name), None)
