"""Whatever a scorecard is exported to gives the API's score, to the point, for everybody."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import ironcalc
import numpy as np
import pandas as pd
import psycopg
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.features.engines.spark import spark_session
from scoring.published.bins import edges_of, highest_step
from scoring.published.pmml import scorecard_pmml
from scoring.published.spreadsheet import FIRST_ROW, write_workbook
from scoring.published.sql import Dialect, scorecard_sql, sqlite_number
from scoring.reasons.ranking import MOST_REASONS, group_points
from tests.assessed import assessed, score_of
from tests.conftest import has_java
from tests.models.cards import points_of
from tests.published.conftest import Sample

Run = Callable[[pd.DataFrame, str], dict[str, tuple[int, float]]]


@pytest.fixture(scope="session")
def everybody(sample: Sample) -> pd.DataFrame:
    return sample.values


@pytest.fixture(scope="session")
def at_the_cuts(sample: Sample) -> pd.DataFrame:
    """For each feature, every cut, its nearest neighbours, extremes and nothing."""
    rows = []
    for feature in sample.artefact.points.features:
        near = [
            value
            for cut in feature.cuts
            for value in (cut, math.nextafter(cut, -math.inf), math.nextafter(cut, math.inf))
        ]
        rows += [{feature.name: value} for value in (*near, -1e300, 1e300, None)]
    frame = pd.DataFrame(rows, columns=list(sample.artefact.feature_names), dtype=float)
    return frame.assign(founder=[f"row {n}" for n in range(len(frame))])


def test_everybody_has_the_score_of_the_card(sample: Sample) -> None:
    statuses = [row["status"] for row in sample.rows]
    assert len(statuses) == sample.founders
    assert statuses.count("scored") > sample.founders * 2 / 3
    rows = [row for row in sample.rows if row["status"] == "scored"]
    expected = assessed(sample.artefact, [row["features"] for row in rows])
    assert [row["score"] for row in rows] == expected.score.tolist()


SPARK_IS_SLOW = pytest.param(Dialect.SPARK, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    "dialect", [Dialect.SQLITE, Dialect.POSTGRES, Dialect.DUCKDB, SPARK_IS_SLOW]
)
def test_sql_gives_the_same_score_and_log_odds(
    sample: Sample,
    everybody: pd.DataFrame,
    at_the_cuts: pd.DataFrame,
    dialect: Dialect,
    request: pytest.FixtureRequest,
) -> None:
    frame = pd.concat([everybody, at_the_cuts], ignore_index=True)
    run: Run = request.getfixturevalue(f"on_{dialect.value}")
    statement = scorecard_sql(sample.artefact, model=sample.reference, dialect=dialect)
    assert run(frame, statement) == _expected(sample, frame)


def test_sql_gives_each_features_points(sample: Sample, everybody: pd.DataFrame) -> None:
    statement = scorecard_sql(sample.artefact, model=sample.reference, dialect=Dialect.DUCKDB)
    with closing(duckdb.connect()) as connection:
        connection.register("features", everybody)
        found = connection.sql(statement.rstrip().rstrip(";")).df().set_index("founder")
    names = list(sample.artefact.feature_names)
    wanted = sample.artefact.points.points_of_rows(everybody[names].to_numpy())
    for name, points in zip(names, wanted.T, strict=True):
        assert found[f"{name}__points"].tolist() == points.tolist()


def test_not_a_number_is_missing_where_an_engine_knows_it(
    sample: Sample, postgresql_server: str
) -> None:
    nothing = dict.fromkeys(sample.artefact.feature_names)
    expected = score_of(sample.artefact, nothing)
    columns = ", ".join(
        f"CAST('NaN' AS DOUBLE PRECISION) AS {name}" for name in sample.artefact.feature_names
    )
    for dialect, run in (
        (Dialect.DUCKDB, _ask_duckdb),
        (Dialect.POSTGRES, lambda text: _ask_postgresql(postgresql_server, text)),
    ):
        card = scorecard_sql(sample.artefact, model=sample.reference, dialect=dialect)
        body = card.split("WITH ", 1)[1].rstrip().rstrip(";")
        text = f"WITH features AS (SELECT 'F-1' AS founder, {columns}), {body}"
        assert run(text)[1] == expected


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e250, max_value=1e250))
def test_sqlite_reads_every_number_to_the_bit(value: float) -> None:
    if 0 < abs(value) < 1e-250:
        return  # no cut or log-odds is so small; a division would leave the normal range
    with closing(sqlite3.connect(":memory:")) as connection:
        text = sqlite_number(value).sql(dialect="sqlite")
        assert connection.execute(f"SELECT CAST({text} AS REAL)").fetchone()[0] == value


@pytest.mark.slow
@pytest.mark.skipif(not has_java(), reason="PMML is evaluated on Java, and none was found")
def test_pmml_gives_the_same_score(
    sample: Sample, everybody: pd.DataFrame, at_the_cuts: pd.DataFrame, tmp_path: Path
) -> None:
    from pypmml import Model, PMMLContext

    path = tmp_path / "card.pmml"
    path.write_text(scorecard_pmml(sample.artefact, model=sample.reference), encoding="utf-8")
    model = Model.load(str(path))
    names = list(sample.artefact.feature_names)
    frame = pd.concat([everybody, at_the_cuts], ignore_index=True)
    wanted = _expected(sample, frame)
    try:
        for record in frame.replace({np.nan: None}).to_dict("records"):
            found = model.predict({name: record[name] for name in names})
            assert found["score"] == wanted[record["founder"]][0]
            _assert_reasons(sample, record, found)
    finally:
        PMMLContext.getOrCreate().shutdown()


def _assert_reasons(sample: Sample, record: dict[str, Any], found: dict[str, Any]) -> None:
    """Reason codes are the groups that cost most, as in the API; ties may come in any order."""
    points = points_of(sample.artefact.points, record)
    cost = {
        group.code: group.points
        for group in group_points(points, record, sample.artefact.features)
        if group.points < 0
    }
    told = dict.fromkeys(found[f"reason_{rank}"] for rank in range(1, MOST_REASONS + 1))
    assert [cost[code] for code in told if code in cost] == sorted(cost.values())[:MOST_REASONS]


class Spreadsheet:
    """The workbook in a calculation engine, into which values are typed."""

    def __init__(self, sample: Sample, folder: Path) -> None:
        path = folder / "card.xlsx"
        made_at = datetime(2026, 6, 15, tzinfo=UTC)
        write_workbook(path, sample.artefact, sample.table, made_at=made_at)
        self.names = sample.artefact.feature_names
        self.book = ironcalc.load_from_xlsx(str(path), "en", "UTC", "en")

    def typed(self, values: dict[str, float | None]) -> tuple[int, float]:
        for row, name in enumerate(self.names, start=FIRST_ROW):
            value = values[name]
            if value is None or math.isnan(value):
                self.book.clear_cell_contents(0, row, 4)
            else:
                self.book.update_cell_with_number(0, row, 4, value)
        self.book.evaluate()
        return self.book.get_cell_value(0, 7, 2), self.book.get_cell_value(0, 9, 2)


def test_the_spreadsheet_gives_the_same_score_and_pd(
    sample: Sample, everybody: pd.DataFrame, tmp_path: Path
) -> None:
    sheet = Spreadsheet(sample, tmp_path)
    records = everybody[list(sample.artefact.feature_names)].to_dict("records")
    expected = assessed(sample.artefact, records)
    for record, wanted, wanted_pd in zip(records, expected.score, expected.pd, strict=True):
        score, pd_ = sheet.typed(record)
        assert score == wanted
        assert pd_ == pytest.approx(wanted_pd, rel=1e-12)


def test_the_spreadsheet_finds_the_bin_of_every_value_next_to_a_cut(
    sample: Sample, tmp_path: Path
) -> None:
    sheet = Spreadsheet(sample, tmp_path)
    nothing: dict[str, float | None] = dict.fromkeys(sample.artefact.feature_names)
    for feature in sample.artefact.points.features:
        decimals = sample.artefact.features[feature.name].decimals
        for cut in feature.cuts:
            for step in (0, 1):
                value = (highest_step(cut, decimals) + step) / 10.0**decimals
                values = {**nothing, feature.name: value}
                assert sheet.typed(values)[0] == score_of(sample.artefact, values)


@given(
    st.lists(st.floats(-1e9, 1e9, allow_nan=False), min_size=1, unique=True),
    st.integers(0, 4),
    st.integers(-(10**10), 10**10),
)
def test_edges_of_bins_are_those_of_the_card(cuts: list[float], decimals: int, step: int) -> None:
    cuts = sorted(cuts)
    value = step / 10.0**decimals
    place = sum(value > cut for cut in cuts)
    edges = edges_of(cuts, decimals)[place]
    assert edges.lowest is None or edges.lowest <= step
    assert edges.highest is None or step <= edges.highest


def _expected(sample: Sample, frame: pd.DataFrame) -> dict[str, tuple[int, float]]:
    scores = sample.artefact.points.score_frame(frame)
    values = frame[list(sample.artefact.feature_names)].to_numpy()
    log_odds = sample.artefact.scorecard.card_.log_odds_of_rows(values)
    return {
        founder: (int(score), float(odds))
        for founder, score, odds in zip(frame["founder"], scores, log_odds, strict=True)
    }


def _rows(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    return list(frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None))


def _scores(rows: list[tuple[Any, ...]]) -> dict[str, tuple[int, float]]:
    return {row[0]: (row[1], row[2]) for row in rows}


def _columns(frame: pd.DataFrame, number: str) -> str:
    return ", ".join(
        f'"{name}" {"TEXT" if name == "founder" else number}' for name in frame.columns
    )


@pytest.fixture
def on_sqlite() -> Run:
    def run(frame: pd.DataFrame, statement: str) -> dict[str, tuple[int, float]]:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute(f"CREATE TABLE features ({_columns(frame, 'REAL')})")
            marks = ", ".join("?" * len(frame.columns))
            connection.executemany(f"INSERT INTO features VALUES ({marks})", _rows(frame))
            return _scores(connection.execute(statement).fetchall())

    return run


@pytest.fixture
def on_duckdb() -> Run:
    def run(frame: pd.DataFrame, statement: str) -> dict[str, tuple[int, float]]:
        with closing(duckdb.connect()) as connection:
            connection.register("features", frame)
            return _scores(connection.execute(statement).fetchall())

    return run


@pytest.fixture
def on_postgres(postgresql_url: str) -> Run:
    def run(frame: pd.DataFrame, statement: str) -> dict[str, tuple[int, float]]:
        url = postgresql_url.replace("postgresql+psycopg://", "postgresql://", 1)
        with psycopg.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE features ({_columns(frame, 'DOUBLE PRECISION')})")
            with cursor.copy("COPY features FROM STDIN") as copying:
                for row in _rows(frame):
                    copying.write_row(row)
            return _scores(cursor.execute(statement).fetchall())

    return run


@pytest.fixture
def on_spark(tmp_path: Path) -> Iterator[Run]:
    if not has_java():
        pytest.skip("Spark needs Java, and none was found")
    session = spark_session(cores=1)

    def run(frame: pd.DataFrame, statement: str) -> dict[str, tuple[int, float]]:
        frame.to_parquet(tmp_path / "features.parquet", index=False)
        session.read.parquet(str(tmp_path / "features.parquet")).createOrReplaceTempView("features")
        scored = session.sql(statement.rstrip().rstrip(";")).select("founder", "score", "log_odds")
        scored.write.parquet(str(tmp_path / "scores"))
        return _scores(pq.read_table(tmp_path / "scores").to_pandas().values.tolist())

    yield run
    session.stop()


def _ask_duckdb(text: str) -> tuple[Any, ...]:
    with closing(duckdb.connect()) as connection:
        found = connection.execute(text).fetchone()
    assert found is not None
    return found


def _ask_postgresql(server: str, text: str) -> tuple[Any, ...]:
    with psycopg.connect(server) as connection:
        found = connection.execute(text.encode()).fetchone()
    assert found is not None
    return found
