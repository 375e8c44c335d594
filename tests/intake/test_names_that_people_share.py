"""A name that two people bear decides nothing by itself: the row waits for somebody who knows."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from scoring.intake.importing import Request, import_records, preview_records
from scoring.intake.telling.receipts import Receipt
from scoring.parties.founders import add_founders, find_founder
from scoring.review.mapping import map_people
from scoring.review.waiting import Resolved, list_waiting, resolve_row
from scoring.store.database import Database
from scoring.store.tables import Attendance, Founder

HEADER = "날짜,세션,참가자번호,이름,연락처,상태\n"
# An invented name.
NAME = "가온새"
BY_NAME_ONLY = (
    "1 rows were matched by name only; check that nobody else is called so, or map people by "
    "number or by name and phone."
)


class Hub:
    """An operator of two cohorts whose sheets name people."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        with database.writing() as ledger:
            add_founders(ledger, ["F-A", "F-B"], actor="test")

    def sheet(self, *rows: str) -> Path:
        """Rows of day, number and phone, all of one name."""
        path = self.folder / "sheet.csv"
        lines = []
        for row in rows:
            day, number, phone = row.split(",")
            lines.append(f"{day},1회차,{number},{NAME},{phone},출석\n")
        path.write_text(HEADER + "".join(lines), encoding="utf-8-sig")
        return path

    def bring(self, *rows: str, programme: str = "CAMP-1") -> Receipt:
        return import_records(self.database, self.sheet(*rows), Request(programme=programme))

    def map(self, *lines: str) -> Resolved:
        path = self.folder / "people.csv"
        path.write_text("founder,id,name,phone\n" + "\n".join(lines) + "\n", encoding="utf-8")
        with self.database.writing() as ledger:
            return map_people(self.database, ledger, path, source=None, author="Operator One").rows

    def waiting(self) -> list[tuple[str, str]]:
        with self.database.reading() as session:
            return [(row["reason"], row["values"]["programme"]) for row in list_waiting(session)]

    def resolve_first(self, founder: str) -> Resolved:
        """Give the first waiting row, and all of that person, to a founder."""
        with self.database.writing() as ledger:
            row = list_waiting(ledger.session)[0]["id"]
            owner = find_founder(ledger.session, founder)
            return resolve_row(
                self.database, ledger, row, owner, everywhere=True, author="Operator One"
            )

    def attended(self) -> list[tuple[str, str]]:
        with self.database.reading() as session:
            rows = session.execute(
                select(Founder.reference, Attendance.natural_key)
                .join(Founder, Founder.id == Attendance.founder_id)
                .where(Attendance.superseded_recorded_at.is_(None))
            )
            return sorted((founder, key.split("|")[1]) for founder, key in rows)


@pytest.fixture
def hub(database: Database, tmp_path: Path) -> Hub:
    return Hub(database, tmp_path)


def test_the_sheet_of_another_cohort_waits_though_the_name_was_resolved_in_the_first(
    hub: Hub,
) -> None:
    hub.bring("2026-03-02,,")
    assert hub.resolve_first("F-A").stored == 1
    assert hub.bring("2026-03-09,,").accepted == 1  # a later sheet of the same cohort
    receipt = hub.bring("2026-03-03,,", programme="CAMP-2")
    assert (receipt.accepted, receipt.doubts) == (0, {"unknown_person": 1})
    assert hub.attended() == [("F-A", "CAMP-1"), ("F-A", "CAMP-1")]


def test_rows_of_two_cohorts_that_wait_are_not_given_to_one_founder_at_once(hub: Hub) -> None:
    hub.bring("2026-03-02,,")
    hub.bring("2026-03-03,,", programme="CAMP-2")
    assert hub.resolve_first("F-A") == Resolved(stored=1)
    assert hub.attended() == [("F-A", "CAMP-1")]
    assert hub.waiting() == [("unknown_person", "CAMP-2")]
    assert hub.bring("2026-03-09,,").doubts == {"ambiguous_person": 1}


def test_a_name_on_file_for_two_founders_by_their_phones_waits(hub: Hub) -> None:
    hub.map(f"F-A,,{NAME},010-1111-1111", f"F-B,,{NAME},010-2222-2222", f"F-A,,{NAME},")
    assert hub.bring("2026-03-02,,").doubts == {"ambiguous_person": 1}
    assert hub.bring("2026-03-02,,010-2222-2222").accepted == 1
    assert hub.attended() == [("F-B", "CAMP-1")]


@pytest.mark.parametrize("others", [["2026-03-02,17,", "2026-03-02,18,"], ["2026-03-02,,010-2"]])
def test_a_name_of_somebody_else_who_waits_with_a_number_or_a_phone_waits(
    others: list[str], hub: Hub
) -> None:
    hub.bring(*others)
    assert hub.map(f"F-A,,{NAME},").stored == 0
    assert hub.bring("2026-03-03,,").doubts == {"ambiguous_person": 1}
    assert hub.attended() == []


def test_one_name_under_two_numbers_in_a_file_is_two_people(hub: Hub) -> None:
    hub.map(f"F-A,,{NAME},")
    assert hub.bring("2026-03-02,17,", "2026-03-02,18,").doubts == {"ambiguous_person": 2}


def test_a_name_that_stands_in_the_file_with_a_strange_phone_waits(hub: Hub) -> None:
    hub.map(f"F-A,,{NAME},")
    receipt = hub.bring("2026-03-02,,010-9999-9999", "2026-03-03,,")
    assert receipt.doubts == {"ambiguous_person": 1, "unknown_person": 1}


def test_a_mapping_by_name_gives_nobody_the_rows_of_two_cohorts_that_wait(hub: Hub) -> None:
    hub.bring("2026-03-02,,")
    hub.bring("2026-03-03,,", programme="CAMP-2")
    assert hub.map(f"F-A,,{NAME},").stored == 0
    assert len(hub.waiting()) == 2


def test_who_is_known_by_number_or_phone_is_given_though_others_share_the_name(hub: Hub) -> None:
    hub.map(f"F-A,17,{NAME},", f"F-B,18,{NAME},010-2222-2222")
    receipt = hub.bring("2026-03-02,17,", "2026-03-02,18,", "2026-03-03,,010-2222-2222")
    assert (receipt.accepted, receipt.quarantined) == (3, 0)
    assert not any("by name only" in note for note in receipt.notes)


def test_preview_and_receipt_say_how_many_rows_were_matched_by_name_only(hub: Hub) -> None:
    hub.map(f"F-A,,{NAME},", f"F-A,,{NAME},010-1111-1111")
    path = hub.sheet("2026-03-02,,", "2026-03-03,,010-1111-1111")
    preview = preview_records(hub.database, path, Request(programme="CAMP-1"))
    receipt = import_records(hub.database, path, Request(programme="CAMP-1"))
    assert receipt.accepted == 2
    assert BY_NAME_ONLY in preview.notes
    assert BY_NAME_ONLY in receipt.notes
