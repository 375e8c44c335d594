"""A feature never sees the future, whatever arrives, late or corrected, and in whatever order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from scoring.base.calendar import day_number
from scoring.base.settings import Settings
from scoring.circumstances.interruptions import (
    PlatformEventKind,
    declare_pause,
    declare_platform_event,
    withdraw_platform_event,
)
from scoring.features.catalogue import Kind
from scoring.features.engines.lake import Lake
from scoring.features.engines.one_founder import FounderFile, one_founder
from scoring.intake.importing import DEFAULT_SOURCE
from scoring.intake.learned_at import Learned
from scoring.parties.founders import find_founder
from scoring.records.forms import FORMS
from scoring.records.kinds import RecordKind
from scoring.records.loan_reports import report_loans
from scoring.store.database import Database
from scoring.store.supersede import supersede_record
from scoring.store.tables import (
    RECORD_TABLES,
    Application,
    Attendance,
    CashFlowLine,
    Instalment,
    Loan,
    LoanEvent,
    LoanReport,
    OrderLine,
    Pause,
    Record,
    Repayment,
)
from tests.builders import a_founder, import_rows
from tests.conftest import Clock, new_sqlite_store

NOW = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
TODAY = date(2026, 6, 15)
CHANNELS = ("cafe24", "coupang", "11st")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return new_sqlite_store(Settings(data_dir=tmp_path_factory.mktemp("store")), Clock(NOW))


def _file(database: Database, reference: str, as_of: date) -> FounderFile:
    with database.reading() as session:
        founder = find_founder(session, reference)
        return one_founder(
            session,
            founder.id,
            as_of=as_of,
            known_at=database.clock() + timedelta(days=3650),
            zone=database.settings.zone,
        )


def _values(database: Database, reference: str, as_of: date) -> dict[str, float | None]:
    return _file(database, reference, as_of).values


@dataclass(frozen=True)
class Drawn:
    """What one record is made from: when, how much, and which of the things that it may be."""

    days_ago: int
    amount: int
    flavour: int


Rows = dict[RecordKind, list[dict[str, Any]]]
_counter = iter(range(10**9))


def rows_of(kind: Kind, founder: str, name: str, drawn: list[Drawn]) -> Rows:
    """Rows of one kind of evidence, for each form that it takes; nothing lies in the future."""
    rows: Rows = {}
    for number, each in enumerate(drawn):
        made = _MAKERS[kind](founder, f"{name}{number}", each, TODAY - timedelta(each.days_ago))
        for form, found in made.items():
            rows.setdefault(form, []).extend(found)
    return rows


def _attended(founder: str, name: str, drawn: Drawn, day: date) -> Rows:
    row = {
        "founder": founder,
        "programme": f"P-{founder}",
        "session": name,
        "held_on": day,
        "hours": 2,
        "session_kind": ("class", "mentoring", "assignment", "pitch")[drawn.flavour % 4],
        "status": ("present", "late", "excused", "absent")[drawn.flavour // 4 % 4],
        "assignment": ("", "on_time", "late", "missing")[drawn.amount % 4],
    }
    return {RecordKind.ATTENDANCE: [row]}


def _sold(founder: str, name: str, drawn: Drawn, day: date) -> Rows:
    row = {
        "founder": founder,
        "channel": CHANNELS[drawn.flavour % 3],
        "order_line": name,
        "ordered_on": day,
        "quantity": 1,
        "gross": drawn.amount,
        "currency": "KRW",
        "buyer": f"b{drawn.flavour % 5}",
    }
    refunded_on = day + timedelta(days=drawn.flavour)
    if drawn.flavour % 4 == 1 and refunded_on <= TODAY:
        row |= {"status": "returned", "refunded_on": refunded_on, "refund_cause": "seller"}
    return {RecordKind.SALES: [row]}


def _borrowed(founder: str, name: str, drawn: Drawn, day: date) -> Rows:
    loan = f"{founder}-{name}"
    due = [day + timedelta(days=30 * (number + 1)) for number in range(6)]
    paid = [each + timedelta(days=drawn.flavour - 5) for each in due[: drawn.amount % 7]]
    return {
        RecordKind.LOANS: [
            {
                "founder": founder,
                "loan": loan,
                "lender": "L-DEMO",
                "principal": drawn.amount * 6,
                "currency": "KRW",
                "annual_rate": 0.06,
                "months": 6,
                "disbursed_on": day,
            }
        ],
        RecordKind.SCHEDULE: [
            {"loan": loan, "number": n, "due_on": on, "principal": drawn.amount, "interest": 0}
            for n, on in enumerate(due, start=1)
        ],
        RecordKind.REPAYMENTS: [
            {"loan": loan, "repayment": f"R{n}", "paid_on": on, "amount": drawn.amount}
            for n, on in enumerate(paid)
            if on <= TODAY
        ],
    }


def _banked(founder: str, name: str, drawn: Drawn, day: date) -> Rows:
    row = {
        "founder": founder,
        "account": "A1",
        "line": name,
        "booked_on": day,
        "direction": "in" if drawn.flavour % 2 else "out",
        "amount": drawn.amount,
        "currency": "KRW",
        "balance": drawn.amount - 1_000_000,
        "purpose": "penalty" if drawn.flavour % 5 == 0 else "",
    }
    return {RecordKind.CASH_FLOW: [row]}


def _asked(founder: str, name: str, drawn: Drawn, day: date) -> Rows:
    row = {
        "founder": founder,
        "application": f"{founder}-{name}",
        "lender": "L-DEMO",
        "applied_on": day,
        "principal": drawn.amount * 12,
        "months": 12,
        "instalment": drawn.amount,
        "currency": "KRW",
    }
    return {RecordKind.APPLICATIONS: [row]}


_MAKERS: dict[Kind, Callable[[str, str, Drawn, date], Rows]] = {
    Kind.ATTENDANCE: _attended,
    Kind.SALES: _sold,
    Kind.REPAYMENT: _borrowed,
    Kind.CASH_FLOW: _banked,
    Kind.APPLICATION: _asked,
}


def import_all(store: Database, rows: Rows, *, lag: int | None = 0) -> None:
    for form in RecordKind:  # loans before what is paid for them
        if rows.get(form):
            import_rows(store, form, rows[form], lag=lag)
    if rows.get(RecordKind.LOANS):  # that nothing was paid on a loan so far is told as well
        learned = Learned(lag)
        with store.writing() as ledger:
            report_loans(
                ledger,
                source=DEFAULT_SOURCE,
                through=store.today,
                lag_days=lag or 0,
                learned_at=lambda day: learned.learned_at(day.isoformat(), ledger.now, store),
            )


def split(rows: Rows, as_of: date) -> tuple[Rows, Rows]:
    """Rows of events up to the day, and of those after it."""
    parts: tuple[Rows, Rows] = ({}, {})
    for form, found in rows.items():
        for row in found:
            parts[row[FORMS[form].event_day] > as_of].setdefault(form, []).append(row)
    return parts


def correct_some(store: Database, reference: str, *, chance: random.Random) -> None:
    """Retract some of the founder's standing records, whatever their kind, and change others."""
    with store.writing() as ledger:
        founder = find_founder(ledger.session, reference)
        for table in RECORD_TABLES:
            standing = ledger.session.scalars(
                select(table).where(
                    table.founder_id == founder.id, table.superseded_recorded_at.is_(None)
                )
            ).all()
            for record in chance.sample(standing, min(3, len(standing))):
                supersede_record(
                    ledger,
                    table,
                    record.id,
                    replacement=chance.choice([None, _CHANGES[table]]),
                    reason="test",
                    author="test",
                )


