"""Order lines of many founders made up for benchmarks: vectorised, written as a snapshot."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scoring.base.calendar import day_number, microseconds
from scoring.features.engines.points_in_time import ARROW
from scoring.store.lake_columns import LAKE_TABLES, record_columns
from scoring.store.snapshots import Snapshot, open_snapshot, sha256_of
from scoring.store.snapshots.manifest import DIGEST, MANIFEST, SnapshotFile, manifest_text
from scoring.store.tables import OrderLine, Pause, PlatformEvent

AS_OF = date(2026, 6, 15)
KNOWN_AT = datetime(2026, 7, 1, tzinfo=UTC)
CHANNELS = ("smartstore", "coupang", "11st", "own")
_BUYERS = 300
_DAYS = 730


def write_lake(directory: Path, *, founders: int, lines: int, buckets: int) -> Snapshot:
    """A snapshot with so many order lines of each founder, some pauses and two platform events."""
    rng = np.random.default_rng(7)
    files: dict[str, list[SnapshotFile]] = {table.__tablename__: [] for table in LAKE_TABLES}
    for bucket in range(buckets):
        ids = np.arange(bucket, founders, buckets)
        _write(directory, files, OrderLine, _lines(rng, ids, lines), bucket)
        _write(directory, files, Pause, _pauses(rng, ids), bucket)
    _write(directory, files, PlatformEvent, _events(), None)
    columns = {table.__tablename__: record_columns(table) for table in LAKE_TABLES}
    (directory / MANIFEST).write_text(manifest_text(KNOWN_AT, buckets, columns, files))
    (directory / DIGEST).write_text(sha256_of(directory / MANIFEST))
    return open_snapshot(directory)


def _lines(rng: np.random.Generator, ids: np.ndarray, lines: int) -> dict[str, pa.Array]:
    count = ids.size * lines
    # A founder has a span of trade, a quiet time in it, and more orders on some days.
    span = rng.integers(150, _DAYS, ids.size)[:, None]
    ago = (rng.beta(1.0, 1.2, (ids.size, lines)) * span).astype(np.int64)
    quiet = rng.integers(20, 500, ids.size)[:, None]
    length = rng.integers(0, 160, ids.size)[:, None]
    ago = np.where((ago >= quiet) & (ago < quiet + length), quiet + length, ago)
    day = day_number(AS_OF) - np.sort(ago, axis=1)[:, ::-1].ravel()
    is_refund = rng.random(count) < 0.04
    gross = rng.integers(5_000, 90_000, count)
    caused = rng.integers(0, 2, count)
    return {
        "id": pa.array(np.arange(count)),
        "founder_id": pa.array(np.repeat(ids, lines)),
        "event_day": pa.array(day),
        "channel": _words(rng.integers(0, len(CHANNELS), count), CHANNELS),
        "entry": _words(is_refund.astype(np.int64), ("sale", "refund")),
        "gross": pa.array(np.where(is_refund, 0, gross)),
        "discount": pa.array(np.where(is_refund, 0, gross // 20)),
        "refund": pa.array(np.where(is_refund, gross, 0)),
        "refund_cause": _words(caused, ("seller", "buyer"), missing=~is_refund),
        "buyer": _words(
            rng.integers(0, _BUYERS, count),
            tuple(f"{number:032x}" for number in range(_BUYERS)),
            missing=rng.random(count) < 0.2,
        ),
    }


def _pauses(rng: np.random.Generator, ids: np.ndarray) -> dict[str, pa.Array]:
    some = ids[::5]
    first = day_number(AS_OF) - rng.integers(30, 500, some.size)
    return {
        "id": pa.array(np.arange(some.size)),
        "founder_id": pa.array(some),
        "event_day": pa.array(first),
        "ends_day": pa.array(first + rng.integers(3, 160, some.size)),
    }


def _events() -> dict[str, pa.Array]:
    first = day_number(AS_OF) - np.array([70, 300])
    return {
        "id": pa.array([1, 2]),
        "channel": pa.array(["smartstore", "coupang"]),
        "kind": pa.array(["payout_stopped", "outage"]),
        "event_day": pa.array(first),
        "ends_day": pa.array(first + 20),
    }


def _words(
    numbers: np.ndarray, words: tuple[str, ...], *, missing: np.ndarray | None = None
) -> pa.Array:
    indices = pa.array(numbers.astype(np.int32), mask=missing)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words)).cast(pa.string())


def _write(
    directory: Path,
    files: dict[str, list[SnapshotFile]],
    table: type,
    columns: dict[str, pa.Array],
    bucket: int | None,
) -> None:
    """Write one file, learned the day after and recorded at once; other columns are empty."""
    count = len(columns["id"])
    day = columns["event_day"].to_numpy()
    columns["learned_at"] = pa.array((day + 1) * 86_400_000_000)
    recorded = microseconds(datetime(2026, 6, 20, tzinfo=UTC))
    columns["recorded_at"] = pa.array(np.full(count, recorded))
    kinds = record_columns(table)
    schema = pa.schema([(name, ARROW[kind]) for name, kind in kinds.items()])
    nulls = {name: pa.nulls(count, ARROW[kind]) for name, kind in kinds.items()}
    whole = pa.table([columns.get(name, nulls[name]) for name in kinds], schema=schema)
    part = "" if bucket is None else f"bucket={bucket:02d}/"
    path = directory / f"{table.__tablename__}/{part}records.parquet"  # type: ignore[attr-defined]
    path.parent.mkdir(parents=True)
    pq.write_table(whole, path, compression="zstd")
    name = str(path.relative_to(directory))
    made = SnapshotFile(name, bucket, count, path.stat().st_size, sha256_of(path))
    files[table.__tablename__].append(made)  # type: ignore[attr-defined]
