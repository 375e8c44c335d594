"""Doubtful records are stored, stay out of scoring, and wait for a person's word."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from scoring.base.calendar import end_of
from scoring.base.errors import ConflictError, InputError, NotFoundError
from scoring.circumstances.programmes import declare_calendar
from scoring.circumstances.shops import declare_shop, list_shops
from scoring.intake.telling.receipts import Receipt
from scoring.parties.founders import find_founder
from scoring.records.kinds import RecordKind
from scoring.review.disputes import open_dispute
from scoring.review.suspects import Choice, confirm_suspects, list_suspects, reject_suspects
from scoring.store.audit import verify_chain
from scoring.store.database import Database
from scoring.store.point_in_time import standing_as_of
from scoring.store.tables import OrderLine
from tests.builders import a_founder, import_rows
from tests.conftest import Clock

OUTLIER = 60 * 35_000


def import_sales(database: Database, **outlier: object) -> Receipt:
    """Twenty ordinary orders and one far above them."""
    today = database.today
    rows: list[dict[str, object]] = [
        {
            "founder": "F-1",
            "channel": "smartstore",
            "order_line": f"O{number}",
            "ordered_on": today - timedelta(days=5 + 3 * number),
            "quantity": 1,
            "gross": 35_000,
            "currency": "KRW",
        }
        for number in range(20)
    ]
    rows.append(
        rows[0]
        | {"order_line": "BIG", "gross": OUTLIER, "ordered_on": today - timedelta(days=4)}
        | outlier
    )
    return import_rows(database, RecordKind.SALES, rows)


def sales(database: Database, **outlier: object) -> int:
    """Import them for the first time; returns the receipt's number."""
    receipt = import_sales(database, **outlier)
    assert receipt.suspect == 1
    assert receipt.import_id is not None
    return receipt.import_id


def confirm(database: Database, choice: Choice) -> int:
    with database.writing() as ledger:
        return confirm_suspects(ledger, choice, author="Reviewer One")


def the_suspects(database: Database) -> list[int]:
    with database.reading() as session:
        return [suspect.record.id for suspect in list_suspects(session)]


def test_an_order_far_above_the_usual_counts_once_somebody_confirms_it(
    database: Database, clock: Clock
) -> None:
    a_founder(database, "F-1")
    sales(database)
    (suspect,) = the_suspects(database)
    before = known_sales(database)
    assert OUTLIER not in before
    clock.advance(days=1)
    assert confirm(database, Choice(RecordKind.SALES, [suspect])) == 1
    assert sorted(known_sales(database)) == sorted([*before, OUTLIER])
    # as of yesterday it did not count, and never will have
    assert OUTLIER not in known_sales(database, as_of=database.today - timedelta(days=1))
    assert the_suspects(database) == []
    with database.reading() as session:
        assert verify_chain(session) > 0


def known_sales(database: Database, as_of: date | None = None) -> list[int]:
    """Gross amounts of the sales that a score as of a day sees."""
    day = as_of or database.today
    with database.reading() as session:
        return list(
            session.scalars(
                select(OrderLine.gross).where(
                    OrderLine.entry == "sale",
                    standing_as_of(
                        OrderLine,
                        as_of_end=end_of(day, database.settings.zone),
                        known_at=database.clock(),
                    ),
                )
            )
        )


def test_a_rejected_order_is_kept_and_never_counts(database: Database) -> None:
    a_founder(database, "F-1")
    number = sales(database)
    with database.writing() as ledger:
        count = reject_suspects(
            ledger, Choice(import_id=number), reason="a typing slip", author="Reviewer One"
        )
    assert count == 1
    assert OUTLIER not in known_sales(database)
    assert the_suspects(database) == []


