"""Features of repayment, from instalments and the money received for them."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from scoring.features.catalogue import Direction, Kind, Ratio, Shrinkage, Unit, feature
from scoring.features.kinds.book import outstanding_principal
from scoring.features.kinds.days_past_due import instalments_with_days_past_due
from scoring.features.kinds.expressions import at_least, share, weighed
from scoring.features.kinds.lent import LOAN, of_loan
from scoring.features.known import Known

_ON_TIME_DAYS = 3  # a bank holiday or a slow transfer is not lateness
_LATE_DAYS = 30
_NO_LATENESS = 60  # months: who was never late counts as somebody long ago
_NO_LOANS = "no instalment has fallen due"
_IMMATERIAL_PERCENT = 1  # a slip in the last instalment is no debt, and no part payment


def dues_in_order(known: Known) -> ir.Table:
    """Instalments due with `place` 0 for the last that fell due, over all loans.

    `arrears`: days past due of the oldest that is unsettled, over all loans; 0 without any.
    """
    dues = instalments_with_days_past_due(known)
    late = dues.days_past_due.max(where=dues.end_day.isnull()).coalesce(0)
    latest = ibis.window(group_by="point", order_by=(ibis.desc("due_day"), "loan", "number", "id"))
    return dues.mutate(
        place=ibis.row_number().over(latest), arrears=late.over(ibis.window(group_by="point"))
    )


def repayments_beside_dues(known: Known) -> ir.Table:
    """Money received, with the least instalment of its loan that has fallen due."""
    dues = known.instalments
    amount = dues.principal + dues.interest + dues.fee
    least = dues.group_by(*LOAN).aggregate(least=amount.min())
    beside = of_loan(known.repayments, least, "least")
    return beside.filter(beside.least.notnull()).select("point", "id", "age", "amount", "least")


def loans_with_remainder(known: Known) -> ir.Table:
    """Loans of which something has fallen due, with `remaining`: principal not repaid."""
    found = outstanding_principal(known)
    found = found.filter((found.due > 0) & found.lent.notnull())
    is_repaid = found.outstanding * 100 <= found.lent * _IMMATERIAL_PERCENT
    return found.select(
        "point", principal="lent", remaining=ibis.ifelse(is_repaid, 0, found.outstanding)
    )


@feature(
    over=dues_in_order,
    kind=Kind.REPAYMENT,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="repayment",
    empty="fewer than three instalments have fallen due",
    window=730,
    shrinkage=Shrinkage(at_least=3, strength=3),
)
def on_time_share_730d(dues: ir.Table) -> Ratio:
    """Instalments settled within three days over those due in the last 730 days; from three on."""
    decided = _decided(dues)
    on_time = dues.count(where=decided & (dues.days_past_due <= _ON_TIME_DAYS))
    return Ratio(on_time, dues.count(where=decided))


@feature(
    over=dues_in_order,
    kind=Kind.REPAYMENT,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="repayment",
    empty="fewer than three instalments have fallen due",
    window=730,
    actionable=False,
    shrinkage=Shrinkage(at_least=3, strength=6),
)
def prepaid_share_730d(dues: ir.Table) -> Ratio:
    """Instalments settled a week or more before the due day over those due in 730 days.

    From three on. Little in the card: paying ahead must not cost a founder the week's cash.
    """
    decided = _decided(dues)
    ahead = dues.count(where=decided & (dues.settled_day <= dues.due_day - 7))
    return Ratio(ahead, dues.count(where=decided))


@feature(
    over=dues_in_order,
    kind=Kind.REPAYMENT,
    unit=Unit.DAYS,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="repayment",
    empty=_NO_LOANS,
    actionable=False,
    window=365,
)
def worst_days_past_due_365d(dues: ir.Table) -> ir.Value:
    """Most days past due of any instalment that fell due in the last 365 days."""
    return dues.days_past_due.max(where=dues.age < 365)


@feature(
    over=dues_in_order,
    kind=Kind.REPAYMENT,
    unit=Unit.DAYS,
    decimals=1,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="repayment",
    empty="fewer than three instalments have fallen due in the last 365 days",
    window=365,
    shrinkage=Shrinkage(at_least=3, strength=3),
)
def mean_days_past_due_365d(dues: ir.Table) -> Ratio:
    """Mean days past due of the instalments that fell due in the last 365 days; from three on."""
    year = dues.age < 365
    return Ratio(dues.days_past_due.sum(where=year), dues.count(where=year))


@feature(
    over=dues_in_order,
    kind=Kind.REPAYMENT,
    unit=Unit.DAYS,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="repayment",
    empty="fewer than six instalments have fallen due",
)
def days_past_due_rise(dues: ir.Table) -> ir.Value:
    """Mean days past due of the last three instalments less that of the three before; 0 or more.

    Missing while an instalment is past due: the youngest dues are then late by few days so far.
    """
    last = dues.days_past_due.sum(where=dues.place < 3)
    before = dues.days_past_due.sum(where=(dues.place >= 3) & (dues.place < 6))
    rise = at_least((last - before).coalesce(0), 0) / 3.0
    return ((dues.count() >= 6) & (dues.arrears.max() == 0)).ifelse(rise, ibis.null())


@feature(
    over=dues_in_order,
    kind=Kind.REPAYMENT,
    unit=Unit.DAYS,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="repayment",
    empty=_NO_LOANS,
)
def current_days_past_due(dues: ir.Table) -> ir.Value:
    """Days past due of the oldest instalment that is unsettled; 0 when all are settled.

    Counted to the last day that the loan's lender has reported.
    """
    return dues.arrears.max()


@feature(
    over=dues_in_order,
    kind=Kind.REPAYMENT,
    unit=Unit.MONTHS,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="repayment",
    empty="fewer than three instalments have fallen due",
    actionable=False,
)
def months_since_late_30d(dues: ir.Table) -> ir.Value:
    """Months of 30 days since an instalment fell due that was paid 30 days late or more.

    60 where none was, and at most 60; from three instalments on, and while none is past due:
    who is in arrears is not praised for the time before.
    """
    months = dues.age.min(where=dues.days_past_due >= _LATE_DAYS) // 30
    since = ibis.least(months.coalesce(_NO_LATENESS), _NO_LATENESS)
    return ((dues.count() >= 3) & (dues.arrears.max() == 0)).ifelse(since, ibis.null())


@feature(
    over=dues_in_order,
    kind=Kind.REPAYMENT,
    unit=Unit.COUNT,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="repayment",
    empty=_NO_LOANS,
)
def instalments_settled(dues: ir.Table) -> ir.Value:
    """Instalments settled so far, at most 24."""
    return ibis.least(dues.settled_day.count(), 24)


@feature(
    over=repayments_beside_dues,
    kind=Kind.REPAYMENT,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="repayment",
    empty="fewer than three repayments in the last 730 days",
    window=730,
    shrinkage=Shrinkage(at_least=3, strength=6),
)
def partial_payment_share_730d(received: ir.Table) -> Ratio:
    """Repayments of less than 99 % of the loan's least instalment over all; from three on."""
    recent = received.age < 730
    partial = received.amount * 100 < received.least * (100 - _IMMATERIAL_PERCENT)
    return Ratio(received.count(where=recent & partial), received.count(where=recent))


@feature(
    over=loans_with_remainder,
    kind=Kind.REPAYMENT,
    unit=Unit.COUNT,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="repayment",
    empty=_NO_LOANS,
    actionable=False,
)
def loans_repaid(loans: ir.Table) -> ir.Value:
    """Loans repaid in full, at most 5."""
    return ibis.least(loans.count(where=loans.remaining == 0), 5)


@feature(
    over=loans_with_remainder,
    kind=Kind.REPAYMENT,
    unit=Unit.SHARE,
    decimals=2,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="repayment",
    empty=_NO_LOANS,
    shrinkage=Shrinkage(at_least=1, strength=1),
)
def outstanding_share(loans: ir.Table) -> Ratio:
    """Principal not repaid over principal lent, of all loans of which something has fallen due."""
    return weighed(share(loans.remaining.sum(), loans.principal.sum()), loans.count())


def _decided(dues: ir.Table) -> ir.BooleanValue:
    """Whether it is known yet if an instalment of the last 730 days was paid on time."""
    over = (dues.age > _ON_TIME_DAYS) | dues.settled_day.notnull()
    decided: ir.BooleanValue = (dues.age < 730) & over
    return decided
