"""From order lines to the plain form's rows of sales and of refunds."""

from __future__ import annotations

import pandas as pd

from scoring.intake.extract import DAY_INFERRED, SUSPECT, Given
from scoring.intake.formats.orders.amounts import shipping_once, written
from scoring.intake.formats.orders.days import claim_days
from scoring.intake.formats.orders.order_rows import OrderRows
from scoring.intake.formats.orders.remarks import Remarks
from scoring.intake.formats.orders.sale_rows import header_of
from scoring.intake.formats.orders.states import GIVEN_BACK, tells_of_states
from scoring.intake.formats.tables import Table

_FIELDS = {
    "order_line": ("order_line", "order"),
    "ordered_on": ("ordered_on", "paid_on", "recognised_on", "settled_on"),
    "quantity": ("quantity",),
    "gross": ("total", "final_total", "settlement_base", "gross", "sale_amount", "unit_price"),
    "discount": ("discount_item", "discount_coupon", "discount_seller", "discount_basic"),
    "shipping": ("shipping",),
    "fee": ("fee", "fee_payment"),
    "paid_on": ("paid_on",),
    "settled_on": ("settled_on",),
    "status": ("status", "claim"),
    "refund": ("refund", "final_total", "claimed_quantity"),
    "refunded_on": ("refunded_on", "cancelled_on", "returned_on"),
    "refund_cause": ("fault", "cause"),
    "currency": ("currency",),
    "buyer": ("buyer_id", "buyer_name"),
}


def headers_of_records(table: Table) -> dict[str, str]:
    """The file's header for each column of the records, for messages."""
    found = {name: header_of(table, *fields) for name, fields in _FIELDS.items()}
    return {name: header for name, header in found.items() if header is not None}


def sales_of(rows: OrderRows, given: Given, remarks: Remarks) -> pd.DataFrame:
    """Rows of the plain form of sales, with what was given back of them."""
    is_back = rows.state.isin(GIVEN_BACK)
    cells = _named(rows, given) | {
        "ordered_on": rows.ordered_on,
        "quantity": _quantities(rows, is_back, remarks),
        "gross": written(rows.gross).where(rows.unreadable == "", rows.unreadable),
        "currency": rows.currency,
    }
    if rows.discount is not None:
        cells["discount"] = written(rows.discount)
    shipping = shipping_once(rows.cells, rows.line)
    if shipping is not None:
        cells["shipping"] = written(shipping)
    if rows.fee is not None:
        cells["fee"] = written(rows.fee)
    cells |= {name: rows.text(name) for name in ("paid_on", "settled_on") if rows.has(name)}
    gives_back = is_back | (rows.given_back > 0)
    if tells_of_states(rows.cells) or gives_back.any():
        cells |= _given_back(rows, gives_back, remarks)
    if (rows.buyer != "").any():
        cells["buyer"] = rows.buyer
    return _marked(cells, rows)


def refunds_of(rows: OrderRows, given: Given, remarks: Remarks) -> pd.DataFrame:
    """Rows of the plain form of refunds, each of a sale that another row or file tells of."""
    gives_back = pd.Series(True, index=rows.index)
    day, is_inferred = claim_days(rows.cells, gives_back, remarks.last_day)
    remarks.note_inferred_days(is_inferred)
    cells = _named(rows, given) | {
        "refunded_on": day,
        "refund": written(rows.given_back),
        "currency": rows.currency,
        "of_sale": rows.filled_with("yes"),
    }
    if (rows.cause != "").any():
        cells["refund_cause"] = rows.cause
    return _marked(cells | _inferred(is_inferred), rows)


def _named(rows: OrderRows, given: Given) -> dict[str, pd.Series]:
    return {
        "founder": rows.filled_with(given.founder or ""),
        "channel": rows.channel,
        "order_line": rows.line,
    }


def _quantities(rows: OrderRows, is_back: pd.Series[bool], remarks: Remarks) -> pd.Series[str]:
    """Pieces of each line; one where the file has none, or none are left of what was given back."""
    if not rows.has("quantity"):
        if len(rows):
            remarks.note("The file has no quantities; each line counts as one piece.")
        return rows.filled_with("1")
    quantity = rows.text("quantity")
    is_none_left = quantity.isin(["", "0"]) & is_back
    return quantity.where(~is_none_left, "1")


def _given_back(
    rows: OrderRows, gives_back: pd.Series[bool], remarks: Remarks
) -> dict[str, pd.Series]:
    day, is_inferred = claim_days(rows.cells, gives_back, remarks.last_day)
    remarks.note_inferred_days(is_inferred)
    cells = {"status": rows.state, "refunded_on": day}
    if rows.given_back.notna().any():
        cells["refund"] = written(rows.given_back)
    if (rows.cause != "").any():
        cells["refund_cause"] = rows.cause.where(gives_back, "")
    return cells | _inferred(is_inferred)


def _inferred(is_inferred: pd.Series[bool]) -> dict[str, pd.Series]:
    if not is_inferred.any():
        return {}
    return {DAY_INFERRED: is_inferred.map({True: "yes", False: ""}).astype("str")}


def _marked(cells: dict[str, pd.Series], rows: OrderRows) -> pd.DataFrame:
    if (rows.doubt != "").any():
        cells[SUSPECT] = rows.doubt
    return pd.DataFrame(cells, index=rows.index)
