"""Features of the loan asked for, beside what the founder takes in."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from scoring.features.catalogue import Direction, Kind, Ratio, Shrinkage, Unit, feature
from scoring.features.kinds.balances import daily_balances
from scoring.features.kinds.cash_flow import account_lines, mean_balance, monthly_inflow
from scoring.features.kinds.expressions import share, weighed
from scoring.features.kinds.lines_of_sales import lines_of_sales
from scoring.features.kinds.sales import monthly_net_sales
from scoring.features.known import Known

_NO_LOAN = "no loan was asked for in the last 90 days"
_FEW = Shrinkage(at_least=1, strength=3, most=2)  # a burden on three records is half a guess
CURRENT_DAYS = 90  # an older application says nothing of the loan asked for now


def current_application(known: Known) -> ir.Table:
    """The last loan asked for in the 90 days before each point, one row a point.

    Of one day, that which was recorded last: no two rows have one id, so no engine has a choice.
    """
    asked = known.applications
    asked = asked.filter(asked.age < CURRENT_DAYS)
    newest_first = ibis.window(
        group_by="point",
        order_by=(ibis.desc("event_day"), ibis.desc("id")),
    )
    numbered = asked.mutate(place=ibis.row_number().over(newest_first))
    return numbered.filter(numbered.place == 0).select("point", "instalment", "principal")


def application_and_sales(known: Known) -> ir.Table:
    """The last application beside monthly net sales."""
    lines = lines_of_sales(known)
    sales = lines.group_by("point").aggregate(
        income=monthly_net_sales(lines), lines=lines.count(where=lines.is_sale)
    )
    return current_application(known).inner_join(sales, "point")


def application_and_inflow(known: Known) -> ir.Table:
    """The last application beside monthly inflow."""
    lines = account_lines(known)
    inflow = lines.group_by("point").aggregate(income=monthly_inflow(lines), lines=lines.count())
    return current_application(known).inner_join(inflow, "point")


def application_and_balance(known: Known) -> ir.Table:
    """The last application beside the mean balance of the last 180 days."""
    days = daily_balances(known)
    balance = days.group_by("point").aggregate(income=mean_balance(days), lines=days.lines.sum())
    return current_application(known).inner_join(balance, "point")


def _burden(asked: ir.Table) -> Ratio:
    # Who takes in nothing has the highest burden, not an unknown one.
    burden = share(asked.instalment, asked.income).coalesce(2.0)
    return weighed(burden.max(), asked.lines.max())


@feature(
    over=current_application,
    kind=Kind.APPLICATION,
    unit=Unit.MONEY,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="affordability",
    empty=_NO_LOAN,
    window=CURRENT_DAYS,
)
def instalment_asked(asked: ir.Table) -> ir.Value:
    """Instalment asked for, per month."""
    return asked.instalment.max()


@feature(
    over=application_and_sales,
    kind=Kind.APPLICATION,
    unit=Unit.RATIO,
    decimals=3,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="affordability",
    empty=_NO_LOAN + ", or there are no sales on record",
    window=180,
    beside=Kind.SALES,
    shrinkage=_FEW,
)
def instalment_over_net_sales(asked: ir.Table) -> Ratio:
    """Instalment asked for over monthly net sales, at most 2."""
    return _burden(asked)


@feature(
    over=application_and_inflow,
    kind=Kind.APPLICATION,
    unit=Unit.RATIO,
    decimals=3,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="affordability",
    empty=_NO_LOAN + ", or there are no account lines on record",
    window=180,
    beside=Kind.CASH_FLOW,
    shrinkage=_FEW,
)
def instalment_over_inflow(asked: ir.Table) -> Ratio:
    """Instalment asked for over monthly inflow, at most 2."""
    return _burden(asked)


@feature(
    over=application_and_balance,
    kind=Kind.APPLICATION,
    unit=Unit.RATIO,
    decimals=3,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="affordability",
    empty=_NO_LOAN + ", or there are no account lines on record",
    window=180,
    beside=Kind.CASH_FLOW,
    shrinkage=_FEW,
)
def instalment_over_balance(asked: ir.Table) -> Ratio:
    """Instalment asked for over the mean balance of 180 days, at most 2."""
    return _burden(asked)
