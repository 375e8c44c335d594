"""One pause and a channel's failures cost nothing, declared or not; a closed shop is no pause."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scoring.circumstances.interruptions import (
    PlatformEventKind,
    declare_pause,
    declare_platform_event,
)
from scoring.features.engines.one_founder import one_founder
from scoring.parties.founders import find_founder
from scoring.store.database import Database
from tests.builders import FounderBuilder, a_founder

ON_THE_CLOCK = (
    "active_weeks_share_182d",
    "weekly_volatility_182d",
    "longest_gap_days_365d",
    "days_since_last_sale",
)


def _values(database: Database, founder: FounderBuilder) -> dict[str, float | None]:
    with database.reading() as session:
        return one_founder(
            session,
            find_founder(session, founder.reference).id,
            as_of=database.today,
            known_at=database.clock(),
            zone=database.settings.zone,
        ).values


def _pausing(database: Database, founder: FounderBuilder, first: int, last: int) -> None:
    """Declare a pause by how many days ago it began and ended."""
    with database.writing() as ledger:
        declare_pause(
            ledger,
            find_founder(ledger.session, founder.reference),
            first_day=database.today - timedelta(days=first),
            last_day=database.today - timedelta(days=last),
            author="founder",
            zone=database.settings.zone,
        )


def _failing(database: Database, channel: str, first: int, last: int) -> None:
    with database.writing() as ledger:
        declare_platform_event(
            ledger,
            channel,
            PlatformEventKind.PAYOUT_STOPPED,
            first_day=database.today - timedelta(days=first),
            last_day=database.today - timedelta(days=last),
            author="operator",
            zone=database.settings.zone,
        )


def _selling_around(database: Database, reference: str, pause: int) -> FounderBuilder:
    """Two orders a week for 20 weeks, then nothing for `pause` days, then 8 weeks again."""
    founder = a_founder(database, reference)
    founder.selling(weekly=300_000, weeks=8)
    return founder.selling(
        weekly=300_000,
        weeks=40,
        channel="smartstore",
        until=database.today - timedelta(days=1 + 7 * 8 + pause),
    )


@pytest.mark.parametrize("pause", [30, 91, 120])
def test_one_pause_costs_nothing_even_undeclared(sqlite: Database, pause: int) -> None:
    steady = _values(sqlite, a_founder(sqlite, "F-1").selling(weekly=300_000, weeks=48))
    paused = _values(sqlite, _selling_around(sqlite, "F-2", pause))
    assert paused["longest_gap_days_365d"] <= 7  # type: ignore[operator]
    for name in ("active_weeks_share_182d", "days_since_last_sale"):
        assert paused[name] == pytest.approx(steady[name], abs=0.05), name


def test_of_a_longer_pause_only_the_first_120_days_are_forgiven(sqlite: Database) -> None:
    longer = _values(sqlite, _selling_around(sqlite, "F-1", 180))
    assert longer["longest_gap_days_365d"] >= 60  # type: ignore[operator]


def test_a_second_pause_counts(sqlite: Database) -> None:
    founder = a_founder(sqlite).selling(weekly=300_000, weeks=4)
    for ago in (75, 150):  # two times of some 40 days without a sale
        founder.selling(
            weekly=300_000, weeks=5, until=sqlite.today - timedelta(days=ago), channel="coupang"
        )
    values = _values(sqlite, founder)
    assert values["longest_gap_days_365d"] >= 30  # type: ignore[operator]


def test_a_declared_pause_freezes_the_days_since_the_last_sale(sqlite: Database) -> None:
    founder = a_founder(sqlite).selling(
        weekly=300_000, weeks=30, until=sqlite.today - timedelta(days=50)
    )
    assert _values(sqlite, founder)["days_since_last_sale"] == 50
    _pausing(sqlite, founder, first=49, last=0)
    assert _values(sqlite, founder)["days_since_last_sale"] == 0


def test_a_shop_that_stopped_selling_is_no_pause_until_somebody_says_so(sqlite: Database) -> None:
    founder = a_founder(sqlite).selling(
        weekly=300_000, weeks=30, until=sqlite.today - timedelta(days=110)
    )
    values = _values(sqlite, founder)
    assert values["days_since_last_sale"] == 110
    assert values["active_weeks_share_182d"] < 0.6  # type: ignore[operator]


def test_declaring_a_short_pause_takes_no_longer_one_away(sqlite: Database) -> None:
    founder = _selling_around(sqlite, "F-1", 60)
    before = _values(sqlite, founder)
    _pausing(sqlite, founder, first=20, last=18)
    after = _values(sqlite, founder)
    assert {name: after[name] for name in ON_THE_CLOCK} == {
        name: before[name] for name in ON_THE_CLOCK
    }


def test_a_session_missed_in_a_declared_pause_is_excused(sqlite: Database) -> None:
    missed = a_founder(sqlite, "F-1").attending(8, of=16)  # every third day from 200 days ago
    assert _values(sqlite, missed)["attended_share"] == 0.5
    _pausing(sqlite, missed, first=200 - 3 * 8, last=100)
    values = _values(sqlite, missed)
    assert values["attended_share"] == 1
    assert values["longest_absence_run"] == 0


def test_days_on_which_a_channel_failed_are_not_the_founders(sqlite: Database) -> None:
    founder = a_founder(sqlite)
    founder.selling(weekly=300_000, weeks=20, until=sqlite.today - timedelta(days=60))
    founder.selling(weekly=300_000, weeks=3, until=sqlite.today - timedelta(days=21))
    before = _values(sqlite, founder)
    assert before["days_since_last_sale"] == 21
    _failing(sqlite, "smartstore", first=20, last=1)
    after = _values(sqlite, founder)
    assert after["days_since_last_sale"] == 1
    assert after["active_weeks_share_182d"] > before["active_weeks_share_182d"]  # type: ignore[operator]
    assert after["weekly_volatility_182d"] < before["weekly_volatility_182d"]  # type: ignore[operator]
    assert after["monthly_net_sales_180d"] == before["monthly_net_sales_180d"]


def test_another_channels_failure_changes_nothing(sqlite: Database) -> None:
    founder = a_founder(sqlite).selling(
        weekly=300_000, weeks=20, until=sqlite.today - timedelta(days=21)
    )
    before = _values(sqlite, founder)
    _failing(sqlite, "coupang", first=20, last=1)
    assert _values(sqlite, founder) == before


def test_days_that_a_pause_and_an_event_share_are_taken_out_once(sqlite: Database) -> None:
    founder = a_founder(sqlite).selling(
        weekly=300_000, weeks=30, until=sqlite.today - timedelta(days=40)
    )
    _pausing(sqlite, founder, first=39, last=10)
    assert _values(sqlite, founder)["days_since_last_sale"] == 10
    _failing(sqlite, "smartstore", first=15, last=6)
    assert _values(sqlite, founder)["days_since_last_sale"] == 6
