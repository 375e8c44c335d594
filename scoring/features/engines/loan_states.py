"""Loans as they stand at a point: rows of `kinds/loan_states.py`, from one founder's store or many.

Many founders' come as lists of rows beside their files, so that one calculation reads both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from scoring.base.calendar import day_of
from scoring.features.engines.points_in_time import point_in_time
from scoring.features.engines.statements import bound_loan_states

COLUMN = "loan_states"  # of the lists, beside a file's columns


@dataclass(frozen=True)
class LoanState:
    """How one loan stands at the end of a day, as it was known then.

    Attributes are those of `kinds/loan_states.py`, with days as dates.
    """

    source: str
    loan: str
    lender: str
    currency: str
    as_of: date
    granted_on: date
    reported_through: date
    days_past_due: int
    past_due: int
    dues: int
    paid_since: int
    spell_from: date | None
    spell_until: date | None
    spell_default_on: date | None
    distress_on: date | None
    written_off_on: date | None
    sold_on: date | None
    closed_on: date | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row of the statement."""
        return cls(
            **{
                field.name: _value(row[_COLUMNS.get(field.name, field.name)], field.name)
                for field in fields(cls)
            }
        )


_COLUMNS = {
    "as_of": "as_of_day",
    "granted_on": "granted_day",
    "reported_through": "through_day",
    "spell_from": "spell_from",
    "spell_until": "spell_until",
    "spell_default_on": "spell_default_day",
    "distress_on": "distress_day",
    "written_off_on": "written_off_day",
    "sold_on": "sold_day",
    "closed_on": "closed_day",
}


def _value(value: Any, name: str) -> Any:
    return day_of(int(value)) if name in _COLUMNS and value is not None else value


def in_order(states: Iterable[LoanState]) -> list[LoanState]:
    """Loans by source and number, so that what is said of them hangs on no engine's order."""
    return sorted(states, key=lambda state: (state.source, state.loan))


def loan_states_of(
    session: Session,
    founder_id: int,
    *,
    as_of: date,
    known_at: datetime,
    zone: ZoneInfo,
    loans_of: str = "",
) -> list[LoanState]:
    """The loans of one founder that may be read, in a fixed order.

    Args:
        session: an open transaction on SQLite or PostgreSQL.
        founder_id: whose.
        as_of: the end of this day in the zone is the point in time.
        known_at: only what was recorded by then counts.
        zone: the installation's time zone.
        loans_of: reference of the lender whose loans alone are read; every lender's when empty.
    """
    connection = session.connection()
    point = point_in_time(
        founder_id, as_of=as_of, known_at=known_at, zone=zone, lender="", loans_of=loans_of
    )
    rows = connection.exec_driver_sql(bound_loan_states(connection.dialect.name), point).mappings()
    return in_order(LoanState.of(dict(row)) for row in rows)
