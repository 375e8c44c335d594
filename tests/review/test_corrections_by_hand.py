"""A person may correct one record, with a reason, and may store nothing that a file could not."""

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from scoring.base.calendar import today
from scoring.base.errors import ConflictError, InputError, NotFoundError
from scoring.parties.founders import find_founder
from scoring.records.checking import corrected_values
from scoring.records.kinds import RecordKind
from scoring.records.plain import find_record, plain_cells, stored_values
from scoring.records.plain_columns import KINDS
from scoring.review.corrections import correct_record, retract_record
from scoring.review.disputes import open_dispute
from scoring.store.database import Database
from scoring.store.supersede import supersede_record
from scoring.store.tables import Instalment, Loan, OrderLine, Record, Supersession
from tests.builders import a_founder, import_rows
from tests.conftest import Clock

SALE: dict[str, object] = {
    "founder": "F-1",
    "channel": "cafe24",
    "order_line": "O1",
    "ordered_on": date(2026, 3, 1),
    "quantity": 1,
    "gross": 12_000,
    "shipping": 3_000,
    "currency": "KRW",
    "buyer": "b-1",
}
RETURNED: dict[str, object] = {
    "status": "returned",
    "refund": 5_000,
    "refunded_on": date(2026, 3, 9),
    "refund_cause": "seller",
}
ROWS: dict[RecordKind, dict[str, object]] = {
    RecordKind.ATTENDANCE: {
        "founder": "F-1",
        "programme": "P-1",
        "session": "S1",
        "held_on": date(2026, 3, 1),
        "hours": 1.5,
        "session_kind": "class",
        "status": "late",
        "minutes_late": 7,
        "assignment": "on_time",
    },
    RecordKind.SALES: SALE | RETURNED | {"discount": 2_000, "fee": 400, "settled_on": "2026-03-20"},
    RecordKind.LOANS: {
        "founder": "F-1",
        "loan": "N-1",
        "lender": "L-1",
        "principal": 1_000_000,
        "currency": "KRW",
        "annual_rate": 0.055,
        "months": 12,
        "disbursed_on": date(2026, 1, 5),
        "grace_months": 3,
        "schedule_kind": "bullet",
    },
    RecordKind.SCHEDULE: {
        "loan": "N-1",
        "number": 1,
        "due_on": date(2026, 7, 5),
        "principal": 80_000,
        "interest": 5_000,
    },
    RecordKind.REPAYMENTS: {
        "loan": "N-1",
        "repayment": "R1",
        "paid_on": date(2026, 2, 5),
        "amount": 85_000,
    },
    RecordKind.CASH_FLOW: {
        "founder": "F-1",
        "account": "K1",
        "line": "1",
        "booked_on": date(2026, 3, 1),
        "direction": "out",
        "amount": "1000.50",
        "currency": "CZK",
        "balance": "-350.25",
    },
    RecordKind.APPLICATIONS: {
        "founder": "F-1",
        "application": "A-1",
        "lender": "L-1",
        "applied_on": date(2026, 1, 2),
        "principal": 1_000_000,
        "months": 12,
        "instalment": 85_000,
        "currency": "KRW",
    },
    RecordKind.OUTCOMES: {
        "application": "A-1",
        "outcome": "good",
        "declared_on": date(2026, 5, 1),
    },
}


def _correct(database: Database, kind: RecordKind, record_id: int, **changes: str) -> int:
    with database.writing() as ledger:
        return correct_record(
            ledger,
            kind,
            record_id,
            changes=changes,
            reason="the founder showed the invoice",
            author="Reviewer One",
            zone=database.settings.zone,
        )


def _read(database: Database, kind: RecordKind, record_id: int) -> dict[str, str]:
    with database.reading() as session:
        return plain_cells(session, find_record(session, kind, record_id))


def _count(database: Database, table: Any = OrderLine) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def with_a_sale(database: Database) -> Database:
    a_founder(database, "F-1")
    import_rows(database, RecordKind.SALES, [SALE])
    return database


