"""Features of repayment, from instalments and the money received for them."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from scoring.features.catalogue import Direction, Kind, Unit, feature
from scoring.features.days_past_due import instalments_with_days_past_due

_ON_TIME_DAYS = 3  # a bank holiday or a slow transfer is not lateness
_NO_LOANS = "no instalment has fallen due"


@feature(
    over=instalments_with_days_past_due,
    kind=Kind.REPAYMENT,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="repayment",
    empty="fewer than three instalments have fallen due",
)
def on_time_share_730d(dues: ir.Table) -> ir.Value:
    """Instalments settled within three days over those due in the last 730 days; from three on."""
    decided = (dues.age < 730) & ((dues.age > _ON_TIME_DAYS) | dues.settled_day.notnull())
    on_time = dues.count(where=decided & (dues.days_past_due <= _ON_TIME_DAYS))
    due = dues.count(where=decided)
    return (due >= 3).ifelse(on_time / due.nullif(0), ibis.null())


@feature(
    over=instalments_with_days_past_due,
    kind=Kind.REPAYMENT,
    unit=Unit.DAYS,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="repayment",
    empty=_NO_LOANS,
    actionable=False,
)
def worst_days_past_due_365d(dues: ir.Table) -> ir.Value:
    """Most days past due of any instalment that fell due in the last 365 days."""
    return dues.days_past_due.max(where=dues.age < 365)


@feature(
    over=instalments_with_days_past_due,
    kind=Kind.REPAYMENT,
    unit=Unit.DAYS,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="repayment",
    empty=_NO_LOANS,
)
def current_days_past_due(dues: ir.Table) -> ir.Value:
    """Days past due of the oldest instalment that is unsettled; 0 when all are settled."""
    return dues.days_past_due.max(where=dues.settled_day.isnull()).coalesce(0)


@feature(
    over=instalments_with_days_past_due,
    kind=Kind.REPAYMENT,
    unit=Unit.COUNT,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="repayment",
    empty=_NO_LOANS,
)
def instalments_settled(dues: ir.Table) -> ir.Value:
    """Instalments settled so far, at most 24."""
    return ibis.least(dues.settled_day.count(), 24)