_CHANGES: dict[type[Record], dict[str, object]] = {
    Attendance: {"status": "absent", "assignment": "missing", "session_kind": "mentoring"},
    OrderLine: {"gross": 90_000_000, "channel": "events", "buyer": "another"},
    Loan: {"principal": 90_000_000},
    Instalment: {"principal": 90_000_000},
    Repayment: {"amount": 1},
    LoanEvent: {"event": "closed"},
    LoanReport: {"through_day": 0},
    CashFlowLine: {"inflow": 90_000_000, "balance": -90_000_000, "purpose": "penalty"},
    Application: {"instalment": 90_000_000},
    Pause: {"ends_day": day_number(TODAY), "ends_on": TODAY},
}


@contextmanager
def interrupted(store: Database, reference: str, first_day: date) -> Iterator[None]:
    """A pause and failures of every channel, declared only now, of days long past."""
    until = {"first_day": first_day, "last_day": TODAY, "author": "test"}
    zone = store.settings.zone
    with store.writing() as ledger:
        founder = find_founder(ledger.session, reference)
        declare_pause(ledger, founder, zone=zone, **until)
        events = [
            declare_platform_event(ledger, channel, PlatformEventKind.OUTAGE, zone=zone, **until).id
            for channel in CHANNELS
        ]
    try:
        yield
    finally:  # also where an example is given up half way
        with store.writing() as ledger:
            for event in events:
                withdraw_platform_event(ledger, event, reason="test", author="test")


history = st.dictionaries(
    st.sampled_from(Kind),
    st.lists(
        st.builds(
            Drawn,
            days_ago=st.integers(0, 400),
            amount=st.integers(1, 5_000_000),
            flavour=st.integers(0, 30),
        ),
        min_size=1,
        max_size=12,
    ),
    min_size=1,
    max_size=3,
)
quietly = settings(deadline=None, suppress_health_check=list(HealthCheck))


