"""Whether two names are one person's, as somebody types them."""

from __future__ import annotations

import unicodedata

from scoring.base.errors import InputError
from scoring.base.lines import require_line


def require_name_and_reason(name: str, reason: str) -> None:
    """Refuse a decision without a person or a reason that its reader can use.

    Raises:
        InputError: one is empty, too long, or has a control character.
    """
    if not reason.strip() or not _letters(name):
        raise InputError(
            "Give a name and a reason: an auditor will read them, and a founder concerned."
        )
    require_line("The name", name, longest=120)
    require_line("The reason", reason, longest=400)


def require_name(name: str) -> None:
    """Refuse what is done by nobody.

    Raises:
        InputError: the name is empty, too long, or has a control character.
    """
    if not _letters(name):
        raise InputError("Give a name with --by: an auditor will read it.")
    require_line("The name", name, longest=120)


def same_person(one: str, other: str) -> bool:
    """Whether two names differ in nothing but case, spaces, stops and how they are typed.

    Typed on another machine a name may be composed of other characters and look the same.
    """
    return _letters(one) == _letters(other)


def _letters(name: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())
