"""Days past due, defined once, for features and labels alike.

Repayments settle instalments in the order in which they fall due, whatever they were meant for. An
instalment is settled on the first day on which all repayments of the loan reach all that was due
up to it, less 1 % of the instalment itself (immaterial). Until then it is past due by the days
since its due day. A loan's days past due on a day are those of its oldest unsettled instalment, so
the most a loan was ever past due is the most of any of its instalments.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from scoring.features.known import Known

IMMATERIAL_PERCENT = 1


def instalments_with_days_past_due(known: Known) -> ir.Table:
    """Instalments due by each point's day.

    Columns: `point`, `loan`, `number`, `due_day`, `age` (days since due), `amount` and
    `principal` (minor units), `settled_day` (null while unsettled), `days_past_due` (0 or more).
    """
    due = known.instalments.mutate(amount=lambda t: t.principal + t.interest)
    in_order = ibis.cumulative_window(group_by=("point", "loan"), order_by=("event_day", "number"))
    due = due.mutate(amount_due=due.amount.sum().over(in_order)).select(
        *("point", "as_of_day", "loan", "number", "principal", "amount", "amount_due", "age"),
        due_day="event_day",
    )
    received = known.repayments
    in_order = ibis.cumulative_window(group_by=("point", "loan"), order_by=("event_day", "id"))
    received = received.mutate(received=received.amount.sum().over(in_order)).select(
        "received", paid_point="point", paid_loan="loan", paid_day="event_day"
    )
    enough = due.left_join(
        received,
        [
            due.point == received.paid_point,
            due.loan == received.paid_loan,
            received.received * 100 >= due.amount_due * 100 - due.amount * IMMATERIAL_PERCENT,
        ],
    )
    settled = enough.group_by(
        "point", "as_of_day", "loan", "number", "due_day", "age", "principal", "amount"
    ).aggregate(settled_day=enough.paid_day.min())
    end = ibis.coalesce(settled.settled_day, settled.as_of_day)
    return settled.mutate(days_past_due=ibis.greatest(end - settled.due_day, 0))
