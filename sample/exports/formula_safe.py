"""Text that no spreadsheet takes for a formula."""

from __future__ import annotations

import re

# A tab or a return at the start is skipped by spreadsheets, and what comes next is evaluated;
# some locales take the full-width signs for the others.
_STARTS_A_FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
_NEGATIVE_NUMBER = re.compile(r"-[0-9][0-9,]*(\.[0-9]+)?")


def formula_safe(text: str) -> str:
    """The text with an apostrophe in front where it would begin a formula.

    A plain negative number, such as `-12,300`, stays as it is: it is a number to everybody.
    """
    if _STARTS_A_FORMULA.match(text.lstrip(" \u00a0\u200b\u3000\ufeff")) is None:
        return text
    return text if _NEGATIVE_NUMBER.fullmatch(text) else f"'{text}"
