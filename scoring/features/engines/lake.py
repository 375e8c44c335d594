"""Feature values of many founders at many points, on DuckDB.

The records are a copy of the store's, or a snapshot's Parquet files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import duckdb
import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import BigInteger, select, type_coerce
from sqlalchemy.orm import Session

from scoring.base.calendar import microseconds
from scoring.features import all_features
from scoring.features.catalogue import Kind
from scoring.features.engines.finishing import finished
from scoring.features.engines.loan_states import COLUMN as LOAN_STATES
from scoring.features.engines.points_in_time import ARROW, points_table
from scoring.features.engines.statements import (
    book_statement,
    content_column,
    currencies_statement,
    instalments_statement,
    kind_statement,
    loan_states_statement,
)
from scoring.features.known import POINTS
from scoring.store.lake_columns import LAKE_TABLES, record_columns
from scoring.store.point_in_time import is_known_and_stands
from scoring.store.snapshots import Snapshot
from scoring.store.tables import Base, Instant, Record

_BATCH = 50_000
_FOUNDERS = 1000  # at once in a condition: databases limit its length
_BORROWERS = 25_000  # of a book at once: what their loans are made of is held in memory


class Lake:
    """Record tables in DuckDB.

    Args:
        source: an open reading transaction, from which the tables are copied, streamed; or a
            snapshot, whose files are read as they are asked for.
        founder_ids: whose records are in it; everybody's when None.
    """

    def __init__(
        self, source: Session | Snapshot, founder_ids: Collection[int] | None = None
    ) -> None:
        self.connection = duckdb.connect()
        self._snapshot = source if isinstance(source, Snapshot) else None
        ids = None if founder_ids is None else sorted(founder_ids)
        for table in LAKE_TABLES:
            if isinstance(source, Snapshot):
                self._view(source, table, ids)
            else:
                self._copy(source, table, ids)

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

        Raises:
            InputError: a snapshot is asked for what was known after it was taken.
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
        files = self.files(points, known_at=known_at, zone=zone)
        names = [name for feature in all_features().values() for name in feature.columns]
        return pd.DataFrame(
            {name: files[name].to_numpy() for name in names}, index=points.index, dtype=float
        )

    def files(
        self,
        points: pd.DataFrame,
        *,
        known_at: datetime,
        zone: ZoneInfo,
        kinds: Collection[Kind] = tuple(Kind),
    ) -> pa.Table:
        """The founders' files: `feature.columns`, and per kind what they were made from.

        Columns: `point` (the position in `points`, in its order); of each kind, under names like
        `sales__records`, records, first day and last day (numbers); the columns of its features;
        `first_currency` and `last_currency` by alphabet, null without any money; `loan_states`, the
        loans as they stand, where loans may be read.

        Args:
            points: as `features` takes them.
            known_at: only what was recorded by then counts.
            zone: the installation's time zone.
            kinds: the blocks that may be read.
        """
        self._set_points(points, known_at, zone)
        columns: dict[str, pa.ChunkedArray] = {"point": pa.chunked_array([np.arange(len(points))])}
        for kind in kinds:
            found = self.run(kind_statement(kind, frozenset(kinds), "duckdb").whole, order="point")
            for name in found.column_names[1:]:
                columns[content_column(kind, name)] = found[name]
        currencies = self.run(currencies_statement("duckdb").whole, order="point")
        for name in currencies.column_names[1:]:
            columns[name] = currencies[name]
        if Kind.REPAYMENT in kinds:
            states = self.run(
                f"SELECT point, list(rows) AS {LOAN_STATES} "
                f"FROM ({loan_states_statement('duckdb').whole}) AS rows GROUP BY point",
                order="point",
            )
            places = pa.array(np.arange(len(points)))
            at = pc.index_in(places, value_set=states["point"].combine_chunks())
            columns[LOAN_STATES] = states[LOAN_STATES].combine_chunks().take(at)
        return pa.table(columns)

    def instalments(
        self, points: pd.DataFrame, *, known_at: datetime, zone: ZoneInfo
    ) -> pd.DataFrame:
        """Instalments due at the points with their days past due.

        Columns are those of `instalments_with_days_past_due`; `point` is the position in `points`.
        """
        self._set_points(points, known_at, zone)
        found = self.run(
            instalments_statement("duckdb").whole, order="point, source, loan, schedule, number"
        )
        frame: pd.DataFrame = found.to_pandas()
        return frame

    def loan_states(
        self, points: pd.DataFrame, *, known_at: datetime, zone: ZoneInfo
    ) -> pd.DataFrame:
        """The loans at the points as they stand; `point` is the position in `points`.

        Columns are those of `kinds/loan_states.py`.
        """
        self._set_points(points, known_at, zone)
        found = self.run(loan_states_statement("duckdb").whole, order="point, source, loan")
        frame: pd.DataFrame = found.to_pandas()
        return frame

    def book(self, points: pd.DataFrame, *, known_at: datetime, zone: ZoneInfo) -> pd.DataFrame:
        """The loans of a book at the points; `point` is the position in `points`.

        Columns are those of `book_loans` in `kinds/book.py`.
        """
        found = []
        for start in range(0, max(len(points), 1), _BORROWERS):
            some = points.iloc[start : start + _BORROWERS]
            self._set_points(some, known_at, zone)
            table = self.run(book_statement("duckdb").whole, order="point, source, loan")
            rows: pd.DataFrame = table.to_pandas()
            found.append(rows.assign(point=rows["point"] + start))
        return pd.concat(found, ignore_index=True)

    def standing(self, table: type[Record], *, known_at: datetime) -> pd.DataFrame:
        """Rows of a record kind that the store held at an instant and that counted then, by id.

        Columns are those of `record_columns`.
        """
        records = ibis.table(record_columns(table), name=table.__tablename__)
        instant = microseconds(known_at)
        counted = records.filter(
            is_known_and_stands(
                records,
                stands_today=records.superseded_recorded_at.isnull(),
                as_of_end=instant + 1,  # what was learned at the instant is known at it
                known_at=instant,
            ),
            records.held.isnull(),
        )
        found: pd.DataFrame = self.run(
            str(ibis.to_sql(counted, dialect="duckdb")), order="id"
        ).to_pandas()
        return found

    def _set_points(self, points: pd.DataFrame, known_at: datetime, zone: ZoneInfo) -> None:
        if self._snapshot is not None:
            self._snapshot.require_moment(known_at)
        self.connection.register("given", points_table(points, known_at=known_at, zone=zone))
        self.connection.execute(f"CREATE OR REPLACE TABLE {POINTS} AS SELECT * FROM given")
        self.connection.unregister("given")

    def run(self, statement: str, *, order: str) -> pa.Table:
        """Rows of a statement over the record tables and the last points that were asked for."""
        return self.connection.sql(
            f"SELECT * FROM ({statement}) AS statement ORDER BY {order}"
        ).to_arrow_table()

    def _view(self, snapshot: Snapshot, table: type[Base], ids: list[int] | None) -> None:
        name = table.__tablename__
        paths = snapshot.paths(name)
        if not paths:
            self.connection.register("empty", _schema(table).empty_table())
            self.connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM empty')
            self.connection.unregister("empty")
            return
        columns = ", ".join(f'"{column}"' for column in record_columns(table))
        listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
        only = ""
        if ids is not None and _is_by_founder(table):
            self.connection.register("given", pa.table({"id": pa.array(ids, pa.int64())}))
            self.connection.execute("CREATE OR REPLACE TABLE founders AS SELECT id FROM given")
            self.connection.unregister("given")
            only = " WHERE founder_id IN (SELECT id FROM founders)"
        self.connection.execute(
            f'CREATE VIEW "{name}" AS SELECT {columns} '
            f"FROM read_parquet([{listed}], hive_partitioning = false){only}"
        )

    def _copy(self, session: Session, table: type[Base], ids: list[int] | None) -> None:
        name = table.__tablename__
        self.connection.register("batch", _schema(table).empty_table())
        self.connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM batch')
        for batch in _batches(session, table, ids):
            self.connection.register("batch", batch)
            self.connection.execute(f'INSERT INTO "{name}" SELECT * FROM batch')
        self.connection.unregister("batch")


def _batches(session: Session, table: type[Base], ids: list[int] | None) -> Iterator[pa.Table]:
    schema = _schema(table)
    columns = (table.__table__.c[name] for name in schema.names)
    # Instants go through as the integers that they are in the database.
    raw = [type_coerce(c, BigInteger) if isinstance(c.type, Instant) else c for c in columns]
    statement = select(*raw).order_by(table.__table__.c["id"])
    parts = [statement]
    if ids is not None and _is_by_founder(table):
        parts = [
            statement.where(table.__table__.c["founder_id"].in_(ids[start : start + _FOUNDERS]))
            for start in range(0, len(ids), _FOUNDERS)
        ]
    for part in parts:
        found = session.execute(part, execution_options={"yield_per": _BATCH})
        for rows in found.partitions():
            arrays = [
                pa.array(values, type=field.type)
                for values, field in zip(zip(*rows, strict=True), schema, strict=True)
            ]
            yield pa.table(arrays, schema=schema)


def _schema(table: type[Base]) -> pa.Schema:
    return pa.schema([(name, ARROW[kind]) for name, kind in record_columns(table).items()])


def _is_by_founder(table: type[Base]) -> bool:
    return "founder_id" in table.__table__.c
