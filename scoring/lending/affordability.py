"""Whether a founder can carry a loan: instalments against what is left each month.

Beside the score and never part of it. Nothing shown is clipped; what is not known is said to be
unknown, and gets no colour (Korea, Financial Consumer Protection Act art. 17, suitability).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.calendar import end_of
from scoring.features.engines.loan_states import LoanState, loan_states_of
from scoring.lending.money_by_month import Month, money_by_month
from scoring.loans.instalment import monthly_instalment
from scoring.score.scorable import View
from scoring.store.point_in_time import standing_as_of
from scoring.store.tables import Instalment

GREEN = Decimal("0.40")  # of the surplus
AMBER = Decimal("0.60")
_WORST = 3  # of twelve months
_SALES_DOWN = Decimal("0.30")
_CHANNEL_LOST_MONTHS = 2  # 60 days
_LONGEST = 60  # months, where the lender names no longest term


class Colour(StrEnum):
    """How heavy the instalments are."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True)
class Asked:
    """A loan that is thought of.

    Attributes:
        principal: in minor units.
        months: the term.
        annual_rate: nominal, per year.
        declared_costs: of the business per month, in minor units, where no account is on file.
        most: the greatest share of the surplus that all instalments may take, by the lender.
        longest_months: the longest term that the lender gives.
    """

    principal: int
    months: int
    annual_rate: Decimal
    declared_costs: int | None = None
    most: Decimal = GREEN
    longest_months: int = _LONGEST

    @property
    def instalment(self) -> int:
        """Per month, in minor units."""
        return monthly_instalment(self.principal, self.months, self.annual_rate)


@dataclass(frozen=True)
class Burden:
    """Instalments against a month's surplus; unknown where the surplus is."""

    surplus: int | None
    debt_service_to_surplus: float | None
    colour: Colour | None

    @classmethod
    def of(cls, instalments: int, surplus: int | None) -> Burden:
        """What so much each month weighs."""
        if surplus is None:
            return cls(None, None, None)
        if surplus <= 0:
            return cls(surplus, None, Colour.RED)
        share = Decimal(instalments) / surplus
        colour = Colour.GREEN if share <= GREEN else Colour.AMBER if share <= AMBER else Colour.RED
        return cls(surplus, float(share), colour)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "surplus": self.surplus,
            "debt_service_to_surplus": self.debt_service_to_surplus,
            "colour": self.colour.value if self.colour else None,
        }


def affordability(
    session: Session,
    founder_id: int,
    asked: Asked,
    *,
    as_of: date,
    known_at: Any,
    zone: ZoneInfo,
    loans_of: str = "",
    reads_loans: bool = True,
) -> dict[str, Any]:
    """What a loan would weigh, as plain data with amounts in minor units.

    Args:
        session: an open transaction.
        founder_id: whose business.
        asked: the loan that is thought of.
        as_of: the day.
        known_at: only what was recorded by then counts.
        zone: the installation's.
        loans_of: reference of the lender whose loans alone are read; every lender's when empty.
        reads_loans: whether the deployment profile may read loans at all.
    """
    view = View(as_of, end_of(as_of, zone), known_at)
    months = money_by_month(session, founder_id, view)
    running = (
        [
            loan
            for loan in loan_states_of(
                session, founder_id, as_of=as_of, known_at=known_at, zone=zone, loans_of=loans_of
            )
            if loan.closed_on is None
        ]
        if reads_loans
        else []
    )
    existing = _existing(session, founder_id, view, running)
    instalments = existing + asked.instalment
    surpluses = [month.surplus(asked.declared_costs) for month in months]
    worst = _worst(months, surpluses)
    with_sales_down = _worst(
        months, surpluses, lost=lambda month: int(month.income() * _SALES_DOWN)
    )
    usual = _mean([month.net_sales for month in months])
    return {
        "as_of": as_of.isoformat(),
        "instalment": asked.instalment,
        "existing_instalments": existing,
        "loans_counted": len(running),
        "loans_read": "none" if not reads_loans else "own" if loans_of else "all",
        "basis": _basis(months, asked),
        "months": [
            {
                "month": month.first.isoformat()[:7],
                "net_sales": month.net_sales,
                "inflow": month.inflow,
                "outflow": month.outflow,
                "surplus": surplus,
            }
            for month, surplus in zip(months, surpluses, strict=True)
        ],
        "instalments_to_net_sales": instalments / usual if usual > 0 else None,
        "worst_three_months": Burden.of(instalments, worst).as_dict(),
        "stress": {
            "sales_down_30_percent": Burden.of(instalments, with_sales_down).as_dict(),
            "largest_channel_lost_60_days": _channel_lost(months, surpluses, instalments),
        },
        "greatest_principal": _greatest_principal(asked, existing, worst),
        "shortest_months": _shortest_months(asked, existing, worst),
    }


