"""Records as known at points in time: the one place that keeps features from seeing the future.

A point is a founder at the end of a day D, asked with what the store held at an instant K. A
record counts when its event day is at most D, it was learned before D ended, it was recorded by K,
it is not held back (a doubt, a dispute), and no record that meets the same two conditions of
knowledge stands in its place.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

import ibis
import ibis.expr.types as ir

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
# `year_before_day` ends the same season a year before (`seasons.py`)
POINTS_SCHEMA = {
    "point": "int64",
    "founder_id": "int64",
    "as_of_day": "int64",
    "as_of_end": "int64",
    "known_at": "int64",
    "asking_lender": "string",
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
        """Loans disbursed."""
        return self._as_known(Loan)

    @cached_property
    def instalments(self) -> ir.Table:
        """Instalments that have fallen due."""
        return self._as_known(Instalment)

    @cached_property
    def repayments(self) -> ir.Table:
        """Money received for loans."""
        return self._as_known(Repayment)

    @cached_property
    def loan_events(self) -> ir.Table:
        """What became of loans beside their repayments."""
        return self._as_known(LoanEvent)

    @cached_property
    def loan_reports(self) -> ir.Table:
        """Through which day loans were reported."""
        return self._as_known(LoanReport)

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
