"""Files name people, the store does not: a mapping tells who is who, before a file or after it."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from sqlalchemy import select

from scoring.base.errors import ConflictError, FileError, NotFoundError
from scoring.intake.importing import Request, import_records
from scoring.intake.telling.receipts import Receipt
from scoring.parties.aliases import standing_aliases, withdraw_alias
from scoring.parties.founders import add_founders, find_founder
from scoring.review.mapping import Mapped, map_people
from scoring.review.waiting import Resolved, dismiss_rows, list_waiting, resolve_row
from scoring.store.audit import verify_chain
from scoring.store.database import Database
from scoring.store.tables import Attendance, QuarantineResolution

# Invented people.
SHEET = """날짜,세션,이름,연락처,상태,사유
2026-03-02,1회차,가온새,010-1234-5678,출석,
2026-03-05,2회차,가온새,010-1234-5678,공결,병원
2026-03-02,1회차,나루솔,010-2222-3333,결석,
"""
MAPPING = "founder,id,name,phone\nF-A,,가온새,010-1234-5678\nF-B,,나루솔,+82 10-2222-3333\n"


def bring(database: Database, folder: Path, text: str = SHEET, **said: object) -> Receipt:
    path = folder / "sheet.csv"
    path.write_text(text, encoding="utf-8-sig")
    request = Request(programme="CAMP-1", **said)  # type: ignore[arg-type]
    return import_records(database, path, request)


def map_them(
    database: Database, folder: Path, text: str = MAPPING, source: str | None = None
) -> Mapped:
    path = folder / "people.csv"
    path.write_text(text, encoding="utf-8-sig")
    with database.writing() as ledger:
        return map_people(database, ledger, path, source=source, author="Operator One")


def attendance(database: Database) -> list[tuple[str, str, str]]:
    with database.reading() as session:
        records = session.scalars(
            select(Attendance).where(Attendance.superseded_recorded_at.is_(None))
        )
        return sorted((r.natural_key.split("|")[0], str(r.event_date), r.status) for r in records)


@pytest.fixture
def founders(database: Database) -> Database:
    with database.writing() as ledger:
        add_founders(ledger, ["F-A", "F-B"], actor="test")
    return database


def test_rows_of_unknown_people_wait_and_a_mapping_stores_them(
    founders: Database, tmp_path: Path
) -> None:
    receipt = bring(founders, tmp_path)
    assert (receipt.quarantined, receipt.accepted) == (3, 0)
    done = map_them(founders, tmp_path)
    assert (done.names, done.rows) == (2, Resolved(stored=3))
    expected = [
        ("F-A", "2026-03-02", "present"),
        ("F-A", "2026-03-05", "excused"),
        ("F-B", "2026-03-02", "absent"),
    ]
    assert attendance(founders) == expected
    # the same sheet again, its people being known now, tells nothing new
    again = bring(founders, tmp_path)
    assert (again.repeated, again.added, again.quarantined) == (3, 0, 0)
    assert attendance(founders) == expected
    with founders.reading() as session:
        assert list_waiting(session) == []
        assert verify_chain(session) > 0


def test_a_mapping_before_the_file_ends_in_the_same_records(
    founders: Database, tmp_path: Path
) -> None:
    map_them(founders, tmp_path)
    assert bring(founders, tmp_path).accepted == 3
    assert len(attendance(founders)) == 3


def test_nothing_that_names_a_person_is_stored(sqlite: Database, tmp_path: Path) -> None:
    with sqlite.writing() as ledger:
        add_founders(ledger, ["F-A", "F-B"], actor="test")
    bring(sqlite, tmp_path)
    map_them(sqlite, tmp_path)
    bring(sqlite, tmp_path, SHEET.replace("가온새", "다울빛"))
    sqlite.engine.dispose()
    stored = b"".join(path.read_bytes() for path in (tmp_path / "var").glob("*.db*"))
    for private in ("가온새", "나루솔", "다울빛", "병원", "12345678", "1234-5678"):
        for form in ("NFC", "NFD"):
            assert unicodedata.normalize(form, private).encode() not in stored
        assert json.dumps(private).strip('"').encode() not in stored


def test_decomposed_hangul_and_a_phone_without_its_zero_are_the_same_person(
    founders: Database, tmp_path: Path
) -> None:
    map_them(founders, tmp_path)
    typed = unicodedata.normalize("NFD", SHEET).replace("010-1234-5678", "1012345678")
    assert bring(founders, tmp_path, typed).accepted == 3


def test_numbers_hold_in_their_source_or_everywhere(founders: Database, tmp_path: Path) -> None:
    sheet = "날짜,세션,참가자번호,상태\n2026-03-02,1회차,17,출석\n"
    map_them(founders, tmp_path, "founder,id\nF-A,17\n", source="hub-seoul")
    assert bring(founders, tmp_path, sheet, source="hub-busan").quarantined == 1
    in_both = {"source": "hub-seoul", "again_for_another": True}
    assert bring(founders, tmp_path, sheet, **in_both).accepted == 1
    map_them(founders, tmp_path, "창업자,번호\nF-A,17\n")
    with founders.reading() as session:
        assert list_waiting(session) == []


def test_a_row_is_given_to_a_founder_by_hand_with_all_of_that_person(
    founders: Database, tmp_path: Path
) -> None:
    bring(founders, tmp_path)
    with founders.reading() as session:
        first, second, third = list_waiting(session)
    assert first["person"] == second["person"] != third["person"]
    assert "이름" not in first["values"]
    with founders.writing() as ledger:
        founder = find_founder(ledger.session, "F-A")
        done = resolve_row(
            founders, ledger, first["id"], founder, everywhere=True, author="Operator One"
        )
    assert done == Resolved(stored=2)
    later = SHEET + "2026-03-09,3회차,가온새,010-1234-5678,출석,\n"
    receipt = bring(founders, tmp_path, later)
    assert (receipt.accepted, receipt.repeated) == (1, 3)  # the third still waits
    with founders.writing() as ledger:
        founder = find_founder(ledger.session, "F-B")
        done = resolve_row(
            founders, ledger, third["id"], founder, everywhere=False, author="Operator One"
        )
    assert done.stored == 1
    assert len(attendance(founders)) == 4


def test_a_dismissed_row_stays_away(founders: Database, tmp_path: Path) -> None:
    bring(founders, tmp_path)
    with founders.reading() as session:
        third = list_waiting(session)[2]["id"]
    with founders.writing() as ledger:
        dismiss_rows(ledger, [third], reason="a guest", author="Operator One")
    assert bring(founders, tmp_path).repeated == 3
    with founders.reading() as session:
        assert len(list_waiting(session)) == 2
        decided = session.scalars(select(QuarantineResolution)).one()
    assert (decided.outcome, decided.author) == ("dismissed", "Operator One")
    with pytest.raises(NotFoundError, match=f"No row {third} waits"), founders.writing() as ledger:
        dismiss_rows(ledger, [third], reason="twice", author="Operator One")


def test_two_founders_of_one_name_wait_for_a_person_to_decide(
    founders: Database, tmp_path: Path
) -> None:
    map_them(founders, tmp_path, "founder,name\nF-A,가온새\nF-B,가온새\n")
    receipt = bring(founders, tmp_path, "날짜,세션,이름,상태\n2026-03-02,1회차,가온새,출석\n")
    assert receipt.doubts == {"ambiguous_person": 1}


def test_a_name_with_its_phone_is_one_founders_until_that_is_withdrawn(
    founders: Database, tmp_path: Path
) -> None:
    map_them(founders, tmp_path)
    with pytest.raises(ConflictError, match=r"What names F-B .* is on file for another founder"):
        map_them(founders, tmp_path, "founder,name,phone\nF-B,가온새,010 1234 5678\n")
    with founders.writing() as ledger:
        alias = next(a for a in standing_aliases(ledger.session) if a.founder == "F-A")
        withdraw_alias(ledger, alias.id, author="Operator One")
    assert map_them(founders, tmp_path, "founder,name,phone\nF-B,가온새,010 1234 5678\n").names == 1
    without_the_other = "".join(SHEET.splitlines(keepends=True)[:3])
    assert bring(founders, tmp_path, without_the_other).accepted == 2
    assert {founder for founder, *_ in attendance(founders)} == {"F-B"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("founder,id\nF-X,1\n", r'people.csv, row 2, column "founder": "F-X" is not known'),
        ("founder,id\nF-A,1\nF-B,\n", r'row 3, column "id": A line of the mapping needs'),
        ("name,id\nx,1\n", r'column "founder": the column is missing'),
    ],
)
def test_a_mapping_that_can_not_be_used_says_where(
    founders: Database, tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(FileError, match=message):
        map_them(founders, tmp_path, text)
    with founders.reading() as session:
        assert standing_aliases(session) == []


def test_a_row_that_contradicts_what_is_on_file_waits_on(
    founders: Database, tmp_path: Path
) -> None:
    """Two people of one sheet given to one founder: their marks of one session differ."""
    sheet = SHEET.replace("2026-03-05,2회차", "2026-03-02,1회차")
    bring(founders, tmp_path, sheet)
    done = map_them(
        founders,
        tmp_path,
        "founder,name,phone\nF-A,가온새,010-1234-5678\nF-A,나루솔,010-2222-3333\n",
    )
    assert done.rows.stored == 0
    assert done.rows.still_waiting == 3
    assert "import 1" in done.rows.refused[0]
    assert attendance(founders) == []


def test_a_dry_run_without_a_founder_lets_a_sheet_of_one_person_wait(
    founders: Database, tmp_path: Path
) -> None:
    from scoring.intake.importing import preview_records

    path = tmp_path / "one.csv"
    path.write_text("날짜,세션,이름,상태\n2026-03-02,1회차,가온새,출석\n", encoding="utf-8")
    assert preview_records(founders, path, Request(programme="CAMP-1")).quarantined == 1
    said = Request(programme="CAMP-1", founder="F-A")
    assert preview_records(founders, path, said).accepted == 1
    assert attendance(founders) == []
