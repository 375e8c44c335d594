"""A balance is of days and of all accounts, whatever the order and the number of their lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pandas as pd
import pytest

from scoring.features.engines.lake import Lake
from scoring.features.engines.one_founder import one_founder
from scoring.parties.founders import find_founder
from scoring.records.kinds import RecordKind
from scoring.store.database import Database
from tests.builders import a_founder, import_rows

FOUNDER = "F-TEST000001"
# Days ago, money in (or out, below zero), balance after the line.
Line = tuple[int, int, int | None]


def _holding(
    database: Database, lines: Sequence[Line], *, account: str = "A1", source: str = "bank"
) -> None:
    rows: list[dict[str, object]] = [
        {
            "founder": FOUNDER,
            "account": account,
            "line": f"T{number}",
            "booked_on": database.today - timedelta(days=ago),
            "direction": "in" if moved > 0 else "out",
            "amount": abs(moved),
            "currency": "KRW",
            "balance": "" if balance is None else balance,
        }
        for number, (ago, moved, balance) in enumerate(lines)
    ]
    import_rows(database, RecordKind.CASH_FLOW, rows, source=source)


def _values(database: Database) -> dict[str, float | None]:
    """On the store, and equal on DuckDB."""
    known_at, zone = database.clock(), database.settings.zone
    with database.reading() as session:
        founder = find_founder(session, FOUNDER)
        values = one_founder(
            session, founder.id, as_of=database.today, known_at=known_at, zone=zone
        ).values
        points = pd.DataFrame({"founder_id": [founder.id], "as_of": [database.today]})
        many = Lake(session).features(points, known_at=known_at, zone=zone).iloc[0]
    assert many.dropna().to_dict() == {k: v for k, v in values.items() if v is not None}
    return values


def test_a_balance_counts_for_as_many_days_as_it_held(database: Database) -> None:
    a_founder(database, FOUNDER)
    _holding(database, [(9, 1_000, 1_000), (1, 100, 1_100), (0, 100, 1_200)])
    assert _values(database)["mean_balance_180d"] == (8 * 1_000 + 1_100 + 1_200) / 10


def test_two_accounts_are_added_up_from_the_first_line_of_each(database: Database) -> None:
    a_founder(database, FOUNDER)
    _holding(database, [(9, 1_000, 1_000), (4, -1_500, -500)])
    _holding(database, [(5, 300, 300), (1, 300, 600)], account="A2")
    values = _values(database)
    daily = [1_000] * 4 + [1_300] + [-200] * 3 + [100] * 2
    assert values["mean_balance_180d"] == sum(daily) / 10
    assert values["minimum_balance_90d"] == -200
    assert values["days_below_zero_180d"] == 3


def test_accounts_of_one_name_from_two_sources_are_two(database: Database) -> None:
    a_founder(database, FOUNDER)
    _holding(database, [(9, 1_000, 1_000)], source="one bank")
    _holding(database, [(9, 500, 500)], source="another bank")
    assert _values(database)["mean_balance_180d"] == 1_500


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_last_balance_of_a_day_is_found_whatever_the_order_of_lines(
    database: Database, newest_first: bool
) -> None:
    a_founder(database, FOUNDER)
    lines: list[Line] = [(9, 900, 900), (0, -850, 50), (0, 1_000, 1_050), (0, -50, 1_000)]
    lines += [(0, 50, 1_050), (0, -350, 700)]
    _holding(database, lines[::-1] if newest_first else lines)
    assert _values(database)["mean_balance_180d"] == (9 * 900 + 700) / 10


def test_a_day_that_ends_where_it_began_leaves_the_balance(database: Database) -> None:
    a_founder(database, FOUNDER)
    _holding(database, [(9, 900, 900), (5, -800, 100), (5, 800, 900)])
    values = _values(database)
    assert values["mean_balance_180d"] == 900
    assert values["minimum_balance_90d"] == 900


def test_a_line_without_a_balance_leaves_the_last_that_was_told(database: Database) -> None:
    a_founder(database, FOUNDER)
    _holding(database, [(9, 900, 900), (5, -100, None), (1, -100, 700), (0, 10, None)])
    assert _values(database)["mean_balance_180d"] == (8 * 900 + 2 * 700) / 10


def test_a_balance_from_before_the_window_holds_in_it(database: Database) -> None:
    a_founder(database, FOUNDER)
    _holding(database, [(250, 1_000, 1_000), (45, 1_000, 2_000)])
    values = _values(database)
    assert values["mean_balance_180d"] == round((134 * 1_000 + 46 * 2_000) / 180)
    assert values["minimum_balance_90d"] == 1_000


def test_an_account_without_a_line_in_180_days_tells_nothing_of_today(database: Database) -> None:
    a_founder(database, FOUNDER)
    _holding(database, [(180, 1_000, 1_000)])
    values = _values(database)
    assert values["mean_balance_180d"] is None
    assert values["minimum_balance_90d"] is None
    assert values["days_below_zero_180d"] is None
    _holding(database, [(9, 500, 500)], account="A2")
    assert _values(database)["mean_balance_180d"] == 500


def test_an_overdraft_counts_until_it_is_filled(database: Database) -> None:
    a_founder(database, FOUNDER)
    _holding(database, [(40, 900, 900), (30, -1_000, -100), (10, 300, 200)])
    assert _values(database)["days_below_zero_180d"] == 20


def test_swings_are_of_days_and_the_evidence_is_of_lines(database: Database) -> None:
    a_founder(database, FOUNDER)
    lines: list[Line] = [(19 - 2 * n, 1_000 if n % 2 else -1_000, 2_000 if n % 2 else 1_000)
                         for n in range(10)]  # fmt: skip
    _holding(database, lines[:9])
    assert _values(database)["balance_volatility_180d"] is None  # nine lines
    _holding(database, [*lines, (0, -1_000, 1_000)], account="A1")
    # Twenty days from the first line on, nine of them and a bit of 2,000.
    daily = [1_000, 1_000, 2_000, 2_000] * 4 + [1_000, 1_000, 2_000, 1_000]
    mean = sum(daily) / 20
    deviation = (sum((day - mean) ** 2 for day in daily) / 20) ** 0.5
    assert _values(database)["balance_volatility_180d"] == round(deviation / mean, 2)