def test_a_refund_goes_with_its_suspect_sale(database: Database) -> None:
    a_founder(database, "F-1")
    sales(database, status="returned", refunded_on=database.today - timedelta(days=1))
    with database.reading() as session:
        found = list_suspects(session)
        assert [suspect.record.held for suspect in found] == ["amount_outlier"] * 2
    sale = next(s.record.id for s in found if "gross" in s.cells)
    refund = next(s.record.id for s in found if s.record.id != sale)
    with pytest.raises(ConflictError, match=f"gives back sale {sale}, which is suspect itself"):
        confirm(database, Choice(RecordKind.SALES, [refund]))
    assert confirm(database, Choice(RecordKind.SALES, [sale])) == 2


def test_the_same_file_again_leaves_a_decision_as_it_is(database: Database) -> None:
    a_founder(database, "F-1")
    sales(database)
    confirm(database, Choice(RecordKind.SALES, the_suspects(database)))
    again = import_sales(database)
    assert (again.suspect, again.added, again.repeated) == (0, 0, 21)
    assert the_suspects(database) == []
    assert OUTLIER in known_sales(database)


def test_orders_before_the_shop_opened_are_suspect(database: Database) -> None:
    a_founder(database, "F-1")
    with database.writing() as ledger:
        declare_shop(
            ledger,
            find_founder(ledger.session, "F-1"),
            "smartstore",
            opened_on=database.today - timedelta(days=30),
            today=database.today,
            author="Operator One",
        )
        assert list_shops(ledger.session)[0]["channel"] == "smartstore"
    rows: list[dict[str, object]] = [
        {
            "founder": "F-1",
            "channel": channel,
            "order_line": f"{channel}{days}",
            "ordered_on": database.today - timedelta(days=days),
            "quantity": 1,
            "gross": 35_000,
            "currency": "KRW",
        }
        for channel in ("smartstore", "coupang")
        for days in (29, 30, 31, 300)
    ]
    receipt = import_rows(database, RecordKind.SALES, rows)
    assert receipt.doubts == {"before_shop_opened": 2}
    with database.reading() as session:
        lines = {suspect.cells["order_line"] for suspect in list_suspects(session)}
    assert lines == {"smartstore31", "smartstore300"}


def test_attendance_on_a_day_without_a_session_is_suspect(database: Database) -> None:
    a_founder(database, "F-1")
    first = database.today - timedelta(days=30)
    with database.writing() as ledger:
        declare_calendar(ledger, "CAMP", [first, first + timedelta(days=7)], author="Operator One")
    rows: list[dict[str, object]] = [
        {
            "founder": "F-1",
            "programme": programme,
            "session": f"S{days}",
            "held_on": first + timedelta(days=days),
            "hours": 2,
            "session_kind": "class",
            "status": "present",
        }
        for programme in ("CAMP", "OTHER")
        for days in (0, 6, 7)
    ]
    receipt = import_rows(database, RecordKind.ATTENDANCE, rows)
    assert receipt.doubts == {"no_such_session": 1}
    with database.reading() as session:
        (suspect,) = list_suspects(session)
    assert (suspect.cells["programme"], suspect.cells["session"]) == ("CAMP", "S6")


def test_only_suspect_records_can_be_decided_on(database: Database) -> None:
    a_founder(database, "F-1")
    number = sales(database)
    (suspect,) = the_suspects(database)
    for choice, error, message in (
        (Choice(RecordKind.SALES, [1]), ConflictError, "is not suspect; it counts already"),
        (Choice(RecordKind.SALES, [999]), NotFoundError, "There is no record 999 of sales"),
        (Choice(RecordKind.REFUNDS, [suspect]), InputError, "say sales"),
        (Choice(import_id=number + 1), NotFoundError, "holds no suspect record"),
        (Choice(RecordKind.SALES), InputError, "Say which"),
    ):
        with pytest.raises(error, match=message):
            confirm(database, choice)
    with database.writing() as ledger:
        open_dispute(
            ledger,
            find_founder(ledger.session, "F-1"),
            RecordKind.SALES,
            suspect,
            reason="not mine",
            opened_by="founder",
        )
    with pytest.raises(ConflictError, match="decided on or corrected before"):
        confirm(database, Choice(RecordKind.SALES, [suspect]))
    assert the_suspects(database) == []
