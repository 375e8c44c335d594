"""A model's step over a whole snapshot, part by part: on DuckDB in this process, or on Spark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scoring.features.engines.lake import Lake
from scoring.portfolio.model_step import ModelStep
from scoring.store.snapshots import Snapshot

_FILES_AT_ONCE = 10_000

Progress = Callable[[str, int, int], None]


class Engine(StrEnum):
    """What a portfolio can be scored on."""

    DUCKDB = "duckdb"
    SPARK = "spark"


def scored_on_duckdb(
    snapshot: Snapshot,
    points: pd.DataFrame,
    step: ModelStep,
    *,
    known_at: datetime,
    zone: ZoneInfo,
    progress: Progress | None = None,
) -> Iterator[pa.RecordBatch]:
    """Scores of the points, bucket by bucket of founders, so that memory does not grow with them.

    Args:
        snapshot: the records.
        points: columns `founder_id`, `founder` (the reference), `as_of`, `lender` and `loans_of`
            (whose loans may be read; every lender's where empty).
        step: the model.
        known_at: only what was recorded by then counts.
        zone: the installation's time zone.
        progress: called with a label, founders done and founders in all.
    """
    bucket_of = points["founder_id"].to_numpy() % snapshot.buckets
    done = 0
    for bucket in np.unique(bucket_of).tolist():
        mine = points[bucket_of == bucket].reset_index(drop=True)
        lake = Lake(snapshot.part(bucket))
        files = lake.files(mine, known_at=known_at, zone=zone, kinds=step.kinds)
        lake.connection.close()
        for name in ("founder", "loans_of"):
            files = files.append_column(name, pa.array(mine[name], pa.string()))
        for batch in step(iter(files.combine_chunks().to_batches(max_chunksize=_FILES_AT_ONCE))):
            yield batch
            done += batch.num_rows
            if progress is not None:
                progress("scores", done, len(points))


def scored_on_spark(
    snapshot: Snapshot,
    points: pd.DataFrame,
    step: ModelStep,
    *,
    known_at: datetime,
    zone: ZoneInfo,
    beside: Path,
) -> Iterator[pa.RecordBatch]:
    """The same on Spark; arguments as `scored_on_duckdb` takes them.

    Args:
        snapshot: the records.
        points: whose scores.
        step: the model; it runs in Spark's workers, on Arrow batches.
        known_at: only what was recorded by then counts.
        zone: the installation's time zone.
        beside: a folder that all workers can write to; what they write there is removed.

    Raises:
        EngineError: Spark or Java is missing.
    """
    from scoring.features.engines.spark import SparkLake, spark_session

    lake = SparkLake(spark_session(), snapshot)
    from pyspark.sql.pandas.types import from_arrow_schema

    names = pa.table(
        {
            "point": np.arange(len(points)),
            "founder": pa.array(points["founder"], pa.string()),
            "loans_of": pa.array(points["loans_of"], pa.string()),
        }
    )
    with (
        lake.files(points, known_at=known_at, zone=zone, kinds=step.kinds) as files,
        TemporaryDirectory(prefix=".scores-", dir=beside) as folder,
    ):
        whole = files.join(lake.session.createDataFrame(names), on="point")
        scored = whole.mapInArrow(step, from_arrow_schema(step.schema))
        scored.write.parquet(f"{folder}/parts")
        for path in sorted(Path(folder, "parts").glob("*.parquet")):
            for batch in pq.ParquetFile(path).iter_batches(_FILES_AT_ONCE):
                table = pa.Table.from_batches([batch]).cast(step.schema)
                yield from table.combine_chunks().to_batches()
