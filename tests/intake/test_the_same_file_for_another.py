"""A file that was imported for somebody else is asked about, since it would count twice."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from scoring.base.errors import FileError, ImportedForAnotherError
from scoring.intake.importing import Request, import_records, preview_records
from scoring.parties.founders import add_founders
from scoring.review.withdrawals import withdraw_import
from scoring.store.database import Database
from scoring.store.tables import Attendance, CashFlowLine, Import, OrderLine

SHEET = "날짜,세션,창업자,상태\n2026-03-02,1회차,F-A,출석\n2026-03-05,2회차,F-B,결석\n"
STATEMENT = (
    "거래일시,적요,출금액,입금액,거래후잔액\n"
    "2026-03-02 10:00,이체,0,50000,50000\n2026-03-03 11:00,카드,20000,0,30000\n"
)
LEDGER = (
    "대출번호,고객번호,대출실행일,대출금액,회차,납입예정일,예정원금,예정이자,납입일,납입금액\n"
    "K-1,F-A,2026-01-05,1000000,1,2026-02-05,1000000,5000,2026-02-05,1005000\n"
)
PLAIN = (
    "founder,channel,order_line,ordered_on,quantity,gross,currency\n"
    "F-A,own,O-1,2026-03-01,1,12000,KRW\n"
)


@pytest.fixture
def hub(database: Database) -> Database:
    with database.writing() as ledger:
        add_founders(ledger, ["F-A", "F-B"], actor="test")
    return database


def written(folder: Path, content: str) -> Path:
    path = folder / "file.csv"
    path.write_text(content, encoding="utf-8-sig")
    return path


def count(database: Database, table: type) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


ANOTHERS: dict[str, tuple[str, dict[str, Any], dict[str, Any], type, str]] = {
    "another programme": (
        SHEET,
        {"programme": "CAMP-1"},
        {"programme": "CAMP-2"},
        Attendance,
        "programme CAMP-1 (now CAMP-2)",
    ),
    "a programme spelt otherwise": (
        SHEET,
        {"programme": "CAMP-1"},
        {"programme": "camp-1"},
        Attendance,
        "programme CAMP-1 (now camp-1)",
    ),
    "no programme": (
        SHEET,
        {"programme": "CAMP-1"},
        {},
        Attendance,
        "programme CAMP-1 (now main)",
    ),
    "another founder's account": (
        STATEMENT,
        {"founder": "F-A"},
        {"founder": "F-B"},
        CashFlowLine,
        "founder F-A (now F-B)",
    ),
    "another source": (PLAIN, {}, {"source": "shop"}, OrderLine, "source plain (now shop)"),
}


@pytest.mark.parametrize("case", ANOTHERS)
def test_the_same_file_for_another_is_asked_about_and_nothing_is_stored(
    case: str, hub: Database, tmp_path: Path
) -> None:
    content, first, then, table, differs = ANOTHERS[case]
    path = written(tmp_path, content)
    brought = import_records(hub, path, Request(**first))
    assert brought.added > 0
    before = (count(hub, table), count(hub, Import))
    question = (
        rf"file\.csv: the same file was imported before, for another: {re.escape(differs)}\. "
        rf"See receipt {brought.import_id}\.\nNothing was imported\. If it belongs to both, say "
        "--again-for-another"
    )
    for run in (preview_records, import_records):
        with pytest.raises(ImportedForAnotherError, match=question):
            run(hub, path, Request(**then))
    assert (count(hub, table), count(hub, Import)) == before


def test_another_lenders_ledger_from_the_same_source_is_refused(
    hub: Database, tmp_path: Path
) -> None:
    path = written(tmp_path, LEDGER)
    import_records(hub, path, Request(lender="L-ONE", source="ledger"))
    for again in (False, True):
        said = Request(lender="L-TWO", source="ledger", again_for_another=again)
        with pytest.raises(FileError, match="on file for L-ONE .* a --source of its own"):
            import_records(hub, path, said)
    assert count(hub, Import) == 1


def test_a_file_that_belongs_to_both_is_imported_for_both(hub: Database, tmp_path: Path) -> None:
    path = written(tmp_path, SHEET)
    import_records(hub, path, Request(programme="CAMP-1"))
    said = Request(programme="CAMP-2", again_for_another=True)
    assert import_records(hub, path, said).accepted == 2
    # from then on it is the file of either
    for programme in ("CAMP-1", "CAMP-2"):
        again = import_records(hub, path, Request(programme=programme))
        assert (again.repeated, again.added) == (2, 0)


def test_the_same_file_for_the_same_owner_is_skipped_as_known(
    hub: Database, tmp_path: Path
) -> None:
    path = written(tmp_path, STATEMENT)
    import_records(hub, path, Request(founder="F-A"))
    again = import_records(hub, path, Request(founder="F-A"))
    assert (again.repeated, again.added) == (2, 0)


def test_a_file_whose_import_was_withdrawn_is_anybodys(hub: Database, tmp_path: Path) -> None:
    path = written(tmp_path, STATEMENT)
    wrong = import_records(hub, path, Request(founder="F-A")).import_id
    assert wrong is not None
    with hub.writing() as ledger:
        withdraw_import(ledger, wrong, reason="another's account", author="Operator One")
    assert import_records(hub, path, Request(founder="F-B")).added == 2


def test_a_file_that_brought_nothing_new_is_remembered_as_its_founders(
    hub: Database, tmp_path: Path
) -> None:
    """Its lines were on file by a longer statement, and none of its own tells whose it was."""
    import_records(
        hub, written(tmp_path, STATEMENT + "2026-03-04,이체,0,1,30001\n"), Request(founder="F-A")
    )
    path = written(tmp_path, STATEMENT)
    assert import_records(hub, path, Request(founder="F-A")).added == 0
    with pytest.raises(ImportedForAnotherError, match=r"founder F-A \(now F-B\)"):
        import_records(hub, path, Request(founder="F-B"))


def test_an_answer_does_not_let_a_shops_orders_be_taken_for_two_founders(
    hub: Database, tmp_path: Path
) -> None:
    path = written(
        tmp_path,
        "상품주문번호,주문번호,주문일시,주문상태,수량,상품별 총 주문금액,구매자ID\n"
        "2026030100000011,2026030100000010,2026-03-01 09:12:33,배송완료,2,12340,견본하나\n",
    )
    import_records(hub, path, Request(founder="F-A"))
    said = Request(founder="F-B", again_for_another=True)
    with pytest.raises(FileError, match="on file under another founder"):
        import_records(hub, path, said)
