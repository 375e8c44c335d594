"""A line of text given by a person: short enough for its column, without control characters."""

from __future__ import annotations

import re

from scoring.base.errors import InputError

# C0 and C1 control characters, and halves of characters that no database takes.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def control_character(text: str) -> str | None:
    """The first control character of a text, such as `U+0000`, or None."""
    found = _CONTROL.search(text)
    return None if found is None else f"U+{ord(found[0]):04X}"


def require_line(what: str, text: str, *, longest: int) -> None:
    """Refuse a text that its column can't hold, on every engine alike.

    Raises:
        InputError: the text is too long, or has a control character.
    """
    if len(text) > longest:
        raise InputError(f"{what} has {len(text)} characters; {longest} are the most. Shorten it.")
    found = control_character(text)
    if found is not None:
        raise InputError(f"{what} has a control character ({found}). Leave it out.")
