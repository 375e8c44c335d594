"""What became of an order line: sold, given back, or never paid; and whose fault it was."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

from scoring.intake.formats.cell_values import each
from scoring.intake.formats.declarations import Format
from scoring.intake.formats.orders.sale_rows import column

SOLD, CANCELLED, RETURNED, UNPAID = "sold", "cancelled", "returned", "unpaid"
GIVEN_BACK = (CANCELLED, RETURNED)
STATUS_UNKNOWN = "status_unknown"
_WITHDRAWN, _UNKNOWN = "withdrawn", "?"
_BRACKETS = re.compile(r"(?P<head>[^(\[]+)[(\[](?P<inner>[^)\]]*)[)\]].*")
_CODE = re.compile(r"(?P<head>[A-Za-z])\s*[:.)\-]\s*(?P<inner>.+)")
_YES = frozenset({"y", "yes", "true", "예", "취소", "o"})


def states(format_: Format, rows: pd.DataFrame) -> tuple[pd.Series[str], pd.Series[bool]]:
    """The state of each row by its order's and its claim's status, and where that is unknown.

    A claim that was taken back or refused undoes itself; one that is done rules over the order's
    own status; one that is only asked for changes nothing.
    """
    read = _reader(format_, "status")
    orders, claims = each(column(rows, "status"), read), each(column(rows, "claim"), read)
    both = orders + " " + claims
    state = each(both, _state)
    if "cancelled" in rows:
        said = rows["cancelled"].str.casefold().isin(_YES) & (state == SOLD)
        state = state.where(~said, CANCELLED)
    unknown = both.str.contains(_UNKNOWN, regex=False) & (state == SOLD)
    return state, unknown


def tells_of_states(rows: pd.DataFrame) -> bool:
    """Whether the file says anything about what became of its orders."""
    return any(name in rows for name in ("status", "claim", "cancelled", "claimed_quantity"))


def causes(format_: Format, rows: pd.DataFrame) -> pd.Series[str]:
    """Whose fault a cancellation or return was; empty where the file does not tell."""
    read = _reader(format_, "cause", unknown="")
    fault = each(column(rows, "fault"), read)
    return fault.where(fault != "", each(column(rows, "cause"), read))


def meanings(format_: Format, rows: pd.DataFrame, name: str, unknown: str) -> pd.Series[str]:
    """What a field's words mean; `unknown` for a word that nobody has declared."""
    return each(column(rows, name), _reader(format_, name, unknown=unknown))


def _reader(format_: Format, of: str, unknown: str = _UNKNOWN) -> Callable[[str], str]:
    def meaning(word: str) -> str:
        if not word or word == "-":
            return ""
        whole = format_.meaning(of, word)
        if whole is not None:
            return whole
        parts = _BRACKETS.fullmatch(word) or _CODE.fullmatch(word)
        if parts is None:
            return unknown
        head, inner = (format_.meaning(of, parts[part]) for part in ("head", "inner"))
        return UNPAID if inner == UNPAID else head or inner or unknown

    return meaning


def _state(both: str) -> str:
    said = both.split(" ")
    if UNPAID in said:
        return UNPAID
    if _WITHDRAWN in said:
        return SOLD
    return next((one for one in said if one in GIVEN_BACK), SOLD)
