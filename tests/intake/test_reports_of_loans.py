"""Through which day a file of loans tells, and what it can't change."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from scoring.base.errors import FileError
from scoring.intake.importing import Request, import_records
from scoring.intake.telling.receipts import Receipt
from scoring.records.kinds import RecordKind
from scoring.review.withdrawals import withdraw_import
from scoring.store.database import Database
from scoring.store.tables import LoanReport
from tests.builders import FounderBuilder, a_founder, import_rows

DISBURSED = timedelta(days=98 + 30)


@pytest.fixture
def borrower(sqlite: Database) -> FounderBuilder:
    founder = a_founder(sqlite)
    for loan in ("N-1", "N-2"):
        _lent(founder, loan)
    return founder


def _lent(founder: FounderBuilder, loan: str) -> None:
    day = founder.today - DISBURSED
    row = {"founder": founder.reference, "loan": loan, "lender": "L-DEMO", "currency": "KRW"}
    row |= {"principal": 1_200_000, "disbursed_on": day}
    import_rows(founder.database, RecordKind.LOANS, [row])
    import_rows(founder.database, RecordKind.SCHEDULE, _schedule(loan, day))


def _schedule(loan: str, granted: date, *, later: int = 0) -> list[dict[str, object]]:
    return [
        {"loan": loan, "number": number, "principal": 100_000, "interest": 0}
        | {"due_on": granted + timedelta(days=30 * number + later)}
        for number in range(1, 13)
    ]


def _sent(
    founder: FounderBuilder, tmp_path: Path, *rows: str, through: date | None, partial: bool = False
) -> Receipt:
    path = tmp_path / "repayments.csv"
    path.write_text("\n".join(["loan,repayment,paid_on,amount", *rows]) + "\n", encoding="utf-8")
    request = Request(kind=RecordKind.REPAYMENTS, reported_through=through, is_partial=partial)
    return import_records(founder.database, path, request)


def _reported(database: Database) -> dict[str, date]:
    with database.reading() as session:
        rows = session.execute(
            select(LoanReport.loan, LoanReport.reported_through).where(
                LoanReport.superseded_recorded_at.is_(None)
            )
        )
        return {loan: day for loan, day in rows}  # noqa: C416


def test_a_list_of_loans_and_a_schedule_report_nothing(borrower: FounderBuilder) -> None:
    assert _reported(borrower.database) == {}


@pytest.mark.parametrize("days_ago", [0, 10])
def test_what_was_paid_is_told_of_every_loan_of_its_source(
    borrower: FounderBuilder, tmp_path: Path, days_ago: int
) -> None:
    paid = borrower.today - timedelta(days=60)
    day = borrower.today - timedelta(days=days_ago)
    receipt = _sent(borrower, tmp_path, f"N-1,R-1,{paid},100000", through=day if days_ago else None)
    assert _reported(borrower.database) == {"N-1": day, "N-2": day}, "never the last row's day"
    assert any(f"L-DEMO's loans through {day}" in note for note in receipt.notes)


def test_a_partial_file_tells_of_the_loans_that_it_names(
    borrower: FounderBuilder, tmp_path: Path
) -> None:
    paid = borrower.today - timedelta(days=60)
    _sent(borrower, tmp_path, f"N-1,R-1,{paid},100000", through=None, partial=True)
    assert _reported(borrower.database) == {"N-1": borrower.today}


@pytest.mark.parametrize(("through", "said"), [(-1, "has not come"), (61, "later than the day")])
def test_a_day_that_can_not_be_is_refused(
    borrower: FounderBuilder, tmp_path: Path, through: int, said: str
) -> None:
    paid = borrower.today - timedelta(days=60)
    day = borrower.today - timedelta(days=through)
    with pytest.raises(FileError, match=said):
        _sent(borrower, tmp_path, f"N-1,R-1,{paid},100000", through=day)
    assert _reported(borrower.database) == {}


def test_a_withdrawn_file_takes_its_report_along(borrower: FounderBuilder, tmp_path: Path) -> None:
    paid = borrower.today - timedelta(days=60)
    receipt = _sent(borrower, tmp_path, f"N-1,R-1,{paid},100000", through=None)
    assert receipt.import_id is not None
    with borrower.database.writing() as ledger:
        withdraw_import(ledger, receipt.import_id, reason="wrong month", author="an operator")
    assert _reported(borrower.database) == {}


def test_a_schedule_sent_again_can_not_move_what_has_fallen_due(
    borrower: FounderBuilder,
) -> None:
    granted = borrower.today - DISBURSED
    moved = _schedule("N-1", granted, later=365)
    with pytest.raises(FileError, match=r"instalment 1 of loan N-1 fell due on .* rescheduled"):
        import_rows(borrower.database, RecordKind.SCHEDULE, moved)
    ahead = _schedule("N-1", granted)
    ahead[-1]["principal"] = 100_001
    receipt = import_rows(borrower.database, RecordKind.SCHEDULE, ahead)
    assert receipt.corrected == 1, "what has not fallen due may be put right"
