"""Values of features at points in time: one founder on the operational database, many on DuckDB.

Both run the same expressions. Each record kind is one statement, compiled once per engine.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from scoring.calendar import day_number, day_of, end_of, microseconds
from scoring.features import all_features
from scoring.features.catalogue import Feature, Kind
from scoring.features.days_past_due import instalments_with_days_past_due
from scoring.features.finishing import finished
from scoring.features.known import POINTS, POINTS_SCHEMA, Known, SourceTable, record_columns
from scoring.features.lineage import refuse_forbidden
from scoring.features.seasons import year_before_day
from scoring.features.single_point import single_point
from scoring.records.tables import RECORD_TABLES, PlatformEvent, Record

_DIALECTS = {"sqlite": "sqlite", "postgresql": "postgres"}
_PLACEHOLDERS = {"sqlite": ":{}", "postgresql": "%({})s"}
_ARROW = {"int64": pa.int64(), "float64": pa.float64(), "string": pa.string()}
_BATCH = 50_000
_FOUNDERS = 1000  # at once in a condition: databases limit its length

# What the file is made of, counted beside the features of each kind.
_CONTENT = {
    Kind.ATTENDANCE: lambda known: known.attendance,
    Kind.SALES: lambda known: known.order_lines.filter(known.order_lines.entry == "sale"),
    Kind.REPAYMENT: lambda known: known.instalments,
    Kind.CASH_FLOW: lambda known: known.cash_flow,
    Kind.APPLICATION: lambda known: known.applications,
}


@dataclass(frozen=True)
class Content:
    """How many records of a kind a file holds, and from which days."""

    records: int
    first_day: date | None
    last_day: date | None


@dataclass(frozen=True)
class FounderFile:
    """A founder's feature values at a point in time, and what they were made from.

    `observed` are the same values before ratios are shrunk: what was seen, for people to read.
    """

    values: dict[str, float | None]
    contents: dict[Kind, Content]
    observed: dict[str, float | None]


def kind_expression(kind: Kind, features: Sequence[Feature]) -> ir.Table:
    """One row per point: the columns of a kind's features, and how many records it was made from.

    Columns: `point`, `records`, `first_day`, `last_day`, then `feature.columns` of each feature,
    float64; `finished` makes values of them.
    """
    known = Known()
    contents = _CONTENT[kind](known)
    tables = [
        contents.group_by("point").aggregate(
            records=contents.count(),
            first_day=contents.event_day.min(),
            last_day=contents.event_day.max(),
        )
    ]
    relations = {feature.relation: feature.relation(known) for feature in features}
    for relation, rows in relations.items():
        tables.append(
            rows.group_by("point").aggregate(
                **{
                    name: value
                    for feature in features
                    if feature.relation is relation
                    for name, value in feature.values(rows).items()
                }
            )
        )
    joined = known.points.select("point")
    for number, table in enumerate(tables):
        renamed = table.rename({f"point_{number}": "point"})
        joined = joined.left_join(renamed, joined.point == renamed[f"point_{number}"])
    names = [name for feature in features for name in feature.columns]
    for feature in features:
        refuse_forbidden(joined, feature.columns, feature=feature.name)
    return joined.select("point", "records", "first_day", "last_day", *names)


def one_founder(
    session: Session,
    founder_id: int,
    *,
    as_of: date,
    known_at: datetime,
    zone: ZoneInfo,
    lender: str = "",
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
        kinds: the blocks of evidence that may be read.
        constants: to what ratios are shrunk, of the model; not shrunk when None.
    """
    connection = session.connection()
    point = {"point": 0, **_point(founder_id, as_of, known_at, zone), "asking_lender": lender}
    columns: dict[str, np.ndarray] = {}
    contents: dict[Kind, Content] = {}
    features: list[Feature] = []
    for kind in kinds:
        statement, of_this = _statement(kind, frozenset(kinds), connection.dialect.name)
        row = connection.exec_driver_sql(statement, point).one()
        _, records, first, last, *numbers = row
        contents[kind] = Content(
            records=records or 0,
            first_day=None if first is None else day_of(first),
            last_day=None if last is None else day_of(last),
        )
        names = [name for feature in of_this for name in feature.columns]
        columns |= {
            name: np.array([np.nan if number is None else number], dtype=float)
            for name, number in zip(names, numbers, strict=True)
        }
        features += of_this
    return FounderFile(
        _plain(finished(columns, features, constants or {})),
        contents,
        _plain(finished(columns, features, {})),
    )


