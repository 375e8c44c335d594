"""What a list of orders says was given back, by status or by amount."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from scoring.intake.batch import Batch
from scoring.intake.extract import DAY_INFERRED
from scoring.intake.problems import Problem, by_index
from scoring.intake.settling.refund_rows import (
    RefundsOfLine,
    Settled,
    Telling,
    completed_refund,
    refund_row,
    restated,
)
from scoring.intake.settling.stored_rows import amounts_of

Line = Callable[[str], RefundsOfLine]


def refunds_of_orders(
    batch: Batch, sales: pd.DataFrame, known_sales: pd.DataFrame, line: Line
) -> Settled:
    """What the orders of a batch say was given back.

    A list of our plain form that has the column takes back what it no longer tells; an export
    never does, since a cancellation that is done is not undone.

    Args:
        batch: cells of the kind `sales`.
        sales: their rows, as they will be, with the index of the cells.
        known_sales: the sales as they were, by natural key.
        line: the refunds of an order line, by natural key of the sale.

    Raises:
        FileError: a refund of the plain form is above what was paid.
    """
    cells = batch.cells
    given = amounts_of(batch, "refund", cells["currency"])
    gives_back = cells["status"].isin(["cancelled", "returned"]) | (given > 0)
    if not batch.extract.is_export:
        batch.refuse(_above_what_was_paid(given, sales))
    settled = Settled()
    inferred = cells[DAY_INFERRED] == "yes" if DAY_INFERRED in cells else gives_back & False
    told = map(Telling, given, cells["refunded_on"], cells["refund_cause"], inferred)
    said = [one for one, gives in zip(told, gives_back, strict=True) if gives]
    chosen = sales[gives_back]
    for index, telling, sale in zip(
        chosen.index.tolist(), said, chosen.to_dict("records"), strict=True
    ):
        refunds = line(str(sale["natural_key"]))
        before = refunds.get(refunds.whole)
        whole = int(sale["gross"]) - int(sale["discount"])
        amount = telling.amount or whole
        if before is not None:
            part = refunds.part_known(_sale(known_sales, refunds.key))
            before_amount = whole if part is None else part
            if batch.extract.is_export:
                # What was given back stays given back, in whichever order exports tell of it.
                amount = max(amount, before_amount)
            elif "refund" in batch.absent:
                amount = before_amount
        settled.told[refunds.key] = amount
        rest = max(0, amount - refunds.dated)
        if rest == 0 and (amount > 0 or refunds.dated):
            if before is not None:
                settled.take_back(index, refunds.whole)
            continue
        row = refund_row(batch, sale, refunds.whole, rest, telling)
        settled.put(index, completed_refund(batch, row, before))
    if batch.extract.is_export:
        _restate_whole(sales[~gives_back], known_sales, line, settled)
    else:
        _take_back(batch, sales[~gives_back], known_sales, line, settled)
    return settled


def _above_what_was_paid(given: pd.Series[int], sales: pd.DataFrame) -> list[Problem]:
    paid = sales["gross"].astype("int64") + sales["shipping"].astype("int64")
    return [
        Problem(int(index), "refund", "is more than the line's gross amount and shipping")
        for index in given.index[given > paid]
    ]


def _take_back(
    batch: Batch, sales: pd.DataFrame, known_sales: pd.DataFrame, line: Line, settled: Settled
) -> None:
    """The status tells of the whole, the amount of a part; a file takes back what it tells of."""
    for index, key in by_index(sales["natural_key"]):
        refunds = line(key)
        if refunds.get(refunds.whole) is not None:
            is_whole = refunds.part_known(_sale(known_sales, key)) is None
            if ("status" if is_whole else "refund") not in batch.absent:
                settled.take_back(index, refunds.whole)


def _restate_whole(
    sales: pd.DataFrame, known_sales: pd.DataFrame, line: Line, settled: Settled
) -> None:
    """What was given back whole stays whole when another file tells of a discount."""
    paid = (sales["gross"] - sales["discount"]).astype("int64").tolist()
    for (index, key), whole in zip(by_index(sales["natural_key"]), paid, strict=True):
        refunds = line(key)
        before = refunds.get(refunds.whole)
        if before is None or refunds.part_known(_sale(known_sales, key)) is not None:
            continue
        if whole > refunds.dated:
            settled.put(index, restated(before, whole - refunds.dated))


def _sale(known_sales: pd.DataFrame, key: str) -> dict[str, int] | None:
    if key not in known_sales.index:
        return None
    found: Any = known_sales.loc[key]
    return {name: int(found[name]) for name in ("gross", "discount")}
