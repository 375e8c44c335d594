"""Statements that count what signals rest on: orders, refunds after applications, marks.

Each is built once: building one takes ten times as long as running it.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    func,
    select,
    true,
)
from sqlalchemy.orm import aliased

from scoring.base.calendar import day_number
from scoring.score.scorable import View
from scoring.store.point_in_time import standing_as_of
from scoring.store.tables import Application, Attendance, Instant, OrderLine, Record

# Half a year is what the sales features look at.
BUYER_DAYS = 180

# A month is how long orders can be made up at little cost.
BURST_DAYS = 30
USUAL_DAYS = 180

# Orders of the month before an application, given back in the month after it. A year is long enough
# to see it at the next application, and short enough for it to pass.
REFUND_DAYS = 30
APPLICATION_DAYS = 365


def parameters(founder_id: int, view: View) -> dict[str, Any]:
    """What every statement is bound to."""
    return {
        "founder_id": founder_id,
        "as_of": view.as_of,
        "today": day_number(view.as_of),
        "as_of_end": view.as_of_end,
        "known_at": view.known_at,
    }


@cache
def order_counts() -> Select[Any]:
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
def application_counts() -> Select[Any]:
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
def mark_counts() -> Select[date | None, int, int]:
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
