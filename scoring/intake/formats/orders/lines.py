"""One truth per order line: rows of a file that tell of the same line, put together."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pandas as pd

from scoring.intake.formats.orders.days import CLAIM_DAYS
from scoring.intake.formats.orders.order_rows import OrderRows
from scoring.intake.formats.orders.states import GIVEN_BACK

_LINE = [("told", "channel"), ("told", "line")]
_GREATEST = [("told", "gross"), ("told", "discount"), ("told", "given_back")]


def merged_sales(rows: OrderRows) -> tuple[OrderRows, int]:
    """One row per order line, and how many rows told of a line again.

    Of several rows the one that is given back rules, then the last in the file; what it leaves
    empty is filled from the others. A settlement in parts names the same amount on each of them.
    """
    frame = rows.frame()
    is_told_again = frame.duplicated(_LINE, keep=False)
    if not is_told_again.any():
        return rows, 0
    several = frame[is_told_again]
    place = pd.Series(range(len(several)), index=several.index)
    is_given_back = several["told", "state"].isin(GIVEN_BACK)
    ruling_first = pd.DataFrame({"back": is_given_back, "place": place}).sort_values(
        ["back", "place"], ascending=False, kind="stable"
    )
    merged = _first_filled(several.loc[ruling_first.index])
    whole = pd.concat([frame[~is_told_again], merged]).sort_index()
    return rows.of_frame(whole), len(rows) - len(whole)


def merged_refunds(rows: OrderRows) -> tuple[OrderRows, int]:
    """One row per order line and day, its amounts added up, and how many rows were added."""
    return _merged(rows, rows.first_text(*CLAIM_DAYS), "sum")


def merged_settlements(rows: OrderRows) -> tuple[OrderRows, int]:
    """One row per order line of refunds that a settlement states again in each of its parts."""
    return _merged(rows, rows.filled_with(""), "max")


def _merged(
    rows: OrderRows, day: pd.Series[str], how: Literal["sum", "max"]
) -> tuple[OrderRows, int]:
    keys = pd.DataFrame({"channel": rows.channel, "line": rows.line, "day": day})
    is_told_again = keys.duplicated()
    if not is_told_again.any():
        return rows, 0
    amount = rows.given_back
    taken = amount.groupby([keys[name] for name in keys], sort=False).transform(how)
    merged = replace(rows, given_back=taken.where(amount.notna()))
    return merged.where(~is_told_again), int(is_told_again.sum())


def _first_filled(several: pd.DataFrame) -> pd.DataFrame:
    """Per line, the first that any of its rows has in each column, and the greatest amounts."""
    filled = several.astype(object).where(several.notna() & (several != ""), None)
    merged = filled.groupby(_LINE, sort=False).first().reset_index()
    by_line = several.groupby(_LINE, sort=False)
    for column in _GREATEST:
        if column in several:
            merged[column] = by_line[[column]].max()[column].to_numpy(dtype="float64")
    first = pd.Series(several.index, index=several.index).groupby(
        [several[column] for column in _LINE], sort=False
    )
    merged.index = pd.Index(first.min().to_numpy(), dtype="int64")
    merged = merged[list(several.columns)]
    for place, dtype in several.dtypes.items():
        texts = merged[place].fillna("") if dtype == "str" else merged[place]
        merged[place] = texts.astype(dtype)
    return merged
