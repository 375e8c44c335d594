"""How each loan stands at a point: what is past due, since when, and what may be a default.

Not a feature: the state of a borrower, from the same instalments with their days past due.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from scoring.features.kinds.days_past_due import instalments_with_days_past_due
from scoring.features.kinds.lent import (
    LOAN,
    closings,
    money_received,
    of_loan,
    schedules_in_force,
)
from scoring.features.known import Known
from scoring.loans.arrears import CLEAN_DAYS, DEFAULT_DAYS
from scoring.loans.codes import LoanEventCode, LoanEventReason


def loan_states(known: Known) -> ir.Table:
    """One row per loan that may be read.

    Columns (days are numbers, amounts minor units, missing where it did not happen):
    `point`, `source`, `loan`, `lender`, `currency`, `as_of_day`, `granted_day`, `through_day` (last
    day reported), `days_past_due` and `past_due` (of the schedule in force, material only; 0
    without), `dues` (fallen due so far), `spell_from` and `spell_until` (first and last day of the
    latest time of arrears, in which gaps of less than 90 days don't count), `spell_worst` (most
    days past due in it), `spell_default_day` (when it reached 90 days), `distress_day` (the latest
    rescheduling in distress), `paid_since` (instalments of the schedule in force that were
    settled), `written_off_day`, `sold_day` (at a loss), `closed_day`.
    """
    dues = instalments_with_days_past_due(known)
    loans = known.loans.select(
        *("point", "source", "lender", "currency", "as_of_day", "through_day"),
        loan="reference",
        granted_day="event_day",
    )
    found = of_loan(loans, schedules_in_force(known).select(*LOAN, in_force="schedule"), "in_force")
    found = of_loan(
        found, standing_now(known, dues), "days_past_due", "past_due", "dues", "paid_since"
    )
    found = of_loan(
        found,
        _latest_spell(dues),
        *("spell_from", "spell_until", "spell_worst", "spell_default_day"),
    )
    begins = known.reschedulings
    distress = begins.filter(begins.distress > 0).group_by(*LOAN)
    found = of_loan(
        found, distress.aggregate(distress_day=lambda t: t.begin_day.max()), "distress_day"
    )
    events = known.loan_events
    lost = events.filter(events.event == LoanEventCode.WRITTEN_OFF.value).group_by(*LOAN)
    found = of_loan(
        found, lost.aggregate(written_off_day=lambda t: t.event_day.min()), "written_off_day"
    )
    sold = events.filter(
        events.event == LoanEventCode.SOLD.value,
        events.reason == LoanEventReason.AT_A_LOSS.value,
    ).group_by(*LOAN)
    found = of_loan(found, sold.aggregate(sold_day=lambda t: t.event_day.min()), "sold_day")
    found = of_loan(found, closings(known), "closed_day")
    zero = {name: found[name].coalesce(0) for name in ("days_past_due", "past_due", "dues")}
    return found.mutate(**zero, paid_since=found.paid_since.coalesce(0)).drop("in_force")


def standing_now(known: Known, dues: ir.Table) -> ir.Table:
    """Days and amount past due of the schedule in force, and how many instalments were settled."""
    in_force = schedules_in_force(known).select(
        in_point="point", in_source="source", in_loan="loan", in_schedule="schedule"
    )
    own = dues.inner_join(
        in_force,
        [
            dues.point == in_force.in_point,
            dues.source == in_force.in_source,
            dues.loan == in_force.in_loan,
            dues.schedule == in_force.in_schedule,
        ],
    )
    stand = own.group_by(*LOAN, "schedule").aggregate(
        days_past_due=own.days_past_due.max(where=own.end_day.isnull()).coalesce(0),
        due=own.amount.sum(),
        dues=own.count(),
        paid_since=own.settled_day.count(),
    )
    money = money_received(known)
    money = money.group_by(*LOAN, "schedule").aggregate(received=money.amount.sum())
    money = money.rename({f"paid_{name}": name for name in (*LOAN, "schedule")})
    beside = stand.left_join(
        money,
        [
            stand.point == money.paid_point,
            stand.source == money.paid_source,
            stand.loan == money.paid_loan,
            stand.schedule == money.paid_schedule,
        ],
    )
    short = ibis.greatest(beside.due - beside.received.coalesce(0), 0)
    return beside.select(
        *LOAN,
        *("days_past_due", "dues", "paid_since"),
        past_due=ibis.ifelse(beside.days_past_due > 0, short, 0),
    )


def _latest_spell(dues: ir.Table) -> ir.Table:
    """The latest time of arrears of each loan; clean gaps of less than 90 days are part of it."""
    late = dues.filter(dues.days_past_due > 0)
    late = late.mutate(until=late.due_day + late.days_past_due, row=late.id)
    order = ("due_day", "row")
    so_far = ibis.cumulative_window(group_by=LOAN, order_by=order)
    late = late.mutate(latest=late.until.max().over(so_far))
    before = ibis.window(group_by=LOAN, order_by=order)
    late = late.mutate(before=late.latest.lag().over(before))
    begins = late.before.isnull() | (late.due_day - late.before >= CLEAN_DAYS)
    starts = late.filter(begins).group_by(*LOAN).aggregate(spell_from=lambda t: t.due_day.max())
    spell = of_loan(late, starts, "spell_from")
    spell = spell.filter(spell.due_day >= spell.spell_from)
    return spell.group_by(*LOAN).aggregate(
        spell_from=spell.spell_from.min(),
        spell_until=spell.until.max(),
        spell_worst=spell.days_past_due.max(),
        spell_default_day=(spell.due_day + DEFAULT_DAYS).min(
            where=spell.days_past_due >= DEFAULT_DAYS
        ),
    )
