"""Volatility is of whole weeks and whole months: a young seller reads as an old one does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from scoring.base.settings import Settings
from scoring.features.catalogue import Kind
from scoring.features.engines.finishing import finished
from scoring.features.engines.lake import Lake
from scoring.features.engines.statements import of_kind
from scoring.parties.founders import find_founder
from scoring.records.kinds import RecordKind
from scoring.store.database import Database
from tests.builders import a_founder, import_rows
from tests.conftest import Clock, new_sqlite_store

TODAY = date(2026, 6, 15)
_counter = iter(range(10**9))
_quietly = settings(
    deadline=None,
    max_examples=4,
    phases=[Phase.generate],  # a seller is drawn whole: a smaller one says no more
    suppress_health_check=list(HealthCheck),
)
amounts = st.integers(100_000, 2_000_000)  # no order is doubtful beside the others


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Database:
    clock = Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC))
    return new_sqlite_store(Settings(data_dir=tmp_path_factory.mktemp("store")), clock)


def _selling(store: Database, day_by_day: list[int]) -> str:
    """A seller with one order a day, the last of them today."""
    founder = a_founder(store, f"F-{next(_counter)}").reference
    days = len(day_by_day)
    rows: list[dict[str, object]] = [
        {
            "founder": founder,
            "channel": "cafe24",
            "order_line": f"{founder}-{number}",
            "ordered_on": TODAY - timedelta(days=days - 1 - number),
            "quantity": 1,
            "gross": gross,
            "currency": "KRW",
        }
        for number, gross in enumerate(day_by_day)
    ]
    import_rows(store, RecordKind.SALES, rows)
    return founder


def _receiving(store: Database, day_by_day: list[int]) -> str:
    """Somebody whose account receives money every day, today for the last time."""
    founder = a_founder(store, f"F-{next(_counter)}").reference
    days = len(day_by_day)
    rows: list[dict[str, object]] = [
        {
            "founder": founder,
            "account": "A1",
            "line": f"T{number}",
            "booked_on": TODAY - timedelta(days=days - 1 - number),
            "direction": "in",
            "amount": amount,
            "currency": "KRW",
        }
        for number, amount in enumerate(day_by_day)
    ]
    import_rows(store, RecordKind.CASH_FLOW, rows)
    return founder


def _values(
    store: Database, kind: Kind, name: str, points: list[tuple[str, date]]
) -> tuple[list[float], list[float]]:
    """Values of a feature at founders' days, not shrunk, and the weeks or months they rest on."""
    with store.reading() as session:
        frame = pd.DataFrame(
            [(find_founder(session, reference).id, day) for reference, day in points],
            columns=["founder_id", "as_of"],
        )
        lake = Lake(session, frame["founder_id"].unique().tolist())
        files = lake.files(frame, known_at=store.clock(), zone=store.settings.zone, kinds=(kind,))
    feature = next(each for each in of_kind(kind) if each.name == name)
    columns = {each: files[each].to_numpy().astype(float) for each in feature.columns}
    values = finished(columns, [feature], {})[name]
    assert not np.isnan(values).any()
    return values.tolist(), columns[feature.columns[1]].tolist()


@_quietly
@given(week=st.lists(amounts, min_size=7, max_size=7))
def test_a_steady_seller_reads_the_same_at_every_age(store: Database, week: list[int]) -> None:
    seller = _selling(store, week * 30)
    first = TODAY - timedelta(days=7 * 30 - 1)
    days = [first + timedelta(days=age - 1) for age in range(8 * 7, 30 * 7)]
    found, weeks = _values(store, Kind.SALES, "weekly_volatility_182d", [(seller, d) for d in days])
    assert set(found) == {0.0}
    assert weeks == [min(age // 7, 26) for age in range(8 * 7, 30 * 7)]


@_quietly
@given(day_by_day=st.lists(amounts, min_size=8 * 7, max_size=24 * 7))
def test_the_partial_oldest_week_changes_nothing(store: Database, day_by_day: list[int]) -> None:
    partial = len(day_by_day) % 7
    sellers = [_selling(store, day_by_day), _selling(store, day_by_day[partial:])]
    points = [(seller, TODAY) for seller in sellers]
    (whole, cut), _ = _values(store, Kind.SALES, "weekly_volatility_182d", points)
    weeks = np.array(day_by_day[partial:], dtype=float).reshape(-1, 7).sum(axis=1)
    assert whole == cut == pytest.approx(weeks.std() / weeks.mean(), abs=0.00501)


@_quietly
@given(month=st.lists(amounts, min_size=30, max_size=30))
def test_a_steady_income_reads_the_same_at_every_age(store: Database, month: list[int]) -> None:
    holder = _receiving(store, month * 7)
    first = TODAY - timedelta(days=7 * 30 - 1)
    days = [first + timedelta(days=age - 1) for age in range(4 * 30, 7 * 30)]
    points = [(holder, day) for day in days]
    found, months = _values(store, Kind.CASH_FLOW, "inflow_volatility_180d", points)
    assert set(found) == {0.0}
    assert months == [min(age // 30, 6) for age in range(4 * 30, 7 * 30)]


@_quietly
@given(day_by_day=st.lists(amounts, min_size=4 * 30, max_size=6 * 30 - 1))
def test_the_partial_oldest_month_changes_nothing(store: Database, day_by_day: list[int]) -> None:
    partial = len(day_by_day) % 30
    holders = [_receiving(store, day_by_day), _receiving(store, day_by_day[partial:])]
    points = [(holder, TODAY) for holder in holders]
    (whole, cut), _ = _values(store, Kind.CASH_FLOW, "inflow_volatility_180d", points)
    months = np.array(day_by_day[partial:], dtype=float).reshape(-1, 30).sum(axis=1)
    assert whole == cut == pytest.approx(months.std() / months.mean(), abs=0.00501)


@pytest.mark.parametrize("age", [56, 58, 60, 62])
def test_a_young_shop_is_not_flattered(store: Database, age: int) -> None:
    """Weeks of 1 and 2 million by turns vary by a third of their mean, whatever came before."""
    by_week = [300_000 + 300_000 * (day // 7 % 2) for day in range(age)][::-1]
    shop = _selling(store, by_week)
    (found,), _ = _values(store, Kind.SALES, "weekly_volatility_182d", [(shop, TODAY)])
    assert found == 0.33
