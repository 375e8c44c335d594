"""Features of cash flow, from account lines that a founder chose to share."""

from __future__ import annotations

from functools import partial

import ibis
import ibis.expr.types as ir

from scoring.features.catalogue import (
    Direction,
    Kind,
    Ratio,
    Shrinkage,
    Unit,
    WhenMissing,
    feature,
)
from scoring.features.kinds.balances import daily_balances, days_held, mean_over_days
from scoring.features.kinds.expressions import at_least, at_most, share, weighed
from scoring.features.known import Known

_NONE = "no account lines on record"
_NO_BALANCE = "no account line with a balance in the last 180 days"
_HISTORY = "less than 30 days of account lines"

# Whoever shares no account must not be better off than who does.
_feature = partial(feature, kind=Kind.CASH_FLOW, when_missing=WhenMissing.NEVER_BETTER_THAN_AVERAGE)


def account_lines(known: Known) -> ir.Table:
    """Account lines as known."""
    return known.cash_flow


def months_of_inflow(known: Known) -> ir.Table:
    """Months of 30 days back with what came in during each, and how many are on record whole."""
    lines = known.cash_flow.mutate(month=known.cash_flow.age // 30)
    months = lines.group_by("point", "month").aggregate(
        received=lines.inflow.sum().cast("float64"), oldest=lines.age.max()
    )
    whole = (months.oldest.max().over(ibis.window(group_by="point")) + 1) // 30
    return months.select("point", "month", "received", whole=whole)


def monthly_inflow(lines: ir.Table) -> ir.Value:
    """Money received in the last 180 days per 30 days; of the whole history where shorter."""
    history = ibis.greatest(ibis.least(lines.age.max() + 1, 180), 30)
    return lines.inflow.sum(where=lines.age < 180).coalesce(0) * 30 / history


def mean_balance(balances: ir.Table) -> ir.Value:
    """Mean balance over the days of the last 180 that have one."""
    return mean_over_days(balances, balances.balance, 180)


@_feature(
    over=daily_balances,
    unit=Unit.MONEY,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="cash_balance",
    empty=_NO_BALANCE,
    window=180,
)
def mean_balance_180d(balances: ir.Table) -> ir.Value:
    """Mean over the last 180 days of the balance at the end of each, all accounts together.

    A balance holds until the account's next line; an account counts from its first line on.
    """
    return mean_balance(balances)


@_feature(
    over=daily_balances,
    unit=Unit.MONEY,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="cash_balance",
    empty=_NO_BALANCE,
    window=90,
)
def minimum_balance_90d(balances: ir.Table) -> ir.Value:
    """Lowest balance at the end of any of the last 90 days, all accounts together."""
    return balances.balance.min(where=days_held(balances, 90) > 0)


@_feature(
    over=daily_balances,
    unit=Unit.RATIO,
    decimals=2,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="cash_balance",
    empty="fewer than ten account lines with a balance in the last 180 days",
    window=180,
    shrinkage=Shrinkage(at_least=10, strength=10, most=3),
)
def balance_volatility_180d(balances: ir.Table) -> Ratio:
    """Standard deviation over mean of the balances at the ends of the last 180 days, at most 3.

    All accounts together; from ten lines on. A mean of zero or less counts as 3.
    """
    balance = balances.balance.cast("float64")
    mean = mean_over_days(balances, balance, 180)
    variance = mean_over_days(balances, balance * balance, 180) - mean * mean
    ratio = share(at_least(variance.coalesce(0.0), 0.0).sqrt(), mean)
    return weighed(ratio.coalesce(3.0), balances.lines.sum(where=balances.age < 180))


@_feature(
    over=daily_balances,
    unit=Unit.COUNT,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="cash_balance",
    empty=_NO_BALANCE,
    window=180,
)
def days_below_zero_180d(balances: ir.Table) -> ir.Value:
    """Days of the last 180 at whose end all accounts together were below zero."""
    return days_held(balances, 180).sum(where=balances.balance < 0).coalesce(0)


@_feature(
    over=account_lines,
    unit=Unit.COUNT,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="cash_penalties",
    empty=_NONE,
    window=365,
)
def penalty_charges_365d(lines: ir.Table) -> ir.Value:
    """Penalty charges (overdraft interest, returned payments) of the last 365 days."""
    return lines.count(where=(lines.purpose == "penalty") & (lines.age < 365))


@_feature(
    over=account_lines,
    unit=Unit.MONEY,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="cash_inflow",
    empty=_NONE,
    window=180,
)
def monthly_inflow_180d(lines: ir.Table) -> ir.Value:
    """Money received per 30 days over the last 180 days (or the history, at least 30 days)."""
    return monthly_inflow(lines)


@_feature(
    over=account_lines,
    unit=Unit.RATIO,
    decimals=2,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="cash_inflow",
    empty=_HISTORY,
    window=180,
    shrinkage=Shrinkage(at_least=3, strength=5, most=5),
)
def outflow_over_inflow_180d(lines: ir.Table) -> Ratio:
    """Money paid out over money received in the last 180 days, at most 5; from three lines on."""
    recent = lines.age < 180
    paid = lines.outflow.sum(where=recent).coalesce(0)
    # Who paid out and received nothing has the highest ratio, not an unknown one.
    ratio = share(paid, lines.inflow.sum(where=recent)).coalesce(5.0)
    has_history = lines.age.max() >= 29
    return weighed(has_history.ifelse(ratio, ibis.null()), lines.count(where=recent))


@_feature(
    over=account_lines,
    unit=Unit.RATIO,
    decimals=2,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="cash_inflow",
    empty="less than 180 days of account lines, or nothing received in the earlier half",
    window=180,
    actionable=False,
    shrinkage=Shrinkage(at_least=3, strength=6, most=3),
)
def inflow_growth_90d(lines: ir.Table) -> Ratio:
    """Money received in the last 90 days over that of the 90 days before, at most 3."""
    earlier = (lines.age >= 90) & (lines.age < 180)
    now = lines.inflow.sum(where=lines.age < 90).coalesce(0)
    growth = share(now, lines.inflow.sum(where=earlier))
    receipts = lines.count(where=earlier & (lines.inflow > 0))
    return weighed((lines.age.max() >= 179).ifelse(growth, ibis.null()), receipts)


@_feature(
    over=months_of_inflow,
    unit=Unit.RATIO,
    decimals=2,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="cash_inflow",
    empty="less than four months of account lines",
    window=180,
    actionable=False,
    shrinkage=Shrinkage(at_least=4, strength=2),
)
def inflow_volatility_180d(months: ir.Table) -> Ratio:
    """Standard deviation over mean of money received in each of the last six 30-day months.

    Or in the months on record, where they are fewer; whole months alone.
    """
    count = at_most(months.whole.max(), 6).cast("float64")
    whole = months.month < at_most(months.whole, 6)
    mean = months.received.sum(where=whole) / count.nullif(0)
    squares = (months.received * months.received).sum(where=whole) / count.nullif(0)
    deviation = at_least((squares - mean * mean).coalesce(0.0), 0.0).sqrt()
    return weighed(share(deviation, mean), count)
