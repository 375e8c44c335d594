"""What was lent and what came of it: money received, and the days on which loans ended."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from scoring.features.known import Known, shared
from scoring.loans.arrears import MATERIALITY_FLOORS
from scoring.loans.codes import LoanEventCode

# By these a loan is known; a schedule of it by its number besides.
LOAN = ("point", "source", "loan")
_ENDS = (LoanEventCode.CLOSED.value, LoanEventCode.WITHDRAWN.value)


def of_loan(table: ir.Table, by_loan: ir.Table, *columns: str) -> ir.Table:
    """Rows of a table of loans (`LOAN`) with columns of another, missing where it has no row."""
    beside = by_loan.select(
        *columns, beside_point="point", beside_source="source", beside_loan="loan"
    )
    return table.left_join(
        beside,
        [
            table.point == beside.beside_point,
            table.source == beside.beside_source,
            table.loan == beside.beside_loan,
        ],
    ).drop("beside_point", "beside_source", "beside_loan")


def of_schedule(table: ir.Table, by_schedule: ir.Table, *columns: str) -> ir.Table:
    """Rows of a table of schedules (`LOAN`, `schedule`) with columns of another, or missing."""
    beside = by_schedule.select(
        *columns,
        beside_point="point",
        beside_source="source",
        beside_loan="loan",
        beside_schedule="schedule",
    )
    return table.left_join(
        beside,
        [
            table.point == beside.beside_point,
            table.source == beside.beside_source,
            table.loan == beside.beside_loan,
            table.schedule == beside.beside_schedule,
        ],
    ).drop("beside_point", "beside_source", "beside_loan", "beside_schedule")


@shared
def money_received(known: Known) -> ir.Table:
    """Repayments that did not bounce, each with the schedule that it counts for.

    Columns: those of repayments, `schedule`, and `received`: all of the schedule up to it.
    """
    paid = known.repayments
    begins = known.reschedulings.select(
        "begin_day", begin_point="point", begin_source="source", begin_loan="loan"
    )
    # Money of the day of a rescheduling was still paid on the old schedule.
    earlier = paid.left_join(
        begins,
        [
            paid.point == begins.begin_point,
            paid.source == begins.begin_source,
            paid.loan == begins.begin_loan,
            paid.event_day > begins.begin_day,
        ],
    )
    kept = ("point", "source", "loan", "id", "event_day", "amount", "age")
    counted = earlier.group_by(*kept).aggregate(schedule=earlier.begin_day.count())
    in_order = ibis.cumulative_window(
        group_by=("point", "source", "loan", "schedule"), order_by=("event_day", "id")
    )
    return counted.mutate(received=counted.amount.sum().over(in_order))


@shared
def closings(known: Known) -> ir.Table:
    """Loans that owe nothing more: `LOAN` and `closed_day`, the first day on which that was so.

    They were closed, given back within fourteen days, recovered after they were written off, or
    repaid in full before their time: the money reached the principal and the interest fallen due.
    """
    events = known.loan_events
    ended = events.filter(events.event.isin(_ENDS)).group_by(*LOAN)
    told = ended.aggregate(told_day=lambda t: t.event_day.min())
    loans = known.loans.select("point", "source", loan="reference")
    found = of_loan(loans, told, "told_day")
    found = of_loan(found, _repaid_early(known), "repaid_day")
    found = of_loan(found, _recovered(known), "recovered_day")
    never = 10**7  # no day number; of missing values the least is missing on SQLite alone
    first = ibis.least(
        found.told_day.coalesce(never),
        found.repaid_day.coalesce(never),
        found.recovered_day.coalesce(never),
    )
    return found.select(*LOAN, closed_day=first.nullif(never))


@shared
def schedules_in_force(known: Known) -> ir.Table:
    """Of each loan the schedule that holds: `LOAN`, `schedule`, `lent` (its principal, or null).

    Columns besides: `currency`, `through_day`, `granted_day`.
    """
    loans = known.loans
    begins = known.reschedulings
    last = begins.group_by(*LOAN).aggregate(schedule=begins.schedule.max())
    loans = loans.select(
        *("point", "source", "currency", "through_day", "principal"),
        loan="reference",
        granted_day="event_day",
    )
    found = of_loan(loans, last, "schedule")
    found = found.mutate(schedule=found.schedule.coalesce(0))
    amounts = begins.select(
        "amount",
        begin_point="point",
        begin_source="source",
        begin_loan="loan",
        begin_schedule="schedule",
    )
    found = found.left_join(
        amounts,
        [
            found.point == amounts.begin_point,
            found.source == amounts.begin_source,
            found.loan == amounts.begin_loan,
            found.schedule == amounts.begin_schedule,
        ],
    )
    lent = ibis.ifelse(found.schedule == 0, found.principal, found.amount.nullif(0))
    return found.select(*LOAN, "schedule", "currency", "through_day", "granted_day", lent=lent)


def _repaid_early(known: Known) -> ir.Table:
    """The first day on which money reached the principal and what else had fallen due."""
    paid = money_received(known).select(
        "received", "schedule", "point", "source", "loan", paid_day="event_day"
    )
    lent = schedules_in_force(known).select(
        *("lent", "currency"),
        lent_point="point",
        lent_source="source",
        lent_loan="loan",
        lent_schedule="schedule",
    )
    floor = lent.currency.cases(*MATERIALITY_FLOORS.items(), else_=0)
    lent = lent.mutate(floor=floor).drop("currency")
    # Few rows come near the principal, so that what follows is asked of few.
    near = paid.inner_join(
        lent,
        [
            paid.point == lent.lent_point,
            paid.source == lent.lent_source,
            paid.loan == lent.lent_loan,
            paid.schedule == lent.lent_schedule,
            paid.received >= lent.lent - lent.floor,
        ],
    )
    charges = known.instalments.select(
        due_point="point",
        due_source="source",
        due_loan="loan",
        due_schedule="schedule",
        due_day="event_day",
        charged=lambda t: t.interest + t.fee,
    )
    beside = near.left_join(
        charges,
        [
            near.point == charges.due_point,
            near.source == charges.due_source,
            near.loan == charges.due_loan,
            near.schedule == charges.due_schedule,
            charges.due_day <= near.paid_day,
        ],
    )
    owed = beside.group_by(*LOAN, "paid_day", "received", "lent", "floor").aggregate(
        charged=beside.charged.sum().coalesce(0)
    )
    enough = owed.filter(owed.received >= owed.lent + owed.charged - owed.floor)
    return enough.group_by(*LOAN).aggregate(repaid_day=enough.paid_day.min())


def _recovered(known: Known) -> ir.Table:
    """The day on which all that was written off had been recovered."""
    events = known.loan_events
    lost = events.filter(events.event == LoanEventCode.WRITTEN_OFF.value)
    lost = lost.group_by(*LOAN).aggregate(lost=lost.amount.sum())
    recovered = events.filter(events.event == LoanEventCode.RECOVERED.value)
    in_order = ibis.cumulative_window(group_by=LOAN, order_by=("event_day", "id"))
    recovered = recovered.mutate(recovered=recovered.amount.sum().over(in_order))
    beside = of_loan(recovered, lost, "lost")
    full = beside.filter((beside.lost > 0) & (beside.recovered >= beside.lost))
    return full.group_by(*LOAN).aggregate(recovered_day=full.event_day.min())
