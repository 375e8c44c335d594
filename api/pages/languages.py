"""Which language a page is in, and its words: gettext catalogues compiled when they are first read.

Keys stand in the templates, words in `locale/LANGUAGE/LC_MESSAGES/messages.po`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from fastapi import Request
from markupsafe import Markup, escape

from scoring.reasons.texts import LANGUAGES, Language

DEFAULT: Language = "ko"
Words = Callable[..., Markup]
_LOCALE = Path(__file__).with_name("locale")


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
    wishes: list[tuple[float, Language]] = []
    for wish in header.split(","):
        tag, _, quality = wish.strip().partition(";q=")
        language = _known(tag.split("-")[0].lower())
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if language is not None and weight > 0:
            wishes.append((weight, language))
    # `max` takes the first of equals, which is the order in which they were wished for.
    return max(wishes, key=lambda wish: wish[0])[1] if wishes else DEFAULT


def _known(name: str) -> Language | None:
    return next((language for language in LANGUAGES if language == name), None)
