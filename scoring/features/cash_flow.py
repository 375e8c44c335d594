"""Features of cash flow, from account lines that a founder chose to share."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from scoring.features.catalogue import Direction, Kind, Unit, WhenMissing, feature
from scoring.features.expressions import capped
from scoring.features.known import Known

_NONE = "no account lines on record"
_HISTORY = "less than 30 days of account lines"


def account_lines(known: Known) -> ir.Table:
    """Account lines as known."""
    return known.cash_flow


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
)
def balance_volatility_180d(lines: ir.Table) -> ir.Value:
    """Standard deviation over mean of the balances of 180 days, at most 3; from ten lines on.

    A mean of zero or less counts as 3.
    """
    recent = lines.age < 180
    balance = lines.balance.cast("float64")
    count = lines.balance.count(where=recent)
    mean = balance.mean(where=recent)
    variance = (balance * balance).mean(where=recent) - mean * mean
    ratio = ibis.greatest(variance, 0.0).sqrt() / (mean > 0).ifelse(mean, ibis.null())
    return (count >= 10).ifelse(capped(ratio.coalesce(3.0), 3.0), ibis.null())


@feature(
    over=account_lines,
    kind=Kind.CASH_FLOW,
    unit=Unit.COUNT,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="cash_penalties",
    empty=_NONE,
    when_missing=WhenMissing.NEVER_BETTER_THAN_AVERAGE,
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
)
def outflow_over_inflow_180d(lines: ir.Table) -> ir.Value:
    """Money paid out over money received in the last 180 days, at most 5."""
    recent = lines.age < 180
    received = lines.inflow.sum(where=recent)
    paid = lines.outflow.sum(where=recent).coalesce(0)
    # Who paid out and received nothing has the highest ratio, not an unknown one.
    ratio = capped((paid / received.nullif(0)).coalesce(5.0), 5.0)
    enough = (lines.age.max() >= 29) & (lines.count(where=recent) > 0)
    return enough.ifelse(ratio, ibis.null())
