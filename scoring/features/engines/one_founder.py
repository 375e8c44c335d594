"""One founder's feature values, on the operational database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import ibis.expr.types as ir
import numpy as np
from sqlalchemy.orm import Session

from scoring.base.calendar import day_of
from scoring.features.catalogue import Feature, Kind
from scoring.features.engines.finishing import Floats, finished, resolved_shares
from scoring.features.engines.points_in_time import point_in_time
from scoring.features.engines.statements import bound, bound_statement, of_kind
from scoring.features.known import Known


@dataclass(frozen=True)
class Content:
    """How many records of a kind a file holds, and from which days."""

    records: int
    first_day: date | None
    last_day: date | None

    def days(self, as_of: date) -> int:
        """How long the records go back at a day, that day included; 0 without any."""
        return 0 if self.first_day is None else (as_of - self.first_day).days + 1


@dataclass(frozen=True)
class FounderFile:
    """A founder's feature values at a point in time, and what they were made from.

    `observed` are the same values before ratios are shrunk: what was seen, for people to read.
    `resolved` says how much of each its records tell, arrays of one number.
    """

    values: dict[str, float | None]
    contents: dict[Kind, Content]
    observed: dict[str, float | None]
    resolved: dict[str, Floats] = field(default_factory=dict)


def one_founder(
    session: Session,
    founder_id: int,
    *,
    as_of: date,
    known_at: datetime,
    zone: ZoneInfo,
    lender: str = "",
    loans_of: str = "",
    kinds: Collection[Kind] = tuple(Kind),
    constants: Mapping[str, float] | None = None,
) -> FounderFile:
    """The features of one founder, on the connection and in the transaction of the session.

    Args:
        session: an open transaction on SQLite or PostgreSQL.
        founder_id: whose file.
        as_of: the end of this day in the zone is the point in time.
        known_at: only what was recorded by then counts.
        zone: the installation's time zone.
        lender: whose applications count; any lender's when empty.
        loans_of: whose loans are read; every lender's when empty.
        kinds: the blocks that may be read.
        constants: to what ratios are shrunk, of the model; not shrunk when None.
    """
    connection = session.connection()
    point = point_in_time(
        founder_id, as_of=as_of, known_at=known_at, zone=zone, lender=lender, loans_of=loans_of
    )
    columns: dict[str, np.ndarray] = {}
    contents: dict[Kind, Content] = {}
    features: list[Feature] = []
    allowed = frozenset(kinds)
    for kind in kinds:
        statement = bound_statement(kind, allowed, connection.dialect.name)
        row = connection.exec_driver_sql(statement, point).one()
        _, records, first, last, *numbers = row
        contents[kind] = Content(
            records=records or 0,
            first_day=None if first is None else day_of(first),
            last_day=None if last is None else day_of(last),
        )
        of_this = of_kind(kind, allowed)
        names = [name for feature in of_this for name in feature.columns]
        parts = np.array(numbers, dtype=float)[:, None]  # None becomes NaN
        columns |= dict(zip(names, parts, strict=True))
        features += of_this
    values = _plain(finished(columns, features, constants or {}))
    shrunk = [feature for feature in features if feature.name in (constants or {})]
    return FounderFile(
        values=values,
        contents=contents,
        observed=values | _plain(finished(columns, shrunk, {})),
        resolved=resolved_shares(columns, features),
    )


def run_for_one_point(
    session: Session,
    expression: ir.Table,
    known: Known,
    founder_id: int,
    *,
    as_of: date,
    known_at: datetime,
    zone: ZoneInfo,
) -> Sequence[tuple[Any, ...]]:
    """Rows of an expression over the points, for one; other arguments are as `one_founder` has."""
    connection = session.connection()
    point = point_in_time(founder_id, as_of=as_of, known_at=known_at, zone=zone, lender="")
    found = connection.exec_driver_sql(bound(expression, known, connection.dialect.name), point)
    return [tuple(row) for row in found]


def _plain(values: Mapping[str, np.ndarray]) -> dict[str, float | None]:
    numbers = ((name, value.item()) for name, value in values.items())
    return {name: None if number != number else number for name, number in numbers}
