"""Reader of a web shop's invoice lines, as in the UCI Online Retail set.

Invoices that begin with C are cancellations; they name no sale, so each is a refund of its own day.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

import pandas as pd

from scoring.intake.extract import Extract, Given, Reading
from scoring.intake.formats.cell_values import each, is_day, is_masked
from scoring.intake.formats.currencies import (
    default_currency,
    row_currencies,
    tells_currency,
)
from scoring.intake.formats.day_columns import read_days
from scoring.intake.formats.orders.amounts import clean_amounts, numbers, written
from scoring.intake.formats.orders.references import order_reference, shortened
from scoring.intake.formats.orders.sale_rows import (
    column,
    digests,
    header_of,
    order_rows,
)
from scoring.intake.formats.tables import Table
from scoring.records.kinds import RecordKind

_CHANNEL = "webshop"
_ROW = (
    "invoice",
    "code",
    "description",
    "quantity",
    "_day",
    "unit_price",
    "country",
)


def read(table: Table, given: Given) -> Reading:
    """Invoice lines as sales, cancellations as refunds that stand alone.

    Raises:
        FileError: the days can be read in more than one order, or an amount's currency is open.
    """
    rows, left_out = order_rows(table)
    repeated = rows.duplicated()
    rows = rows[~repeated]
    notes: list[str] = []
    if not tells_currency(table, rows, ("unit_price",)):
        default = default_currency(table.format)
        notes.append(f"Amounts are taken to be {default}: the file names no currency.")
    currency = row_currencies(table, rows, ("unit_price",))
    day = read_days(table, column(rows, "invoiced_on"), "invoiced_on", given, notes)
    rows = clean_amounts(rows).assign(_day=day)
    rows = rows.assign(_line=_lines(rows))
    rows = _goods(table, rows, left_out, notes)
    gross = (numbers(rows["quantity"]) * numbers(rows["unit_price"])).round(2)
    backwards = rows["invoice"].str.upper().str.startswith("C") | (numbers(rows["quantity"]) < 0)
    stock = backwards & (gross == 0)
    if stock.any():
        left_out["stock_adjustment"] += int(stock.sum())
        rows, gross, backwards = rows[~stock], gross[~stock], backwards[~stock]
    buyers = each(
        column(rows, "buyer_id"), lambda cell: "" if is_masked(cell) else order_reference(cell)
    )
    unknown = int((buyers == "").sum())
    if unknown:
        notes.append(f"{unknown} rows name no buyer; nobody's repeat purchases are told by them.")
    common = pd.DataFrame(
        {
            "founder": pd.Series(given.founder or "", index=rows.index, dtype="str"),
            "channel": pd.Series(_CHANNEL, index=rows.index, dtype="str"),
            "order_line": rows["_line"],
            "currency": currency[rows.index],
        }
    )
    amount = written(gross.abs())
    # What is no number is passed on as written, and refused in its place.
    amount = amount.where(gross.notna(), rows["unit_price"].where(rows["unit_price"] != "", "?"))
    sales = common.assign(
        ordered_on=rows["_day"], quantity=rows["quantity"], gross=amount, buyer=buyers
    )[~backwards]
    refunds = common.assign(
        refunded_on=rows["_day"],
        refund=amount,
        of_sale=pd.Series("no", index=rows.index, dtype="str"),
    )[backwards]
    known = rows["_day"][rows["_day"] <= given.today.isoformat()]
    stated_on = date.fromisoformat(known.max()) if len(known) and is_day(known.max()) else None
    headers = {
        "order_line": header_of(table, "invoice"),
        "ordered_on": header_of(table, "invoiced_on"),
        "refunded_on": header_of(table, "invoiced_on"),
        "quantity": header_of(table, "quantity"),
        "gross": header_of(table, "unit_price"),
        "refund": header_of(table, "unit_price"),
    }
    named = {name: header for name, header in headers.items() if header is not None}
    extracts = [
        Extract(kind, cells, headers=named, is_export=True, stated_on=stated_on)
        for kind, cells in ((RecordKind.SALES, sales), (RecordKind.REFUNDS, refunds))
        if len(cells)
    ]
    return Reading(
        format=table.format.name.value,
        kind="sales",
        sheet=table.sheet.name,
        header_row=table.header_row,
        used=table.used,
        ignored=table.ignored,
        extracts=lambda: iter(extracts),
        notes=tuple(notes),
        left_out=dict(+left_out),
        repeated=int(repeated.sum()),
    )


def _lines(rows: pd.DataFrame) -> pd.Series[str]:
    """References by what a row says of the goods, the same in any export and container.

    An invoice has one buyer and one time; in a digest, they could be found out by trying.
    """
    same = {name: each(column(rows, name), order_reference) for name in ("invoice", "code")}
    same |= {name: written(numbers(rows[name])) for name in ("quantity", "unit_price")}
    line = same["invoice"] + "-" + same["code"]
    return each(line + "-" + digests(rows.assign(**same), _ROW, length=8), shortened)


def _goods(
    table: Table, rows: pd.DataFrame, left_out: Counter[str], notes: list[str]
) -> pd.DataFrame:
    """Without the codes that are declared to be no goods."""

    def meaning(code: str) -> str:
        whole = table.format.meaning("code", code)
        return whole or table.format.meaning("code", code.partition("_")[0]) or "goods"

    kinds = each(rows["code"], meaning)
    other = kinds != "goods"
    for kind, count in kinds[other].value_counts().items():
        left_out[str(kind)] += int(count)
    if (kinds == "shipping").any():
        notes.append("Postage and carriage are left out: shipping is no part of net sales.")
    return rows[~other]
