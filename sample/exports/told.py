"""What a page tells of order lines, in the columns of the plain form: nothing that it leaves out.

Where a page names no cause, a refund counts as the buyer's; where it names no day of a refund, the
refund counts from the page's last day. Both are the rules of the store, stated once more here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from sample.exports.lines import Line, Stage

COLUMNS = (
    "founder",
    "channel",
    "order_line",
    "ordered_on",
    "quantity",
    "gross",
    "currency",
    "discount",
    "shipping",
    "fee",
    "paid_on",
    "settled_on",
    "status",
    "refund",
    "refunded_on",
    "refund_cause",
    "buyer",
    "day_inferred",
)


@dataclass(frozen=True)
class Telling:
    """What the pages of one kind say of a line.

    Attributes:
        channel: under which the store has the line.
        order_line: reference of a line.
        buyer: the buyer's id or name; empty where it is masked.
        fee: whether the page has fees.
        shipping: whether it has shipping.
        discount: whether it has discounts; where it has none, its amounts are after them.
        full_price: whether its amounts are before discounts that it does not name.
        paid_on: whether it has the day of payment.
        settled: whether it has the day of settlement.
        states: whether it says what became of an order.
        parts: whether it tells of parts that were given back.
        claim_days: whether it has the day on which something was given back.
        causes: whether it says whose fault that was.
    """

    channel: Callable[[Line], str]
    order_line: Callable[[Line], str]
    buyer: Callable[[Line], str] = lambda line: ""
    fee: bool = False
    shipping: bool = False
    discount: bool = True
    full_price: bool = False
    paid_on: bool = True
    settled: bool = False
    states: bool = True
    parts: bool = False
    claim_days: bool = False
    causes: bool = False


def told(
    lines: Iterable[Line], telling: Telling, *, founder: str, on: date, last_day: date
) -> pd.DataFrame:
    """The order lines of a page of a day, as it tells of them; unpaid ones are no sales."""
    rows = [
        _row(line, telling, founder=founder, on=on, last_day=last_day)
        for line in lines
        if line.stage(on) is not Stage.UNPAID
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def _row(line: Line, telling: Telling, *, founder: str, on: date, last_day: date) -> dict[str, Any]:
    refund = _given_back(line, telling, on)
    discount = line.discount if telling.discount else 0
    gross = line.gross if telling.full_price else line.net + discount
    return {
        "founder": founder,
        "channel": telling.channel(line),
        "order_line": telling.order_line(line),
        "ordered_on": line.ordered_on,
        "quantity": line.quantity,
        "gross": gross,
        "currency": "KRW",
        "discount": discount,
        "shipping": line.shipping if telling.shipping else 0,
        "fee": line.fee if telling.fee else 0,
        "paid_on": line.paid_on if telling.paid_on else None,
        "settled_on": line.by(line.settled_on, on) if telling.settled else None,
        "status": line.fate if refund and line.is_given_back_whole else "sold",
        "refund": refund,
        "refunded_on": (line.refunded_on if telling.claim_days else last_day) if refund else None,
        "refund_cause": (line.cause if telling.causes else "buyer") if refund else None,
        "buyer": telling.buyer(line),
        "day_inferred": bool(refund) and not telling.claim_days,
    }


def _given_back(line: Line, telling: Telling, on: date) -> int:
    is_told = telling.states if line.is_given_back_whole else telling.parts
    back = line.given_back(on) if is_told else 0
    return line.gross if back and telling.full_price and line.is_given_back_whole else back


def figures(truth: pd.DataFrame, *, rows: int) -> dict[str, int]:
    """What the receipt of such a page has to say, on an empty store, in whole units.

    Args:
        truth: what it tells.
        rows: rows under its header.
    """
    net = truth["gross"] - truth["discount"] - truth["refund"]
    return {
        "rows": rows,
        "accepted": len(truth),
        "cancelled": int((truth["refund"] > 0).sum()),
        "net_sales": int(net.sum()),
    }