def run_for_one_point(
    session: Session,
    expression: ir.Table,
    founder_id: int,
    *,
    as_of: date,
    known_at: datetime,
    zone: ZoneInfo,
) -> Sequence[tuple[Any, ...]]:
    """Rows of an expression over the points, for one; the arguments are those of `one_founder`."""
    connection = session.connection()
    engine = connection.dialect.name
    statement = str(ibis.to_sql(expression, dialect=_DIALECTS[engine]))
    text = single_point(statement, dialect=_DIALECTS[engine], placeholder=_PLACEHOLDERS[engine])
    point = {"point": 0, **_point(founder_id, as_of, known_at, zone), "asking_lender": ""}
    return [tuple(row) for row in connection.exec_driver_sql(text, point)]


def _plain(values: Mapping[str, np.ndarray]) -> dict[str, float | None]:
    return {name: None if np.isnan(v[0]) else float(v[0]) for name, v in values.items()}


class Lake:
    """Record tables in DuckDB, for the values of many founders at many points.

    Args:
        session: an open reading transaction; the tables are copied from it, streamed.
        founder_ids: whose records are copied; everybody's when None.
    """

    def __init__(self, session: Session, founder_ids: Collection[int] | None = None) -> None:
        self.connection = duckdb.connect()
        tables: tuple[type[SourceTable], ...] = (*RECORD_TABLES, PlatformEvent)
        for table in tables:
            self._make(table)
            if founder_ids is None or not issubclass(table, Record):
                self._copy(session, table)
                continue
            ids = sorted(founder_ids)
            for start in range(0, len(ids), _FOUNDERS):
                self._copy(session, table, table.founder_id.in_(ids[start : start + _FOUNDERS]))

    def features(
        self,
        points: pd.DataFrame,
        *,
        known_at: datetime,
        zone: ZoneInfo,
        constants: Mapping[str, float] | None = None,
    ) -> pd.DataFrame:
        """Feature values, one row per row of `points` with its index, one column per feature.

        Args:
            points: columns `founder_id` and `as_of` (a date); `lender`, whose applications count,
                where there is such a column, else any lender's.
            known_at: only what was recorded by then counts.
            zone: the installation's time zone.
            constants: to what ratios are shrunk, of the model; not shrunk when None.
        """
        columns = self.columns(points, known_at=known_at, zone=zone)
        values = finished(
            {str(name): column.to_numpy() for name, column in columns.items()},
            all_features().values(),
            constants or {},
        )
        return pd.DataFrame(values, index=points.index)

    def columns(self, points: pd.DataFrame, *, known_at: datetime, zone: ZoneInfo) -> pd.DataFrame:
        """What `finished` takes, `feature.columns` of all features; otherwise like `features`."""
        self._set_points(points, known_at, zone)
        columns: dict[str, np.ndarray] = {}
        for kind in Kind:
            features = of_kind(kind)
            frame = self._run(kind_expression(kind, features))
            for name in (name for feature in features for name in feature.columns):
                columns[name] = frame[name].to_numpy(dtype=float, na_value=np.nan)
        return pd.DataFrame(columns, index=points.index)

    def contents(
        self, points: pd.DataFrame, *, known_at: datetime, zone: ZoneInfo
    ) -> dict[Kind, pd.DataFrame]:
        """Columns `records`, `first_day`, `last_day` (day numbers) per kind, index of `points`."""
        self._set_points(points, known_at, zone)
        return {
            kind: self._run(kind_expression(kind, [])).drop(columns="point").set_axis(points.index)
            for kind in Kind
        }

    def instalments(
        self, points: pd.DataFrame, *, known_at: datetime, zone: ZoneInfo
    ) -> pd.DataFrame:
        """Instalments due at the points with their days past due.

        Columns are those of `instalments_with_days_past_due`; `point` is the position in `points`.
        """
        self._set_points(points, known_at, zone)
        return self._run(instalments_with_days_past_due(Known()), order="loan, number")

    def _make(self, table: type[SourceTable]) -> None:
        types = {"int64": "BIGINT", "float64": "DOUBLE", "string": "VARCHAR"}
        columns = record_columns(table).items()
        declared = ", ".join(f'"{name}" {types[kind]}' for name, kind in columns)
        self.connection.execute(f'CREATE TABLE "{table.__tablename__}" ({declared})')

    def _copy(
        self,
        session: Session,
        table: type[SourceTable],
        *only: ColumnElement[bool],
    ) -> None:
        columns = record_columns(table)
        schema = pa.schema([(name, _ARROW[kind]) for name, kind in columns.items()])
        statement = select(*(table.__table__.c[name] for name in columns)).where(*only)
        # Instants go through as the integers that they are in the database.
        raw = str(
            statement.order_by(table.id).compile(
                session.connection(), compile_kwargs={"literal_binds": True}
            )
        )
        result = session.connection().exec_driver_sql(raw)
        while rows := result.fetchmany(_BATCH):
            batch = pa.table(
                [
                    pa.array(values, type=field.type)
                    for values, field in zip(zip(*rows, strict=True), schema, strict=True)
                ],
                schema=schema,
            )
            self.connection.register("batch", batch)
            self.connection.execute(f'INSERT INTO "{table.__tablename__}" SELECT * FROM batch')
            self.connection.unregister("batch")

    def _set_points(self, points: pd.DataFrame, known_at: datetime, zone: ZoneInfo) -> None:
        lenders = points["lender"] if "lender" in points else [""] * len(points)
        rows = [
            {"point": place, **_point(int(founder), as_of, known_at, zone), "asking_lender": lender}
            for place, (founder, as_of, lender) in enumerate(
                zip(points["founder_id"], points["as_of"], lenders, strict=True)
            )
        ]
        table = pa.Table.from_pylist(
            rows, schema=pa.schema([(name, _ARROW[kind]) for name, kind in POINTS_SCHEMA.items()])
        )
        self.connection.register("given_points", table)
        self.connection.execute(f"CREATE OR REPLACE TABLE {POINTS} AS SELECT * FROM given_points")
        self.connection.unregister("given_points")

    def _run(self, expression: ir.Table, order: str = "point") -> pd.DataFrame:
        statement = ibis.to_sql(expression, dialect="duckdb")
        return self.connection.execute(
            f"SELECT * FROM ({statement}) AS statement ORDER BY {order}"
        ).df()


def of_kind(kind: Kind) -> list[Feature]:
    """The features of a kind, in the order of its statement's columns."""
    return [feature for feature in all_features().values() if feature.kind is kind]


def compile_statements(engine: str) -> None:
    """Compile every statement for an engine now, so that the first score does not wait for it."""
    for kind in Kind:
        _statement(kind, frozenset(Kind), engine)


@cache
def _statement(kind: Kind, kinds: frozenset[Kind], engine: str) -> tuple[str, tuple[Feature, ...]]:
    """SQL for one bound point, and the features of a kind that read no other kinds than these."""
    dialect = _DIALECTS[engine]
    features = tuple(feature for feature in of_kind(kind) if feature.reads <= kinds)
    statement = str(ibis.to_sql(kind_expression(kind, features), dialect=dialect))
    text = single_point(statement, dialect=dialect, placeholder=_PLACEHOLDERS[engine])
    return text, features


def _point(founder_id: int, as_of: date, known_at: datetime, zone: ZoneInfo) -> Mapping[str, int]:
    return {
        "founder_id": founder_id,
        "as_of_day": day_number(as_of),
        "as_of_end": microseconds(end_of(as_of, zone)),
        "known_at": microseconds(known_at),
        "year_before_day": year_before_day(as_of),
    }
