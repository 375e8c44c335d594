"""What a founder's business earned and spent in each of the last twelve whole months.

Money counts once. With an account on file its lines are the money: payouts of marketplaces are how
sales are settled, and loans received, loan payments and transfers of loans are no income or cost.
Without one, net sales are all that is seen, and costs are what the founder declares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.calendar import day_number
from scoring.score.scorable import View
from scoring.store.point_in_time import standing_as_of
from scoring.store.tables import CashFlowLine, Loan, OrderLine

MONTHS = 12
_NOT_OPERATING = {"loan_payment"}
_PAYOUT = "sales_receipt"


@dataclass(frozen=True)
class Month:
    """One calendar month, amounts in minor units; nothing sold is zero, not unknown.

    Attributes:
        first: its first day.
        net_sales: orders less discounts, fees and what was given back.
        by_channel: the same by channel.
        inflow: into accounts, but for loans paid out; None without an account.
        outflow: from accounts, but for loan payments; None without an account.
    """

    first: date
    net_sales: int
    by_channel: Mapping[str, int]
    inflow: int | None
    outflow: int | None

    def income(self) -> int:
        """What came in: by the account where there is one, else net sales."""
        return self.net_sales if self.inflow is None else self.inflow

    def surplus(self, declared_costs: int | None) -> int | None:
        """What is left before loans are paid; None where costs are neither seen nor declared."""
        if self.outflow is not None:
            return self.income() - self.outflow
        return None if declared_costs is None else self.net_sales - declared_costs


@dataclass
class _Sums:
    channels: dict[str, int] = field(default_factory=dict)
    inflow: int = 0
    outflow: int = 0


def money_by_month(session: Session, founder_id: int, view: View) -> list[Month]:
    """The last twelve whole months before the view's day, from the first with any record on."""
    firsts = list(months_before(view.as_of, MONTHS))
    first, end = firsts[0], view.as_of.replace(day=1)
    found = {month: _Sums() for month in firsts}
    for order in session.scalars(
        select(OrderLine).where(
            OrderLine.founder_id == founder_id,
            OrderLine.event_day >= day_number(first),
            OrderLine.event_day < day_number(end),
            standing_as_of(OrderLine, as_of_end=view.as_of_end, known_at=view.known_at),
        )
    ):
        channels = found[order.event_date.replace(day=1)].channels
        net = order.gross - order.discount - order.fee if order.entry == "sale" else -order.refund
        channels[order.channel] = channels.get(order.channel, 0) + net
    lent = _paid_out(session, founder_id, view)
    lines = session.scalars(
        select(CashFlowLine).where(
            CashFlowLine.founder_id == founder_id,
            CashFlowLine.event_day >= day_number(first),
            CashFlowLine.event_day < day_number(end),
            standing_as_of(CashFlowLine, as_of_end=view.as_of_end, known_at=view.known_at),
        )
    ).all()
    for line in lines:
        sums = found[line.event_date.replace(day=1)]
        if not _is_loan(line, lent):
            sums.inflow += line.inflow
        if line.purpose not in _NOT_OPERATING:
            sums.outflow += line.outflow
    # A statement tells of the months between its first and its last line, and of no others.
    told = {line.event_date.replace(day=1) for line in lines}
    seen = [month for month, sums in found.items() if sums.channels or month in told]
    return [
        Month(
            first=month,
            net_sales=sum(sums.channels.values()),
            by_channel=dict(sums.channels),
            inflow=sums.inflow if told and min(told) <= month <= max(told) else None,
            outflow=sums.outflow if told and min(told) <= month <= max(told) else None,
        )
        for month, sums in found.items()
        if seen and month >= seen[0]
    ]


def months_before(day: date, count: int) -> Iterable[date]:
    """First days of the whole months before a day's own, the earliest first."""
    firsts, first = [], day.replace(day=1)
    for _ in range(count):
        first = (first - timedelta(days=1)).replace(day=1)
        firsts.append(first)
    return reversed(firsts)


def _paid_out(session: Session, founder_id: int, view: View) -> list[tuple[date, int]]:
    return [
        (loan.event_date, loan.principal)
        for loan in session.scalars(
            select(Loan).where(
                Loan.founder_id == founder_id,
                standing_as_of(Loan, as_of_end=view.as_of_end, known_at=view.known_at),
            )
        )
    ]


def _is_loan(line: CashFlowLine, lent: list[tuple[date, int]]) -> bool:
    """Whether an inflow is a loan paid out: of its amount, within three days, and no payout."""
    return line.purpose != _PAYOUT and any(
        line.inflow == amount and abs((line.event_date - day).days) <= 3 for day, amount in lent
    )
