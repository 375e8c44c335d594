"""One truth per order line: rows of a file that tell of the same line, put together."""

from __future__ import annotations

import pandas as pd

from scoring.intake.formats.orders.sale_rows import first_filled
from scoring.intake.formats.orders.states import GIVEN_BACK

AMOUNT = "_amount"  # what was given back of a line, where it was a part; NaN elsewhere
_LINE = ["_channel", "_line"]
_GREATEST = ("_gross", "_discount", AMOUNT)


def merged_sales(rows: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """One row per order line, and how many rows told of a line again.

    Of several rows the one that is given back rules, then the last in the file; what it leaves
    empty is filled from the others. A settlement in parts names the same amount on each of them.
    """
    again = rows.duplicated(_LINE, keep=False)
    if not again.any():
        return rows, 0
    several = rows[again]
    order = several["_state"].isin(GIVEN_BACK).astype(int)
    several = several.assign(_given_back=order, _place=range(len(several)))
    several = several.sort_values(["_given_back", "_place"], ascending=False, kind="stable")
    texts = several.astype(object).where(several.notna() & (several != ""), None)
    merged = texts.groupby(_LINE, sort=False).first().reset_index()
    for name in _GREATEST:
        if name in several:
            greatest = several.groupby(_LINE, sort=False)[name].max()
            merged[name] = greatest.to_numpy(dtype="float64")
    first = several.groupby(_LINE, sort=False).apply(lambda group: group.index.min())
    merged.index = pd.Index(first.to_numpy(), dtype="int64")
    merged = merged[list(rows.columns)]
    for name in rows.columns:
        if name not in _GREATEST and rows[name].dtype == "str":
            merged[name] = merged[name].fillna("").astype("str")
        elif name not in _GREATEST:
            merged[name] = merged[name].astype(rows[name].dtype)
    whole = pd.concat([rows[~again], merged]).sort_index()
    return whole, len(rows) - len(whole)


def merged_refunds(
    rows: pd.DataFrame, *, same_paid_in_parts: bool
) -> tuple[pd.DataFrame, int, int]:
    """One row per order line and day, how many rows repeated one, and how many were added up.

    Args:
        rows: each tells of something given back; `AMOUNT` says how much, NaN for all of it.
        same_paid_in_parts: whether several rows of a line are one refund, settled in parts.
    """
    day = first_filled(rows, ("refunded_on", "cancelled_on", "returned_on"))
    keys = [*_LINE, "_claim_day"]
    rows = rows.assign(_claim_day="" if same_paid_in_parts else day)
    again = rows.duplicated(keys)
    if not again.any():
        return rows, 0, 0
    amounts = rows.groupby(keys, sort=False)[AMOUNT]
    taken = amounts.transform("max" if same_paid_in_parts else "sum")
    taken = taken.where(rows[AMOUNT].notna())
    merged = rows.assign(**{AMOUNT: taken})[~again]
    repeated = int(again.sum())
    return merged, repeated, 0 if same_paid_in_parts else repeated
