"""Pauses and failures of channels: known from their declaration on, kept when withdrawn."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from scoring.base.errors import ConflictError, InputError, NotFoundError
from scoring.circumstances.interruptions import (
    PlatformEventKind,
    declare_pause,
    declare_platform_event,
    pauses_as_known,
    platform_events_as_known,
    withdraw_pause,
    withdraw_platform_event,
)
from scoring.parties.founders import find_founder
from scoring.records.kinds import RecordKind
from scoring.review.corrections import correct_record
from scoring.store.database import Database
from scoring.store.tables import AuditEvent, Supersession
from tests.builders import a_founder
from tests.conftest import Clock

FIRST, LAST = date(2026, 4, 1), date(2026, 5, 20)


def _pause(database: Database, first: date = FIRST, last: date = LAST, founder: str = "F-1") -> int:
    with database.writing() as ledger:
        return declare_pause(
            ledger,
            find_founder(ledger.session, founder),
            first_day=first,
            last_day=last,
            author="operator",
            zone=database.settings.zone,
        ).id


def _stopped(database: Database, channel: str = "smartstore", first: date = FIRST) -> int:
    with database.writing() as ledger:
        return declare_platform_event(
            ledger,
            channel,
            PlatformEventKind.PAYOUT_STOPPED,
            first_day=first,
            last_day=LAST,
            author="operator",
            zone=database.settings.zone,
        ).id


def _pauses(database: Database, as_of_end: datetime, known_at: datetime) -> list[int]:
    with database.reading() as session:
        found = pauses_as_known(session, 1, as_of_end=as_of_end, known_at=known_at)
        return [pause.id for pause in found]


def _events(database: Database, as_of_end: datetime, known_at: datetime) -> list[int]:
    with database.reading() as session:
        found = platform_events_as_known(session, as_of_end=as_of_end, known_at=known_at)
        return [event.id for event in found]


@pytest.fixture
def store(database: Database) -> Database:
    a_founder(database, "F-1")
    a_founder(database, "F-2")
    return database


def test_a_pause_declared_later_does_not_change_an_earlier_view(
    store: Database, clock: Clock
) -> None:
    before = store.clock()
    clock.advance(days=2)
    pause = _pause(store)
    after = store.clock()
    assert _pauses(store, after, after) == [pause]
    assert _pauses(store, after, before) == []
    assert _pauses(store, before, after) == []


def test_a_withdrawn_pause_stays_in_what_was_known_before(store: Database, clock: Clock) -> None:
    pause = _pause(store)
    before = store.clock()
    clock.advance(days=2)
    with store.writing() as ledger:
        withdraw_pause(ledger, pause, reason="another founder's", author="operator")
    after = store.clock()
    assert _pauses(store, after, after) == []
    assert _pauses(store, after, before) == [pause]
    assert _pauses(store, before, after) == [pause]
    again = _pause(store)
    assert _pauses(store, store.clock(), store.clock()) == [again]


@pytest.mark.parametrize(
    ("first", "last"),
    [(FIRST, LAST), (LAST, LAST), (date(2026, 3, 1), FIRST), (date(2026, 3, 1), date(2026, 6, 1))],
)
def test_two_pauses_of_a_founder_share_no_day(first: date, last: date, store: Database) -> None:
    _pause(store)
    with pytest.raises(ConflictError, match="2026-04-01 to 2026-05-20"):
        _pause(store, first, last)
    _pause(store, first, last, founder="F-2")
    _pause(store, LAST + timedelta(days=1), LAST + timedelta(days=9))


def test_a_pause_is_corrected_like_any_record_and_still_shares_no_day(store: Database) -> None:
    pause = _pause(store)
    _pause(store, date(2026, 6, 1), date(2026, 6, 5))

    def until(record: int, day: str) -> int:
        with store.writing() as ledger:
            return correct_record(
                ledger,
                RecordKind.PAUSES,
                record,
                changes={"last_day": day},
                reason="back earlier",
                author="operator",
                zone=store.settings.zone,
            )

    with pytest.raises(ConflictError, match="2026-06-01 to 2026-06-05"):
        until(pause, "2026-06-02")
    with pytest.raises(InputError, match="before it begins"):
        until(pause, "2026-03-02")
    corrected = until(pause, "2026-05-10")
    with store.reading() as session:
        found = pauses_as_known(session, 1, as_of_end=store.clock(), known_at=store.clock())
    assert [(p.id, p.ends_on, p.ends_day - p.event_day) for p in found][0] == (
        corrected,
        date(2026, 5, 10),
        39,
    )


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        (LAST, FIRST, "lies before the first"),
        (date(2026, 6, 16), date(2026, 6, 20), "is in the future"),
        (date(1989, 12, 31), LAST, "the first day that can be"),
    ],
)
def test_days_that_cannot_be_are_refused(
    first: date, last: date, message: str, sqlite: Database
) -> None:
    a_founder(sqlite, "F-1")
    with pytest.raises(InputError, match=message):
        _pause(sqlite, first, last)


def test_a_pause_may_end_on_a_day_to_come(sqlite: Database) -> None:
    a_founder(sqlite, "F-1")
    assert _pause(sqlite, date(2026, 6, 15), date(2026, 8, 1)) == 1


def test_a_platform_event_declared_later_does_not_change_an_earlier_view(
    store: Database, clock: Clock
) -> None:
    before = store.clock()
    clock.advance(days=2)
    event = _stopped(store)
    after = store.clock()
    assert _events(store, after, after) == [event]
    assert _events(store, after, before) == []
    assert _events(store, before, after) == []


def test_a_withdrawn_platform_event_stays_in_what_was_known_before(
    store: Database, clock: Clock
) -> None:
    event = _stopped(store)
    before = store.clock()
    clock.advance(days=2)
    with store.writing() as ledger:
        withdraw_platform_event(ledger, event, reason="it was another shop", author="operator")
    after = store.clock()
    assert _events(store, after, after) == []
    assert _events(store, after, before) == [event]
    assert _events(store, before, after) == [event]
    with store.reading() as session:
        entry = session.scalars(select(Supersession)).one()
        actions = session.scalars(select(AuditEvent.action).order_by(AuditEvent.sequence)).all()
    assert (entry.table_name, entry.reason) == ("platform_events", "it was another shop")
    answered = "rows.written"
    assert actions[-4:] == [
        "platform_event.declared",
        answered,
        "platform_event.withdrawn",
        answered,
    ]
    with pytest.raises(ConflictError, match="withdrawn before"), store.writing() as ledger:
        withdraw_platform_event(ledger, event, reason="again", author="operator")


def test_one_failure_of_a_channel_is_told_once(sqlite: Database) -> None:
    _stopped(sqlite)
    with pytest.raises(ConflictError, match="Withdraw that one first"):
        _stopped(sqlite, first=LAST)
    assert _stopped(sqlite, channel="coupang") == 2


def test_what_is_no_channel_is_refused(sqlite: Database) -> None:
    with pytest.raises(InputError, match="can't be a channel"):
        _stopped(sqlite, channel="smart store")


def test_what_is_not_there_cannot_be_withdrawn(sqlite: Database) -> None:
    for withdraw in (withdraw_pause, withdraw_platform_event):
        with pytest.raises(NotFoundError), sqlite.writing() as ledger:
            withdraw(ledger, 9, reason="x", author="y")
