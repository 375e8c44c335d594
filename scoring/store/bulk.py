"""Many rows at once: appended by the database's fastest door, and read as sets.

The rows are those of the store's tables in their stored form: days as ISO text, instants as
integer microseconds, nothing as None.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
from sqlalchemy import Boolean, ColumnElement, Date, Float, String, select
from sqlalchemy.types import TypeEngine

from scoring.base.calendar import microseconds
from scoring.base.chunks import chunks
from scoring.store.key_chunks import KEYS_AT_ONCE
from scoring.store.ledger import Ledger
from scoring.store.sealing import note_table
from scoring.store.tables import Base, Record

_BATCH = 20_000
Progress = Callable[[int], None]


def append_frame(
    ledger: Ledger, table: type[Base], rows: pd.DataFrame, progress: Progress | None = None
) -> None:
    """Append the rows of a frame, its columns being those of the table, in the stored form.

    `recorded_at` is set here. COPY on PostgreSQL, one prepared statement on SQLite.

    Args:
        ledger: the open transaction.
        table: an append-only table.
        rows: columns of the table without `id` and `recorded_at`.
        progress: called with the number of rows written so far.
    """
    if rows.empty:
        return
    rows = rows.assign(recorded_at=microseconds(ledger.now))
    write = _copy if ledger.session.get_bind().dialect.name == "postgresql" else _insert
    for start in range(0, len(rows), _BATCH):
        write(ledger, table, rows.iloc[start : start + _BATCH])
        if progress is not None:
            progress(min(start + _BATCH, len(rows)))


def standing_frame(
    ledger: Ledger, table: type[Record], *, source: str, keys: Sequence[str]
) -> pd.DataFrame:
    """The records of a source that stand under natural keys, in the stored form.

    Returns:
        One row per record, indexed by natural key; no rows where the source is new.
    """
    names = [column.name for column in table.__table__.columns]
    standing = (table.source == source, table.superseded_recorded_at.is_(None))
    rows: list[Sequence[Any]] = []
    if len(keys) and ledger.session.scalar(select(table.id).where(*standing).limit(1)) is not None:
        for some in chunks(keys, KEYS_AT_ONCE):
            chosen = table.natural_key.in_(some)
            rows += ledger.session.execute(select(table.__table__).where(*standing, chosen)).all()
    return stored_form(pd.DataFrame(rows, columns=names, dtype=object)).set_index(
        "natural_key", drop=False
    )


def stored_form(rows: pd.DataFrame) -> pd.DataFrame:
    """Python values of records as they are stored: days as text, instants as integers."""
    # Column by column: left to itself, pandas guesses types, and turns None into NaN.
    columns = {
        name: pd.Series(_all_stored(rows[name].tolist()), index=rows.index, dtype=object)
        for name in rows.columns
    }
    return pd.DataFrame(columns, index=rows.index, columns=rows.columns)


def _insert(ledger: Ledger, table: type[Base], rows: pd.DataFrame) -> None:
    names = list(rows.columns)
    statement = (
        f'INSERT INTO "{table.__tablename__}" ({", ".join(_quoted(names))}) '
        f"VALUES ({', '.join('?' * len(names))})"
    )
    columns = [_values(rows[name]) for name in names]
    ledger.session.connection().exec_driver_sql(statement, list(zip(*columns, strict=True)))


def _copy(ledger: Ledger, table: type[Base], rows: pd.DataFrame) -> None:
    types = table.__table__.columns
    names = list(rows.columns)
    block = pa.table(
        [pa.array(_values(rows[name]), type=_arrow_type(types[name])) for name in names],
        names=names,
    )
    text = io.BytesIO()
    pyarrow.csv.write_csv(
        block, text, pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
    )
    note_table(ledger.session.connection(), table.__tablename__)
    cursor = ledger.session.connection().connection.cursor()
    statement = (
        f'COPY "{table.__tablename__}" ({", ".join(_quoted(names))}) FROM STDIN (FORMAT csv)'
    )
    with cursor.copy(statement) as copy:
        copy.write(text.getvalue())
    cursor.close()


def _values(column: pd.Series[Any]) -> list[Any]:
    """A column as Python values; what is missing is None, however pandas writes it."""
    if column.dtype.kind in "iub":
        return column.tolist()
    return column.astype(object).where(column.notna(), None).tolist()


def _arrow_type(column: ColumnElement[Any]) -> pa.DataType:
    known: list[tuple[type[TypeEngine[Any]], pa.DataType]] = [
        (Date, pa.string()),
        (String, pa.string()),
        (Float, pa.float64()),
        (Boolean, pa.bool_()),
    ]
    return next((kind for sql, kind in known if isinstance(column.type, sql)), pa.int64())


def _quoted(names: Collection[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def _all_stored(values: list[object]) -> list[object]:
    if any(issubclass(kind, date) for kind in set(map(type, values))):
        return [_stored(value) for value in values]
    return values


def _stored(value: object) -> object:
    if isinstance(value, datetime):
        return microseconds(value)
    if isinstance(value, date):
        return value.isoformat()
    return value
