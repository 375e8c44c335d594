"""A feature never sees the future, whatever arrives, late or corrected, and in whatever order."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.features.build import Lake, one_founder
from scoring.records.database import Database
from scoring.records.intake.forms import RecordKind
from scoring.records.parties import find_founder
from scoring.records.store import supersede_record
from scoring.records.tables import RECORD_TABLES, OrderLine
from scoring.settings import Settings
from tests.builders import a_founder, import_rows
from tests.conftest import Clock

NOW = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
TODAY = date(2026, 6, 15)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Database:
    made = Database(Settings(data_dir=tmp_path_factory.mktemp("store")), Clock(NOW))
    made.migrate()
    return made


def _values(database: Database, reference: str, as_of: date) -> dict[str, float | None]:
    with database.reading() as session:
        founder = find_founder(session, reference)
        return one_founder(
            session,
            founder.id,
            as_of=as_of,
            known_at=database.clock() + timedelta(days=3650),
            zone=database.settings.zone,
        ).values


sales = st.lists(
    st.tuples(
        st.integers(min_value=0, max_value=400),  # days ago
        st.integers(min_value=1, max_value=5_000_000),
        st.sampled_from(["cafe24", "coupang", "11st"]),
        st.one_of(st.none(), st.integers(min_value=1, max_value=30)),  # refunded after days
    ),
    min_size=1,
    max_size=40,
)


def _sale_rows(reference: str, drawn: list[tuple[int, int, str, int | None]]) -> list[dict]:
    rows = []
    for number, (ago, gross, channel, refunded_after) in enumerate(drawn):
        day = TODAY - timedelta(days=ago)
        row = {
            "founder": reference,
            "channel": channel,
            "order_line": f"O{number}",
            "ordered_on": day,
            "quantity": 1,
            "gross": gross,
            "currency": "KRW",
            "buyer": f"b{number % 5}",
        }
        if refunded_after is not None and ago >= refunded_after:
            row |= {
                "status": "returned",
                "refunded_on": day + timedelta(days=refunded_after),
                "refund_cause": "seller",
            }
        rows.append(row)
    return rows


_counter = iter(range(10**9))


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    drawn=sales,
    cut=st.integers(min_value=1, max_value=300),
    seed=st.integers(),
    live=st.booleans(),
)
def test_what_comes_after_the_day_changes_nothing(
    store: Database,
    drawn: list[tuple[int, int, str, int | None]],
    cut: int,
    seed: int,
    live: bool,
) -> None:
    reference = f"F-{next(_counter)}"
    as_of = TODAY - timedelta(days=cut)
    a_founder(store, reference)
    rows = _sale_rows(reference, drawn)
    earlier = [row for row in rows if row["ordered_on"] <= as_of]
    later = [row for row in rows if row["ordered_on"] > as_of]
    if earlier:
        import_rows(store, RecordKind.SALES, earlier)
    before = _values(store, reference, as_of)
    if later:
        import_rows(store, RecordKind.SALES, later)
    # arrives late: of long ago, learned only now
    late = {**rows[0], "order_line": "LATE", "ordered_on": TODAY - timedelta(days=500)}
    late = {k: v for k, v in late.items() if k not in {"status", "refunded_on", "refund_cause"}}
    import_rows(store, RecordKind.SALES, [late], lag=None if live else 501)
    # is corrected
    with store.writing() as ledger:
        founder = find_founder(ledger.session, reference)
        standing = (
            ledger.session.query(OrderLine)
            .filter(OrderLine.founder_id == founder.id, OrderLine.superseded_recorded_at.is_(None))
            .all()
        )
        for record in random.Random(seed).sample(standing, min(3, len(standing))):
            changed = {"gross": record.gross * 10} if seed % 2 else None
            supersede_record(
                ledger, OrderLine, record.id, replacement=changed, reason="test", author="test"
            )
    assert _values(store, reference, as_of) == before


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=sales, seed=st.integers())
def test_the_order_of_rows_changes_nothing(
    store: Database, drawn: list[tuple[int, int, str, int | None]], seed: int
) -> None:
    first, second = f"F-{next(_counter)}", f"F-{next(_counter)}"
    for reference in (first, second):
        a_founder(store, reference)
        rows = _sale_rows(reference, drawn)
        if reference == second:
            random.Random(seed).shuffle(rows)
        import_rows(store, RecordKind.SALES, rows)
    assert _values(store, first, TODAY) == _values(store, second, TODAY)


def test_a_refund_does_not_show_before_its_day(sqlite: Database) -> None:
    founder = a_founder(sqlite)
    day = sqlite.today - timedelta(days=50)
    row = {
        "founder": founder.reference,
        "channel": "cafe24",
        "order_line": "O1",
        "ordered_on": day,
        "quantity": 1,
        "gross": 600_000,
        "currency": "KRW",
        "status": "returned",
        "refunded_on": day + timedelta(days=20),
    }
    import_rows(sqlite, RecordKind.SALES, [row])
    between = _values(sqlite, founder.reference, day + timedelta(days=19))
    after = _values(sqlite, founder.reference, day + timedelta(days=20))
    assert between["monthly_net_sales_180d"] == 600_000
    assert after["monthly_net_sales_180d"] == 0


def test_one_founder_and_many_get_equal_values_on_every_engine(database: Database) -> None:
    points = []
    for number in range(12):
        founder = a_founder(database, f"F-{number:02d}")
        if number % 3:
            founder.attending(number % 9 + 2, of=12, excused=number % 2)
        founder.selling(
            weekly=123_457 * (number + 1), weeks=3 + 4 * number, refund_every=number % 5
        )
        if number % 2:
            founder.selling(weekly=77_777, weeks=2 * number, channel="coupang")
        if number > 5:
            founder.borrowing(
                1_234_567,
                loan=f"N-{number}",
                disbursed_on=database.today - timedelta(days=240),
                paid=number - 5,
                late_days=3 * (number - 6),
            )
        points.append(founder.reference)
    import_rows(
        database,
        RecordKind.CASH_FLOW,
        [
            {
                "founder": f"F-{number % 6:02d}",
                "account": "A1",
                "line": f"T{number}",
                "booked_on": database.today - timedelta(days=3 * (number // 6)),
                "direction": "in" if number % 3 else "out",
                "amount": 10_000 + 317 * number,
                "currency": "KRW",
                "balance": 50_000 * (number % 7) - 30_000,
                "purpose": "penalty" if number % 11 == 0 else "",
            }
            for number in range(240)
        ],
    )
    import_rows(
        database,
        RecordKind.APPLICATIONS,
        [
            {
                "founder": f"F-{number:02d}",
                "application": f"A-{number}",
                "lender": "L-DEMO",
                "applied_on": database.today - timedelta(days=5),
                "principal": 3_000_000,
                "months": 12,
                "instalment": 260_000 + number,
                "currency": "KRW",
            }
            for number in range(8)
        ],
    )
    known_at = database.clock()
    zone = database.settings.zone
    days = [database.today - timedelta(days=back) for back in (0, 1, 45, 200)]
    with database.reading() as session:
        ids = [find_founder(session, reference).id for reference in points]
        frame = pd.DataFrame(
            [(founder, day) for founder in ids for day in days], columns=["founder_id", "as_of"]
        )
        many = Lake(session).features(frame, known_at=known_at, zone=zone)
        for place, (founder, day) in enumerate(frame.itertuples(index=False)):
            one = one_founder(session, founder, as_of=day, known_at=known_at, zone=zone).values
            row = many.iloc[place]
            assert {k: v for k, v in one.items() if v is not None} == row.dropna().to_dict()
    assert many.notna().any().all(), "every feature has a value somewhere in this test"


def test_every_record_table_has_what_point_in_time_needs() -> None:
    for table in RECORD_TABLES:
        columns = set(table.__table__.columns.keys())
        assert {"event_date", "event_day", "learned_at", "recorded_at", "source"} <= columns
