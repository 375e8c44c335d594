"""Templates to answers, with the headers that keep a page private."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from api.pages.languages import other_language, words_in
from scoring.reasons.texts import LANGUAGES, Language

# No script, nothing from elsewhere, in nobody's frame; addresses with a token stay here.
_CONTENT = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _CONTENT,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_templates = Environment(
    loader=PackageLoader("api.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["LANGUAGE_NAMES"] = {"ko": "한국어", "en": "English"}
_templates.globals["LANGUAGES"] = LANGUAGES


def private(response: Response) -> Response:
    """The response with the headers of a private page."""
    response.headers.update(_HEADERS)
    return response


def page(template: str, language: Language, **content: Any) -> Response:
    """A page in a language."""
    text = _templates.get_template(template).render(
        t=words_in(language), language=language, **content
    )
    response = HTMLResponse(text, headers={"Content-Language": language})
    response.headers["Vary"] = "Accept-Language, Cookie"
    return private(response)


def page_in_both(template: str, language: Language, **content: Any) -> Response:
    """A short page in both languages, the chosen one first."""
    both = [(code, words_in(code)) for code in (language, other_language(language))]
    return page(template, language, both=both, **content)


def message(subject: str, language: Language, *, status: int) -> Response:
    """A short page in both languages: something can't be shown, and why."""
    response = page_in_both("message.html", language, subject=subject)
    response.status_code = status
    return response
