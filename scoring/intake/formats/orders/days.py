"""On which day an order was placed, and on which day something was given back."""

from __future__ import annotations

from datetime import date

import pandas as pd

from scoring.intake.formats.orders.sale_rows import column, first_filled

# Settlements have no order day; the nearest that they have stands in for it.
_NEAREST = (
    ("paid_on", "the day of payment counts"),
    ("recognised_on", "the day on which the sale was recognised counts"),
    ("decided_on", "the day of the purchase decision counts"),
    ("settled_on", "the day of settlement counts"),
)
CLAIM_DAYS = ("refunded_on", "cancelled_on", "returned_on")


def ordered_days(rows: pd.DataFrame) -> tuple[pd.Series[str], dict[str, int]]:
    """The order day of each row, and for how many another day stands in, by which."""
    day = column(rows, "ordered_on")
    instead: dict[str, int] = {}
    for field, words in _NEAREST:
        found = (day == "") & (column(rows, field) != "")
        if found.any():
            instead[words] = int(found.sum())
            day = day.where(~found, column(rows, field))
    return day, instead


def claim_days(
    rows: pd.DataFrame, gives_back: pd.Series[bool], last_day: date
) -> tuple[pd.Series[str], pd.Series[bool]]:
    """The day on which something was given back, and where it is the export's last day.

    An export's final status must not leak into its past: without a day of its own, a claim counts
    from the last day that the export knows of.
    """
    told = first_filled(rows, CLAIM_DAYS)
    inferred = gives_back & (told == "")
    day = told.where(~inferred, last_day.isoformat()).where(gives_back, "")
    return day.astype("str"), inferred
