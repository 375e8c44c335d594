"""What a later file may change of what is known, and what it may not."""

import csv
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from scoring.base.errors import FileError
from scoring.intake.importing import import_file
from scoring.intake.telling.receipts import Receipt
from scoring.records.forms import FORMS
from scoring.records.kinds import RecordKind
from scoring.store.database import Database
from scoring.store.supersede import supersede_record
from scoring.store.tables import (
    RECORD_TABLES,
    Application,
    CashFlowLine,
    DeclaredOutcome,
    Instalment,
    Loan,
    OrderLine,
    Repayment,
    Supersession,
)
from tests.builders import a_founder, import_rows

Row = dict[str, object]

LOAN: Row = {
    "founder": "F-1",
    "loan": "1",
    "lender": "L-1",
    "principal": 1_000_000,
    "currency": "KRW",
    "annual_rate": 0.06,
    "months": 12,
    "disbursed_on": date(2026, 1, 5),
}
INSTALMENT: Row = {
    "loan": "1",
    "number": 1,
    "due_on": date(2026, 2, 5),
    "principal": 80_000,
    "interest": 5_000,
}
REPAYMENT: Row = {"loan": "1", "repayment": "R1", "paid_on": date(2026, 2, 5), "amount": 85_000}
APPLICATION: Row = {
    "founder": "F-1",
    "application": "1",
    "lender": "L-1",
    "applied_on": date(2026, 1, 2),
    "principal": 1_000_000,
    "months": 12,
    "instalment": 85_000,
    "currency": "KRW",
}
OUTCOME: Row = {"application": "1", "outcome": "good", "declared_on": date(2026, 5, 1)}
SALE: Row = {
    "founder": "F-1",
    "channel": "cafe24",
    "order_line": "O1",
    "ordered_on": date(2026, 3, 1),
    "quantity": 1,
    "gross": 12_000,
    "currency": "KRW",
}
RETURNED: Row = {"status": "returned", "refunded_on": date(2026, 3, 9)}
LINE: Row = {
    "founder": "F-1",
    "account": "K1",
    "line": "1",
    "booked_on": date(2026, 3, 1),
    "direction": "in",
    "amount": 1_000,
    "currency": "KRW",
}

FULL_ROWS: dict[RecordKind, Row] = {
    RecordKind.ATTENDANCE: {
        "founder": "F-1",
        "programme": "P-1",
        "session": "S1",
        "held_on": date(2026, 3, 1),
        "hours": 2,
        "session_kind": "class",
        "status": "late",
        "minutes_late": 7,
        "assignment": "on_time",
    },
    RecordKind.SALES: SALE
    | RETURNED
    | {
        "discount": 2_000,
        "shipping": 3_000,
        "fee": 400,
        "paid_on": date(2026, 3, 1),
        "settled_on": date(2026, 3, 20),
        "refund_cause": "seller",
        "buyer": "b-1",
    },
    RecordKind.LOANS: LOAN | {"grace_months": 3, "schedule_kind": "bullet", "origin": "external"},
    RecordKind.CASH_FLOW: LINE | {"balance": -500, "purpose": "supplier"},
}


def import_columns(
    database: Database, folder: Path, kind: RecordKind, row: Row, *, without: set[str]
) -> Receipt:
    """Import a row from a file that lacks some columns."""
    path = folder / f"{kind.value}.csv"
    names = [name for name in FORMS[kind].names if name not in without]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=names, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerow(row)
    return import_file(database, path, kind=kind)


def two_founders_with_a_loan_and_an_application_1(database: Database) -> None:
    """Of two lenders that number alike, each with a source of its own."""
    for founder in ("F-1", "F-2"):
        a_founder(database, founder)
        for kind, row in ((RecordKind.LOANS, LOAN), (RecordKind.APPLICATIONS, APPLICATION)):
            import_rows(database, kind, [row | {"founder": founder}], source=f"bank.{founder}")


REFERRING = [
    (RecordKind.SCHEDULE, INSTALMENT, Instalment),
    (RecordKind.REPAYMENTS, REPAYMENT, Repayment),
    (RecordKind.OUTCOMES, OUTCOME, DeclaredOutcome),
]


