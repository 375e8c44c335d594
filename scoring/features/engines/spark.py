"""Feature values of many founders on Spark, over a snapshot's Parquet files.

The records as known at the points are divided by point once, per record table, and kept; every
aggregate and join after that finds its rows where they are. So the plan has one shuffle per record
table, and none for what is calculated from them.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa

from scoring.base.errors import EngineError
from scoring.features.catalogue import Kind
from scoring.features.engines.loan_states import COLUMN as LOAN_STATES
from scoring.features.engines.points_in_time import ARROW, points_table
from scoring.features.engines.statements import (
    CONTENT_COLUMNS,
    content_column,
    currencies_statement,
    kind_statement,
    known_relations,
    loan_states_statement,
    of_kind,
)
from scoring.features.known import POINTS
from scoring.store.snapshots import Snapshot

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_ROWS_A_PARTITION = 1_000_000


def spark_session(*, cores: int | None = None) -> SparkSession:
    """The session that runs already, or a new one on this machine.

    Args:
        cores: of a new one on this machine; as Spark is configured (all, as a rule) when None.

    Raises:
        EngineError: PySpark or Java is missing; says how to install it.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise EngineError(
            'Spark is not installed. Run `pip install "foothold[spark]"`, or use --engine duckdb.'
        ) from error
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise EngineError(
            "Spark needs Java 17 or 21, and none was found. Install it (on Debian: "
            "`apt-get install default-jre-headless`), or use --engine duckdb."
        )
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # workers need this very environment
    builder = SparkSession.builder.appName("foothold")
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": "2g",
        "spark.buffer.pageSize": "2m",  # many small aggregates side by side, not a few large ones
        "spark.log.level": "ERROR",
        "spark.sql.session.timeZone": "UTC",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    if cores is not None:
        builder = builder.master(f"local[{cores}]")
    return builder.getOrCreate()


class SparkLake:
    """A snapshot's record tables on Spark.

    Args:
        session: of Spark; the tables get names in a session of their own beside it.
        snapshot: whose files; every worker has to find them under the same path.
    """

    def __init__(self, session: SparkSession, snapshot: Snapshot) -> None:
        self.session = session.newSession()
        self.snapshot = snapshot
        self.partitions = max(
            2 * session.sparkContext.defaultParallelism,
            sum(snapshot.rows.values()) // _ROWS_A_PARTITION,
        )
        # Partitions are divided by point once and for all: nothing is left to adapt.
        self.session.conf.set("spark.sql.adaptive.enabled", "false")
        self.session.conf.set("spark.sql.shuffle.partitions", str(self.partitions))
        if sum(snapshot.rows.values()) < _ROWS_A_PARTITION:
            # Compiling the plan takes longer than running it as it is.
            self.session.conf.set("spark.sql.codegen.wholeStage", "false")
            self.session.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        # Rows of a point and loan are together where rows of the point are.
        self.session.conf.set("spark.sql.requireAllClusterKeysForCoPartition", "false")
        for name in snapshot.columns:
            self._table(name).createOrReplaceTempView(name)

    @contextmanager
    def files(
        self,
        points: pd.DataFrame,
        *,
        known_at: datetime,
        zone: ZoneInfo,
        kinds: Collection[Kind] = tuple(Kind),
    ) -> Iterator[DataFrame]:
        """The founders' files, with the columns that `Lake.files` gives; rows in any order.

        What is kept in memory meanwhile is let go at the end.

        Args:
            points: as `Lake.features` takes them.
            known_at: only what was recorded by then counts.
            zone: the installation's time zone.
            kinds: the blocks that may be read.

        Raises:
            InputError: the snapshot is asked for what was known after it was taken.
        """
        self.snapshot.require_moment(known_at)
        allowed = frozenset(kinds)
        kept = self._keep_known(points_table(points, known_at=known_at, zone=zone), allowed)
        try:
            # Kind by kind: in one stage, the aggregates of all would claim their memory at once.
            for kind in kinds:
                kept.append(self._kind(kind, allowed).persist())
                kept[-1].count()
            first, *others = kept[-len(kinds) :]
            for other in others:
                first = first.join(other, on="point")
            currencies = self.session.sql(currencies_statement("spark").body)
            whole = first.join(currencies, on="point")
            if Kind.REPAYMENT in allowed:
                whole = whole.join(self._loan_states(), on="point", how="left")
            yield whole
        finally:
            for frame in kept:
                frame.unpersist()

    def _keep_known(self, points: pa.Table, kinds: frozenset[Kind]) -> list[DataFrame]:
        from pyspark.sql.functions import broadcast

        given = self.session.createDataFrame(points).repartition(self.partitions, "point").persist()
        kept = [given]
        broadcast(given).createOrReplaceTempView(POINTS)  # so that the records need not move
        for name, sql in known_relations(kinds, "spark").items():
            known = self.session.sql(sql).repartition(self.partitions, "point").persist()
            known.createOrReplaceTempView(name)
            kept.append(known)
        given.createOrReplaceTempView(POINTS)
        return kept

    def _kind(self, kind: Kind, kinds: frozenset[Kind]) -> DataFrame:
        names = [*CONTENT_COLUMNS, *(name for f in of_kind(kind, kinds) for name in f.columns)]
        found = self.session.sql(kind_statement(kind, kinds, "spark").body)
        renamed = (found[name].alias(content_column(kind, name)) for name in names)
        return found.select("point", *renamed)

    def _loan_states(self) -> DataFrame:
        return self.session.sql(
            f"SELECT point, collect_list(struct(rows.*)) AS {LOAN_STATES} "
            f"FROM ({loan_states_statement('spark').body}) AS rows GROUP BY point"
        )

    def _table(self, name: str) -> DataFrame:
        columns = self.snapshot.columns[name]
        paths = self.snapshot.paths(name)
        if not paths:
            schema = pa.schema([(column, ARROW[kind]) for column, kind in columns.items()])
            return self.session.createDataFrame(schema.empty_table())
        return self.session.read.parquet(*paths).select(*columns)
