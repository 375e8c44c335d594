"""Features of cash flow, from account lines that a founder chose to share."""

from __future__ import annotations

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
from scoring.features.kinds.expressions import at_least, at_most, share, weighed
from scoring.features.known import Known

_NONE = "no account lines on record"
_HISTORY = "less than 30 days of account lines"


def account_lines(known: Known) -> ir.Table:
    """Account lines as known."""
    return known.cash_flow


def months_of_inflow(known: Known) -> ir.Table:
    """Months of 30 days back with what came in during each."""
    lines = known.cash_flow.mutate(month=known.cash_flow.age // 30)
    return lines.group_by("point", "month").aggregate(
        received=lines.inflow.sum().cast("float64"), oldest=lines.age.max()
    )


def monthly_inflow(lines: ir.Table) -> ir.Value:
    """Money received in the last 180 days per 30 days; of the whole history where shorter."""
    history = ibis.greatest(ibis.least(lines.age.max() + 1, 180), 30)
    return lines.inflow.sum(where=lines.age < 180).coalesce(0) * 30 / history


def mean_balance(lines: ir.Table) -> ir.Value:
    """Mean of the balances after each line of the last 180 days."""
    return lines.balance.mean(where=lines.age < 180)


@feature(
    over=account_lines,
    kind=Kind.CASH_FLOW,
    unit=Unit.MONEY,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="cash_balance",
    empty=_NONE,
    when_missing=WhenMissing.NEVER_BETTER_THAN_AVERAGE,
    window=180,
)
def mean_balance_180d(lines: ir.Table) -> ir.Value:
    """Mean balance after each line of the last 180 days."""
    return mean_balance(lines)


@feature(
    over=account_lines,
    kind=Kind.CASH_FLOW,
    unit=Unit.MONEY,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="cash_balance",
    empty=_NONE,
    when_missing=WhenMissing.NEVER_BETTER_THAN_AVERAGE,
    window=90,
)
def minimum_balance_90d(lines: ir.Table) -> ir.Value:
    """Lowest balance after any line of the last 90 days."""
    return lines.balance.min(where=lines.age < 90)


@feature(
    over=account_lines,
    kind=Kind.CASH_FLOW,
    unit=Unit.RATIO,
    decimals=2,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="cash_balance",
    empty="fewer than ten account lines in the last 180 days",
    when_missing=WhenMissing.NEVER_BETTER_THAN_AVERAGE,
    window=180,
    shrinkage=Shrinkage(at_least=10, strength=10, most=3),
)
def balance_volatility_180d(lines: ir.Table) -> Ratio:
    """Standard deviation over mean of the balances of 180 days, at most 3; from ten lines on.

    A mean of zero or less counts as 3.
    """
    recent = lines.age < 180
    balance = lines.balance.cast("float64")
    mean = balance.mean(where=recent)
    variance = (balance * balance).mean(where=recent) - mean * mean
    ratio = share(at_least(variance.coalesce(0.0), 0.0).sqrt(), mean)
    return weighed(ratio.coalesce(3.0), lines.balance.count(where=recent))


@feature(
    over=account_lines,
    kind=Kind.CASH_FLOW,
    unit=Unit.COUNT,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="cash_balance",
    empty=_NONE,
    when_missing=WhenMissing.NEVER_BETTER_THAN_AVERAGE,
    window=180,
)
def days_below_zero_180d(lines: ir.Table) -> ir.Value:
    """Days of the last 180 on which a line left the account below zero."""
    return lines.event_day.nunique(where=(lines.balance < 0) & (lines.age < 180))


@feature(
    over=account_lines,
    kind=Kind.CASH_FLOW,
    unit=Unit.COUNT,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="cash_penalties",
    empty=_NONE,
    when_missing=WhenMissing.NEVER_BETTER_THAN_AVERAGE,
    window=365,
)
def penalty_charges_365d(lines: ir.Table) -> ir.Value:
    """Penalty charges (overdraft interest, returned payments) of the last 365 days."""
    return lines.count(where=(lines.purpose == "penalty") & (lines.age < 365))


@feature(
    over=account_lines,
    kind=Kind.CASH_FLOW,
    unit=Unit.MONEY,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="cash_inflow",
    empty=_NONE,
    when_missing=WhenMissing.NEVER_BETTER_THAN_AVERAGE,
    window=180,
)
def monthly_inflow_180d(lines: ir.Table) -> ir.Value:
    """Money received per 30 days over the last 180 days (or the history, at least 30 days)."""
    return monthly_inflow(lines)


@feature(
    over=account_lines,
    kind=Kind.CASH_FLOW,
    unit=Unit.RATIO,
    decimals=2,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="cash_inflow",
    empty=_HISTORY,
    when_missing=WhenMissing.NEVER_BETTER_THAN_AVERAGE,
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


@feature(
    over=account_lines,
    kind=Kind.CASH_FLOW,
    unit=Unit.RATIO,
    decimals=2,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="cash_inflow",
    empty="less than 180 days of account lines, or nothing received in the earlier half",
    when_missing=WhenMissing.NEVER_BETTER_THAN_AVERAGE,
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


@feature(
    over=months_of_inflow,
    kind=Kind.CASH_FLOW,
    unit=Unit.RATIO,
    decimals=2,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="cash_inflow",
    empty="less than four months of account lines",
    when_missing=WhenMissing.NEVER_BETTER_THAN_AVERAGE,
    window=180,
    actionable=False,
    shrinkage=Shrinkage(at_least=4, strength=2),
)
def inflow_volatility_180d(months: ir.Table) -> Ratio:
    """Standard deviation over mean of money received in each of the last six 30-day months."""
    count = at_most((months.oldest.max() + 1) // 30, 6).cast("float64")
    recent = months.month < 6
    mean = months.received.sum(where=recent) / count.nullif(0)
    squares = (months.received * months.received).sum(where=recent) / count.nullif(0)
    deviation = at_least((squares - mean * mean).coalesce(0.0), 0.0).sqrt()
    return weighed(share(deviation, mean), count)
