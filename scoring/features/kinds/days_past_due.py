"""Days past due, defined once, for features, labels, facts and figures of a book alike.

Repayments settle instalments in the order in which they fall due, whatever they were meant for. An
instalment is settled on the first day on which all repayments of the loan reach all that was due
up to it, less what is immaterial (`material_amount`). Until then it is past due by the days since
its due day, as far as its lender has reported the loan: after that day nothing is known, and days
stand still. A loan's days past due are those of its oldest unsettled instalment, so the most that
a loan was ever past due is the most of any of its instalments.

A rescheduling ends the old schedule on its day: what was not settled by then counts no further,
and only money received later settles the new one. A loan that was repaid in full before its time,
or closed, owes nothing more. A repayment that bounced was never received.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from scoring.features.kinds.lent import closings, money_received, of_loan
from scoring.features.known import Known, shared
from scoring.loans.arrears import MATERIAL_PERCENT, MATERIALITY_FLOORS

_DUE = (
    *("id", "point", "as_of_day", "source", "loan", "schedule", "number"),
    *("age", "principal", "amount"),
)


@shared
def instalments_with_days_past_due(known: Known) -> ir.Table:
    """Instalments that fell due by each point's day, as far as their lender has reported.

    Columns: `id`, `point`, `as_of_day`, `source`, `loan`, `schedule`, `number`, `due_day`, `age`
    (days since due), `amount` and `principal` (minor units), `through_day` (the last day reported),
    `settled_day` (null while unsettled), `end_day` (when it stopped to be past due: settled, or
    rescheduled; null while it is), `days_past_due` (0 or more).
    """
    due = instalments_in_force(known)
    received = money_received(known).select(
        "received",
        paid_point="point",
        paid_source="source",
        paid_loan="loan",
        paid_schedule="schedule",
        paid_day="event_day",
    )
    enough = due.left_join(
        received,
        [
            due.point == received.paid_point,
            due.source == received.paid_source,
            due.loan == received.paid_loan,
            due.schedule == received.paid_schedule,
            received.received * 100 >= due.amount_due * 100 - due.immaterial,
        ],
    )
    kept = (*_DUE, "amount_due", "immaterial", "due_day", "through_day", "until_day")
    settled = enough.group_by(*kept).aggregate(paid_day=enough.paid_day.min())
    # What is immaterial needs no money to settle it.
    is_nothing = settled.amount_due * 100 <= settled.immaterial
    settled = settled.mutate(
        settled_day=ibis.ifelse(
            is_nothing,
            ibis.least(settled.paid_day.coalesce(settled.due_day), settled.due_day),
            settled.paid_day,
        )
    ).drop("amount_due", "immaterial", "paid_day")
    settled = of_loan(settled, closings(known), "closed_day")
    # Of a missing value and a day the earlier is missing on SQLite: each stands in for the other.
    settled_day = ibis.least(
        settled.settled_day.coalesce(settled.closed_day),
        settled.closed_day.coalesce(settled.settled_day),
    )
    settled = settled.mutate(settled_day=settled_day)
    end_day = ibis.least(
        settled.settled_day.coalesce(settled.until_day),
        settled.until_day.coalesce(settled.settled_day),
    )
    ended = settled.mutate(end_day=end_day).drop("until_day", "closed_day")
    last = ibis.least(ended.end_day.coalesce(ended.through_day), ended.through_day)
    return ended.mutate(days_past_due=ibis.greatest(last - ended.due_day, 0))


@shared
def instalments_in_force(known: Known) -> ir.Table:
    """Instalments of the schedules in force on their due days, with what was due up to each.

    Columns of `instalments_with_days_past_due` up to `through_day`, and `amount_due` (of the
    schedule, up to and with this one), `immaterial` (in hundredths of a minor unit), `until_day`.
    """
    due = known.instalments.mutate(amount=lambda t: t.principal + t.interest + t.fee)
    begins = known.reschedulings.select(
        "begin_day",
        begin_point="point",
        begin_source="source",
        begin_loan="loan",
        begin_schedule="schedule",
    )
    due = due.left_join(begins, _of_schedule(due, begins, due.schedule)).drop(begins.columns[1:])
    due = due.filter((due.schedule == 0) | due.begin_day.notnull()).drop("begin_day")
    ends = begins.rename(until_day="begin_day")
    due = due.left_join(ends, _of_schedule(due, ends, due.schedule + 1)).drop(ends.columns[1:])
    # What would have fallen due after the rescheduling never did.
    due = due.filter(due.until_day.isnull() | (due.event_day <= due.until_day))
    in_order = ibis.cumulative_window(
        group_by=("point", "source", "loan", "schedule"), order_by=("event_day", "number")
    )
    due = due.mutate(amount_due=due.amount.sum().over(in_order))
    floor = due.currency.cases(*MATERIALITY_FLOORS.items(), else_=0)
    return due.select(
        *_DUE,
        "amount_due",
        "until_day",
        "through_day",
        due_day="event_day",
        immaterial=ibis.greatest(floor * 100, due.amount * MATERIAL_PERCENT),
    )


def _of_schedule(due: ir.Table, begins: ir.Table, schedule: ir.Value) -> list[ir.Value]:
    return [
        due.point == begins.begin_point,
        due.source == begins.begin_source,
        due.loan == begins.begin_loan,
        schedule == begins.begin_schedule,
    ]
