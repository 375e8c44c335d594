"""Order lines as they really went, from which every export of a shop is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any, Final

import pandas as pd

from sample.exports.invented import Person, option, person, remark, title

_JOINED_EVERY: Final = 3  # so many founders' lines of one day make one order of several lines
_WITHDRAWN_EVERY: Final = 13
_ASKED_BEFORE: Final = timedelta(days=3)


class Stage(StrEnum):
    """How far an order line has come."""

    UNPAID = "unpaid"
    PAID = "paid"
    SENT = "sent"
    DELIVERED = "delivered"
    DECIDED = "decided"
    ASKED = "asked"  # to be cancelled or taken back, and nothing done yet
    WITHDRAWN = "withdrawn"  # was asked, and the buyer kept it
    CANCELLED = "cancelled"
    RETURNED = "returned"


@dataclass(frozen=True)
class Line:
    """One line of an order, with all that ever happens to it.

    Attributes:
        channel: as the simulator names it.
        order: number of the order, of digits alone.
        number: place of the line in its order, from 1.
        lines: how many lines the order has.
        product: number of the product.
        unit_price, discount, shipping, fee, refund: whole won; shipping is that of the order and
            stands on its first line; the discount and the refund are those of the line.
        fate: sold, cancelled or returned, in the end.
        cause: whose fault a refund is: seller, buyer, platform; empty without one.
        is_withdrawn: whether the buyer asked to cancel, and then kept it.
    """

    channel: str
    order: str
    number: int
    lines: int
    product: int
    quantity: int
    unit_price: int
    discount: int
    shipping: int
    fee: int
    ordered_at: datetime
    paid_on: date
    settled_on: date | None
    fate: str
    refund: int
    refunded_on: date | None
    cause: str
    is_withdrawn: bool
    buyer: Person
    recipient: Person

    @property
    def gross(self) -> int:
        """Price of all pieces."""
        return self.unit_price * self.quantity

    @property
    def net(self) -> int:
        """What the line came to for the seller."""
        return self.gross - self.discount

    @property
    def line_number(self) -> str:
        """Number of the line among all of the shop's."""
        return f"{self.order}{self.number}"

    @property
    def title(self) -> str:
        """Name of the product."""
        return title(self.product)

    @property
    def option(self) -> str:
        """Words for the option."""
        return option(self.product)

    @property
    def remark(self) -> str:
        """What the buyer asks of the carrier."""
        return remark(self.product)

    @property
    def ordered_on(self) -> date:
        """The day of the order."""
        return self.ordered_at.date()

    @property
    def sent_on(self) -> date:
        """The day on which it left."""
        return self.paid_on + timedelta(days=1)

    @property
    def delivered_on(self) -> date:
        """The day on which it came."""
        return self.paid_on + timedelta(days=3)

    @property
    def decided_on(self) -> date:
        """The day on which the purchase became final."""
        return self.paid_on + timedelta(days=8)

    @property
    def is_given_back_whole(self) -> bool:
        """Whether all of it is given back in the end."""
        return self.fate != "sold"

    def stage(self, on: date) -> Stage:
        """How far it has come at the end of a day."""
        if self.paid_on > on:
            return Stage.UNPAID
        if self.is_given_back_whole and self.refunded_on is not None:
            if self.refunded_on <= on:
                return Stage.CANCELLED if self.fate == "cancelled" else Stage.RETURNED
            if self.refunded_on - _ASKED_BEFORE <= on:
                return Stage.ASKED
        if self.is_withdrawn and self.delivered_on <= on:
            return Stage.WITHDRAWN
        steps = ((self.decided_on, Stage.DECIDED), (self.delivered_on, Stage.DELIVERED))
        if self.fate == "cancelled":
            return Stage.PAID
        return next(
            (stage for day, stage in (*steps, (self.sent_on, Stage.SENT)) if day <= on), Stage.PAID
        )

    def given_back(self, on: date) -> int:
        """What was given back for it by the end of a day: all, a part or nothing."""
        if self.refunded_on is None or self.refunded_on > on:
            return 0
        return self.net if self.is_given_back_whole else self.refund

    def by(self, day: date | None, on: date) -> date | None:
        """A day of the line as a page of another day shows it: not before it came."""
        return day if day is not None and day <= on and self.paid_on <= on else None

    def sent_by(self, on: date) -> date | None:
        """The day on which it left, as far as it did."""
        return None if self.fate == "cancelled" else self.by(self.sent_on, on)

    def delivered_by(self, on: date) -> date | None:
        """The day on which it came, as far as it did."""
        return None if self.fate == "cancelled" else self.by(self.delivered_on, on)

    def decided_by(self, on: date) -> date | None:
        """The day on which the purchase became final, as far as it did."""
        return None if self.is_given_back_whole else self.by(self.decided_on, on)


def order_lines(sales: pd.DataFrame, *, prefix: str) -> list[Line]:
    """The simulator's sales of one founder as order lines, some of a day in one order.

    Args:
        sales: rows of the plain form, of one founder, by day.
        prefix: first digits of the numbers of this shop's orders.
    """
    found: list[Line] = []
    for number, order in enumerate(_orders(sales.to_dict("records"))):
        found.extend(_lines(order, f"{prefix}{number:06d}", len(found)))
    return found


def _orders(rows: list[dict[Any, Any]]) -> Iterator[list[dict[Any, Any]]]:
    """Rows of each order; a line of which a part was given back is an order by itself.

    Some shops tell what an order was given back and not of which of its lines.
    """
    for place, (_, of_day) in enumerate(groupby(rows, key=lambda row: row["ordered_on"])):
        together = []
        for row in of_day:
            in_part = row["status"] == "sold" and not pd.isna(row["refund"])
            if in_part or place % _JOINED_EVERY == 0:
                yield [row]
            else:
                together.append(row)
        if together:
            yield together


def _lines(order: Sequence[dict[Any, Any]], number: str, before: int) -> Iterator[Line]:
    first = order[0]
    buyer = person(int(first["buyer"][1:]))
    shipping = max(int(row["shipping"]) for row in order)
    place = int(number)
    at = datetime.combine(
        first["ordered_on"], time(8 + place % 14, place * 7 % 60, place * 13 % 60)
    )
    for index, row in enumerate(order):
        refund = 0 if pd.isna(row["refund"]) else int(row["refund"])
        is_sold = row["status"] == "sold"
        yield Line(
            channel=row["channel"],
            order=number,
            number=index + 1,
            lines=len(order),
            product=100 + (before + index) * 37 % 61 * 10 + index,
            quantity=int(row["quantity"]),
            unit_price=int(row["gross"]) // int(row["quantity"]),
            discount=int(row["discount"]),
            shipping=shipping if index == 0 else 0,
            fee=int(row["fee"]),
            ordered_at=at,
            paid_on=_day(first["paid_on"]) or at.date() + timedelta(days=1),
            settled_on=_day(row["settled_on"]),
            fate=str(row["status"]),
            refund=refund,
            refunded_on=_day(row["refunded_on"]),
            cause=str(row["refund_cause"]) if refund else "",
            is_withdrawn=is_sold and not refund and (before + index) % _WITHDRAWN_EVERY == 5,
            buyer=buyer,
            recipient=buyer if place % 4 else person(5_000 + place % 900),
        )


def _day(value: Any) -> date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()
