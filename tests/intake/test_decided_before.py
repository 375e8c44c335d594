"""A file that says again what somebody decided against undoes no decision."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from scoring.intake.telling.receipts import Receipt
from scoring.records.kinds import RecordKind
from scoring.review.corrections import correct_record, retract_record
from scoring.review.suspects import Choice, reject_suspects
from scoring.review.withdrawals import withdraw_import
from scoring.store.database import Database
from scoring.store.tables import OrderLine
from tests.builders import a_founder, import_rows


def sell(database: Database, gross: int = 10_000, **further: object) -> Receipt:
    day = database.today - timedelta(days=30)
    row = {
        "founder": "F-1",
        "channel": "smartstore",
        "order_line": "O1",
        "ordered_on": day,
        "quantity": 1,
        "gross": gross,
        "currency": "KRW",
    }
    return import_rows(database, RecordKind.SALES, [row | further])


def standing(database: Database) -> list[tuple[int, int, int, str | None]]:
    """Id, gross, refund and doubt of what stands."""
    with database.reading() as session:
        statement = select(OrderLine).where(OrderLine.superseded_recorded_at.is_(None))
        return [(n.id, n.gross, n.refund, n.held) for n in session.scalars(statement)]


def retract(database: Database) -> None:
    for record_id, *_ in standing(database)[:1]:
        with database.writing() as ledger:
            retract_record(
                ledger, RecordKind.SALES, record_id, reason="never sold", author="Reviewer One"
            )


def correct(database: Database, gross: str) -> None:
    with database.writing() as ledger:
        correct_record(
            ledger,
            RecordKind.SALES,
            standing(database)[0][0],
            changes={"gross": gross},
            reason="the invoice",
            author="Reviewer One",
            zone=database.settings.zone,
        )


def test_a_record_taken_back_does_not_come_back_with_the_next_file(database: Database) -> None:
    a_founder(database, "F-1")
    sell(database)
    retract(database)
    again = sell(database)
    assert (again.added, again.corrected, again.repeated) == (0, 0, 1)
    assert standing(database) == []


def test_a_refund_of_a_record_taken_back_does_not_come_back_either(database: Database) -> None:
    a_founder(database, "F-1")
    back = {"status": "cancelled", "refunded_on": database.today - timedelta(days=20)}
    sell(database, **back)
    retract(database)
    assert standing(database) == []
    sell(database, **back)
    assert standing(database) == []


def test_a_corrected_record_stays_corrected(database: Database) -> None:
    a_founder(database, "F-1")
    sell(database)
    correct(database, "7000")
    again = sell(database)
    assert (again.added, again.corrected, again.repeated) == (0, 0, 1)
    assert [row[1:] for row in standing(database)] == [(7000, 0, None)]


def test_a_third_statement_waits_for_somebody_to_decide(database: Database) -> None:
    a_founder(database, "F-1")
    sell(database)
    correct(database, "7000")
    third = sell(database, gross=8_000)
    assert (third.suspect, third.doubts) == (1, {"decided_before": 1})
    assert [row[1:] for row in standing(database)] == [(8000, 0, "decided_before")]


def test_a_rejected_suspect_does_not_count_when_its_doubt_is_gone(database: Database) -> None:
    a_founder(database, "F-1")
    ordinary = [{"order_line": f"P{n}", "gross": 10_000} for n in range(20)]
    for one in ordinary:
        sell(database, **one)  # type: ignore[arg-type]
    assert sell(database, gross=900_000).suspect == 1
    doubtful = next(row[0] for row in standing(database) if row[3])
    with database.writing() as ledger:
        choice = Choice(kind=RecordKind.SALES, ids=(doubtful,))
        reject_suspects(ledger, choice, reason="a test order", author="Operator One")
    again = sell(database, gross=900_000)
    assert (again.added, again.suspect, again.repeated) == (0, 0, 1)
    assert len(standing(database)) == 20


def test_what_a_withdrawn_import_had_brought_may_come_again(database: Database) -> None:
    a_founder(database, "F-1")
    first = sell(database)
    assert first.import_id is not None
    with database.writing() as ledger:
        withdraw_import(ledger, first.import_id, reason="another shop's", author="Operator One")
    assert sell(database).added == 1
