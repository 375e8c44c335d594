"""Marks of attendance: what a cell says of somebody's presence, and nothing of why."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping

from scoring.base.errors import FileError
from scoring.intake.formats.declarations import normalised

BLANK = "blank"  # the cell says nothing
STATUSES = ("present", "late", "excused", "absent")

# A time somebody checked in at: 09:52, 오전 9:52, 2026-09-02 09:52:00, 9시 52분.
_CHECKED_IN = re.compile(
    r"(\d{4}-\d{2}-\d{2}[t ]+)?((오전|오후|am|pm)\s*)?\d{1,2}(:\d{2}|시(?!간))", re.ASCII
)
_UNSEEN = re.compile("[\ufe00-\ufe0f]")  # which of two shapes a symbol is drawn in
_PUNCTUATION = " ()[]{}<>=:;,./-–—~·→"
_EXAMPLES = "O, △, X, 출석, 지각, 조퇴, 결석, 공결, present, late, absent, excused"
_ARROWS = ("→", "->", "=>", ">")


def status_of(cell: str, words: Mapping[str, str], *, excuses: Collection[str] = ()) -> str | None:
    """The status that a cell marks; `blank`, `not_held`, or None where nobody knows the mark.

    What follows a mark is a remark and is passed over, but for another mark, or a reason for
    which nobody is blamed: both excuse whoever was away, and after an arrow stands what was
    corrected. Such a reason by itself excuses as well.

    Args:
        cell: as written; an apostrophe in front keeps a spreadsheet from taking it for a formula.
        words: marks, normalised, and what they mean.
        excuses: words of reasons that excuse, normalised.
    """
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", cell)).strip().removeprefix("'").casefold()
    if not text:
        return BLANK
    whole = words.get(normalised(text))
    if whole is not None:
        return whole
    if _CHECKED_IN.match(text):
        return "present"
    mark = _leading_mark(text, words)
    if mark is None:
        return "excused" if _tells_excuse(text, excuses) else None
    rest = text[len(mark) :].strip()
    other = words.get(normalised(rest.strip(_PUNCTUATION)))
    if other == "excused" or (other is not None and rest.startswith(_ARROWS)):
        return other
    if words[mark] == "absent" and _tells_excuse(rest, excuses):
        return "excused"
    return words[mark]


def unknown_mark(file: str, row: int, header: str, cell: str, *, further: int = 0) -> FileError:
    """That a mark is unknown, without the text of the cell, which may be about somebody."""
    return FileError(
        file,
        f"{veiled(cell)} is no mark that is known; known are marks such as {_EXAMPLES}",
        row=row,
        column=header,
        remedy="Write one of these, or add your own mark to formats.toml, and import it again. "
        "If this is no attendance sheet, name another format with --format.",
        further=further,
    )


def veiled(cell: str) -> str:
    """A cell for a message: a sign or a letter or two is shown, of words only the length."""
    if len(cell) <= 2 and not any(letter.isalpha() and ord(letter) > 0x2FF for letter in cell):
        return f'"{cell}"'
    return f"a text of {len(cell)} character{'s' if len(cell) > 1 else ''}"


def _tells_excuse(text: str, excuses: Collection[str]) -> bool:
    written = normalised(text)
    return any(excuse in written for excuse in excuses)


def _leading_mark(text: str, words: Mapping[str, str]) -> str | None:
    """The longest known mark that a text begins with, if a word ends there."""
    longest = min(len(text) - 1, max(map(len, words)))
    for length in range(longest, 0, -1):
        mark, following = text[:length], text[length]
        if mark in words and words[mark] != BLANK and _ends(mark, following):
            return mark
    return None


def _ends(mark: str, following: str) -> bool:
    last = mark[-1]
    if last.isascii() and last.isalnum():
        return not (following.isascii() and following.isalnum())
    # 결 may begin any word, 결석 hardly another.
    return len(mark) > 1 or not last.isalpha() or not following.isalpha()
