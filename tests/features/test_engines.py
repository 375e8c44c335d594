"""One definition, four engines: equal values to the last bit, and so equal scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from sqlalchemy import select

from scoring.base.settings import Settings
from scoring.features import all_features
from scoring.features.catalogue import Kind
from scoring.features.engines.lake import Lake
from scoring.features.engines.spark import SparkLake, spark_session
from scoring.features.known import SOURCE_TABLES
from scoring.parties.consents import Purpose
from scoring.parties.founders import find_founder
from scoring.parties.lenders import find_lender
from scoring.portfolio.engines import Engine
from scoring.portfolio.to_file import score_portfolio_to_file
from scoring.records.kinds import RecordKind
from scoring.score.document import InDefault, ScoreDocument
from scoring.score.scoring import score_founder
from scoring.store.audit import verify_chain
from scoring.store.database import Database
from scoring.store.snapshots import Snapshot, write_snapshot
from scoring.store.tables import Founder
from tests.builders import a_founder, an_expert_model, document_of, import_rows
from tests.conftest import Clock, has_java, new_postgresql_database
from tests.features.equality import compare, on_duckdb, on_spark, on_the_store, points_for
from tests.features.stores import LENDER, copy_store, fill_with_berka, fill_with_sample


@dataclass(frozen=True)
class Compared:
    """A filled store, the same on PostgreSQL, and a snapshot of both."""

    sqlite: Database
    postgresql: Database
    snapshot: Snapshot
    points: pd.DataFrame
    constants: dict[str, float]


def _fill_sample(database: Database) -> None:
    fill_with_sample(database, founders=60)


def _fill_berka(database: Database) -> None:
    fill_with_berka(database, loans=40)


@pytest.fixture(
    scope="module",
    params=[_fill_sample, pytest.param(_fill_berka, marks=pytest.mark.slow)],
    ids=["sample", "berka"],
)
def compared(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgresql_server: str,
) -> Iterator[Compared]:
    fill: Callable[[Database], None] = request.param
    folder = tmp_path_factory.mktemp("engines")
    is_sample = fill is _fill_sample
    now = datetime(2026, 6, 15, 3, 0, tzinfo=UTC) if is_sample else datetime(1999, 1, 5, tzinfo=UTC)
    clock = Clock(now)
    sqlite = Database(Settings(data_dir=folder / "var"), clock)
    sqlite.migrate()
    fill(sqlite)
    with new_postgresql_database(postgresql_server) as url:
        postgresql = Database(Settings(data_dir=folder / "var", database_url=url), clock)
        postgresql.migrate()
        copy_store(sqlite, postgresql)
        snapshot = write_snapshot(sqlite, folder / "lake", actor="test", buckets=3)
        with sqlite.reading() as session:
            ids = list(session.scalars(select(Founder.id).order_by(Founder.id)))
        days = (
            [date(2026, 6, 14), date(2026, 2, 20), date(2025, 9, 30)]
            if is_sample
            else [date(1998, 12, 31), date(1997, 6, 30)]
        )
        ratios = [f.name for f in all_features().values() if f.shrinkage is not None]
        constants = dict.fromkeys(ratios[::2], 0.25)  # the others are not shrunk
        yield Compared(sqlite, postgresql, snapshot, points_for(ids, days, LENDER), constants)
        postgresql.engine.dispose()
        sqlite.engine.dispose()


@pytest.fixture(scope="module")
def spark() -> Iterator[object]:
    session = spark_session(cores=2)
    yield session
    session.stop()


@pytest.mark.parametrize("engine", ["postgresql", "duckdb over the store", "duckdb", "spark"])
def test_values_are_equal_on_every_engine(
    compared: Compared, engine: str, request: pytest.FixtureRequest
) -> None:
    known_at = compared.snapshot.known_at
    given = (compared.points, known_at, compared.constants)
    ours = on_the_store(compared.sqlite, *given)
    if engine == "postgresql":
        theirs = on_the_store(compared.postgresql, *given)
    elif engine == "duckdb":
        theirs = on_duckdb(Lake(compared.snapshot), *given, compared.sqlite)
    elif engine == "spark":
        if not has_java():
            pytest.skip("Spark needs Java, and none was found")
        spark = request.getfixturevalue("spark")
        theirs, shuffles = on_spark(spark, compared.snapshot, *given, compared.sqlite)
        # Records of each table are divided by point once at most, and so are the points; what is
        # made of them finds them divided.
        assert shuffles["records"] <= len(SOURCE_TABLES) + 1
    else:
        with compared.sqlite.reading() as session:
            theirs = on_duckdb(Lake(session), *given, compared.sqlite)
    equality = compare(ours, theirs)
    print(f"{engine} against SQLite: {equality.values} values compared, {equality.differing or 0}")
    assert equality.differing == {}
    assert equality.values == len(compared.points) * ours.shape[1]
    assert equality.known > equality.values / 4


_TIED = 6  # founders who asked two lenders on one day under one reference


def _asking_two_lenders(database: Database) -> dict[int, float]:
    """By founder, the instalment recorded last; the lenders take turns in being first."""
    last = {}
    for number in range(_TIED):
        founder = a_founder(database, f"F-TIED{number}")
        lenders = ["L-A", "L-B"] if number % 2 else ["L-B", "L-A"]
        for place, lender in enumerate(lenders):
            instalment = 100_000 * (1 + number) + 1_000 * (place + number) % 3_000
            row = {
                "founder": founder.reference,
                "application": f"A-{number}",
                "lender": lender,
                "applied_on": database.today - timedelta(days=5),
                "principal": 11 * instalment,
                "months": 12,
                "instalment": instalment,
                "currency": "KRW",
            }
            import_rows(database, RecordKind.APPLICATIONS, [row], source=lender)
        with database.reading() as session:
            last[find_founder(session, founder.reference).id] = float(row["instalment"])  # type: ignore[arg-type]
    return last


def test_of_two_applications_of_one_day_and_reference_the_last_recorded_counts(
    database: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    last = _asking_two_lenders(database)
    points = points_for(list(last), [database.today], "")
    snapshot = write_snapshot(database, tmp_path / "lake", actor="test", buckets=2)
    known_at, zone = snapshot.known_at, database.settings.zone
    store = on_the_store(database, points, known_at, {})["instalment_asked"].tolist()
    assert store == list(last.values())
    kinds = (Kind.APPLICATION,)
    lake = Lake(snapshot).files(points, known_at=known_at, zone=zone, kinds=kinds)
    assert lake["instalment_asked"].to_pylist() == store
    if not has_java():
        pytest.skip("Spark needs Java, and none was found")
    on_spark = SparkLake(request.getfixturevalue("spark"), snapshot)
    with on_spark.files(points, known_at=known_at, zone=zone, kinds=kinds) as files:
        assert files.toArrow().sort_by("point")["instalment_asked"].to_pylist() == store


def test_an_earlier_moment_is_the_same_from_the_store_and_from_a_snapshot(
    compared: Compared,
) -> None:
    before = compared.snapshot.known_at - timedelta(milliseconds=20)
    some = compared.points.head(30)
    ours = on_the_store(compared.sqlite, some, before, {})
    theirs = on_duckdb(Lake(compared.snapshot), some, before, {}, compared.sqlite)
    assert compare(ours, theirs).differing == {}


@pytest.mark.parametrize(
    "engine", [Engine.DUCKDB, pytest.param(Engine.SPARK, marks=pytest.mark.slow)]
)
def test_portfolio_scores_are_those_of_every_founder_alone(
    compared: Compared, engine: Engine, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if engine is Engine.SPARK:
        if not has_java():
            pytest.skip("Spark needs Java, and none was found")
        request.getfixturevalue("spark")  # one session for all tests
    database = compared.sqlite
    an_expert_model(database)
    day = compared.points["as_of"].iloc[0]
    out = tmp_path / "scores.parquet"
    run = score_portfolio_to_file(
        database,
        out,
        lender_reference=LENDER,
        purpose=Purpose.PORTFOLIO_REVIEW,
        engine=engine,
        actor="test",
        as_of=day,
        snapshot=compared.snapshot.directory,
    )
    rows = {row["founder"]: row for row in pq.read_table(out).to_pylist()}
    with database.reading() as session:
        founders = list(session.scalars(select(Founder.reference)))
    assert sorted(rows) == sorted(founders)
    assert run.scored + run.insufficient + run.in_default + run.refused == len(founders)
    with database.writing() as ledger:
        lender = find_lender(ledger.session, LENDER)
        for reference in founders:
            if rows[reference]["status"] == "refused":
                continue
            score = score_founder(
                ledger,
                database.settings,
                reference,
                lender=lender,
                purpose=Purpose.PORTFOLIO_REVIEW,
                as_of=day,
                actor="test",
            )
            _assert_same(rows[reference], document_of(score))
        verify_chain(ledger.session)


def _assert_same(row: dict[str, Any], document: ScoreDocument) -> None:
    result = document.result
    assert (row["status"], row["score"]) == (result.status, result.score)
    arrears = document.current_arrears
    assert row["current_arrears"] == {
        name: getattr(arrears, name) for name in row["current_arrears"]
    }
    if isinstance(result, InDefault):
        assert row["in_default"] == {name: getattr(result, name) for name in row["in_default"]}
    for name in ("band", "log_odds", "pd", "pd_low", "pd_high"):
        assert row[name] == getattr(result, name, None), name
    assert row["features"] == document.features
    assert row["evidence"] == document.evidence.plain()
    if result.score is None:
        lacking = [
            (e.code, e.have.days, e.have.records, e.narrows_by_points) for e in document.missing
        ]
        assert lacking == [
            (e["code"], e["have_days"], e["have_records"], e["narrows_by_points"])
            for e in row["missing"] or ()
        ]
        return
    for side, reasons in result.reasons.by_side.items():
        assert row[f"reasons_{side}"] == [reason.model_dump() for reason in reasons]
    points = [(group["code"], group["points"]) for group in row["points"]]
    assert points == [(group.code, group.points) for group in result.points]