@settings(quietly, max_examples=8)
@given(
    told=history,
    told_late=history,
    as_of_days_ago=st.integers(1, 300),
    late=st.integers(0, 60),
    learned_after=st.none() | st.integers(0, 300),
    chance=st.randoms(use_true_random=False),
)
def test_nothing_that_comes_after_the_day_changes_a_value(
    store: Database,
    told: dict[Kind, list[Drawn]],
    told_late: dict[Kind, list[Drawn]],
    as_of_days_ago: int,
    late: int,
    learned_after: int | None,
    chance: random.Random,
) -> None:
    """Records of later days, late records (live, or a backfill learned since), corrections."""
    reference = f"F-{next(_counter)}"
    as_of = TODAY - timedelta(days=as_of_days_ago)
    a_founder(store, reference)
    later: list[Rows] = []
    for kind, drawn in told.items():
        earlier, after = split(rows_of(kind, reference, "T", drawn), as_of)
        import_all(store, earlier)
        later.append(after)
    before = _file(store, reference, as_of)

    for rows in later:
        import_all(store, rows)
    lag = None if learned_after is None else late + 1 + learned_after % as_of_days_ago
    for kind, drawn in told_late.items():
        happened = [replace(each, days_ago=as_of_days_ago + late) for each in drawn]
        import_all(store, rows_of(kind, reference, "L", happened), lag=lag)
    assert _file(store, reference, as_of) == before
    with interrupted(store, reference, as_of - timedelta(days=late)):
        assert _file(store, reference, as_of) == before
        correct_some(store, reference, chance=chance)
        assert _file(store, reference, as_of) == before
    assert _file(store, reference, as_of) == before


@pytest.mark.parametrize("kind", Kind)
def test_a_backfill_counts_from_the_day_on_which_it_was_learned(
    sqlite: Database, kind: Kind
) -> None:
    reference = "F-TEST000001"
    a_founder(sqlite, reference)
    happened, lag = 100, 40
    drawn = [Drawn(happened, 1_000_000, flavour) for flavour in range(10)]
    untold = _values(sqlite, reference, TODAY)
    import_all(sqlite, rows_of(kind, reference, "B", drawn), lag=lag)
    learned_on = TODAY - timedelta(days=happened - lag)
    if kind is Kind.REPAYMENT:  # the first instalment falls due 30 days after the loan
        learned_on += timedelta(days=30)
    assert _values(sqlite, reference, learned_on - timedelta(days=1)) == untold
    assert _values(sqlite, reference, learned_on) != untold


@settings(quietly, max_examples=6)
@given(told=history, chance=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(
    store: Database, told: dict[Kind, list[Drawn]], chance: random.Random
) -> None:
    first, second = f"F-{next(_counter)}", f"F-{next(_counter)}"
    for reference in (first, second):
        a_founder(store, reference)
        for kind, drawn in told.items():
            rows = rows_of(kind, reference, "T", drawn)
            if reference == second:
                for found in rows.values():
                    chance.shuffle(found)
            import_all(store, rows)
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
    chance = random.Random(7)
    for reference in points[:6]:
        for kind in (Kind.ATTENDANCE, Kind.SALES, Kind.REPAYMENT):
            drawn = [
                Drawn(chance.randrange(700), chance.randrange(1, 900_000), chance.randrange(31))
                for _ in range(40)
            ]
            import_all(database, rows_of(kind, reference, f"{kind}-", drawn))
    with database.writing() as ledger:
        for number, reference in enumerate(points[::2]):
            declare_pause(
                ledger,
                find_founder(ledger.session, reference),
                first_day=database.today - timedelta(days=60 + 9 * number),
                last_day=database.today - timedelta(days=50),
                author="test",
                zone=database.settings.zone,
            )
        for channel, ago in (("cafe24", 70), ("coupang", 30), ("smartstore", 20)):
            declare_platform_event(
                ledger,
                channel,
                PlatformEventKind.PAYOUT_STOPPED,
                first_day=database.today - timedelta(days=ago),
                last_day=database.today - timedelta(days=ago - 9),
                author="test",
                zone=database.settings.zone,
            )
    import_rows(
        database,
        RecordKind.CASH_FLOW,
        [
            {
                "founder": f"F-{number % 6:02d}",
                "account": "A1",
                "line": f"T{number}",
                "booked_on": database.today - timedelta(days=5 * (number // 6)),
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
    missing = [name for name in many if many[name].isna().all()]
    assert not missing, "every feature has a value somewhere in this test"
