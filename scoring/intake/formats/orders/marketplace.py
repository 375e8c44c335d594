"""Reader of marketplaces' exports: order lists, lists of decided purchases, claims, settlements.

What marketplaces have in common is read here, step by step; what one does in its own way stands in
its rules, in `shops`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pandas as pd

from scoring.intake.extract import Extract, Given, Reading
from scoring.intake.formats.orders.describing import described, goods_alone, is_claim_list
from scoring.intake.formats.orders.giving_back import (
    done_claims,
    paid_for,
    partly_given_back,
    refunded,
    tells_only_of_refund,
)
from scoring.intake.formats.orders.lines import (
    merged_refunds,
    merged_sales,
    merged_settlements,
)
from scoring.intake.formats.orders.order_records import headers_of_records, refunds_of, sales_of
from scoring.intake.formats.orders.order_rows import OrderRows
from scoring.intake.formats.orders.remarks import Remarks
from scoring.intake.formats.orders.sale_rows import sale_rows
from scoring.intake.formats.orders.shops import rules_of
from scoring.intake.formats.orders.shops.rules import ShopRules
from scoring.intake.formats.tables import Table
from scoring.records.kinds import RecordKind

_IDENTITY = ("order_line", "order", "sequence", "bundle", "claim_number")


def read(table: Table, given: Given) -> Reading:
    """A shop's export as sales, and as refunds where a row only tells of something given back.

    Raises:
        FileError: a cell can't be read with certainty. What is merely no amount or day is passed
            on as written, and refused by the form in its place.
    """
    rules = rules_of(table.format.name)
    notes = ["Amounts include VAT, as the export has them."]
    found = sale_rows(table, given, notes, identity=_IDENTITY)
    remarks = Remarks(found.last_day or given.today, found.left_out, found.repeated, notes)
    cells = goods_alone(table, found.rows, remarks)
    rows = described(table, rules, cells, remarks)
    sales, refunds = _parted(rows, rules, remarks)
    extracts = tuple(_extracts(table, given, rules, sales, refunds, remarks))
    return Reading(
        format=table.format.name.value,
        kind="sales",
        sheet=table.sheet.name,
        header_row=table.header_row,
        used=table.used,
        ignored=table.ignored,
        extracts=lambda: (replace(one, cells=one.cells.copy()) for one in extracts),
        notes=tuple(remarks.notes),
        left_out=dict(+remarks.left_out),
        repeated=remarks.repeated,
    )


def _parted(rows: OrderRows, rules: ShopRules, remarks: Remarks) -> tuple[OrderRows, OrderRows]:
    """Rows of sales, and rows that only tell of something given back."""
    if is_claim_list(rows.cells):
        nothing = rows.where(pd.Series(False, index=rows.index))
        return nothing, done_claims(rows, remarks)
    is_refund = tells_only_of_refund(rows)
    sales = partly_given_back(paid_for(rows.where(~is_refund), remarks), rules)
    return sales, rows.where(is_refund)


def _extracts(
    table: Table,
    given: Given,
    rules: ShopRules,
    sales: OrderRows,
    refunds: OrderRows,
    remarks: Remarks,
) -> Iterator[Extract]:
    # Settlements and lists of claims fill in what an order list leaves out; they overrule none.
    is_order_list = rules.states_orders(table.fields)
    extract = partial(
        Extract,
        headers=headers_of_records(table),
        is_export=True,
        stated_on=remarks.last_day if is_order_list else None,
    )
    if len(sales) or not len(refunds):
        merged, repeated = merged_sales(sales)
        remarks.repeated += repeated
        yield extract(RecordKind.SALES, sales_of(merged, given, remarks))
    if len(refunds):
        merged = _merged_refunds(refunded(refunds, sales), rules, remarks)
        yield extract(RecordKind.REFUNDS, refunds_of(merged, given, remarks))


def _merged_refunds(refunds: OrderRows, rules: ShopRules, remarks: Remarks) -> OrderRows:
    if rules.settles_refunds_in_parts and not is_claim_list(refunds.cells):
        merged, repeated = merged_settlements(refunds)
    else:
        merged, repeated = merged_refunds(refunds)
        if repeated:
            remarks.note(
                f"{repeated} rows give back a further part of an order line on the same day; "
                "the parts are added up."
            )
    remarks.repeated += repeated
    return merged
