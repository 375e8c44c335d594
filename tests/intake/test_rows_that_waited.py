"""Rows that waited for a sale: the receipt of the file that brought it tells of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from scoring.base.errors import FileError
from scoring.records.kinds import RecordKind
from scoring.review.waiting import list_waiting
from scoring.store.database import Database
from scoring.store.tables import OrderLine
from tests.builders import a_founder, import_rows


def import_refund(database: Database, amount: str) -> None:
    row = {
        "founder": "F-1",
        "channel": "smartstore",
        "order_line": "O1",
        "refunded_on": database.today - timedelta(days=20),
        "refund": amount,
    }
    assert import_rows(database, RecordKind.REFUNDS, [row]).quarantined == 1


def import_sale(database: Database) -> list[str]:
    row = {
        "founder": "F-1",
        "channel": "smartstore",
        "order_line": "O1",
        "ordered_on": database.today - timedelta(days=30),
        "quantity": 1,
        "gross": 10_000,
        "currency": "KRW",
    }
    receipt = import_rows(database, RecordKind.SALES, [row])
    assert receipt.accepted == 1
    return list(receipt.notes)


def standing(database: Database) -> list[tuple[str, int]]:
    with database.reading() as session:
        statement = select(OrderLine).where(OrderLine.superseded_recorded_at.is_(None))
        return sorted((line.entry, line.refund) for line in session.scalars(statement))


def test_a_receipt_tells_of_the_rows_that_it_released(database: Database) -> None:
    a_founder(database, "F-1")
    import_refund(database, "3000")
    notes = import_sale(database)
    assert notes == ["1 rows of earlier files that waited for these are stored."]
    assert standing(database) == [("refund", 3000), ("sale", 0)]


def test_a_waiting_row_that_is_wrong_stops_no_file_of_others(database: Database) -> None:
    a_founder(database, "F-1")
    import_refund(database, "10.50")  # won have no decimals
    [note] = import_sale(database)
    assert note.startswith("1 rows of earlier files that waited for these contradict")
    assert standing(database) == [("sale", 0)]
    with database.reading() as session:
        assert len(list_waiting(session)) == 1


@pytest.mark.parametrize(
    ("told", "days", "refusal"),
    [
        ({"currency": "USD", "refund": "10.50"}, 20, "is not that of the sale, KRW"),
        ({"currency": "KRW"}, 31, "lies before the sale"),
    ],
)
def test_a_refund_that_does_not_fit_its_sale_is_refused(
    told: dict[str, str], days: int, refusal: str, database: Database
) -> None:
    a_founder(database, "F-1")
    import_sale(database)
    row = {
        "founder": "F-1",
        "channel": "smartstore",
        "order_line": "O1",
        "refunded_on": database.today - timedelta(days=days),
        "refund": "3000",
    }
    with pytest.raises(FileError, match=refusal):
        import_rows(database, RecordKind.REFUNDS, [row | told])
    assert standing(database) == [("sale", 0)]