@pytest.mark.parametrize(("kind", "row", "table"), REFERRING)
def test_a_reference_that_stands_for_several_records_is_refused(
    kind: RecordKind, row: Row, table: type[Instalment], database: Database
) -> None:
    two_founders_with_a_loan_and_an_application_1(database)
    with pytest.raises(FileError, match=r'row 2, column "\w+": "1" stands for several'):
        import_rows(database, kind, [row])
    with database.reading() as session:
        assert session.scalars(select(table)).all() == []


@pytest.mark.parametrize(("kind", "row", "table"), REFERRING)
def test_of_several_records_the_one_of_the_same_source_is_meant(
    kind: RecordKind, row: Row, table: type[Instalment], database: Database
) -> None:
    two_founders_with_a_loan_and_an_application_1(database)
    for founder in ("F-1", "F-2"):
        import_rows(database, kind, [row], source=f"bank.{founder}", again_for_another=True)
    with database.reading() as session:
        found = session.scalars(select(table).order_by(table.id)).all()
    assert [(record.founder_id, record.source) for record in found] == [
        (1, "bank.F-1"),
        (2, "bank.F-2"),
    ]


def test_only_loans_that_stand_are_referred_to(database: Database) -> None:
    two_founders_with_a_loan_and_an_application_1(database)
    with database.writing() as ledger:
        supersede_record(ledger, Loan, 2, replacement=None, reason="never paid out", author="x")
    import_rows(database, RecordKind.SCHEDULE, [INSTALMENT])
    with database.reading() as session:
        assert session.scalars(select(Instalment.founder_id)).all() == [1]


@pytest.mark.parametrize(
    ("kind", "row", "table"),
    [(RecordKind.LOANS, LOAN, Loan), (RecordKind.APPLICATIONS, APPLICATION, Application)],
)
def test_a_record_is_never_corrected_to_another_founder(
    kind: RecordKind, row: Row, table: type[Loan], database: Database
) -> None:
    a_founder(database, "F-1")
    a_founder(database, "F-2")
    import_rows(database, kind, [row])
    with pytest.raises(FileError, match=r'row 2, column "founder": "1" is known under another'):
        import_rows(database, kind, [row | {"founder": "F-2"}])
    with database.reading() as session:
        assert session.scalars(select(table.founder_id)).all() == [1]
        assert session.scalars(select(Supersession)).all() == []


def test_an_instalment_is_never_corrected_to_another_founder(database: Database) -> None:
    two_founders_with_a_loan_and_an_application_1(database)
    with database.writing() as ledger:
        supersede_record(ledger, Loan, 2, replacement=None, reason="not yet", author="x")
    import_rows(database, RecordKind.SCHEDULE, [INSTALMENT], source="bank.F-2")
    other = LOAN | {"founder": "F-2", "principal": 3_000_000}
    import_rows(database, RecordKind.LOANS, [other], source="bank.F-2")
    with pytest.raises(FileError, match=r'column "loan": "1\|1" is known under another founder'):
        import_rows(database, RecordKind.SCHEDULE, [INSTALMENT], source="bank.F-2")


def test_a_refund_can_be_taken_back(database: Database) -> None:
    a_founder(database, "F-1")
    import_rows(database, RecordKind.SALES, [SALE | RETURNED])
    receipt = import_rows(database, RecordKind.SALES, [SALE | {"status": "sold"}])
    assert (receipt.added, receipt.repeated, receipt.corrected) == (0, 0, 1)
    with database.reading() as session:
        standing = select(OrderLine.entry).where(OrderLine.superseded_recorded_at.is_(None))
        assert session.scalars(standing).all() == ["sale"]
        entry = session.scalars(select(Supersession)).one()
    assert entry.replacement_id is None
    again = import_rows(database, RecordKind.SALES, [SALE | RETURNED])
    assert (again.added, again.repeated, again.corrected) == (1, 0, 0)


def test_a_refund_of_another_source_is_not_taken_back(sqlite: Database) -> None:
    a_founder(sqlite, "F-1")
    import_rows(sqlite, RecordKind.SALES, [SALE | RETURNED], source="shop")
    receipt = import_rows(sqlite, RecordKind.SALES, [SALE], source="bank")
    assert (receipt.added, receipt.corrected) == (1, 0)


