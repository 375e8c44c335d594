"""An import reads its file once, and of the store what its rows refer to."""

from __future__ import annotations

import gc
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import event

from scoring.intake.batch import Batch
from scoring.intake.checking.kept_batches import KeptBatches
from scoring.intake.extract import Extract
from scoring.intake.importing import (
    Request,
    check_file,
    import_file,
    import_records,
    store_checked,
)
from scoring.intake.recognition import plain_form
from scoring.parties.founders import add_founders
from scoring.records.kinds import RecordKind
from scoring.store.database import Database

DAY = date(2026, 3, 2)


@contextmanager
def counting_rows(database: Database) -> Iterator[Counter[str]]:
    """Rows that statements read while this is open, by the first table that they name."""
    found: Counter[str] = Counter()
    busy: list[bool] = []

    def count(
        connection: Any, _: Any, statement: str, parameters: Any, context: Any, __: Any
    ) -> None:
        if busy or not statement.lstrip().upper().startswith("SELECT"):
            return
        busy.append(True)
        rows = connection.exec_driver_sql(f"SELECT count(*) FROM ({statement})", parameters)
        table = statement.partition("FROM ")[2].split()[0]
        found[table] += rows.scalar() or 0
        busy.clear()

    event.listen(database.engine, "after_cursor_execute", count)
    try:
        yield found
    finally:
        event.remove(database.engine, "after_cursor_execute", count)


def write(folder: Path, name: str, rows: list[dict[str, object]]) -> Path:
    path = folder / f"{name}.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def loans(numbers: range) -> list[dict[str, object]]:
    return [
        {
            "founder": f"F-{number:05d}",
            "loan": f"N-{number}",
            "lender": "L-ONE",
            "principal": 100_000,
            "currency": "KRW",
            "disbursed_on": DAY,
        }
        for number in numbers
    ]


@pytest.fixture
def busy(sqlite: Database, tmp_path: Path) -> Database:
    """A store of 3,000 founders with a loan and an order each."""
    every = range(3000)
    with sqlite.writing() as ledger:
        add_founders(ledger, [f"F-{number:05d}" for number in every], actor="test")
    import_file(sqlite, write(tmp_path, "loans", loans(every)))
    return sqlite


def test_of_loans_an_import_reads_those_that_its_rows_name(busy: Database, tmp_path: Path) -> None:
    repayments = [
        {
            "loan": f"N-{number % 10}",
            "repayment": f"R-{number}",
            "paid_on": DAY + timedelta(days=30),
            "amount": 100,
        }
        for number in range(1200)
    ]
    path = write(tmp_path, "repayments", repayments)
    with counting_rows(busy) as read:
        assert import_records(busy, path, Request(is_partial=True)).added == 1200
    # Once to find whose they are, once to keep that they were reported, and their lenders.
    assert read["loans"] <= 3 * 10 + 1  # found, matched, and looked at once all is stored


def test_founders_are_looked_up_once_however_many_pieces_a_file_has(
    busy: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_form, "_PIECE", 100)
    sales = [
        {
            "founder": f"F-{number % 7:05d}",
            "channel": "own",
            "order_line": f"O-{number}",
            "ordered_on": DAY,
            "quantity": 1,
            "gross": 1000,
            "currency": "KRW",
        }
        for number in range(1000)
    ]
    path = write(tmp_path, "sales", sales)
    with counting_rows(busy) as read:
        assert import_file(busy, path).added == 1000
    assert read["founders"] == 7


def test_what_was_checked_is_stored_though_the_file_is_gone_meanwhile(
    sqlite: Database, tmp_path: Path
) -> None:
    with sqlite.writing() as ledger:
        add_founders(ledger, ["F-00001"], actor="test")
    path = write(tmp_path, "loans", loans(range(1, 2)))
    request = Request()
    checked = check_file(sqlite, path, request)
    path.write_text("founder,loan\nx", encoding="utf-8")
    with sqlite.writing() as ledger:
        assert store_checked(sqlite, ledger, checked, request, None).added == 1


def test_rows_that_memory_does_not_hold_are_kept_in_a_file_without_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept, batches = KeptBatches(), []
    for number in range(3):
        cells = pd.DataFrame(
            {"loan": [f"N-{number}-{row}" + "x" * 200 for row in range(20_000)], "lender": "가"},
            index=pd.Index(range(7, 20_007), dtype="int64"),
            dtype="str",
        )
        extract = Extract(RecordKind.LOANS, cells, is_export=True, stated_on=DAY)
        batches.append(Batch.of("loans.csv", extract, cells))
        kept.add(batches[-1])
    assert kept.rows == 60_000
    for _ in range(2):
        for batch, again in zip(batches, kept, strict=True):
            pd.testing.assert_frame_equal(again.checked, batch.checked)
            assert again.extract.stated_on == DAY
    assert list(tmp_path.iterdir()) == []
    del kept
    gc.collect()
