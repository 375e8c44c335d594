"""An import can be withdrawn whole: its records stand no more, what it superseded stands again."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import func, select

from scoring.base.calendar import end_of
from scoring.base.errors import ConflictError, InputError, NotFoundError
from scoring.base.settings import Settings
from scoring.intake.importing import Request, import_records
from scoring.intake.telling.receipts import Receipt, list_receipts
from scoring.parties.founders import add_founders, find_founder
from scoring.records.kinds import RecordKind
from scoring.review.disputes import open_dispute
from scoring.review.waiting import list_waiting
from scoring.review.withdrawals import Withdrawn, withdraw_import
from scoring.store.audit import verify_chain
from scoring.store.database import Database
from scoring.store.point_in_time import standing_as_of
from scoring.store.tables import OrderLine, Supersession
from tests.builders import a_founder, import_rows
from tests.conftest import Clock, new_sqlite_store
from tests.intake.test_exports_in_any_order import Order, export

_MARKS = {
    "id",
    "import_id",
    "learned_at",
    "recorded_at",
    "superseded_learned_at",
    "superseded_recorded_at",
}


def sale(number: int, **changes: object) -> dict[str, object]:
    return {
        "founder": "F-1",
        "channel": "smartstore",
        "order_line": f"O{number}",
        "ordered_on": "2026-05-01",
        "quantity": 1,
        "gross": 30_000 + number,
        "currency": "KRW",
        **changes,
    }


def bring(database: Database, *rows: dict[str, object]) -> int:
    receipt = import_rows(database, RecordKind.SALES, list(rows))
    assert receipt.import_id is not None
    return receipt.import_id


def withdraw(database: Database, number: int) -> Withdrawn:
    with database.writing() as ledger:
        return withdraw_import(ledger, number, reason="the wrong shop", author="Operator One")


def standing(database: Database) -> list[tuple[Any, ...]]:
    """What stands in sales, apart from marks of when it came in."""
    names = [c.key for c in OrderLine.__table__.columns if c.key not in _MARKS]
    with database.reading() as session:
        rows = session.execute(
            select(*(getattr(OrderLine, name) for name in names)).where(
                OrderLine.superseded_recorded_at.is_(None)
            )
        )
        return sorted((tuple(row) for row in rows), key=repr)


def test_what_an_import_brought_stands_no_more_and_nothing_is_removed(
    database: Database, clock: Clock
) -> None:
    a_founder(database, "F-1")
    bring(database, sale(1))
    before = standing(database)
    number = bring(database, sale(2), sale(3, status="returned", refunded_on="2026-05-03"))
    yesterday, then = database.today, database.clock()
    clock.advance(days=1)
    done = withdraw(database, number)
    assert done == Withdrawn(number, retracted=3, restored=0, no_longer_waiting=0)
    assert standing(database) == before
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(OrderLine)) == 4
        assert [entry["withdrawn"] for entry in list_receipts(session)] == [False, True]
        reasons = set(session.scalars(select(Supersession.reason)))
        # yesterday's scores saw them, and are computed again with them
        seen = select(OrderLine.id).where(
            standing_as_of(
                OrderLine,
                as_of_end=end_of(yesterday, database.settings.zone),
                known_at=then,
            )
        )
        assert len(session.scalars(seen).all()) == 4
        assert verify_chain(session) > 0
    assert reasons == {"the wrong shop"}


def test_what_it_had_changed_is_as_it_was(database: Database) -> None:
    a_founder(database, "F-1")
    bring(database, sale(1), sale(2), sale(3, status="returned", refunded_on="2026-05-03"))
    before = standing(database)
    number = bring(database, sale(1, gross=99_000), sale(2), sale(3, status="sold"))
    assert standing(database) != before
    done = withdraw(database, number)
    assert (done.retracted, done.restored) == (0, 2)
    assert standing(database) == before


def test_a_later_imports_word_stays(database: Database) -> None:
    a_founder(database, "F-1")
    first = bring(database, sale(1))
    second = bring(database, sale(1, gross=50_000))
    withdraw(database, first)
    assert [row for row in standing(database) if 50_000 in row]
    withdraw(database, second)  # what it superseded came from the first, which is gone too
    assert standing(database) == []


def test_the_file_can_be_imported_again(database: Database) -> None:
    a_founder(database, "F-1")
    number = bring(database, sale(1), sale(2))
    before = standing(database)
    withdraw(database, number)
    again = bring(database, sale(1), sale(2))
    assert again != number
    assert standing(database) == before


def test_sales_that_refunds_of_another_import_rest_on_are_not_taken_away(
    database: Database,
) -> None:
    a_founder(database, "F-1")
    first = bring(database, sale(1))
    refund: dict[str, object] = {
        "founder": "F-1",
        "channel": "smartstore",
        "order_line": "O1",
        "refunded_on": "2026-05-04",
        "refund": 5_000,
    }
    second = import_rows(database, RecordKind.REFUNDS, [refund]).import_id
    before = standing(database)
    with pytest.raises(ConflictError, match=f"Records of import {second} rest on import {first}"):
        withdraw(database, first)
    assert standing(database) == before
    assert second is not None
    withdraw(database, second)
    withdraw(database, first)
    assert standing(database) == []


def test_rows_that_wait_go_with_their_import(sqlite: Database, tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text("날짜,세션,이름,상태\n2026-03-02,1회차,가온새,출석\n", encoding="utf-8")

    def sheet() -> Receipt:
        return import_records(sqlite, path, Request(programme="CAMP"))

    receipt = sheet()
    assert receipt.import_id is not None
    assert withdraw(sqlite, receipt.import_id).no_longer_waiting == 1
    with sqlite.reading() as session:
        assert list_waiting(session) == []
    assert sheet().quarantined == 1  # and wait again when the file comes again


def test_an_import_is_withdrawn_once_and_for_a_reason(database: Database) -> None:
    a_founder(database, "F-1")
    number = bring(database, sale(1))
    with database.writing() as ledger:
        with pytest.raises(InputError, match="Give a name and a reason"):
            withdraw_import(ledger, number, reason=" ", author="Operator One")
        with pytest.raises(NotFoundError, match="There is no import 77"):
            withdraw_import(ledger, 77, reason="r", author="Operator One")
    with database.writing() as ledger:
        founder = find_founder(ledger.session, "F-1")
        open_dispute(ledger, founder, RecordKind.SALES, 1, reason="not mine", opened_by="founder")
    with pytest.raises(ConflictError, match="that a founder disputes"):
        withdraw(database, number)
    other = bring(database, sale(5))
    withdraw(database, other)
    with pytest.raises(ConflictError, match=f"Import {other} was withdrawn before"):
        withdraw(database, other)


orders = st.lists(
    st.builds(
        Order,
        number=st.integers(1, 8),
        day=st.integers(0, 20),
        amount=st.integers(10, 90).map(lambda tens: tens * 100),
        cancelled_after=st.none() | st.integers(0, 15),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda order: order.number,
)
days = st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(0, 15)).map(
    lambda w: (min(w[:2]), max(w[:2]), max(w[:2]) + w[2])
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(shop=orders, windows=st.lists(days, min_size=1, max_size=4))
def test_withdrawing_the_last_import_leaves_the_store_as_before_it(
    shop: list[Order], windows: list[tuple[int, int, int]]
) -> None:
    """Whatever exports came before, and all the way back to an empty store."""
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC))
        database = new_sqlite_store(Settings(data_dir=Path(folder) / "var"), clock)
        with database.writing() as ledger:
            add_founders(ledger, ["F-1"], actor="test")
        states, numbers = [standing(database)], []
        for at, window in enumerate(windows):
            path = export(Path(folder), f"export{at}", shop, window)
            if not path.exists():
                continue
            clock.advance(minutes=1)
            numbers.append(import_records(database, path, Request(founder="F-1")).import_id)
            states.append(standing(database))
        for number in reversed(numbers):
            assert standing(database) == states.pop()
            assert number is not None
            withdraw(database, number)
        assert standing(database) == states.pop() == []
        database.engine.dispose()
