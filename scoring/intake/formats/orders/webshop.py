"""Reader of a web shop's invoice lines, as in the UCI Online Retail set.

Invoices that begin with C are cancellations; they name no sale, so each is a refund of its own day.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

import pandas as pd

from scoring.intake.extract import Extract, Given, Reading
from scoring.intake.formats.cell_values import days, each, is_masked
from scoring.intake.formats.orders.amounts import clean_amounts, numbers, written
from scoring.intake.formats.orders.references import reference, shortened
from scoring.intake.formats.orders.sale_rows import (
    column,
    default_currency,
    digests,
    header_of,
    order_rows,
)
from scoring.intake.formats.tables import Table
from scoring.records.kinds import RecordKind

_CHANNEL = "webshop"
_SLASHED = re.compile(r"\s*(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>\d{4}|\d{2})(?!\d).*")
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
    """Invoice lines as sales, cancellations as refunds that stand alone."""
    rows, left_out = order_rows(table)
    repeated = rows.duplicated()
    rows = rows[~repeated]
    notes = [
        f"Amounts are taken to be {default_currency(table.format)}: the file names no currency."
    ]
    day, how = _days(column(rows, "invoiced_on"))
    notes += how
    rows = clean_amounts(rows).assign(_day=day)
    rows = rows.assign(_line=_lines(rows))
    rows = _goods(table, rows, left_out, notes)
    gross = (numbers(rows["quantity"]) * numbers(rows["unit_price"])).round(2)
    backwards = rows["invoice"].str.upper().str.startswith("C") | (numbers(rows["quantity"]) < 0)
    stock = backwards & (gross == 0)
    if stock.any():
        left_out["stock_adjustment"] += int(stock.sum())
        rows, gross, backwards = rows[~stock], gross[~stock], backwards[~stock]
    buyers = each(column(rows, "buyer_id"), lambda cell: "" if is_masked(cell) else reference(cell))
    unknown = int((buyers == "").sum())
    if unknown:
        notes.append(f"{unknown} rows name no buyer; nobody's repeat purchases are told by them.")
    common = pd.DataFrame(
        {
            "founder": pd.Series(given.founder or "", index=rows.index, dtype="str"),
            "channel": pd.Series(_CHANNEL, index=rows.index, dtype="str"),
            "order_line": rows["_line"],
            "currency": pd.Series(default_currency(table.format), index=rows.index, dtype="str"),
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
    stated_on = date.fromisoformat(known.max()) if len(known) and _is_iso(known.max()) else None
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
    same = {name: each(column(rows, name), reference) for name in ("invoice", "code")}
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


def _days(cells: pd.Series[str]) -> tuple[pd.Series[str], list[str]]:
    """Days, where written with slashes in the order that the whole column shows."""
    found = {cell: _SLASHED.fullmatch(cell) for cell in cells.unique()}
    slashed = [match for match in found.values() if match is not None]
    if not slashed:
        return days(cells), []
    day_first = any(int(match["a"]) > 12 for match in slashed)
    month_first = any(int(match["b"]) > 12 for match in slashed)
    if day_first and month_first:
        return cells, []  # no order fits all of them: the form refuses the first
    note = "Days are read month first, such as 12/1/10 for 1 December 2010"
    if day_first:
        note = "Days are read day first, such as 1/12/10 for 1 December 2010"
    elif not month_first:
        note += "; none of them shows the order, so check it"

    def iso(cell: str) -> str:
        match = found[cell]
        if match is None:
            return cell
        month, day = (match["b"], match["a"]) if day_first else (match["a"], match["b"])
        year = int(match["y"]) + (2000 if len(match["y"]) == 2 else 0)
        try:
            return date(year, int(month), int(day)).isoformat()
        except ValueError:
            return cell

    return days(each(cells, iso)), [f"{note}."]


def _is_iso(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None
