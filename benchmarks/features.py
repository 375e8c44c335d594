"""Features: the batch on DuckDB against hand-written SQL, one founder against pandas, and Spark.

Each size of batch runs in a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.figures import figure, median_seconds, peak_mebibytes, write_figures
from benchmarks.order_lines import AS_OF, KNOWN_AT, write_lake
from benchmarks.score import founder_with_a_thousand_orders
from benchmarks.spark_plan import shuffles_of
from benchmarks.with_pandas import features_with_pandas
from scoring.base.settings import Settings
from scoring.features.catalogue import Kind
from scoring.features.engines.finishing import finished
from scoring.features.engines.lake import Lake
from scoring.features.engines.one_founder import one_founder
from scoring.features.engines.spark import SparkLake, spark_session
from scoring.features.engines.statements import known_relations, of_kind
from scoring.parties.founders import find_founder
from scoring.store.database import Database
from scoring.store.snapshots import open_snapshot

FOUNDERS = 20_000
FEWER = 2_000
LINES = 1_000
SPARK_FOUNDERS = 2_000
_A_BUCKET = 1_000
_ZONE = ZoneInfo("Asia/Seoul")
_BY_HAND = Path(__file__).with_name("sales_by_hand.sql").read_text(encoding="utf-8")


def main() -> None:
    """Run and write `results/features.jsonl`."""
    with tempfile.TemporaryDirectory() as folder:
        many, few = Path(folder) / "many", Path(folder) / "few"
        write_lake(many, founders=FOUNDERS, lines=LINES, buckets=FOUNDERS // _A_BUCKET)
        write_lake(few, founders=FEWER, lines=LINES, buckets=FEWER // _A_BUCKET)
        of_few = _apart(_batch, few)
        of_many = _apart(_batch, many)
        figures = _of_batches(of_many, of_few)
        spark = {cores: _apart(_spark, few, cores) for cores in (1, 2)}
    figures += _of_spark(spark, of_few)
    figures.append(_one_founder())
    write_figures("features", figures)


def _of_batches(many: dict[str, float], few: dict[str, float]) -> list[dict[str, object]]:
    lines = FOUNDERS * LINES
    print(
        f"{lines / many['ours'] / 1e6:.2f} million order lines a second; a bare scan of the "
        f"columns takes {many['scan']:.2f} s, ours {many['ours']:.2f} s. "
        f"{many['values']:.0f} values compared with the hand-written ones, "
        f"{many['differing']:.0f} differ.",
        file=sys.stderr,
    )
    return [
        figure(
            "20,000 founders x 1,000 order lines, all sales features on DuckDB, over hand-written "
            "SQL, seconds",
            ours=many["ours"],
            baseline=many["by_hand"],
            goal=2.5,
        ),
        figure(
            "values that differ from the hand-written, over values",
            ours=many["differing"],
            baseline=many["values"],
            goal=0.0,
        ),
        figure(
            "the same, over a bare scan, seconds",
            ours=many["ours"],
            baseline=many["scan"],
            goal=100.0,
        ),
        figure(
            "20,000 founders over 2,000, seconds",
            ours=many["ours"],
            baseline=few["ours"],
            goal=11.0,
        ),
        figure("peak memory over 4 GiB, MiB", ours=many["peak"], baseline=4096.0, goal=1.0),
    ]


def _of_spark(
    spark: dict[int, dict[str, float]], duckdb: dict[str, float]
) -> list[dict[str, object]]:
    return [
        figure(
            "2,000 founders on Spark, 2 cores over 1, seconds",
            ours=spark[2]["seconds"],
            baseline=spark[1]["seconds"],
            goal=1.0,
        ),
        figure(
            "2,000 founders on Spark with 2 cores, over DuckDB, seconds",
            ours=spark[2]["seconds"],
            baseline=duckdb["ours"],
            goal=100.0,
        ),
        figure(
            "shuffles of records in Spark's plan, and one of the points, over tables as known",
            ours=spark[2]["records"],
            baseline=spark[2]["relations"] + 1,
            goal=1.0,
        ),
    ]


def _batch(lake: Path) -> dict[str, float]:
    """Seconds of ours, of the hand-written SQL and of a bare scan; values and how many differ."""
    snapshot = open_snapshot(lake)
    names = sorted({"founder_id", "event_day", "learned_at", "recorded_at", "held", "channel"}
                   | {"superseded_learned_at", "superseded_recorded_at", "buyer", "entry"}
                   | {"gross", "discount", "refund", "refund_cause", "id"})  # fmt: skip
    scan = "SELECT " + ", ".join(f"count({name}) AS {name}" for name in names)
    spent = {"ours": 0.0, "by_hand": 0.0, "scan": 0.0, "values": 0.0, "differing": 0.0}
    founders = sum(file.rows for file in snapshot.files["order_lines"]) // LINES
    for bucket in range(snapshot.buckets):
        part = Lake(snapshot.part(bucket))
        ids = np.arange(bucket, founders, snapshot.buckets)
        points = pd.DataFrame({"founder_id": ids, "as_of": AS_OF})
        started = time.perf_counter()
        files = part.files(points, known_at=KNOWN_AT, zone=_ZONE, kinds=(Kind.SALES,))
        ours = finished(_columns(files), of_kind(Kind.SALES), {})
        spent["ours"] += time.perf_counter() - started
        started = time.perf_counter()
        by_hand = finished(_columns(part.run(_BY_HAND, order="point")), of_kind(Kind.SALES), {})
        spent["by_hand"] += time.perf_counter() - started
        started = time.perf_counter()
        part.connection.execute(f"{scan} FROM order_lines").fetchall()
        spent["scan"] += time.perf_counter() - started
        for name, values in ours.items():
            same = (values == by_hand[name]) | (np.isnan(values) & np.isnan(by_hand[name]))
            spent["values"] += values.size
            spent["differing"] += int((~same).sum())
        part.connection.close()
    return spent


def _columns(files: pa.Table) -> dict[str, np.ndarray]:
    names = [name for feature in of_kind(Kind.SALES) for name in feature.columns]
    return {name: files[name].to_numpy().astype(float) for name in names}


def _spark(lake: Path, cores: int) -> dict[str, float]:
    """Seconds of a batch of the sales features, after one that starts everything."""
    snapshot = open_snapshot(lake)
    spark = SparkLake(spark_session(cores=cores), snapshot)
    founders = sum(file.rows for file in snapshot.files["order_lines"]) // LINES
    for count in (10, founders):
        points = pd.DataFrame({"founder_id": np.arange(count), "as_of": AS_OF})
        started = time.perf_counter()
        with spark.files(points, known_at=KNOWN_AT, zone=_ZONE, kinds=(Kind.SALES,)) as files:
            rows = files.toArrow().num_rows
            seconds = time.perf_counter() - started
            shuffles = shuffles_of(files)
    assert rows == founders
    spark.session.stop()
    relations = len(known_relations(frozenset({Kind.SALES}), "spark"))
    return {"seconds": seconds, "relations": relations, **shuffles}


def _one_founder() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Settings(data_dir=Path(folder), database_url=None))
        database.migrate()
        founder = founder_with_a_thousand_orders(database)
        zone, today, known_at = database.settings.zone, database.today, database.clock()
        with database.reading() as session:
            founder_id = find_founder(session, founder.reference).id
            connection = session.connection()
            ours = median_seconds(
                lambda: one_founder(session, founder_id, as_of=today, known_at=known_at, zone=zone)
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                baseline = median_seconds(
                    lambda: features_with_pandas(connection, founder_id, today)
                )
    return figure(
        "all features of one founder, over pandas, seconds",
        ours=ours,
        baseline=baseline,
        goal=1 / 6,
    )


def _apart(work: Any, *given: Any) -> dict[str, float]:
    """Run in a new process; `peak` is its memory in MiB."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=_answer, args=(answers, work, given))
    process.start()
    found: dict[str, float] = answers.get()
    process.join()
    return found


def _answer(answers: Any, work: Any, given: tuple[Any, ...]) -> None:
    found = work(*given)
    answers.put(found | {"peak": peak_mebibytes()})


if __name__ == "__main__":
    main()