def _existing(session: Session, founder_id: int, view: View, running: Sequence[LoanState]) -> int:
    """What falls due on running loans in the heaviest of the next three spans of thirty days."""
    numbers = {(loan.source, loan.loan) for loan in running}
    dues = session.scalars(
        select(Instalment).where(
            Instalment.founder_id == founder_id,
            Instalment.event_date > view.as_of,
            Instalment.event_date <= view.as_of + timedelta(days=90),
            standing_as_of(Instalment, as_of_end=view.as_of_end, known_at=view.known_at),
        )
    ).all()
    in_force: dict[tuple[str, str], int] = {}
    for due in dues:
        key = (due.source, due.loan)
        in_force[key] = max(in_force.get(key, 0), due.schedule)
    spans = [0, 0, 0]
    for due in dues:
        key = (due.source, due.loan)
        if key in numbers and due.schedule == in_force[key]:
            span = ((due.event_date - view.as_of).days - 1) // 30
            spans[span] += due.principal + due.interest + due.fee
    return max(spans)


def _basis(months: Sequence[Month], asked: Asked) -> str:
    if any(month.outflow is not None for month in months):
        return "account"
    return "declared_costs" if asked.declared_costs is not None else "sales_alone"


def _worst(
    months: Sequence[Month],
    surpluses: Sequence[int | None],
    *,
    lost: Callable[[Month], int] = lambda month: 0,
) -> int | None:
    """The mean surplus of the three worst months known, once something is lost.

    None where fewer than three are known.
    """
    left = [
        surplus - lost(month)
        for month, surplus in zip(months, surpluses, strict=True)
        if surplus is not None
    ]
    return None if len(left) < _WORST else _mean(sorted(left)[:_WORST])


def _channel_lost(
    months: Sequence[Month], surpluses: Sequence[int | None], instalments: int
) -> dict[str, Any]:
    """The worst three months on end, in two of which the largest channel sells nothing."""
    totals: dict[str, int] = {}
    for month in months:
        for channel, net in month.by_channel.items():
            totals[channel] = totals.get(channel, 0) + net
    largest = max(sorted(totals), key=lambda name: totals[name], default=None)
    found = []
    for start in range(len(months) - _WORST + 1):
        window = range(start, start + _WORST)
        known = {at: surpluses[at] for at in window}
        if largest is None or None in known.values():
            continue
        for lost in (window[:_CHANNEL_LOST_MONTHS], window[1:]):
            gone = {at: months[at].by_channel.get(largest, 0) for at in lost}
            found.append(_mean([(known[at] or 0) - gone.get(at, 0) for at in window]))
    worst = min(found, default=None)
    return {"channel": largest, **Burden.of(instalments, worst).as_dict()}


def _greatest_principal(asked: Asked, existing: int, surplus: int | None) -> int | None:
    """The greatest principal over the asked term; 0 where nothing is left, None where unknown."""
    if surplus is None:
        return None
    room = int(asked.most * surplus) - existing
    if room <= 0:
        return 0
    low, high = 0, room * asked.months
    while low < high:
        middle = (low + high + 1) // 2
        if monthly_instalment(middle, asked.months, asked.annual_rate) <= room:
            low = middle
        else:
            high = middle - 1
    return low


def _shortest_months(asked: Asked, existing: int, surplus: int | None) -> int | None:
    """The shortest term for the asked principal; None where no term will do, or it is unknown."""
    if surplus is None:
        return None
    room = int(asked.most * surplus) - existing
    return next(
        (
            months
            for months in range(1, asked.longest_months + 1)
            if monthly_instalment(asked.principal, months, asked.annual_rate) <= room
        ),
        None,
    )


def _mean(values: Sequence[int]) -> int:
    return sum(values) // len(values) if values else 0
