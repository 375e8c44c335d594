"""Attendance that we write ourselves: what was meant is what the store holds, without names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from sample.exports.attendance import write_attendance
from sample.exports.formula_safe import formula_safe
from sample.exports.people import MAPPING
from sample.exports.written import LAST_DAY, Written
from sample.simulate import simulate_portfolio
from scoring.intake.containers import open_container
from scoring.review.waiting import list_waiting
from scoring.store.database import Database
from tests.sample.as_stored import (
    a_store,
    bytes_of,
    found_in,
    map_all,
    meant_attendance,
    stored_attendance,
    take,
)

NAMES = [
    *(f"attendance_grid/attendance-sheet.{end}" for end in ("utf8.csv", "cp949.csv", "xlsx")),
    *(f"attendance_grid/attendance-sheet-english.{end}" for end in ("utf8.csv", "xlsx")),
    *(f"attendance_long/attendance-log.{end}" for end in ("utf8.csv", "cp949.csv", "xlsx")),
    *(f"attendance_long/check-ins.{end}" for end in ("utf8.csv", "cp949.csv")),
]
ONE_OF_EACH = [
    "attendance_grid/attendance-sheet.utf8.csv",
    "attendance_grid/attendance-sheet-english.xlsx",
    "attendance_long/attendance-log.cp949.csv",
    "attendance_long/check-ins.utf8.csv",
]
SAME_ATTENDANCE = [name for name in NAMES if "check-ins" not in name]
# Everything about people that stands in the files beside their marks.
PRIVATE = [
    *("지어낸", "병원", "하나원", "예비군", "출산", "장례", "병결", "사유", "정착지원", "임신"),
    *("hospital", "funeral", "sick", "1900-01-01", "없는캠프", "1팀", "Team 1", "QR"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("attendance")


@pytest.fixture(scope="module")
def written(folder: Path) -> dict[str, Written]:
    return {
        str(one.path.relative_to(folder)): one
        for one in write_attendance(folder, simulate_portfolio(seed=7, until=LAST_DAY))
    }


@pytest.fixture
def store(folder: Path, written: dict[str, Written], tmp_path: Path) -> Iterator[Database]:
    with a_store(tmp_path / "store", folder) as database:
        yield database


@pytest.fixture(scope="module")
def names(folder: Path, written: dict[str, Written]) -> list[str]:
    """Every name, number and telephone of the mapping, the telephones without their first digit."""
    people = pd.read_csv(folder / MAPPING, dtype=str, encoding="utf-8-sig")
    digits = people["phone"].str.replace("-", "").str[1:]
    return [*people["name"], *people["id"], *people["phone"].str[1:], *digits]


def test_no_file_is_left_out_of_these_tests(written: dict[str, Written]) -> None:
    assert list(written) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_what_was_meant_is_what_the_store_holds(
    name: str, store: Database, folder: Path, written: dict[str, Written]
) -> None:
    map_all(store, folder)
    one = written[name]
    receipt = take(store, one)
    assert receipt.format == one.format_name
    assert {key: getattr(receipt, key) for key in one.expected} == one.expected
    assert (receipt.quarantined, receipt.suspect, receipt.repeated) == (0, 0, 0)
    assert stored_attendance(store) == meant_attendance(one.truth)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_postgresql_holds_what_was_meant(
    name: str,
    migrated_postgresql_url: str,
    tmp_path: Path,
    folder: Path,
    written: dict[str, Written],
) -> None:
    with a_store(tmp_path, folder, url=migrated_postgresql_url) as database:
        assert take(database, written[name]).accepted == 0
        map_all(database, folder)
        assert stored_attendance(database) == meant_attendance(written[name].truth)


@pytest.mark.parametrize("name", NAMES)
def test_rows_of_unknown_people_wait_without_names_and_a_mapping_stores_them(
    name: str, store: Database, folder: Path, written: dict[str, Written], names: list[str]
) -> None:
    one = written[name]
    receipt = take(store, one)
    assert (receipt.quarantined, receipt.accepted) == (len(one.truth), 0)
    with store.reading() as session:
        waiting = list_waiting(session)
    assert {row["reason"] for row in waiting} == {"unknown_person"}
    assert len({row["person"] for row in waiting}) == one.truth["founder"].nunique()
    assert found_in(bytes_of(store), [*names, *PRIVATE]) == set()
    done = map_all(store, folder)
    assert (done.rows.stored, done.rows.still_waiting) == (len(one.truth), 0)
    assert stored_attendance(store) == meant_attendance(one.truth)
    assert found_in(bytes_of(store), [*names, *PRIVATE]) == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_file_imported_twice_stores_nothing_new(
    name: str, store: Database, folder: Path, written: dict[str, Written]
) -> None:
    one = written[name]
    take(store, one)
    waiting = take(store, one)
    assert (waiting.added, waiting.quarantined, waiting.repeated) == (0, 0, len(one.truth))
    map_all(store, folder)
    before = stored_attendance(store)
    again = take(store, one)
    assert (again.added, again.corrected, again.accepted) == (0, 0, 0)
    assert again.repeated == len(one.truth)
    assert stored_attendance(store) == before


def test_grid_and_log_in_any_encoding_and_language_end_in_the_same_records(
    store: Database, folder: Path, written: dict[str, Written]
) -> None:
    """Only the first form of the same sheet tells anything new."""
    map_all(store, folder)
    first, *others = SAME_ATTENDANCE
    assert take(store, written[first]).added == len(written[first].truth)
    held = stored_attendance(store)
    for name in others:
        receipt = take(store, written[name])
        assert (name, receipt.added, receipt.corrected) == (name, 0, 0)
    assert stored_attendance(store) == held


def test_two_people_of_one_name_are_told_apart_by_their_telephones(
    store: Database, folder: Path, written: dict[str, Written]
) -> None:
    people = pd.read_csv(folder / MAPPING, dtype=str, encoding="utf-8-sig")
    namesakes = people[people["name"].duplicated(keep=False)]["founder"].tolist()
    assert len(namesakes) == 2
    map_all(store, folder)
    take(store, written["attendance_grid/attendance-sheet.cp949.csv"])
    rows = {
        one: {row[3:] for row in stored_attendance(store) if row[0] == one} for one in namesakes
    }
    assert rows[namesakes[0]] != rows[namesakes[1]]


def test_an_excuse_is_kept_as_excused_and_a_lateness_stays_one(written: dict[str, Written]) -> None:
    truth = written[NAMES[0]].truth
    assert set(truth["status"]) == {"present", "late", "excused", "absent"}
    cells = [
        cell
        for sheet in open_container(written[NAMES[0]].path).sheets
        for _, row in sheet.rows()
        for cell in row
    ]
    assert {"공결(병원)", "예비군", "하나원", "결석→공결", "지각(지어낸 버스 지연)"} <= {*cells}


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".csv")])
def test_no_cell_is_a_formula(name: str, written: dict[str, Written]) -> None:
    cells = [
        cell
        for sheet in open_container(written[name].path).sheets
        for _, row in sheet.rows()
        for cell in row
    ]
    assert [cell for cell in cells if formula_safe(cell) != cell] == []


def test_the_same_seed_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    for one in write_attendance(tmp_path, simulate_portfolio(seed=7, until=LAST_DAY)):
        other = folder / one.path.relative_to(tmp_path)
        assert other.read_bytes() == one.path.read_bytes()
    assert (tmp_path / MAPPING).read_bytes() == (folder / MAPPING).read_bytes()


def test_days_go_no_further_than_the_last_day(written: dict[str, Written]) -> None:
    assert max(one.truth["held_on"].max() for one in written.values()) <= LAST_DAY
