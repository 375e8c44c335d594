"""Signs that records may have been made up for a score: for a person to ask about, never points.

The model does not see them, and none of them says that anybody did anything wrong: a wholesale
buyer, a sale at round prices and a register copied in from paper look the same. So each needs a
least number of records, and compares a founder with nobody but themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from babel.numbers import get_currency_precision
from sqlalchemy import Row
from sqlalchemy.orm import Session

from scoring.base.calendar import day_of
from scoring.score.document import Signal
from scoring.score.scorable import View
from scoring.score.signal_counts import (
    BURST_DAYS,
    application_counts,
    mark_counts,
    order_counts,
    parameters,
)

# With fewer than ten orders one good customer is most of a shop. Buyers are not known on every
# channel: unknown ones count on neither side.
BUYER_ORDERS = 10
BUYER_SHARE = (1, 2)

# Eight in a month are two a week. Three in five leaves room for sellers with some round prices;
# twice the earlier share and twice the earlier pace leave out those who always price in round
# numbers and those whose season has begun.
BURST_ORDERS = 8
BURST_SHARE = (3, 5)
BURST_TIMES = 2
# With fewer earlier orders there is no usual way of pricing to compare with.
USUAL_ORDERS = 6

# Some goods come back often, so it takes more than three tenths of what was sold, and five orders.
REFUND_ORDERS = 5
REFUND_SHARE = (3, 10)

# Registers are filled in at the session or in the week after. Eight sessions are a month of two a
# week: fewer are caught up on after a holiday.
MARK_SESSIONS = 8
MARK_SHARE = (4, 5)
MARK_DELAY = timedelta(days=7)

Share = tuple[int, int]


def find_signals(
    session: Session,
    founder_id: int,
    view: View,
    *,
    lender: str,
    application: str | None,
    currency: str,
) -> tuple[Signal, ...]:
    """The signals in a founder's file, by code; the same view gives the same ones.

    Args:
        session: an open transaction.
        founder_id: whose file.
        view: what may be seen.
        lender: reference of the lender that asks; other lenders' applications play no part.
        application: reference of the application scored, if there is one.
        currency: of the file's amounts.
    """
    given = parameters(founder_id, view)
    asked = session.execute(application_counts(), {**given, "lender": lender}).all()
    scored = [row.event_day for row in asked if row.reference == application]
    burst = {
        "burst_ends": scored[0] if scored else given["today"],
        "round_unit": round_unit(currency),
    }
    orders = session.execute(order_counts(), {**given, **burst}).one()
    marks = session.execute(mark_counts(), given).all()
    found = [
        _one_buyer(orders),
        _round_amounts(orders),
        _refunds(asked),
        _marked_in_bulk(marks),
    ]
    return tuple(sorted(filter(None, found), key=lambda signal: signal.code))


def round_unit(currency: str) -> int:
    """What a round amount is a multiple of, in minor units: 100 of the currency's major unit.

    A currency without a minor unit counts in small ones: 10,000 won are a round amount, and any
    price is a multiple of 100.
    """
    precision = get_currency_precision(currency)
    return 100 * 10**precision if precision else 10_000


def _one_buyer(orders: Row[Any]) -> Signal | None:
    known, most = int(orders.known_buyer), int(orders.from_one_buyer)
    if known < BUYER_ORDERS or not _above(most, known, BUYER_SHARE):
        return None
    seen = {"orders_with_known_buyer": known, "from_one_buyer": most}
    return Signal(code="self_purchases", seen=seen)


def _round_amounts(orders: Row[Any]) -> Signal | None:
    burst, usual = int(orders.burst), int(orders.usual)
    if burst < BURST_ORDERS or usual < USUAL_ORDERS:
        return None
    burst_round, usual_round = int(orders.burst_round), int(orders.usual_round)
    # A shop that opened within the half year has its pace from the days that it was open.
    days_open = max(int(orders.usual_from), BURST_DAYS)
    is_rounder = burst_round * usual >= BURST_TIMES * usual_round * burst
    is_faster = burst * days_open >= BURST_TIMES * usual * BURST_DAYS
    if not (_above(burst_round, burst, BURST_SHARE) and is_rounder and is_faster):
        return None
    return Signal(
        code="round_amounts_before_application",
        seen={
            "orders": burst,
            "round": burst_round,
            "orders_before": usual,
            "round_before": usual_round,
        },
    )


def _refunds(asked: Sequence[Row[Any]]) -> Signal | None:
    """The latest application after which much was given back."""
    for row in asked:
        refunded, gross = int(row.refunded), int(row.gross)
        if row.orders_refunded < REFUND_ORDERS or gross == 0:
            continue
        if _above(refunded, gross, REFUND_SHARE):
            return Signal(
                code="refunds_after_application",
                seen={
                    "orders": row.orders,
                    "orders_refunded": row.orders_refunded,
                    "refunded_percent": min(100 * refunded // gross, 100),  # shipping too
                },
            )
    return None


def _marked_in_bulk(marks: Sequence[Row[date | None, int, int]]) -> Signal | None:
    marked = sum(row.sessions for row in marks)
    for row in marks:
        if (
            row.sessions >= MARK_SESSIONS
            and row.sessions * MARK_SHARE[1] >= marked * MARK_SHARE[0]
            and row.marked_on is not None
            and row.marked_on > day_of(row.first_day) + MARK_DELAY
        ):
            seen = {"sessions": row.sessions, "sessions_marked": marked}
            return Signal(code="attendance_marked_in_bulk", seen=seen)
    return None


def _above(part: int, whole: int, share: Share) -> bool:
    # In whole numbers, since a share on the threshold must fall to the same side on every engine.
    return part * share[1] > whole * share[0]
