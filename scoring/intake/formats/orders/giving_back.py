"""What was cancelled, returned or paid back: whole lines, parts of them, and rows that only say so.

Each step takes rows off or fills in `state`, `doubt` and `given_back`.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from scoring.intake.formats.orders.amounts import numbers
from scoring.intake.formats.orders.days import CLAIM_DAYS
from scoring.intake.formats.orders.order_rows import OrderRows
from scoring.intake.formats.orders.remarks import Remarks
from scoring.intake.formats.orders.shops.rules import ShopRules
from scoring.intake.formats.orders.states import (
    CANCELLED,
    GIVEN_BACK,
    SOLD,
    STATUS_UNKNOWN,
    UNPAID,
)

_ADVANCE_BACK, _REFUND = "advance_back", "refund"
_PARTIAL_AMOUNT = "partial_amount_unknown"
_EXCHANGE = "교환"


def tells_only_of_refund(rows: OrderRows) -> pd.Series[bool]:
    """Rows that tell only of something given back: negative ones, or called so.

    An advance that the shop takes back is a refund only of a line that it does not pay out in the
    same file.
    """
    is_advance_back = rows.settlement == _ADVANCE_BACK
    is_negative = (rows.gross < 0) | (numbers(rows.text("quantity")) < 0)
    is_called_refund = (rows.kind == _REFUND) | (rows.settlement == _REFUND)
    is_refund = is_negative | is_called_refund
    is_paid_out = rows.line.isin(rows.line[~is_refund & ~is_advance_back])
    return (is_refund & ~is_advance_back) | (is_advance_back & ~is_paid_out)


def paid_for(rows: OrderRows, remarks: Remarks) -> OrderRows:
    """Without what was never paid, and without advances taken back of settled lines."""
    is_advance_back = rows.settlement == _ADVANCE_BACK
    is_unpaid = rows.state == UNPAID
    paid_on = rows.text("paid_on")
    if (paid_on != "").any():
        is_told_sold = (rows.state == SOLD) & (rows.text("status") != "")
        is_unpaid |= (paid_on == "") & ~is_told_sold
    is_unpaid &= ~is_advance_back
    remarks.leave_out(_ADVANCE_BACK, is_advance_back)
    remarks.leave_out(UNPAID, is_unpaid)
    return rows.where(~is_unpaid & ~is_advance_back)


def partly_given_back(rows: OrderRows, rules: ShopRules) -> OrderRows:
    """Lines of which a part was given back keep their sale, and give back that amount."""
    is_claimed = rows.text("quantity_claim").str.upper().eq("Y")
    is_unknown_part = is_claimed & rows.state.isin(GIVEN_BACK)
    was_back = rows.state.isin(GIVEN_BACK)
    net = rows.net()
    if rows.has("total") and rows.has("final_total"):
        is_unknown_part &= numbers(rows.text("final_total")).isna()
        rows = _by_what_is_left(rows, net)
    if rows.has("claimed_quantity"):
        rows = _by_pieces(rows, net, was_back)
    of_orders = rules.given_back_of_orders(rows.cells, net, was_back)
    amount = rows.given_back.where(~(of_orders > 0), of_orders)
    is_doubtful = is_unknown_part & (rows.doubt == "")
    return replace(
        rows,
        given_back=amount,
        state=rows.state.where(amount.isna(), SOLD),
        doubt=rows.doubt.where(~is_doubtful, _PARTIAL_AMOUNT),
    )


def _by_what_is_left(rows: OrderRows, net: pd.Series[float]) -> OrderRows:
    """By the line's total after claims, beside that before."""
    left, is_back = numbers(rows.text("final_total")), rows.state.isin(GIVEN_BACK)
    is_claimed = rows.text("quantity_claim").str.upper().eq("Y") | is_back
    if not rows.has("quantity_claim"):
        is_claimed |= True
    is_part = is_claimed & (left > 0) & (left < net)
    is_nothing_left = is_claimed & (left == 0) & (net > 0) & ~is_back
    return replace(
        rows,
        given_back=rows.given_back.where(~is_part, net - left),
        state=rows.state.where(~is_nothing_left, CANCELLED),
    )


def _by_pieces(rows: OrderRows, net: pd.Series[float], was_back: pd.Series[bool]) -> OrderRows:
    """By the pieces that were claimed, of those ordered."""
    claimed = numbers(rows.text("claimed_quantity")).abs()
    ordered = numbers(rows.text("quantity"))
    is_part = (claimed > 0) & (claimed < ordered)
    is_whole = (claimed > 0) & (claimed >= ordered) & ~was_back
    return replace(
        rows,
        given_back=rows.given_back.where(~is_part, (net * claimed / ordered).round(2)),
        state=rows.state.where(~is_whole, CANCELLED),
    )


def done_claims(rows: OrderRows, remarks: Remarks) -> OrderRows:
    """Of a list of cancellations and returns, those that are done, with what they gave back."""
    is_exchange = rows.first_text("row_kind", "claim_kind").str.contains(_EXCHANGE)
    remarks.leave_out("exchange", is_exchange)
    rows = rows.where(~is_exchange)
    has_ended = rows.first_text(*CLAIM_DAYS) != ""
    has_status = rows.text("status") + rows.text("claim") != ""
    is_done = rows.state.isin(GIVEN_BACK) | (~has_status & has_ended)
    is_doubtful = ~is_done & ((rows.doubt == STATUS_UNKNOWN) | ~has_status)
    if rows.has("refunded_on", "cancelled_on"):
        is_doubtful &= has_status
    remarks.leave_out("not_done", ~is_done & ~is_doubtful)
    doubt = rows.doubt.where(~is_doubtful | (rows.doubt != ""), STATUS_UNKNOWN)
    return _amounts_of_claims(replace(rows, doubt=doubt).where(is_done | is_doubtful))


def _amounts_of_claims(rows: OrderRows) -> OrderRows:
    """The refund stated, else the price of the pieces claimed where they are a part."""
    claimed = numbers(rows.text("claimed_quantity")).abs()
    ordered = numbers(rows.text("quantity")).abs()
    price = numbers(rows.text("unit_price")).abs()
    stated = numbers(rows.text("refund")).abs()
    is_part = (claimed > 0) & (claimed < ordered)
    amount = stated.where(stated.notna() | ~is_part, price * claimed)
    is_unknown_part = is_part & amount.isna() & (rows.doubt == "")
    return replace(
        rows, given_back=amount, doubt=rows.doubt.where(~is_unknown_part, _PARTIAL_AMOUNT)
    )


def refunded(rows: OrderRows, sales: OrderRows) -> OrderRows:
    """Refunds with what each gives back; NaN, all of it, where one undoes its sale's row.

    A row that undoes a sale of a settlement without discounts would else give back more than the
    buyer paid, where an order list names the discount.
    """
    net = rows.gross.abs() if rows.discount is None else rows.gross.abs() - rows.discount
    amount = rows.given_back.where(rows.given_back.notna(), net)
    if sales.discount is None and len(sales):
        sold = sales.gross.groupby(sales.line).max()
        amount = amount.where(rows.line.map(sold) != amount)
    return replace(rows, given_back=amount)