@pytest.mark.parametrize("kind", list(ROWS))
def test_the_plain_form_of_a_record_is_the_row_it_came_from(
    kind: RecordKind, sqlite: Database
) -> None:
    a_founder(sqlite, "F-1")
    for needed in (RecordKind.LOANS, RecordKind.APPLICATIONS):
        import_rows(sqlite, needed, [ROWS[needed]])
    import_rows(sqlite, kind, [ROWS[kind]])
    with sqlite.reading() as session:
        for record in session.scalars(select(KINDS[kind])):
            assert isinstance(record, Record)
            cells = plain_cells(session, record)
            for name, value in ROWS[kind].items():
                if name in cells:
                    assert cells[name] == str(value), name
            for name, stored in stored_values(record, cells).items():
                assert getattr(record, name) == stored, name


def test_a_correction_supersedes_the_record_and_keeps_it(with_a_sale: Database) -> None:
    replacement = _correct(with_a_sale, RecordKind.SALES, 1, gross="32000", ordered_on="2026-03-04")
    with with_a_sale.reading() as session:
        old, new = (session.get_one(OrderLine, i) for i in (1, replacement))
        entry = session.scalars(select(Supersession)).one()
    assert (old.gross, new.gross) == (12_000, 32_000)
    assert (new.event_date, new.event_day - old.event_day) == (date(2026, 3, 4), 3)
    assert (new.natural_key, new.source, new.buyer) == (old.natural_key, old.source, old.buyer)
    assert new.learned_at == new.recorded_at == entry.recorded_at
    assert (entry.replacement_id, entry.author) == (replacement, "Reviewer One")


def test_the_record_that_a_correction_made_is_corrected_next(with_a_sale: Database) -> None:
    second = _correct(with_a_sale, RecordKind.SALES, 1, gross="32000")
    with pytest.raises(ConflictError, match=f"{second} stands in its place"):
        _correct(with_a_sale, RecordKind.SALES, 1, gross="33000")
    third = _correct(with_a_sale, RecordKind.SALES, second, gross="33000")
    with pytest.raises(ConflictError, match=f"{third} stands in its place"):
        _correct(with_a_sale, RecordKind.SALES, 1, gross="34000")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gross": "12,000"}, 'column "gross": "12,000" is not an amount'),
        ({"gross": "12.50"}, "more decimals than KRW has"),
        ({"gross": ""}, "is empty and must be filled"),
        ({"ordered_on": "01.03.2026"}, "is not a day as YYYY-MM-DD"),
        ({"ordered_on": "2026-06-16"}, r"is in the future \(today is 2026-06-15\)"),
        ({"ordered_on": "1989-12-31"}, "lies before 1990-01-01"),
        ({"paid_on": "2026-06-16"}, "is in the future"),
        ({"quantity": "0"}, "is not a whole number above zero"),
        ({"currency": "WON"}, "is not a currency code"),
        ({"gross": "1\x002"}, "control character"),
    ],
)
def test_a_correction_that_an_import_would_refuse_is_refused_and_nothing_stored(
    changes: dict[str, str], message: str, with_a_sale: Database
) -> None:
    with pytest.raises(InputError, match=message):
        _correct(with_a_sale, RecordKind.SALES, 1, **changes)
    assert _count(with_a_sale) == 1
    assert _count(with_a_sale, Supersession) == 0


@pytest.mark.parametrize("name", ["founder", "channel", "order_line", "source", "buyer", "held"])
def test_what_names_a_record_or_is_not_of_its_form_cannot_be_changed(
    name: str, with_a_sale: Database
) -> None:
    with pytest.raises(InputError, match=r'"\w+" of sales .* These can: ordered_on, quantity'):
        _correct(with_a_sale, RecordKind.SALES, 1, **{name: "x"})


def test_a_correction_that_changes_nothing_is_refused(with_a_sale: Database) -> None:
    with pytest.raises(InputError, match="Nothing would change"):
        _correct(with_a_sale, RecordKind.SALES, 1, gross="12000.0")


