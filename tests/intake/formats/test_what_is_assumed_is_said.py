"""What a file leaves open and the intake assumes is said in the preview."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoring.intake.importing import Request, preview_records
from scoring.store.database import Database

SHEET = "이름,3/3,3/10\n견본하나,O,X\n견본둘,O,O\n"
LEDGER = (
    "이름,대출번호,회차,납입기일,납입원금,대출일자,대출원금\n"
    "견본하나,K-1,1,2026-03-02,500000,2026-02-02,1000000\n"
    "견본하나,K-1,2,2026-04-02,500000,2026-02-02,1000000\n"
)


@pytest.mark.parametrize(("programme", "named"), [(None, "main"), ("P-SPRING", "P-SPRING")])
def test_the_programme_of_a_sheet(
    programme: str | None, named: str, sqlite: Database, tmp_path: Path
) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text(SHEET, encoding="utf-8-sig")
    receipt = preview_records(sqlite, path, Request(programme=programme, year=2026))
    assert any(f'"{named}"' in note for note in receipt.notes)
    assert any("--programme" in note for note in receipt.notes) is (programme is None)


@pytest.mark.parametrize("lender", [None, "L-1"])
def test_the_lender_of_a_ledger(lender: str | None, sqlite: Database, tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    path.write_text(LEDGER, encoding="utf-8-sig")
    receipt = preview_records(sqlite, path, Request(lender=lender))
    assert any("--lender" in note for note in receipt.notes) is (lender is None)
