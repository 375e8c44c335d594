"""Whether engines give equal values: how many were compared, and how many differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.spark_plan import shuffles_of
from scoring.features import all_features
from scoring.features.catalogue import Kind
from scoring.features.engines.finishing import finished
from scoring.features.engines.lake import Lake
from scoring.features.engines.one_founder import one_founder
from scoring.features.engines.spark import SparkLake
from scoring.store.database import Database
from scoring.store.snapshots import Snapshot

Values = pd.DataFrame  # one row per point, one column per feature; then records per kind


@dataclass(frozen=True)
class Equality:
    """A comparison of two engines.

    Attributes:
        values: how many values were compared, missing ones included.
        known: how many of them are not missing.
        differing: names of features with how many of their values differ.
    """

    values: int
    known: int
    differing: Mapping[str, int]


def compare(ours: Values, theirs: Values) -> Equality:
    """Compare value by value; they must be equal to the last bit, or both missing."""
    assert list(ours.columns) == list(theirs.columns)
    assert len(ours) == len(theirs)
    left, right = ours.to_numpy(dtype=float), theirs.to_numpy(dtype=float)
    same = (left == right) | (np.isnan(left) & np.isnan(right))
    differing = (~same).sum(axis=0)
    return Equality(
        values=left.size,
        known=int((~np.isnan(left)).sum()),
        differing={str(n): int(d) for n, d in zip(ours.columns, differing, strict=True) if d},
    )


def on_the_store(
    database: Database,
    points: pd.DataFrame,
    known_at: datetime,
    constants: Mapping[str, float],
) -> Values:
    """One founder after the other, on SQLite or PostgreSQL."""
    rows = []
    with database.reading() as session:
        for founder_id, as_of, lender in zip(
            points["founder_id"], points["as_of"], points["lender"], strict=True
        ):
            file = one_founder(
                session,
                int(founder_id),
                as_of=as_of,
                known_at=known_at,
                zone=database.settings.zone,
                lender=lender,
                constants=constants,
            )
            counts = {f"{kind.value} records": file.contents[kind].records for kind in Kind}
            rows.append(file.values | counts)
    return pd.DataFrame(rows).astype(float)


def on_duckdb(
    source: Lake,
    points: pd.DataFrame,
    known_at: datetime,
    constants: Mapping[str, float],
    database: Database,
) -> Values:
    """All at once on DuckDB."""
    files = source.files(points, known_at=known_at, zone=database.settings.zone)
    return _values(files, constants)


def on_spark(
    session: object,
    snapshot: Snapshot,
    points: pd.DataFrame,
    known_at: datetime,
    constants: Mapping[str, float],
    database: Database,
) -> tuple[Values, dict[str, int]]:
    """All at once on Spark, and the shuffles in its plan."""
    lake = SparkLake(session, snapshot)  # type: ignore[arg-type]
    with lake.files(points, known_at=known_at, zone=database.settings.zone) as files:
        values = _values(files.toArrow().sort_by("point"), constants)
        return values, shuffles_of(files)


def points_for(founder_ids: list[int], days: list[date], lender: str) -> pd.DataFrame:
    """Every founder on every day, asked for by a lender and by nobody in particular."""
    rows = [
        (founder_id, day, asked)
        for founder_id in founder_ids
        for day, asked in zip(days, [lender, ""] * len(days), strict=False)
    ]
    return pd.DataFrame(rows, columns=["founder_id", "as_of", "lender"])


def _values(files: pa.Table, constants: Mapping[str, float]) -> Values:
    features = all_features().values()
    columns = {name: files[name].to_numpy().astype(float) for f in features for name in f.columns}
    values = pd.DataFrame(finished(columns, features, constants))
    for kind in Kind:
        records = files[f"{kind.value}__records"].to_pandas().fillna(0)
        values[f"{kind.value} records"] = records.astype(float)
    return values
