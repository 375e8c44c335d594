"""Excused absences never count against anybody, and too little training is not bad."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.base.settings import Settings
from scoring.features.catalogue import Kind
from scoring.features.engines.one_founder import one_founder
from scoring.features.engines.statements import of_kind
from scoring.parties.founders import find_founder
from scoring.records.kinds import RecordKind
from scoring.store.database import Database
from tests.builders import a_founder, import_rows
from tests.conftest import Clock, new_sqlite_store

_counter = iter(range(10**9))
session = st.tuples(
    st.sampled_from(["present", "late", "absent"]),
    st.sampled_from(["class", "mentoring", "pitch"]),
    st.sampled_from(["", "on_time", "late", "missing"]),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    clock = Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC))
    made = new_sqlite_store(
        Settings(data_dir=tmp_path_factory.mktemp("store"), database_url=None), clock
    )
    yield made
    made.engine.dispose()


def _values(
    store: Database, sessions: list[tuple[str, str, str] | None]
) -> dict[str, float | None]:
    reference = f"F-{next(_counter)}"
    a_founder(store, reference)
    rows = [
        {
            "founder": reference,
            "programme": f"P-{reference}",
            "session": f"S{number}",
            "held_on": store.today - timedelta(days=200 - 3 * number),
            "hours": 2,
            "session_kind": each[1],
            "status": each[0],
            "assignment": each[2],
        }
        for number, each in enumerate(sessions)
        if each is not None
    ]
    import_rows(store, RecordKind.ATTENDANCE, rows)
    with store.reading() as reading:
        return one_founder(
            reading,
            find_founder(reading, reference).id,
            as_of=store.today,
            known_at=store.clock(),
            zone=store.settings.zone,
            kinds=[Kind.ATTENDANCE],
        ).values


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    sessions=st.lists(session, min_size=1, max_size=20),
    excused=st.lists(st.integers(0, 20), max_size=8),
)
def test_excused_sessions_change_no_value(
    store: Database, sessions: list[tuple[str, str, str]], excused: list[int]
) -> None:
    with_excuses = list(sessions)
    for place in excused:
        with_excuses.insert(place, ("excused", "class", "missing"))
    # The same sessions on their own days, without the excused ones.
    kept = [each if each[0] != "excused" else None for each in with_excuses]
    assert _values(store, with_excuses) == _values(store, kept)


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(sessions=st.lists(session, min_size=1, max_size=20))
def test_an_excuse_for_an_absence_never_makes_a_value_worse(
    store: Database, sessions: list[tuple[str, str, str]]
) -> None:
    absences = [place for place, each in enumerate(sessions) if each[0] == "absent"]
    if not absences:
        return
    place = absences[len(sessions) % len(absences)]
    excused = [*sessions]
    excused[place] = ("excused", *sessions[place][1:])
    before, after = _values(store, sessions), _values(store, excused)
    for feature in of_kind(Kind.ATTENDANCE):
        if feature.name in {"attendance_trend"}:  # less absence at first is less of a rise
            continue
        old, new = before[feature.name], after[feature.name]
        if old is not None and new is not None and "assignment" not in feature.name:
            assert (new - old) * feature.direction <= 0, feature.name
