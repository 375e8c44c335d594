"""Invoice lines of an own web shop in pounds: cancellations are invoices that begin with C."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import pandas as pd

from sample.exports.cells import Amount, Cell, Digits, Moment
from sample.exports.draft import Draft
from sample.exports.lines import Line, Stage
from sample.exports.pages import Page
from scoring.intake.formats.declarations import FormatName

_HEADER = (
    *("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice"),
    *("CustomerID", "Country"),
)
_WON_TO_A_POUND = 1_700
_COUNTRY = "Nowhereland"
_UNKNOWN_BUYER_EVERY = 4


def invoice_lines(name: str, lines: Sequence[Line], *, founder: str, on: date) -> Draft:
    """Invoices, postage, a line that stands twice, and what was given back as C-invoices."""
    paid = [line for line in lines if line.stage(on) is not Stage.UNPAID]
    back = [line for line in paid if line.given_back(on)]
    rows = [_sold(line) for line in paid]
    rows.append(list(rows[0]))
    rows += [_postage(line) for line in paid if line.shipping]
    rows += [_given_back(line, on) for line in back]
    page = Page(header=_HEADER, rows=rows, sheet="Online Retail")
    truth = pd.DataFrame(
        [_sale(line, founder) for line in paid] + [_refund(line, founder, on) for line in back],
        dtype=object,
    )
    net = truth["gross"].sum() - truth["refund"].sum()
    return Draft(
        name=name,
        page=page,
        format_name=FormatName.WEBSHOP,
        founder=founder,
        truth=truth,
        expected={
            "rows": page.rows_below_header,
            "accepted": len(truth),
            "repeated": 1,
            "cancelled": len(back),
            "net_sales": round(net),
        },
        about="Invoice lines in pounds, days month first; postage as lines, C-invoices for what "
        "was given back, buyers without a number, one line twice.",
    )


def _invoice(line: Line) -> str:
    return f"5{line.order[-5:]}"


def _code(line: Line) -> str:
    return f"{20_000 + line.product}{'ABCDEFGH'[line.number % 8]}"


def _buyer(line: Line) -> str:
    if int(line.order) % _UNKNOWN_BUYER_EVERY == 0:
        return ""
    return f"77{int(line.buyer.account.removeprefix('견본손님')):05d}"


def _price(line: Line) -> float:
    return round(line.net / line.quantity / _WON_TO_A_POUND, 2)


def _part(line: Line, on: date) -> float:
    """Price of one piece on the C-invoice."""
    return round(line.given_back(on) / _WON_TO_A_POUND, 2)


def _sold(line: Line) -> list[Cell]:
    return [
        *(Digits(_invoice(line)), _code(line), line.title, line.quantity),
        *(Moment(line.ordered_at), Amount(_price(line)), _buyer(line), _COUNTRY),
    ]


def _postage(line: Line) -> list[Cell]:
    return [
        *(Digits(_invoice(line)), "POST", "지어낸 배송비", 1, Moment(line.ordered_at)),
        *(Amount(round(line.shipping / _WON_TO_A_POUND, 2)), _buyer(line), _COUNTRY),
    ]


def _given_back(line: Line, on: date) -> list[Cell]:
    assert line.refunded_on is not None
    whole = line.is_given_back_whole
    return [
        *(f"C{_invoice(line)}", _code(line), line.title, -line.quantity if whole else -1),
        Moment(datetime.combine(line.refunded_on, time(16, line.number))),
        *(Amount(_price(line) if whole else _part(line, on)), _buyer(line), _COUNTRY),
    ]


def _sale(line: Line, founder: str) -> dict[str, Any]:
    return {
        **_common(founder),
        "ordered_on": line.ordered_on,
        "quantity": line.quantity,
        "gross": _pence(line.quantity * _price(line)),
        "refund": 0,
        "refunded_on": None,
        "refund_cause": None,
        "buyer": _buyer(line),
    }


def _refund(line: Line, founder: str, on: date) -> dict[str, Any]:
    pounds = line.quantity * _price(line) if line.is_given_back_whole else _part(line, on)
    return {
        **_common(founder),
        "ordered_on": None,
        "quantity": 0,
        "gross": 0,
        "refund": _pence(pounds),
        "refunded_on": line.refunded_on,
        "refund_cause": "buyer",
        "buyer": "",
    }


def _common(founder: str) -> dict[str, Any]:
    """What every row has; amounts of this truth are in pence, as the store keeps them."""
    return {
        "founder": founder,
        "channel": "webshop",
        "currency": "GBP",
        "discount": 0,
        "shipping": 0,
        "fee": 0,
        "day_inferred": False,
    }


def _pence(pounds: float) -> int:
    return round(100 * pounds)
