"""What is shown of a founder's records: as they are, as they were known, and their history."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from scoring.base.calendar import day_number, end_of
from scoring.base.errors import NotFoundError
from scoring.parties.founders import find_founder
from scoring.records.kinds import RecordKind
from scoring.records.listing import Listed, Seen, records_ever, records_standing
from scoring.records.plain_columns import KINDS
from scoring.review.corrections import correct_record, retract_record
from scoring.review.dispute_decisions import decide_keeping
from scoring.review.disputes import open_dispute
from scoring.store.database import Database
from scoring.store.point_in_time import standing_as_of
from tests.builders import a_founder, import_rows
from tests.conftest import Clock

SALE: dict[str, object] = {
    "founder": "F-1",
    "channel": "cafe24",
    "order_line": "O1",
    "ordered_on": date(2026, 3, 1),
    "quantity": 1,
    "gross": "12000.50",
    "currency": "CZK",
    "buyer": "b-1",
}


def _seen(database: Database, as_of: date | None = None, known_at: datetime | None = None) -> Seen:
    return Seen(database.settings.zone, as_of=as_of, known_at=known_at)


def _standing(
    database: Database,
    *,
    as_of: date | None = None,
    known_at: datetime | None = None,
    kinds: Iterable[RecordKind] = (RecordKind.SALES,),
) -> list[Listed]:
    with database.reading() as session:
        founder = find_founder(session, "F-1")
        return records_standing(session, founder, kinds, _seen(database, as_of, known_at))


def _ever(database: Database, *, known_at: datetime | None = None) -> list[Listed]:
    with database.reading() as session:
        founder = find_founder(session, "F-1")
        return records_ever(
            session, founder, [RecordKind.SALES], _seen(database, known_at=known_at)
        )


def _correct(database: Database, record: int, **changes: str) -> int:
    with database.writing() as ledger:
        return correct_record(
            ledger,
            RecordKind.SALES,
            record,
            changes=changes,
            reason="the invoice",
            author="Reviewer One",
            zone=database.settings.zone,
        )


@pytest.fixture
def with_a_sale(database: Database) -> Database:
    a_founder(database, "F-1")
    import_rows(database, RecordKind.SALES, [SALE])
    return database


def test_a_record_is_shown_in_its_plain_form_and_no_buyer_with_it(with_a_sale: Database) -> None:
    (record,) = _standing(with_a_sale)
    shown = record.as_dict()
    assert shown["values"] == {
        "channel": "cafe24",
        "order_line": "O1",
        "ordered_on": "2026-03-01",
        "quantity": "1",
        "gross": "12000.50",
        "currency": "CZK",
        "discount": "0.00",
        "shipping": "0.00",
        "fee": "0.00",
        "paid_on": "",
        "settled_on": "",
    }
    assert (shown["id"], shown["import"], shown["held"], shown["superseded"]) == (1, 1, None, None)
    assert "buyer" not in str(shown)


def test_a_correction_later_does_not_change_what_was_known_before(
    with_a_sale: Database, clock: Clock
) -> None:
    before = with_a_sale.clock()
    clock.advance(days=1)
    _correct(with_a_sale, 1, gross="900")

    def gross(known_at: datetime | None) -> list[str]:
        return [r.cells["gross"] for r in _standing(with_a_sale, known_at=known_at)]

    assert gross(None) == ["900.00"]
    assert gross(before) == ["12000.50"]
    assert gross(with_a_sale.clock()) == ["900.00"]
    assert gross(before - timedelta(days=1)) == []
    as_of_yesterday = _standing(with_a_sale, as_of=with_a_sale.today - timedelta(days=1))
    assert [r.cells["gross"] for r in as_of_yesterday] == ["12000.50"]


def test_the_history_of_a_record_tells_by_what_when_why_and_by_whom(with_a_sale: Database) -> None:
    before = with_a_sale.clock()
    second = _correct(with_a_sale, 1, gross="900")
    with with_a_sale.writing() as ledger:
        retract_record(ledger, RecordKind.SALES, second, reason="a test order", author="Two")
    first, corrected = (record.as_dict() for record in _ever(with_a_sale))
    assert first["superseded"] == {
        "by": second,
        "at": corrected["recorded_at"],
        "reason": "the invoice",
        "author": "Reviewer One",
    }
    assert corrected["superseded"]["by"] is None
    assert corrected["superseded"]["reason"] == "a test order"
    assert _standing(with_a_sale) == []
    (known_then,) = _ever(with_a_sale, known_at=before)
    assert known_then.superseded is None


def test_a_disputed_record_is_listed_and_marked(with_a_sale: Database) -> None:
    with with_a_sale.writing() as ledger:
        founder = find_founder(ledger.session, "F-1")
        open_dispute(ledger, founder, RecordKind.SALES, 1, reason="not mine", opened_by="founder")
    assert [(r.id, r.held) for r in _standing(with_a_sale)] == [(2, "disputed")]


def test_what_is_listed_as_of_a_day_is_what_a_score_sees_and_what_is_held(
    database: Database, clock: Clock
) -> None:
    """Over all moments of a story, the records not held are those of `standing_as_of`."""
    story = a_founder(database, "F-1").selling(weekly=1000, weeks=2, refund_every=2)
    moments = [database.clock()]
    clock.advance(days=1)
    story.borrowing(1_200_000, loan="N-1", disbursed_on=date(2026, 5, 1), months=3, paid=1)
    moments.append(database.clock())
    clock.advance(days=1)
    _correct(database, 1, quantity="2")
    with database.writing() as ledger:
        founder = find_founder(ledger.session, "F-1")
        open_dispute(ledger, founder, RecordKind.LOANS, 1, reason="not mine", opened_by="founder")
    moments.append(database.clock())
    clock.advance(days=1)
    with database.writing() as ledger:
        decide_keeping(ledger, 1, reason="it is", author="Two")
    moments.append(database.clock())
    zone, held = database.settings.zone, 0
    days = [database.today - timedelta(days=back) for back in (0, 1, 2, 3, 40)]
    for known_at in moments:
        for day in days:
            for kind, table in KINDS.items():
                with database.reading() as session:
                    view = standing_as_of(table, as_of_end=end_of(day, zone), known_at=known_at)
                    expected = session.scalars(
                        select(table.id).where(view, table.event_day <= day_number(day))
                    ).all()
                found = _standing(database, as_of=day, known_at=known_at, kinds=[kind])
                assert sorted(r.id for r in found if r.held is None) == sorted(expected)
                held += sum(r.held is not None for r in found)
    assert held > 0


def test_a_founder_who_is_not_on_file_is_told(sqlite: Database) -> None:
    with pytest.raises(NotFoundError):
        _standing(sqlite)
