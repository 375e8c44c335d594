"""Loan ledgers that we write ourselves: what was meant is what the store holds, without names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from sample.exports.formula_safe import formula_safe
from sample.exports.ledgers import WrittenLedger, account_number, write_ledgers
from sample.exports.people import MAPPING
from sample.exports.written import LAST_DAY
from sample.simulate import simulate_portfolio
from scoring.intake.containers import open_container
from scoring.intake.formats.declarations import FormatName
from scoring.review.waiting import list_waiting
from scoring.store.database import Database
from tests.sample.as_stored import (
    Rows,
    a_store,
    bytes_of,
    found_in,
    map_all,
    meant,
    meant_loans,
    stored_loans,
    stored_repayments,
    stored_schedule,
    take,
)

NAMES = [
    *(f"loan_instalments/loan-ledger.{end}" for end in ("utf8.csv", "cp949.csv", "xlsx")),
    *(f"loan_transactions/loan-transactions.{end}" for end in ("utf8.csv", "cp949.csv", "xlsx")),
    *(f"loan_transactions/fineract-transactions.{end}" for end in ("utf8.csv", "xlsx")),
]
ONE_OF_EACH = [
    "loan_instalments/loan-ledger.cp949.csv",
    "loan_transactions/loan-transactions.xlsx",
    "loan_transactions/fineract-transactions.utf8.csv",
]
PRIVATE = ["지어낸", "동생", "하나재단", "상담", "82-10-0000", "821000", "손으로"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ledgers")


@pytest.fixture(scope="module")
def written(folder: Path) -> dict[str, WrittenLedger]:
    found = {}
    for one in write_ledgers(folder, simulate_portfolio(seed=7, until=LAST_DAY)):
        assert isinstance(one, WrittenLedger)
        found[str(one.path.relative_to(folder))] = one
    return found


@pytest.fixture
def store(folder: Path, written: dict[str, WrittenLedger], tmp_path: Path) -> Iterator[Database]:
    with a_store(tmp_path / "store", folder) as database:
        yield database


@pytest.fixture(scope="module")
def names(folder: Path, written: dict[str, WrittenLedger]) -> list[str]:
    people = pd.read_csv(folder / MAPPING, dtype=str, encoding="utf-8-sig")
    digits = people["phone"].str.replace("-", "").str[1:]
    return [*people["name"], *people["id"], *people["phone"].str[1:], *digits]


def require_meant(database: Database, one: WrittenLedger) -> None:
    assert stored_loans(database) == meant_loans(one.truth)
    dues = ("loan", "number", "due_on", "principal", "interest")
    assert stored_schedule(database) == (
        meant(one.schedule, *dues) if len(one.schedule) else Rows()
    )
    paid = ("loan", "repayment", "paid_on", "amount")
    assert stored_repayments(database) == meant(one.repayments, *paid)


def test_no_file_is_left_out_of_these_tests(written: dict[str, WrittenLedger]) -> None:
    assert list(written) == NAMES


def test_loans_are_paid_in_parts_early_late_and_never(written: dict[str, WrittenLedger]) -> None:
    ledger = written[NAMES[0]]
    assert ledger.repayments["repayment"].str.fullmatch("R-[0-9]+-2").any()
    due = ledger.schedule.groupby("loan")[["principal", "interest"]].sum().sum(axis=1)
    paid = ledger.repayments.groupby("loan")["amount"].sum()
    assert (paid < due).any()
    assert (paid == due).any()
    cells = {
        cell
        for sheet in open_container(ledger.path).sheets
        for _, row in sheet.rows()
        for cell in row
    }
    assert {"완납", "연체", "중도상환 완료", "상각", "소계", "합계"} <= cells


@pytest.mark.parametrize("name", NAMES)
def test_what_was_meant_is_what_the_store_holds(
    name: str, store: Database, folder: Path, written: dict[str, WrittenLedger]
) -> None:
    map_all(store, folder)
    one = written[name]
    receipt = take(store, one)
    assert receipt.format == one.format_name
    assert {key: getattr(receipt, key) for key in one.expected} == one.expected
    assert (receipt.quarantined, receipt.suspect, receipt.corrected) == (0, 0, 0)
    dues = len(one.schedule) + len(one.repayments)
    assert receipt.added == len(one.truth) + dues + one.write_offs
    require_meant(store, one)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_postgresql_holds_what_was_meant(
    name: str,
    migrated_postgresql_url: str,
    tmp_path: Path,
    folder: Path,
    written: dict[str, WrittenLedger],
) -> None:
    with a_store(tmp_path, folder, url=migrated_postgresql_url) as database:
        assert take(database, written[name]).added == 0
        map_all(database, folder)
        require_meant(database, written[name])


@pytest.mark.parametrize("name", NAMES)
def test_loans_of_unknown_people_wait_without_names_and_a_mapping_stores_all_of_them(
    name: str, store: Database, folder: Path, written: dict[str, WrittenLedger], names: list[str]
) -> None:
    """Loans wait for their owners, instalments and payments for their loans."""
    one = written[name]
    receipt = take(store, one)
    assert (receipt.added, receipt.accepted) == (0, 0)
    with store.reading() as session:
        waiting = list_waiting(session)
    assert {(row["kind"], row["reason"]) for row in waiting} == {
        ("loans", "unknown_person"),
        ("repayments", "unknown_loan"),
    } | {
        (kind, "unknown_loan")
        for kind, count in (("schedule", len(one.schedule)), ("loan_events", one.write_offs))
        if count
    }
    assert found_in(bytes_of(store), [*names, *PRIVATE]) == set()
    map_all(store, folder)
    require_meant(store, one)
    with store.reading() as session:
        assert list_waiting(session) == []
    assert found_in(bytes_of(store), [*names, *PRIVATE]) == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_file_imported_twice_stores_nothing_new(
    name: str, store: Database, folder: Path, written: dict[str, WrittenLedger]
) -> None:
    one = written[name]
    take(store, one)
    waiting = take(store, one)
    assert (waiting.added, waiting.quarantined) == (0, 0)
    map_all(store, folder)
    again = take(store, one)
    assert (again.added, again.corrected, again.accepted) == (0, 0, 0)
    require_meant(store, one)


@pytest.mark.parametrize("stem", ["loan-ledger", "loan-transactions", "fineract-transactions"])
def test_encodings_and_containers_tell_the_same(
    stem: str, store: Database, folder: Path, written: dict[str, WrittenLedger]
) -> None:
    map_all(store, folder)
    first, *others = [name for name in NAMES if stem in name]
    take(store, written[first])
    assert others
    for name in others:
        receipt = take(store, written[name])
        assert (name, receipt.added, receipt.corrected) == (name, 0, 0)


def test_ledger_and_transactions_of_the_same_loans_end_in_the_same_repayments(
    tmp_path: Path, folder: Path, written: dict[str, WrittenLedger]
) -> None:
    """Each form names payments in its own way; loan, day and amount are the same in all."""
    ends: dict[FormatName | str, Rows] = {}
    for name in ONE_OF_EACH:
        with a_store(tmp_path / name.rpartition("/")[2], folder) as database:
            map_all(database, folder)
            take(database, written[name])
            ends[name] = stored_repayments(database, named=False)
    ledger, korean, fineract = ends.values()
    assert ledger == korean
    assert fineract == Rows({(account_number(loan), *of): n for (loan, *of), n in ledger.items()})


def test_entries_that_are_no_payments_are_left_out_and_counted(
    store: Database, folder: Path, written: dict[str, WrittenLedger]
) -> None:
    map_all(store, folder)
    one = written["loan_transactions/fineract-transactions.utf8.csv"]
    receipt = take(store, one)
    assert set(receipt.left_out) == {"accrual", "reversed", "waiver"}
    assert receipt.rows == receipt.accepted + sum(receipt.left_out.values())


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".csv")])
def test_no_cell_is_a_formula(name: str, written: dict[str, WrittenLedger]) -> None:
    cells = [
        cell
        for sheet in open_container(written[name].path).sheets
        for _, row in sheet.rows()
        for cell in row
    ]
    assert [cell for cell in cells if formula_safe(cell) != cell] == []


def test_the_same_seed_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    for one in write_ledgers(tmp_path, simulate_portfolio(seed=7, until=LAST_DAY)):
        other = folder / one.path.relative_to(tmp_path)
        assert other.read_bytes() == one.path.read_bytes()