def test_another_currency_keeps_the_amounts_in_major_units(with_a_sale: Database) -> None:
    _correct(with_a_sale, RecordKind.SALES, 1, currency="USD")
    assert _read(with_a_sale, RecordKind.SALES, 2)["gross"] == "12000.00"


def test_a_sale_and_its_refund_stay_in_agreement(database: Database) -> None:
    a_founder(database, "F-1")
    import_rows(database, RecordKind.SALES, [SALE | RETURNED])
    for record, changes, message in (
        (1, {"gross": "1000"}, "less than the refund in record 2"),
        (1, {"ordered_on": "2026-03-10"}, "lies after the refund"),
        (1, {"currency": "USD"}, "retract both"),
        (2, {"refund": "15001"}, "more than the line's gross amount and shipping"),
        (2, {"refunded_on": "2026-02-28"}, "lies before ordered_on"),
        (2, {"gross": "1"}, "These can: refunded_on, refund, refund_cause"),
        (2, {"refund_cause": "nobody"}, "is not one of seller"),
    ):
        with pytest.raises(InputError, match=message):
            _correct(database, RecordKind.SALES, record, **changes)
    replacement = _correct(database, RecordKind.SALES, 2, refund="6000", refund_cause="platform")
    cells = _read(database, RecordKind.SALES, replacement)
    assert (cells["refund"], cells["refund_cause"]) == ("6000", "platform")


def test_several_refunds_of_a_sale_are_never_more_than_it_and_keep_their_days(
    sqlite: Database,
) -> None:
    a_founder(sqlite, "F-1")
    import_rows(sqlite, RecordKind.SALES, [SALE])
    named = {name: SALE[name] for name in ("founder", "channel", "order_line", "currency")}
    days = [(date(2026, 3, 8), 4_000), (date(2026, 3, 9), 5_000)]
    refunds = [named | {"refunded_on": day, "refund": amount} for day, amount in days]
    import_rows(sqlite, RecordKind.REFUNDS, refunds)
    with pytest.raises(InputError, match="more than the line's gross amount and shipping"):
        _correct(sqlite, RecordKind.SALES, 2, refund="10001")
    with pytest.raises(InputError, match="less than the refund in record 2, 3"):
        _correct(sqlite, RecordKind.SALES, 1, gross="5999")
    with pytest.raises(InputError, match="These can: refund, refund_cause"):
        _correct(sqlite, RecordKind.SALES, 2, refunded_on="2026-03-07")
    _correct(sqlite, RecordKind.SALES, 2, refund="10000")


def test_nothing_is_paid_back_before_the_loan_was_paid_out(sqlite: Database) -> None:
    a_founder(sqlite, "F-1")
    for kind in (RecordKind.LOANS, RecordKind.SCHEDULE, RecordKind.REPAYMENTS):
        import_rows(sqlite, kind, [ROWS[kind]])
    with pytest.raises(InputError, match='"paid_on": lies before the loan was paid out'):
        _correct(sqlite, RecordKind.REPAYMENTS, 1, paid_on="2026-01-04")
    with pytest.raises(InputError, match='"due_on": lies before the loan was paid out'):
        _correct(sqlite, RecordKind.SCHEDULE, 1, due_on="2026-01-04")


def test_money_that_came_in_instead_of_going_out_is_turned(sqlite: Database) -> None:
    a_founder(sqlite, "F-1")
    import_rows(sqlite, RecordKind.CASH_FLOW, [ROWS[RecordKind.CASH_FLOW]])
    _correct(sqlite, RecordKind.CASH_FLOW, 1, direction="in", purpose="")
    cells = _read(sqlite, RecordKind.CASH_FLOW, 2)
    assert (cells["direction"], cells["amount"], cells["purpose"]) == (
        "in",
        "1000.50",
        "other_income",
    )


def test_the_day_of_a_session_is_one_for_everybody(sqlite: Database) -> None:
    a_founder(sqlite, "F-1")
    import_rows(sqlite, RecordKind.ATTENDANCE, [ROWS[RecordKind.ATTENDANCE]])
    with pytest.raises(InputError, match='"held_on" of attendance'):
        _correct(sqlite, RecordKind.ATTENDANCE, 1, held_on="2026-03-02")
    _correct(sqlite, RecordKind.ATTENDANCE, 1, status="present", minutes_late="")
    assert _read(sqlite, RecordKind.ATTENDANCE, 2)["minutes_late"] == "0"


