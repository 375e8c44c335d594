"""The loans of a book at a point: what is outstanding, how late it is, and what was lost.

Not features: figures of a lender's book, of the same instalments and days past due.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from scoring.features.kinds.days_past_due import (
    instalments_in_force,
    instalments_with_days_past_due,
)
from scoring.features.kinds.lent import (
    LOAN,
    closings,
    money_received,
    of_loan,
    of_schedule,
    schedules_in_force,
)
from scoring.features.kinds.loan_states import standing_now
from scoring.features.known import Known, shared
from scoring.loans.arrears import MATERIAL_PERCENT, MATERIALITY_FLOORS
from scoring.loans.codes import LoanEventCode

_REACHED = (30, 90)


@shared
def outstanding_principal(known: Known) -> ir.Table:
    """Principal not repaid of each loan's schedule in force.

    Money settles the oldest instalment first, and of it fee and interest before principal; beyond
    what has fallen due it takes off principal that has not. A loan that ended owes nothing.

    Columns: `LOAN`, `lent` (null where a rescheduling told no amount), `due` (fallen due so far),
    `received` (for this schedule), `outstanding` (0 or more), all in minor units.
    """
    money = money_received(known)
    money = money.group_by(*LOAN, "schedule").aggregate(received=money.amount.sum())
    loans = of_schedule(schedules_in_force(known), money, "received")
    loans = loans.mutate(received=loans.received.coalesce(0))
    dues = of_schedule(instalments_in_force(known), money, "received")
    received = dues.received.coalesce(0)
    repaid = ibis.least(
        dues.principal, ibis.greatest(received - dues.amount_due + dues.principal, 0)
    )
    due = dues.group_by(*LOAN, "schedule").aggregate(due=dues.amount.sum(), repaid=repaid.sum())
    beside = of_loan(of_schedule(loans, due, "due", "repaid"), closings(known), "closed_day")
    ahead = ibis.greatest(beside.received - beside.due.coalesce(0), 0)
    left = ibis.greatest(beside.lent - beside.repaid.coalesce(0) - ahead, 0)
    return beside.select(
        *LOAN,
        "lent",
        "received",
        due=beside.due.coalesce(0),
        outstanding=ibis.ifelse(beside.closed_day.notnull(), 0, left),
    )


def book_loans(known: Known) -> ir.Table:
    """One row per loan that may be read.

    Columns, days as numbers, amounts in minor units: `point`, `source`, `loan`, `lender`,
    `currency`, `as_of_day`, `granted_day`, `through_day` (last day reported), `principal` (paid
    out), `outstanding`, `due` and `received` (of the schedule in force), `days_past_due` and
    `past_due` (material only), `contractual_days_past_due` (by the schedule as granted, all money
    against it), `schedule` (0 as granted), `first_30_day` and `first_90_day` (when it was first so
    many days past due), `written_off` and `recovered` (amounts), `written_off_day`, `closed_day`.
    """
    dues = instalments_with_days_past_due(known)
    found = known.loans.select(
        *("point", "source", "lender", "currency", "as_of_day", "through_day", "principal"),
        loan="reference",
        granted_day="event_day",
    )
    found = of_loan(found, standing_now(known, dues), "days_past_due", "past_due")
    found = of_loan(found, outstanding_principal(known), "outstanding", "due", "received")
    found = of_loan(found, schedules_in_force(known).select(*LOAN, "schedule"), "schedule")
    found = of_loan(found, _contractual(known), "oldest_day")
    for days in _REACHED:
        late = dues.filter(dues.days_past_due >= days).group_by(*LOAN)
        name = f"first_{days}_day"
        reached = late.aggregate(**{name: lambda t, days=days: t.due_day.min() + days})
        found = of_loan(found, reached, name)
    events = known.loan_events
    for name, code in (
        ("written_off", LoanEventCode.WRITTEN_OFF),
        ("recovered", LoanEventCode.RECOVERED),
    ):
        told = events.filter(events.event == code.value).group_by(*LOAN)
        told = told.aggregate(
            **{name: lambda t: t.amount.sum(), f"{name}_day": lambda t: t.event_day.min()}
        )
        found = of_loan(found, told, name, f"{name}_day")
    found = of_loan(found.drop("recovered_day"), closings(known), "closed_day")
    late = (found.through_day - found.oldest_day).coalesce(0)
    return found.mutate(
        days_past_due=found.days_past_due.coalesce(0),
        past_due=found.past_due.coalesce(0),
        contractual_days_past_due=ibis.ifelse(found.closed_day.notnull(), 0, late),
        written_off=found.written_off.coalesce(0),
        recovered=found.recovered.coalesce(0),
        outstanding=ibis.ifelse(found.written_off_day.notnull(), 0, found.outstanding),
    ).drop("oldest_day")


def _contractual(known: Known) -> ir.Table:
    """The oldest instalment of the schedule as granted that all money so far left short."""
    money = money_received(known)
    money = money.group_by(*LOAN).aggregate(received=money.amount.sum())
    granted = known.instalments.filter(known.instalments.schedule == 0)
    in_order = ibis.cumulative_window(
        group_by=("point", "source", "loan"), order_by=("event_day", "number")
    )
    dues = granted.mutate(amount=granted.principal + granted.interest + granted.fee)
    dues = dues.mutate(amount_due=dues.amount.sum().over(in_order))
    dues = of_loan(dues, money, "received")
    floor = dues.currency.cases(*MATERIALITY_FLOORS.items(), else_=0)
    immaterial = ibis.greatest(floor * 100, dues.amount * MATERIAL_PERCENT)
    short = dues.filter(dues.received.coalesce(0) * 100 < dues.amount_due * 100 - immaterial)
    return short.group_by(*LOAN).aggregate(oldest_day=short.event_day.min())