def test_a_partial_refund_is_taken_back_by_its_amount(sqlite: Database, tmp_path: Path) -> None:
    a_founder(sqlite, "F-1")
    import_rows(
        sqlite, RecordKind.SALES, [SALE | {"refund": 5_000, "refunded_on": date(2026, 3, 9)}]
    )
    sold = SALE | {"status": "sold"}
    kept = import_columns(sqlite, tmp_path, RecordKind.SALES, sold, without={"refund"})
    assert (kept.repeated, kept.corrected) == (1, 0)
    taken = import_columns(sqlite, tmp_path, RecordKind.SALES, sold, without={"status"})
    assert (taken.repeated, taken.corrected) == (0, 1)


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        (kind, column.name)
        for kind in FULL_ROWS
        for column in FORMS[kind].columns
        if not column.required
    ],
)
def test_a_column_that_a_file_lacks_takes_nothing_back(
    kind: RecordKind, column: str, database: Database, tmp_path: Path
) -> None:
    a_founder(database, "F-1")
    row = FULL_ROWS[kind]
    import_rows(database, kind, [row], lag=None)
    without = {column} if column != "refunded_on" else {"status", "refund", "refunded_on"}
    receipt = import_columns(database, tmp_path, kind, row, without=without)
    assert (receipt.added, receipt.corrected, receipt.repeated) == (0, 0, 1)


@pytest.mark.parametrize("kind", FULL_ROWS)
def test_a_correction_keeps_what_its_file_does_not_tell(
    kind: RecordKind, database: Database, tmp_path: Path
) -> None:
    a_founder(database, "F-1")
    row = FULL_ROWS[kind]
    import_rows(database, kind, [row])
    optional = {column.name for column in FORMS[kind].columns if not column.required}
    changed: dict[RecordKind, Row] = {
        RecordKind.ATTENDANCE: {"status": "present"},
        RecordKind.SALES: {"gross": 15_000},
        RecordKind.LOANS: {"months": 24},
        RecordKind.CASH_FLOW: {"amount": 1_500},
    }
    new = row | changed[kind]
    kept = {"status", "refunded_on"} | changed[kind].keys()
    receipt = import_columns(database, tmp_path, kind, new, without=optional - kept)
    assert receipt.corrected == (2 if kind is RecordKind.SALES else 1)
    # the same as if the file had told everything
    assert import_rows(database, kind, [new]).corrected == 0


def test_a_new_refund_gives_back_what_was_paid_though_the_file_lacks_the_discount(
    sqlite: Database, tmp_path: Path
) -> None:
    a_founder(sqlite, "F-1")
    import_rows(sqlite, RecordKind.SALES, [SALE | {"discount": 2_000}])
    import_columns(
        sqlite, tmp_path, RecordKind.SALES, SALE | RETURNED, without={"discount", "refund"}
    )
    with sqlite.reading() as session:
        assert session.scalars(select(OrderLine.refund).order_by(OrderLine.id)).all() == [0, 10_000]


def test_a_purpose_nobody_told_follows_the_direction(sqlite: Database, tmp_path: Path) -> None:
    a_founder(sqlite, "F-1")
    import_rows(sqlite, RecordKind.CASH_FLOW, [LINE])
    turned = LINE | {"direction": "out"}
    import_columns(sqlite, tmp_path, RecordKind.CASH_FLOW, turned, without={"purpose"})
    with sqlite.reading() as session:
        purposes = session.scalars(select(CashFlowLine.purpose).order_by(CashFlowLine.id)).all()
    assert purposes == ["other_income", "other_payment"]


def test_the_same_number_of_an_instalment_is_the_same_record_however_written(
    sqlite: Database,
) -> None:
    a_founder(sqlite, "F-1")
    import_rows(sqlite, RecordKind.LOANS, [LOAN])
    import_rows(sqlite, RecordKind.SCHEDULE, [INSTALMENT])
    assert import_rows(sqlite, RecordKind.SCHEDULE, [INSTALMENT | {"number": "1.0"}]).repeated == 1


def test_a_source_that_is_not_named_is_one_for_all_kinds(sqlite: Database) -> None:
    a_founder(sqlite, "F-1")
    sources = {
        import_rows(sqlite, kind, [row]).source
        for kind, row in (
            (RecordKind.LOANS, LOAN),
            (RecordKind.SCHEDULE, INSTALMENT),
            (RecordKind.SALES, SALE),
        )
    }
    assert sources == {"plain"}
    # Refunds are order lines too, and how far loans were reported has no form.
    assert len(RECORD_TABLES) == len(FORMS)