def test_a_doubt_about_a_record_is_settled_by_correcting_it(with_a_sale: Database) -> None:
    with with_a_sale.writing() as ledger:
        supersede_record(
            ledger,
            OrderLine,
            1,
            replacement={"held": "amount_outlier"},
            reason="a doubt",
            author="x",
        )
    _correct(with_a_sale, RecordKind.SALES, 2, gross="1200")
    with with_a_sale.reading() as session:
        assert session.get_one(OrderLine, 3).held is None


def test_the_refund_of_a_doubtful_sale_is_believed_with_it(sqlite: Database) -> None:
    a_founder(sqlite, "F-1")
    import_rows(sqlite, RecordKind.SALES, [SALE | RETURNED])
    with sqlite.writing() as ledger:
        for record in (1, 2):
            supersede_record(
                ledger,
                OrderLine,
                record,
                replacement={"held": "amount_outlier"},
                reason="a doubt",
                author="x",
            )
    _correct(sqlite, RecordKind.SALES, 3, gross="13000")
    with sqlite.reading() as session:
        current = select(OrderLine.held).where(OrderLine.superseded_recorded_at.is_(None))
        assert session.scalars(current).all() == [None, None]


def test_a_retracted_loan_takes_its_instalments_along(database: Database) -> None:
    a_founder(database, "F-1").borrowing(
        1_200_000, loan="N-1", disbursed_on=date(2026, 1, 5), months=3, paid=2
    )
    with database.writing() as ledger:
        resting = retract_record(
            ledger, RecordKind.LOANS, 1, reason="another's loan", author="Reviewer One"
        )
    assert resting == 5
    with database.reading() as session:
        for table in (Loan, Instalment):
            standing = select(table).where(table.superseded_recorded_at.is_(None))
            assert session.scalars(standing).all() == []


def test_a_disputed_record_is_decided_and_not_corrected(with_a_sale: Database) -> None:
    with with_a_sale.writing() as ledger:
        founder = find_founder(ledger.session, "F-1")
        open_dispute(ledger, founder, RecordKind.SALES, 1, reason="not mine", opened_by="founder")
    with pytest.raises(ConflictError, match="foothold dispute decide 1"):
        _correct(with_a_sale, RecordKind.SALES, 2, gross="1")
    with pytest.raises(ConflictError, match="disputes record 2"), with_a_sale.writing() as ledger:
        retract_record(ledger, RecordKind.SALES, 2, reason="x", author="y")


@pytest.mark.parametrize(("reason", "author"), [(" ", "me"), ("r" * 401, "me"), ("wrong", " .")])
def test_a_correction_needs_a_name_and_a_reason_that_fit(
    reason: str, author: str, with_a_sale: Database
) -> None:
    with pytest.raises(InputError), with_a_sale.writing() as ledger:
        retract_record(ledger, RecordKind.SALES, 1, reason=reason, author=author)


def test_a_record_that_is_not_there_is_told(sqlite: Database) -> None:
    for kind in (RecordKind.SALES, RecordKind.REFUNDS):
        with pytest.raises(NotFoundError, match="foothold records"):
            _correct(sqlite, kind, 9, gross="1")


def test_days_are_judged_where_the_installation_is(sqlite: Database, clock: Clock) -> None:
    a_founder(sqlite, "F-1")
    import_rows(sqlite, RecordKind.SALES, [SALE])
    late = datetime.fromisoformat("2026-06-15T23:30:00+00:00")
    with sqlite.reading() as session:
        record = session.get_one(OrderLine, 1)
        values = corrected_values(
            session,
            record,
            {"ordered_on": "2026-06-16"},
            today=today(late, sqlite.settings.zone),
        )
    assert values["event_date"] == date(2026, 6, 16)
