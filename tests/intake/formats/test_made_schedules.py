"""A ledger by transaction gives schedules only where its product is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from scoring.base.errors import FileError
from scoring.intake.importing import Request, import_records
from scoring.loans.terms import Product
from scoring.store.database import Database
from scoring.store.tables import Instalment, LoanEvent, Repayment
from tests.builders import a_founder

HEAD = "loan account no,client id,transaction date,transaction type,amount,number of repayments,annual nominal interest rate"  # noqa: E501


def _ledger(tmp_path: Path, founder: str, *, months: str = "3", rate: str = "12 %") -> Path:
    path = tmp_path / "ledger.csv"
    rows = [
        ("2026-01-15", "disbursement", "1200000"),
        ("2026-02-15", "repayment", "408027"),
        ("2026-05-15", "write-off", "800000"),
        ("2026-06-01", "recovery repayment", "100000"),
    ]
    lines = [f"N-1,{founder},{day},{kind},{amount},{months},{rate}" for day, kind, amount in rows]
    path.write_text("\n".join([HEAD, *lines]) + "\n", encoding="utf-8")
    return path


def test_a_product_makes_the_instalments(sqlite: Database, tmp_path: Path) -> None:
    founder = a_founder(sqlite)
    request = Request(lender="L-1", founder=founder.reference, product=Product.ANNUITY)
    receipt = import_records(sqlite, _ledger(tmp_path, founder.reference), request)
    with sqlite.reading() as session:
        dues = session.scalars(select(Instalment).order_by(Instalment.number)).all()
    # 1.2 m at 1 % a month over three months: 408,026.5 each.
    assert [(due.principal, due.interest) for due in dues] == [
        (396_027, 12_000),
        (399_987, 8_040),
        (403_986, 4_040),
    ]
    assert any("monthly ones of annuity" in note for note in receipt.notes)


def test_without_a_product_it_is_said_that_the_loans_give_no_label(
    sqlite: Database, tmp_path: Path
) -> None:
    founder = a_founder(sqlite)
    request = Request(lender="L-1", founder=founder.reference)
    receipt = import_records(sqlite, _ledger(tmp_path, founder.reference), request)
    assert any("give no label. Say --product" in note for note in receipt.notes)
    with sqlite.reading() as session:
        assert session.scalars(select(Instalment)).all() == []


def test_a_loan_without_a_term_makes_no_schedule(sqlite: Database, tmp_path: Path) -> None:
    founder = a_founder(sqlite)
    request = Request(lender="L-1", founder=founder.reference, product=Product.BULLET)
    with pytest.raises(FileError, match="row 2.*schedule of bullet can't be made without it"):
        import_records(sqlite, _ledger(tmp_path, founder.reference, months=""), request)


def test_write_offs_and_recoveries_are_events_and_no_repayments(
    sqlite: Database, tmp_path: Path
) -> None:
    founder = a_founder(sqlite)
    request = Request(lender="L-1", founder=founder.reference)
    import_records(sqlite, _ledger(tmp_path, founder.reference), request)
    with sqlite.reading() as session:
        events = session.scalars(select(LoanEvent).order_by(LoanEvent.event_day)).all()
        assert [(event.event, event.amount) for event in events] == [
            ("written_off", 800_000),
            ("recovered", 100_000),
        ]
        assert [paid.amount for paid in session.scalars(select(Repayment))] == [408_027]
