"""The commands of an operator, as a person types them: files in, doubts and waiting rows out."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.shell import FOOTHOLD, Shell

BY = ("--by", "Operator One")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path / "data")
    shell.json("init")
    shell.json("founder", "add", "F-1", "F-2")
    return shell


def orders(folder: Path, *, biggest: int = 35_000) -> Path:
    """A SmartStore export of twelve orders, one of them cancelled, with a column nobody reads."""
    header = (
        "상품주문번호,주문번호,주문일시,주문상태,상품명,수량,상품별 총 주문금액,구매자ID,수취인명"
    )
    day = date.today() - timedelta(days=40)
    lines = [header]
    for number in range(12):
        status = "취소완료" if number == 3 else "구매확정"
        amount = biggest if number == 11 else 35_000
        placed = day + timedelta(days=number)
        lines.append(
            f"2026{number:012d},9{number:07d},{placed} 10:00,{status},수제 비누,1,{amount},"
            f"buyer{number % 4},가온새"
        )
    path = folder / "orders.csv"
    path.write_text("\n".join(lines) + "\n", encoding="cp949")
    return path


def sheet(folder: Path) -> Path:
    day = date.today() - timedelta(days=20)
    path = folder / "sheet.csv"
    path.write_text(
        f"날짜,세션,이름,연락처,상태\n{day},1회차,가온새,010-1234-5678,출석\n"
        f"{day},1회차,나루솔,010-2222-3333,결석\n",
        encoding="utf-8",
    )
    return path


def test_a_preview_shows_what_was_understood_and_stores_nothing(
    shell: Shell, tmp_path: Path
) -> None:
    done = shell.run("import", str(orders(tmp_path)), "--dry-run")
    assert done.returncode == 0
    assert "orders.csv: Naver SmartStore orders (csv), tells of sales" in done.stdout
    assert "not read, not stored: " in done.stdout
    assert "수취인명" in done.stdout
    assert "net sales:        385,000 KRW, without shipping" in done.stdout
    assert "nothing was stored" in done.stdout
    assert shell.json("imports") == {"imports": []}


def test_with_json_the_last_line_is_one_object(shell: Shell, tmp_path: Path) -> None:
    receipt = shell.json("import", str(orders(tmp_path)), "--dry-run", "--founder", "F-1")
    expected = {
        "format": "smartstore",
        "kind": "sales",
        "rows": 12,
        "accepted": 12,
        "suspect": 0,
        "quarantined": 0,
        "repeated": 0,
        "cancelled": 1,
        "net_sales": 385_000,
    }
    assert expected.items() <= receipt.items()
    first = date.today() - timedelta(days=40)
    assert receipt["first_day"] == str(first)
    assert receipt["last_day"] == str(first + timedelta(days=11))


def test_a_shops_file_needs_a_founder_and_a_receipt_can_be_withdrawn(
    shell: Shell, tmp_path: Path
) -> None:
    path = orders(tmp_path)
    assert "Say whose it is with --founder REF" in shell.refused("import", str(path))
    receipt = shell.json("import", str(path), "--founder", "F-1", *BY)
    (listed,) = shell.json("imports")["imports"]
    assert (listed["id"], listed["by"], listed["rows"]) == (
        receipt["import_id"],
        "Operator One",
        12,
    )
    assert len(listed["file_digest"]) == 64
    number = str(receipt["import_id"])
    done = shell.json("imports", "withdraw", number, "--reason", "of another shop", *BY)
    assert done["retracted"] == 13
    assert shell.json("records", "F-1")["records"] == []
    assert shell.json("imports")["imports"][0]["withdrawn"] is True
    assert "withdrawn before" in shell.refused(
        "imports", "withdraw", number, "--reason", "again", *BY
    )


def test_people_are_mapped_and_rows_given_to_them(shell: Shell, tmp_path: Path) -> None:
    brought = shell.json("import", str(sheet(tmp_path)), "--programme", "CAMP")
    assert brought["quarantined"] == 2
    table = shell.run("quarantine", "list").stdout
    assert "unknown_person" in table
    assert "가온새" not in table
    mapping = tmp_path / "people.csv"
    mapping.write_text("founder,name,phone\nF-1,가온새,010-1234-5678\n", encoding="utf-8")
    assert shell.json("people", "map", str(mapping), *BY)["stored"] == 1
    (alias,) = shell.json("people", "list")["people"]
    assert (alias["founder"], alias["recognised_by"]) == ("F-1", "name_phone")
    (row,) = shell.json("quarantine", "list")["quarantine"]
    given = shell.json("quarantine", "resolve", str(row["id"]), "--founder", "F-2", "--all", *BY)
    assert given == {"stored": 1, "suspect": 0, "still_waiting": 0, "refused": []}
    assert len(shell.json("people", "list")["people"]) == 2
    assert shell.json("records", "F-2")["records"][0]["values"]["status"] == "absent"
    assert shell.json("people", "withdraw", str(alias["id"]), *BY) == {"withdrawn": alias["id"]}
    assert "No row" in shell.refused("quarantine", "dismiss", "1", "--reason", "r", *BY)
    assert shell.json("audit", "verify")["intact"] is True


def test_doubtful_orders_are_looked_at_and_decided_on(shell: Shell, tmp_path: Path) -> None:
    path = orders(tmp_path, biggest=35_000 * 80)
    done = shell.run("import", str(path), "--founder", "F-1")
    assert (
        "Suspect records stay out of scoring until confirmed: foothold suspect list" in done.stdout
    )
    (suspect,) = shell.json("suspect", "list")["suspects"]
    assert (suspect["doubt"], suspect["values"]["gross"]) == ("amount_outlier", "2800000")
    assert "amount_outlier" in shell.run("suspect", "list", "--founder", "F-1").stdout
    assert "Say which" in shell.refused("suspect", "confirm", *BY)
    confirmed = shell.json("suspect", "confirm", "sales", str(suspect["id"]), *BY)
    assert confirmed == {"confirmed": 1}
    assert shell.json("suspect", "list") == {"suspects": []}
    refused = shell.refused("suspect", "reject", "--import", "1", "--reason", "r", *BY)
    assert "holds no suspect record" in refused


def test_shops_and_calendars_are_declared_and_compared_with(shell: Shell, tmp_path: Path) -> None:
    day = date.today() - timedelta(days=30)
    shell.json("shop", "add", "F-1", "smartstore", "--opened", str(day), *BY)
    assert shell.json("shop", "list")["shops"][0]["opened_on"] == str(day)
    receipt = shell.json("import", str(orders(tmp_path)), "--founder", "F-1", "--dry-run")
    assert receipt["doubts"] == {"before_shop_opened": 11}  # with the refund of one of them
    days = tmp_path / "days.csv"
    days.write_text(f"held_on\n{date.today() - timedelta(days=21)}\n", encoding="utf-8")
    assert shell.json("programme", "calendar", "CAMP", str(days), *BY)["new_days"] == 1
    assert shell.json("programme", "list")["programmes"][0]["programme"] == "CAMP"
    brought = shell.json(
        "import", str(sheet(tmp_path)), "--programme", "CAMP", "--founder", "F-1", "--dry-run"
    )
    assert brought["quarantined"] == 2  # two people: neither is taken for F-1
    days.write_text("held_on\nMonday\n", encoding="utf-8")
    assert 'row 2, column "held_on": "Monday" is not a day' in shell.refused(
        "programme", "calendar", "CAMP", str(days), *BY
    )


def test_an_operators_own_names_of_columns_are_read(shell: Shell, tmp_path: Path) -> None:
    path = orders(tmp_path)
    renamed = path.read_text(encoding="cp949").replace("상품별 총 주문금액", "판매액합계")
    path.write_text(renamed, encoding="cp949")
    assert "--founder" not in shell.refused("import", str(path), "--founder", "F-1")
    (tmp_path / "data" / "formats.toml").write_text(
        '[smartstore.columns]\ntotal = ["판매액합계"]\n', encoding="utf-8"
    )
    receipt = shell.json("import", str(path), "--founder", "F-1", "--dry-run")
    assert (receipt["format"], receipt["net_sales"]) == ("smartstore", 385_000)
    described = shell.json("formats", "smartstore")["formats"][0]
    assert described["columns"]["total"][0] == "판매액합계"
    listed = {entry["format"] for entry in shell.json("formats")["formats"]}
    assert {"smartstore", "attendance_grid", "loan_transactions", "plain"} < listed
    (tmp_path / "data" / "formats.toml").write_text("[nowhere.columns]\n", encoding="utf-8")
    assert "nowhere is no format" in shell.refused("import", str(path), "--dry-run")


def test_a_preview_needs_no_store(tmp_path: Path) -> None:
    done = Shell(tmp_path / "none").run("import", str(orders(tmp_path)), "--dry-run", "--json")
    assert json.loads(done.stdout.splitlines()[-1])["net_sales"] == 385_000
    assert not (tmp_path / "none").exists()


def test_a_shops_first_day_tells_how_many_sales_lie_before_it(shell: Shell, tmp_path: Path) -> None:
    brought = shell.json("import", str(orders(tmp_path)), "--founder", "F-1")
    assert brought["suspect"] == 0
    today = str(date.today())
    told = shell.json("shop", "add", "F-1", "smartstore", "--opened", today, *BY)
    assert told["sales_before"] == brought["accepted"]


def test_days_that_can_be_read_two_ways_are_read_as_the_operator_says(
    shell: Shell, tmp_path: Path
) -> None:
    path = tmp_path / "moves.csv"
    path.write_text(
        "Date,Description,Withdrawals,Deposits,Balance\n03/04/26,MARKET,,1000,1000\n",
        encoding="utf-8",
    )
    asked = ("import", str(path), "--founder", "F-1", "--dry-run")
    refusal = shell.refused(*asked)
    assert 'moves.csv, row 2, column "Date": "03/04/26" can be' in refusal
    assert "--dates year-first, month-first or day-first" in refusal
    for order, day in (("day-first", "2026-04-03"), ("month-first", "2026-03-04")):
        receipt = shell.json(*asked, "--dates", order)
        assert (receipt["first_day"], receipt["accepted"]) == (day, 1)


def statement(folder: Path) -> Path:
    day = date.today() - timedelta(days=20)
    path = folder / "account.csv"
    path.write_text(
        f"거래일시,적요,출금액,입금액,거래후잔액\n{day} 10:00,이체,0,50000,50000\n",
        encoding="utf-8",
    )
    return path


def test_the_same_file_for_another_founder_ends_with_status_2_and_names_the_option(
    shell: Shell, tmp_path: Path
) -> None:
    path = str(statement(tmp_path))
    shell.json("import", path, "--founder", "F-1")
    done = shell.run("import", path, "--founder", "F-2")
    assert (done.returncode, done.stdout) == (2, "")
    assert "foothold: account.csv: the same file was imported before" in done.stderr
    assert "founder F-1 (now F-2). See receipt 1." in done.stderr
    assert "say --again-for-another" in done.stderr
    assert shell.json("records", "F-2")["records"] == []
    brought = shell.json("import", path, "--founder", "F-2", "--again-for-another")
    assert brought["added"] == 1


@pytest.mark.parametrize(("answer", "stored"), [("y\n", 1), ("\n", 0)])
def test_on_a_terminal_the_same_file_for_another_is_asked_about(
    answer: str, stored: int, shell: Shell, tmp_path: Path
) -> None:
    path = str(statement(tmp_path))
    shell.json("import", path, "--founder", "F-1")
    main, terminal = os.openpty()
    os.write(main, answer.encode())
    done = subprocess.run(
        [*FOOTHOLD, "import", path, "--founder", "F-2"],
        env=shell.environment,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        timeout=60,
    )
    os.close(terminal)
    said = b""
    with suppress(OSError):  # how a terminal ends that nobody holds any more
        while chunk := os.read(main, 4096):
            said += chunk
    os.close(main)
    assert "Import it for this one as well? [y/N]" in said.decode()
    assert done.returncode == (0 if stored else 1)
    assert len(shell.json("records", "F-2")["records"]) == stored
