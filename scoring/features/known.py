"""Records as known at points in time: the one place that keeps features from seeing the future.

A point is a founder at the end of a day D, asked with what the store held at an instant K. A
record counts when its event day is at most D, it was learned before D ended, it was recorded by K,
it is not held back (a doubt, a dispute), and no record that meets the same two conditions of
knowledge stands in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cached_property, wraps

import ibis
import ibis.expr.types as ir

from scoring.loans.codes import LoanEventCode, LoanEventReason
from scoring.store.lake_columns import record_columns
from scoring.store.point_in_time import is_known_and_stands
from scoring.store.tables import (
    Application,
    Attendance,
    CashFlowLine,
    Instalment,
    Loan,
    LoanEvent,
    LoanReport,
    OrderLine,
    Pause,
    PlatformEvent,
    Record,
    Repayment,
)
from scoring.store.tables.bookkeeping import BOOKKEEPING

# founder at the end of day `as_of_day` (which ends at instant `as_of_end`), known at `known_at`,
# asked for by `asking_lender` (its reference; empty where any lender's applications count);
# `loans_of_lender`: whose loans are read, where the founder refused that others' are; all if empty;
# `year_before_day` ends the same season a year before (`seasons.py`)
POINTS_SCHEMA = {
    "point": "int64",
    "founder_id": "int64",
    "as_of_day": "int64",
    "as_of_end": "int64",
    "known_at": "int64",
    "asking_lender": "string",
    "loans_of_lender": "string",
    "year_before_day": "int64",
}
POINTS = "points"
# The tables that features read. Only the last is nobody's file: what a channel did to all sellers.
SourceTable = Record | PlatformEvent
SOURCE_TABLES: tuple[type[SourceTable], ...] = (
    Attendance,
    OrderLine,
    Loan,
    Instalment,
    Repayment,
    LoanEvent,
    LoanReport,
    CashFlowLine,
    Application,
    Pause,
    PlatformEvent,
)
# Of the bookkeeping, only where a record came from goes on: some numbers are a source's own.
_LEFT_BEHIND = (BOOKKEEPING - {"source"}) | {"founder_id"}


class Known:
    """The record tables as they were known at the points, each row with its `point` and `age`.

    `age` is the number of days from the event day to the point's day, 0 or more. A schedule is
    known ahead of its due days; what is not due yet has no place in a feature and is left out.
    """

    def __init__(self) -> None:
        self.points = ibis.table(POINTS_SCHEMA, name=POINTS)
        self._derived: dict[str, ir.Table] = {}

    @property
    def relations(self) -> dict[str, ir.Table]:
        """What was asked for so far, by name; each is made of the points and of those before it."""
        own = {
            name: relation
            for name, relation in vars(self).items()
            if isinstance(relation, ir.Table) and name != POINTS
        }
        return own | self._derived

    def once(self, name: str, make: Callable[[Known], ir.Table]) -> ir.Table:
        """A relation that is made of known ones and used more than once."""
        if name not in self._derived:
            made = make(self)
            self._derived.setdefault(name, made)
        return self._derived[name]

    @cached_property
    def attendance(self) -> ir.Table:
        """Founder × session."""
        return self._as_known(Attendance)

    @cached_property
    def order_lines(self) -> ir.Table:
        """Sales and refunds."""
        return self._as_known(OrderLine)

    @cached_property
    def loans(self) -> ir.Table:
        """Loans disbursed that may be read, with `through_day`, the last day reported of each.

        Of a loan that was never reported, that is the day of its disbursement.
        """
        points = self.points.select("loans_of_lender", lent_point="point")
        loans = self._as_known(Loan)
        loans = loans.join(points, loans.point == points.lent_point).drop("lent_point")
        loans = loans.filter(
            (loans.loans_of_lender == "") | (loans.lender == loans.loans_of_lender)
        ).drop("loans_of_lender")
        told = self._as_known(LoanReport)
        through = ibis.least(told.through_day, told.as_of_day - told.lag_days)
        told = told.group_by("point", "source", "loan").aggregate(reported=through.max())
        told = told.rename(told_point="point", told_source="source", told_loan="loan")
        found = loans.left_join(
            told,
            [
                loans.point == told.told_point,
                loans.source == told.told_source,
                loans.reference == told.told_loan,
            ],
        ).drop("told_point", "told_source", "told_loan")
        through_day = ibis.greatest(found.reported.coalesce(found.event_day), found.event_day)
        return found.mutate(through_day=through_day).drop("reported")

    @cached_property
    def instalments(self) -> ir.Table:
        """Instalments of these loans that have fallen due, as far as the loans were reported.

        `currency` and `through_day` are the loan's.
        """
        due = self._as_known(Instalment).drop("currency")
        loans = self.loans.select(
            *("currency", "through_day"),
            lent_point="point",
            lent_source="source",
            lent_reference="reference",
        )
        due = due.join(
            loans,
            [
                due.point == loans.lent_point,
                due.source == loans.lent_source,
                due.loan == loans.lent_reference,
            ],
        ).drop("lent_point", "lent_source", "lent_reference")
        return due.filter(due.event_day <= due.through_day)

    @cached_property
    def repayments(self) -> ir.Table:
        """Money received for loans, that which bounced left out."""
        paid = self._as_known(Repayment)
        events = self.loan_events
        back = events.filter(events.event == LoanEventCode.REVERSED.value).select(
            back_point="point",
            back_source="source",
            back_loan="loan",
            back_repayment="repayment",
        )
        beside = paid.left_join(
            back,
            [
                paid.point == back.back_point,
                paid.source == back.back_source,
                paid.loan == back.back_loan,
                paid.reference == back.back_repayment,
            ],
        )
        return beside.filter(beside.back_point.isnull()).drop(*back.columns)

    @cached_property
    def loan_events(self) -> ir.Table:
        """What became of loans beside their repayments."""
        return self._as_known(LoanEvent)

    @cached_property
    def reschedulings(self) -> ir.Table:
        """Of these events, new schedules: `begin_day`, `schedule`, `amount`, `distress`."""
        events = self.loan_events
        begun = events.filter(
            events.event == LoanEventCode.RESCHEDULED.value, events.schedule.notnull()
        )
        return begun.group_by("point", "source", "loan", "schedule").aggregate(
            begin_day=begun.event_day.min(),
            amount=begun.amount.max(),
            distress=begun.count(where=begun.reason == LoanEventReason.DISTRESS.value),
        )

    @cached_property
    def cash_flow(self) -> ir.Table:
        """Account lines."""
        return self._as_known(CashFlowLine)

    @cached_property
    def all_applications(self) -> ir.Table:
        """Loans asked for, of any lender; no feature may read them."""
        return self._as_known(Application)

    @cached_property
    def applications(self) -> ir.Table:
        """Loans asked for, of the point's lender: what one lender hears is no other's business."""
        asked = self._as_known(Application)
        points = self.points.select("asking_lender", asked_point="point")
        asked = asked.join(points, asked.point == points.asked_point)
        return asked.filter((asked.asking_lender == "") | (asked.lender == asked.asking_lender))

    @cached_property
    def pauses(self) -> ir.Table:
        """Pauses that have begun; `ends_day` may lie ahead."""
        return self._as_known(Pause)

    @cached_property
    def platform_events(self) -> ir.Table:
        """Failures of any channel that have begun; `ends_day` may lie ahead."""
        events = ibis.table(record_columns(PlatformEvent), name=PlatformEvent.__tablename__)
        known = self.points.join(events, self.points.as_of_day >= events.event_day)
        return _as_known(known, record_columns(PlatformEvent))

    def _as_known(self, table: type[Record]) -> ir.Table:
        columns = record_columns(table)
        records = ibis.table(columns, name=table.__tablename__)
        known = self.points.join(records, self.points.founder_id == records.founder_id)
        return _as_known(known.filter(known.held.isnull()), columns)


def shared(make: Callable[[Known], ir.Table]) -> Callable[[Known], ir.Table]:
    """A relation that others are made of: made once, and named once in SQL."""

    @wraps(make)
    def relation(known: Known) -> ir.Table:
        return known.once(make.__name__, make)

    return relation


def _as_known(joined: ir.Table, columns: Collection[str]) -> ir.Table:
    known = joined.filter(
        joined.event_day <= joined.as_of_day,
        is_known_and_stands(
            joined,
            stands_today=joined.superseded_recorded_at.isnull(),
            as_of_end=joined.as_of_end,
            known_at=joined.known_at,
        ),
    )
    kept = [name for name in columns if name not in _LEFT_BEHIND]
    points = ["point", "as_of_day", "year_before_day"]
    return known.select(*points, *kept, age=(known.as_of_day - known.event_day))
