"""Signs that records may have been made up for a score: for a person to ask about, never points.

The model does not see them, and none of them says that anybody did anything wrong: a wholesale
buyer, a sale at round prices and a register copied in from paper look the same. So each needs a
least number of records, and compares a founder with nobody but themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, TypedDict, cast

from babel.numbers import get_currency_precision
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    Integer,
    Row,
    Select,
    String,
    and_,
    bindparam,
    func,
    select,
    true,
)
from sqlalchemy.orm import Session, aliased

from scoring.base.calendar import day_number, day_of
from scoring.score.scorable import View
from scoring.store.point_in_time import standing_as_of
from scoring.store.tables import Application, Attendance, Instant, OrderLine, Record

# Half a year is what the sales features look at; with fewer than ten orders one good customer is
# most of a shop. Buyers are not known on every channel: unknown ones count on neither side.
BUYER_DAYS = 180
BUYER_ORDERS = 10
BUYER_SHARE = (1, 2)

# A month is how long orders can be made up at little cost; eight are two a week. Three in five
# leaves room for sellers with some round prices; twice the earlier share and twice the earlier
# pace leave out those who always price in round numbers and those whose season has begun.
BURST_DAYS = 30
BURST_ORDERS = 8
BURST_SHARE = (3, 5)
BURST_TIMES = 2
USUAL_DAYS = 180
# With fewer earlier orders there is no usual way of pricing to compare with.
USUAL_ORDERS = 6

# Orders of the month before an application, given back in the month after it. Some goods come back
# often, so it takes more than three tenths of what was sold, and five orders. A year is long enough
# to see it at the next application, and short enough for it to pass.
REFUND_DAYS = 30
REFUND_ORDERS = 5
REFUND_SHARE = (3, 10)
APPLICATION_DAYS = 365

# Registers are filled in at the session or in the week after. Eight sessions are a month of two a
# week: fewer are caught up on after a holiday.
MARK_SESSIONS = 8
MARK_SHARE = (4, 5)
MARK_DELAY = timedelta(days=7)

Share = tuple[int, int]


class Signal(TypedDict):
    """A code, and the counts that it rests on: no hash, no day, no name."""

    code: str
    seen: dict[str, int]


def integrity_signals(
    session: Session,
    founder_id: int,
    view: View,
    *,
    lender: str,
    application: str | None,
    currency: str,
) -> list[Signal]:
    """The signs in a founder's file, by code; the same view gives the same list.

    Args:
        session: an open transaction.
        founder_id: whose file.
        view: what may be seen.
        lender: reference of the lender that asks; other lenders' applications play no part.
        application: reference of the application scored, if there is one.
        currency: of the file's amounts.
    """
    given = _parameters(founder_id, view)
    asked = session.execute(_applications(), {**given, "lender": lender}).all()
    scored = [row.event_day for row in asked if row.reference == application]
    burst = {
        "burst_ends": scored[0] if scored else given["today"],
        "round_unit": round_unit(currency),
    }
    orders = session.execute(_orders(), {**given, **burst}).one()
    marks = session.execute(_marks(), given).all()
    found = [
        _one_buyer(orders),
        _round_amounts(orders),
        _refunds(asked),
        _marked_in_bulk(marks),
    ]
    return sorted((signal for signal in found if signal), key=lambda signal: signal["code"])


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


# The statements are built once: building one takes ten times as long as running it.


def _parameters(founder_id: int, view: View) -> dict[str, Any]:
    return {
        "founder_id": founder_id,
        "as_of": view.as_of,
        "today": day_number(view.as_of),
        "as_of_end": view.as_of_end,
        "known_at": view.known_at,
    }


def _stands(table: type[Record]) -> ColumnElement[bool]:
    """Whether a record is the founder's, has happened, and counts in the view."""
    return and_(
        table.founder_id == bindparam("founder_id", type_=BigInteger()),
        table.event_day <= _day("today"),
        standing_as_of(
            table,
            as_of_end=cast(datetime, bindparam("as_of_end", type_=Instant())),
            known_at=cast(datetime, bindparam("known_at", type_=Instant())),
        ),
    )


