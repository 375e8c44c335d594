"""What a list of refunds says was given back, each on its own day."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from scoring.intake.batch import Batch
from scoring.intake.extract import DAY_INFERRED
from scoring.intake.problems import Problem, by_index
from scoring.intake.settling.refund_rows import (
    REFUND_ABOVE_SALE,
    RefundsOfLine,
    Row,
    Settled,
    Telling,
    completed_refund,
    refund_row,
    restated,
    sale_not_told,
)
from scoring.intake.settling.stored_rows import amounts_of

Line = Callable[[str], RefundsOfLine]


def refunds_listed(batch: Batch, line: Line) -> Settled:
    """What the refunds of a batch say was given back.

    Args:
        batch: cells of the kind `refunds`, with the sales on file; a refund that names no sale
            has none.
        line: the refunds of an order line, by natural key of the sale.

    Raises:
        FileError: a refund is in another currency than its sale, or in our plain form before it.
    """
    cells, keys, sales = batch.cells, batch.natural_keys(), _sales(batch)
    of_sales = keys.map({key: sale["currency"] for key, sale in sales.items()}).astype("str")
    currencies = cells["currency"].where(cells["currency"] != "", of_sales)
    batch.refuse(_unlike_their_sales(batch, keys, currencies, sales))
    given = amounts_of(batch, "refund", currencies)
    inferred = cells[DAY_INFERRED] == "yes" if DAY_INFERRED in cells else [False] * len(cells)
    told = map(Telling, given, cells["refunded_on"], cells["refund_cause"], inferred)
    settled = Settled()
    first_rows: dict[str, int] = {}
    for (index, key), said, cell, founder_id, currency in zip(
        by_index(keys), told, cells.to_dict("records"), batch.founder_ids, currencies, strict=True
    ):
        refunds = line(key)
        if cell["of_sale"] == "no":
            sale = sale_not_told(batch, cell, int(founder_id), currency)
            whole = said.amount
        else:
            sale = sales[key]
            whole = int(sale["gross"]) - int(sale["discount"])
        if said.amount > 0 and not said.inferred and cell["of_sale"] != "no":
            name = refunds.of_day(said.day)
            # A day's parts in one file add up; the next file tells of the same ones again.
            amount = said.amount + (refunds.amount(name) if name in first_rows else 0)
        else:
            name = refunds.whole
            amount = max(0, (said.amount or whole) - refunds.dated)
        if amount == 0 and refunds.dated:
            if refunds.get(name) is not None:
                refunds.drop(name)
                settled.take_back(index, name)
            continue
        row = refund_row(batch, sale, name, amount, said)
        row = completed_refund(batch, row, refunds.get(name))
        if refunds.comes_above(sale, name, amount):
            row["held"] = row["held"] or REFUND_ABOVE_SALE
        if name != refunds.whole:
            _take_off(settled, index, refunds, amount - refunds.amount(name))
        refunds.put(name, row)
        settled.put(first_rows.setdefault(name, index), row)
        settled.told[key] = max(settled.told.get(key, 0), amount, refunds.dated)
    return settled


def _take_off(settled: Settled, index: int, refunds: RefundsOfLine, added: int) -> None:
    """Take what a day accounts for off the refund that followed from the line's status."""
    whole = refunds.get(refunds.whole)
    if whole is None or added == 0:
        return
    rest = max(0, int(whole["refund"]) - added)
    if rest == 0:
        refunds.drop(refunds.whole)
        settled.take_back(index, refunds.whole)
    else:
        row = restated(whole, rest)
        refunds.put(refunds.whole, row)
        settled.put(index, row)


def _unlike_their_sales(
    batch: Batch, keys: pd.Series[str], currencies: pd.Series[str], sales: dict[str, Row]
) -> list[Problem]:
    """Refunds in another currency than their sale; of the plain form, also those before it."""
    problems = []
    told = zip(by_index(keys), currencies, batch.cells["refunded_on"], strict=True)
    for (index, key), currency, day in told:
        sale = sales.get(key)
        if sale is None:
            continue
        if currency != sale["currency"]:
            problems.append(
                Problem(index, "currency", f"is not that of the sale, {sale['currency']}")
            )
        elif day < sale["event_date"] and not batch.extract.is_export:
            problems.append(
                Problem(index, "refunded_on", f"lies before the sale ({sale['event_date']})")
            )
    return problems


def _sales(batch: Batch) -> dict[str, Row]:
    return {
        str(row["natural_key"]): {str(name): value for name, value in row.items()}
        for row in batch.referred.to_dict("records")
    }
