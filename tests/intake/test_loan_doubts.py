"""What a file says of loans that can't be true: held back until a person confirms it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from scoring.base.errors import FileError
from scoring.intake.importing import Request, import_records
from scoring.records.kinds import RecordKind
from scoring.review.suspects import Choice, confirm_suspects
from scoring.store.database import Database
from scoring.store.tables import Application, Instalment, Loan, Record, Repayment
from tests.builders import FounderBuilder, a_founder, import_rows

PRINCIPAL = 5_000_000


@pytest.fixture
def borrower(sqlite: Database) -> FounderBuilder:
    founder = a_founder(sqlite)
    _lend(founder)
    return founder


def _granted(founder: FounderBuilder) -> date:
    return founder.today - timedelta(days=200)


def _lend(founder: FounderBuilder, loan: str = "N-1", **other: object) -> None:
    row = {"founder": founder.reference, "loan": loan, "lender": "L-DEMO", "currency": "KRW"}
    row |= {"principal": PRINCIPAL, "disbursed_on": _granted(founder), "months": 5, **other}
    import_rows(founder.database, RecordKind.LOANS, [row])


def _due(founder: FounderBuilder, *principal: int, first: int = 1) -> None:
    import_rows(
        founder.database,
        RecordKind.SCHEDULE,
        [
            {"loan": "N-1", "number": number, "principal": part, "interest": 1000 if part else 0}
            | {"due_on": _granted(founder) + timedelta(days=30 * number)}
            for number, part in enumerate(principal, start=first)
        ],
    )


def _paid(founder: FounderBuilder, *amounts: int, first: int = 1) -> None:
    import_rows(
        founder.database,
        RecordKind.REPAYMENTS,
        [
            {"loan": "N-1", "repayment": f"R-{number}", "amount": amount}
            | {"paid_on": _granted(founder) + timedelta(days=min(number, 150))}
            for number, amount in enumerate(amounts, start=first)
        ],
    )


def _held(database: Database, table: type[Record]) -> list[str | None]:
    with database.reading() as session:
        return list(
            session.scalars(
                select(table.held)
                .where(table.superseded_recorded_at.is_(None))
                .order_by(table.event_day, table.natural_key)
            )
        )


def test_a_schedule_over_the_principal_waits(borrower: FounderBuilder) -> None:
    _due(borrower, *[1_000_000] * 4, 99_999_999)
    assert set(_held(borrower.database, Instalment)) == {"schedule_off_principal"}


def test_a_schedule_that_comes_in_parts_counts_once_it_is_whole(borrower: FounderBuilder) -> None:
    _due(borrower, 1_000_000, 1_000_000)
    assert set(_held(borrower.database, Instalment)) == {None}, "what is told so far is not short"
    _due(borrower, *[500_000] * 3, first=3)
    assert _held(borrower.database, Instalment) == [None, None, *["schedule_off_principal"] * 3]


def test_an_instalment_of_nothing_waits_but_in_a_grace(sqlite: Database) -> None:
    founder = a_founder(sqlite)
    _lend(founder, grace_months=1)
    _due(founder, 0, 2_500_000, 0, 1_250_000, 1_250_000)
    held = _held(sqlite, Instalment)
    assert held == [None, None, "instalment_of_nothing", None, None]


def test_fifty_million_paid_on_five_wait_and_what_is_paid_later_counts(
    borrower: FounderBuilder,
) -> None:
    _due(borrower, *[1_000_000] * 5)
    _paid(borrower, 1_000_000, 50_000_000, 1_000_000)
    assert _held(borrower.database, Repayment) == [None, "payment_beyond_owed", None]


def test_what_somebody_confirmed_stays_confirmed(borrower: FounderBuilder) -> None:
    _due(borrower, *[1_000_000] * 5)
    _paid(borrower, 50_000_000)
    with borrower.database.writing() as ledger:
        confirm_suspects(ledger, Choice(import_id=3), author="Operator One")
    _paid(borrower, 50_000_000)
    assert _held(borrower.database, Repayment) == [None]


def test_payments_of_next_to_nothing_wait(borrower: FounderBuilder) -> None:
    _due(borrower, *[1_000_000] * 5)
    _paid(borrower, *[1] * 150, 1_000_000)
    held = _held(borrower.database, Repayment)
    assert held.count("tiny_payments") == 150
    assert held.count(None) == 1


def test_the_receipt_counts_what_waits(borrower: FounderBuilder, tmp_path: Path) -> None:
    _due(borrower, *[1_000_000] * 5)
    path = tmp_path / "paid.csv"
    day = _granted(borrower) + timedelta(days=30)
    path.write_text(
        f"loan,repayment,paid_on,amount\nN-1,R-1,{day},1000000\nN-1,R-2,{day},50000000\n",
        encoding="utf-8",
    )
    receipt = import_records(borrower.database, path, Request(kind=RecordKind.REPAYMENTS))
    assert (receipt.accepted, receipt.suspect) == (1, 1)
    assert receipt.doubts == {"payment_beyond_owed": 1}


def test_a_loan_in_another_currency_than_the_book_waits(borrower: FounderBuilder) -> None:
    _lend(borrower, "N-2", currency="USD", principal=5000)
    assert _held(borrower.database, Loan) == [None, "other_currency"]


@pytest.mark.parametrize(
    ("instalment", "rate", "held"),
    [
        (1, "", "instalment_off"),
        (416_667, "", None),  # 5 m over 12 months, no interest
        (463_173, "", None),  # at 20 %
        (520_000, "", "instalment_off"),
        (444_244, "0.12", None),
        (416_667, "0.12", None),  # 6 % less than it would be
        (380_000, "0.12", "instalment_off"),
    ],
)
def test_an_instalment_that_the_loan_cannot_have_waits(
    borrower: FounderBuilder, instalment: int, rate: str, held: str | None
) -> None:
    row = {"founder": borrower.reference, "application": "A-1", "lender": "L-DEMO"}
    row |= {"applied_on": borrower.today, "principal": PRINCIPAL, "months": 12, "currency": "KRW"}
    row |= {"instalment": instalment} | ({"annual_rate": rate} if rate else {})
    import_rows(borrower.database, RecordKind.APPLICATIONS, [row])
    assert _held(borrower.database, Application) == [held]


def test_two_lenders_loans_of_one_number_need_a_source_each(borrower: FounderBuilder) -> None:
    with pytest.raises(FileError, match="a --source of its own"):
        _lend(borrower, lender="L-OTHER")