def _day(name: str) -> BindParameter[int]:
    return bindparam(name, type_=Integer())


@cache
def _orders() -> Select[Any]:
    """Counts of orders: those of the most frequent buyer, and round ones in burst and before.

    `usual_from` is how many days before the burst the first order counted lies.
    """
    is_sale = and_(_stands(OrderLine), OrderLine.entry == "sale")
    buyers = (
        select(func.count().label("orders"))
        .where(
            is_sale,
            OrderLine.buyer.is_not(None),
            OrderLine.event_day > _day("today") - BUYER_DAYS,
        )
        .group_by(OrderLine.buyer)
        .subquery()
    )
    known = select(
        func.coalesce(func.sum(buyers.c.orders), 0).label("known_buyer"),
        func.coalesce(func.max(buyers.c.orders), 0).label("from_one_buyer"),
    ).subquery()
    ends, begins = _day("burst_ends"), _day("burst_ends") - (BURST_DAYS - 1)
    in_burst = OrderLine.event_day >= begins
    unit = bindparam("round_unit", type_=BigInteger())
    is_round = and_(OrderLine.gross > 0, OrderLine.gross % unit == 0)
    pace = (
        select(
            func.count().filter(in_burst).label("burst"),
            func.count().filter(in_burst, is_round).label("burst_round"),
            func.count().filter(~in_burst).label("usual"),
            func.count().filter(~in_burst, is_round).label("usual_round"),
            (begins - func.min(OrderLine.event_day)).label("usual_from"),
        )
        .where(is_sale, OrderLine.event_day.between(begins - USUAL_DAYS, ends))
        .subquery()
    )
    return select(known, pace).join(pace, true())


@cache
def _applications() -> Select[Any]:
    """The lender's applications of a year, latest first, with what was given back after each.

    A refund without a day of its own counts from the last day of its file. Files are handed in
    with applications, so that day says nothing of when the money went back: it is left out.
    """
    refund = aliased(OrderLine)
    asked_on = Application.event_day
    given_back = (
        select(func.sum(refund.refund))
        .where(
            _stands(refund),
            refund.entry == "refund",
            refund.day_inferred.is_(False),
            refund.channel == OrderLine.channel,
            refund.order_line == OrderLine.order_line,
            refund.event_day.between(asked_on + 1, asked_on + REFUND_DAYS),
        )
        .correlate(Application, OrderLine)
        .scalar_subquery()
    )
    sold = and_(
        _stands(OrderLine),
        OrderLine.entry == "sale",
        OrderLine.event_day.between(asked_on - BURST_DAYS + 1, asked_on),
    )
    lines = (
        select(
            Application.reference,
            asked_on,
            OrderLine.id.label("sale"),
            OrderLine.gross,
            given_back.label("refunded"),
        )
        .outerjoin(OrderLine, sold)
        .where(
            _stands(Application),
            Application.lender == bindparam("lender", type_=String()),
            asked_on >= _day("today") - APPLICATION_DAYS,
        )
        .subquery()
    )
    return (
        select(
            lines.c.reference,
            lines.c.event_day,
            func.count(lines.c.sale).label("orders"),
            func.coalesce(func.sum(lines.c.gross), 0).label("gross"),
            func.count().filter(lines.c.refunded > 0).label("orders_refunded"),
            func.coalesce(func.sum(lines.c.refunded), 0).label("refunded"),
        )
        .group_by(lines.c.reference, lines.c.event_day)
        .order_by(lines.c.event_day.desc(), lines.c.reference.desc())
    )


@cache
def _marks() -> Select[date | None, int, int]:
    """Sessions by who marked them and on which day, most first; later marks are not seen yet."""
    return (
        select(
            Attendance.marked_on,
            func.count().label("sessions"),
            func.min(Attendance.event_day).label("first_day"),
        )
        .where(
            _stands(Attendance),
            Attendance.marked_by.is_not(None),
            Attendance.marked_on.is_(None)
            | (Attendance.marked_on <= bindparam("as_of", type_=Date())),
        )
        .group_by(Attendance.marked_by, Attendance.marked_on)
        .order_by(func.count().desc())
    )
