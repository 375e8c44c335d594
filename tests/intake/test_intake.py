"""What an operator may rely on when importing: all or nothing, nothing twice, clear errors."""

import hashlib
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select

from scoring.base.errors import FileError, FootholdError, InputError
from scoring.intake.importing import import_file
from scoring.intake.learned_at import Learned
from scoring.parties.founders import add_founders
from scoring.records.forms import FORMS
from scoring.records.kinds import RecordKind
from scoring.store.audit import verify_chain
from scoring.store.database import Database
from scoring.store.tables import (
    RECORD_TABLES,
    Attendance,
    Import,
    ImportResult,
    OrderLine,
    ProgrammeSession,
    Supersession,
)
from tests.builders import a_founder, import_rows

ATTENDANCE = "founder,programme,session,held_on,hours,session_kind,status\n"
LOANS = "founder,loan,lender,principal,currency,annual_rate,months,disbursed_on\n"
SALES = "founder,channel,order_line,ordered_on,quantity,gross,currency\n"
REFUNDS = SALES.strip() + ",status,refunded_on,refund\n"

BAD_FILES = {
    "a wrong status": (
        ATTENDANCE
        + "F-1,P-1,S1,2026-03-02,2,class,present\nF-1,P-1,S2,2026-03-05,2,class,prsent\n",
        'attendance.csv, row 3, column "status": "prsent" is not one of present, late, excused, '
        "absent.\nNothing was imported. Correct the file and import it again; rows already known "
        "are skipped.",
        RecordKind.ATTENDANCE,
    ),
    "a negative principal": (
        LOANS + "F-1,N-1,L-1,-5000000,KRW,0.05,12,2026-03-02\n",
        'row 2, column "principal": "-5000000" is not an amount above zero',
        RecordKind.LOANS,
    ),
    "a future date": (
        SALES + "F-1,cafe24,O1,2031-01-01,1,12000,KRW\n",
        'row 2, column "ordered_on": "2031-01-01" is in the future (today is 2026-06-15)',
        RecordKind.SALES,
    ),
    "a missing column": (
        "founder,programme,session,held_on,hours,session_kind\nF-1,P-1,S1,2026-03-02,2,class\n",
        'row 1, column "status": the column is missing',
        RecordKind.ATTENDANCE,
    ),
    "text where an amount belongs": (
        SALES + "F-1,cafe24,O1,2026-03-01,1,twelve,KRW\n",
        'row 2, column "gross": "twelve" is not an amount of zero or more, such as 12000',
        RecordKind.SALES,
    ),
    "an empty file": ("", "is empty", RecordKind.SALES),
    "a header alone": (SALES, "has a header and no rows", RecordKind.SALES),
    "a binary file": (
        "\x89PNG\x00\x00\x01",
        "is no format that can be read: it holds binary data",
        RecordKind.SALES,
    ),
    "an empty cell that must be filled": (
        SALES + "F-1,cafe24,,2026-03-01,1,12000,KRW\n",
        'row 2, column "order_line": is empty and must be filled',
        RecordKind.SALES,
    ),
    "a day that does not exist": (
        SALES + "F-1,cafe24,O1,2026-02-30,1,12000,KRW\n",
        '"2026-02-30" is not a day as YYYY-MM-DD',
        RecordKind.SALES,
    ),
    "a fraction of a won": (
        SALES + "F-1,cafe24,O1,2026-03-01,1,12000.50,KRW\n",
        '"12000.50" has more decimals than KRW has',
        RecordKind.SALES,
    ),
    "an unknown currency": (
        SALES + "F-1,cafe24,O1,2026-03-01,1,12000,WON\n",
        '"WON" is not a currency code',
        RecordKind.SALES,
    ),
    "an unknown founder": (
        SALES + "F-9,cafe24,O1,2026-03-01,1,12000,KRW\n",
        '"F-9" is not known; add them with `foothold founder add`',
        RecordKind.SALES,
    ),
    "the same order line twice": (
        SALES + "F-1,cafe24,O1,2026-03-01,1,1,KRW\nF-1,cafe24,O1,2026-03-02,1,1,KRW\n",
        'row 3, column "order_line": founder F-1, channel cafe24, order_line O1 stands in the file '
        "twice, with different values",
        RecordKind.SALES,
    ),
    "a row with a cell too many": (
        SALES + "F-1,cafe24,O1,2026-03-01,1,12,000,KRW\n",
        "row 2: has 8 cells where the header has 7",
        RecordKind.SALES,
    ),
    "a refund before the sale": (
        REFUNDS + "F-1,cafe24,O1,2026-03-05,1,9000,KRW,returned,2026-03-01,9000\n",
        "lies before ordered_on",
        RecordKind.SALES,
    ),
    "a refund without its day": (
        REFUNDS + "F-1,cafe24,O1,2026-03-05,1,9000,KRW,returned,,\n",
        "is empty, but the order line was cancelled or refunded",
        RecordKind.SALES,
    ),
    "a refund above what was paid": (
        REFUNDS + "F-1,cafe24,O1,2026-03-05,1,9000,KRW,returned,2026-03-09,90000\n",
        "is more than the line's gross amount",
        RecordKind.SALES,
    ),
    "a kind that can only be guessed": (
        SALES.replace("gross", "price") + "F-1,cafe24,O1,2026-03-05,1,9000,KRW\n",
        'row 1, column "gross": the column is missing; sales needs',
        None,
    ),
    "a kind that is further off": (
        SALES.replace("gross", "price").replace("channel", "shop")
        + "F-1,cafe24,O1,2026-03-05,1,9000,KRW\n",
        "nearest is sales, which also needs channel, gross",
        None,
    ),
    "a schedule of an unknown loan": (
        "loan,number,due_on,principal,interest\nN-9,1,2026-03-05,100,1\n",
        '"N-9" is not known; import the loans first',
        RecordKind.SCHEDULE,
    ),
}


BAD_FILES |= {
    "nothing but a byte order mark": ("\xef\xbb\xbf", "is empty", RecordKind.SALES),
    "nothing but commas": (",,,\n,,,\n", "is empty", RecordKind.SALES),
    "an amount too large to keep": (
        SALES + "F-1,cafe24,O1,2026-03-01,1,999999999999999,CLF\n",
        '"999999999999999" is not an amount of zero or more',
        RecordKind.SALES,
    ),
    "more decimals than can be counted": (
        SALES + f"F-1,cafe24,O1,2026-03-01,1,1.{'0' * 40}1,KRW\n",
        "has more decimals than KRW has",
        RecordKind.SALES,
    ),
    "a day before anything was recorded": (
        SALES + "F-1,cafe24,O1,0001-01-01,1,1,KRW\n",
        'row 2, column "ordered_on": "0001-01-01" lies before 1990-01-01',
        RecordKind.SALES,
    ),
    "a day without its zeros": (
        SALES + "F-1,cafe24,O1,2026-3-1,1,1,KRW\n",
        'row 2, column "ordered_on": "2026-3-1" is not a day as YYYY-MM-DD',
        RecordKind.SALES,
    ),
    "a reference with a bar": (
        SALES + "F-1,cafe|24,O1,2026-03-01,1,1,KRW\n",
        'row 2, column "channel": "cafe|24" is not a reference',
        RecordKind.SALES,
    ),
    "a cell with a NUL": (
        SALES + "F-1,cafe24,O1,2026-03-01,1,1,KRW\nF-1,cafe24,O\0002,2026-03-01,1,1,KRW\n",
        'row 3, column "order_line": holds a control character (U+0000)',
        RecordKind.SALES,
    ),
    "a cell with a control character": (
        SALES.strip() + ",buyer\nF-1,cafe24,O1,2026-03-01,1,1,KRW,b\x1b[2J\n",
        'row 2, column "buyer": holds a control character (U+001B)',
        RecordKind.SALES,
    ),
}


def _everything(database: Database) -> dict[str, int]:
    with database.reading() as session:
        tables = (*RECORD_TABLES, Import, Supersession, ProgrammeSession)
        counts = {
            t.__tablename__: session.scalar(select(func.count()).select_from(t)) or 0
            for t in tables
        }
        return counts | {"audit_events": verify_chain(session)}


@pytest.mark.parametrize("problem", BAD_FILES)
def test_a_bad_file_is_refused_with_its_place_and_changes_nothing(
    problem: str, sqlite: Database, tmp_path: Path
) -> None:
    content, message, kind = BAD_FILES[problem]
    a_founder(sqlite, "F-1").selling(weekly=100_000, weeks=2)
    before = _everything(sqlite)
    path = tmp_path / f"{kind.value if kind else 'file'}.csv"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(FileError) as raised:
        import_file(sqlite, path, kind=kind)
    assert message in str(raised.value)
    assert str(raised.value).startswith(path.name)
    assert "Nothing was imported." in str(raised.value)
    assert _everything(sqlite) == before


def test_further_problems_are_counted(sqlite: Database, tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(SALES + "F-1,cafe24,O1,2026-03-01,1,x,KRW\n" * 3)
    with pytest.raises(FileError, match="2 more such problems"):
        import_file(sqlite, path)


def test_importing_a_file_again_changes_nothing(database: Database) -> None:
    founder = a_founder(database).selling(weekly=100_000, weeks=5, refund_every=3)
    with database.reading() as session:
        before = session.scalar(select(func.count()).select_from(OrderLine))
    founder.selling(weekly=100_000, weeks=5, refund_every=3)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(OrderLine)) == before
        assert session.scalar(select(func.count()).select_from(Supersession)) == 0
        receipts = session.scalars(select(ImportResult).order_by(ImportResult.import_id)).all()
    assert [r.added for r in receipts] == [before, 0]
    assert receipts[1].repeated == receipts[1].rows == receipts[0].accepted == 10


def test_a_row_that_changed_supersedes_the_known_one(database: Database) -> None:
    a_founder(database, "F-1")
    row = {
        "founder": "F-1",
        "channel": "cafe24",
        "order_line": "O1",
        "ordered_on": date(2026, 3, 1),
        "quantity": 1,
        "gross": 12_000,
        "currency": "KRW",
    }
    import_rows(database, RecordKind.SALES, [row])
    receipt = import_rows(database, RecordKind.SALES, [row | {"gross": 13_000}])
    assert (receipt.added, receipt.corrected, receipt.repeated) == (0, 1, 0)
    with database.reading() as session:
        lines = session.scalars(select(OrderLine).order_by(OrderLine.id)).all()
        assert [line.gross for line in lines] == [12_000, 13_000]
        assert lines[0].superseded_recorded_at == lines[1].recorded_at
        assert lines[1].superseded_recorded_at is None


def test_a_row_that_stands_in_a_file_again_adds_nothing(sqlite: Database, tmp_path: Path) -> None:
    """Also where a number is written otherwise; and separators are found, not asked for."""
    a_founder(sqlite, "F-1").borrowing(1_000_000, loan="N-9", disbursed_on=date(2026, 1, 5))
    path = tmp_path / "schedule.csv"
    row = "N-9;13;2027-03-05;1;1"
    lines = ["loan;number;due_on;principal;interest", row, row.replace("13", "13.0"), row]
    path.write_text("\n".join(lines), encoding="utf-8")
    receipt = import_file(sqlite, path)
    assert (receipt.rows, receipt.accepted, receipt.repeated, receipt.added) == (3, 1, 2, 1)


def test_a_refund_is_a_record_of_its_own_day(sqlite: Database) -> None:
    a_founder(sqlite, "F-1")
    import_rows(
        sqlite,
        RecordKind.SALES,
        [
            {
                "founder": "F-1",
                "channel": "cafe24",
                "order_line": "O1",
                "ordered_on": date(2026, 3, 1),
                "quantity": 1,
                "gross": 12_000,
                "currency": "KRW",
                "status": "cancelled",
                "refunded_on": date(2026, 3, 9),
                "refund_cause": "seller",
            }
        ],
    )
    with sqlite.reading() as session:
        sale, refund = session.scalars(select(OrderLine).order_by(OrderLine.event_day)).all()
    assert (sale.entry, sale.gross, sale.refund, sale.event_date) == (
        "sale",
        12_000,
        0,
        date(2026, 3, 1),
    )
    assert (refund.entry, refund.gross, refund.refund, refund.event_date) == (
        "refund",
        0,
        12_000,
        date(2026, 3, 9),
    )
    assert refund.learned_at > sale.learned_at


def test_parquet_and_csv_give_the_same_records(sqlite: Database, tmp_path: Path) -> None:
    a_founder(sqlite, "F-1")
    frame = pd.DataFrame(
        {
            "founder": ["F-1"] * 2,
            "account": "A1",
            "line": ["T1", "T2"],
            "booked_on": [date(2026, 3, 1), date(2026, 3, 2)],
            "direction": ["in", "out"],
            "amount": [1200.5, 99.0],
            "currency": "CZK",
            "balance": [1200.5, 1101.5],
            "purpose": ["", "penalty"],
        }
    )
    frame.to_parquet(tmp_path / "cash.parquet", index=False)
    frame.to_csv(tmp_path / "cash.csv", index=False)
    first = import_file(sqlite, tmp_path / "cash.parquet", learned=Learned(0))
    second = import_file(sqlite, tmp_path / "cash.csv", learned=Learned(0))
    assert (first.kind, first.added) == ("cash_flow", 2)
    assert (second.repeated, second.added, second.corrected) == (2, 0, 0)


@pytest.mark.parametrize(
    ("text", "lag"), [("live", None), ("2", 2), ("lag-2", 2), ("lag-days=2", 2), ("2d", 2)]
)
def test_the_way_of_learning_is_read(text: str, lag: int | None) -> None:
    assert Learned.parse(text) == Learned(lag)


def test_an_unknown_way_of_learning_is_explained() -> None:
    with pytest.raises(InputError, match="live"):
        Learned.parse("soon")


def test_a_live_record_is_learned_on_arrival_and_a_backfill_after_its_lag(
    sqlite: Database,
) -> None:
    a_founder(sqlite, "F-1")
    sale = {
        "founder": "F-1",
        "channel": "cafe24",
        "quantity": 1,
        "gross": 1,
        "currency": "KRW",
        "ordered_on": date(2026, 3, 1),
    }
    import_rows(sqlite, RecordKind.SALES, [sale | {"order_line": "live"}], lag=None)
    import_rows(sqlite, RecordKind.SALES, [sale | {"order_line": "lagged"}], lag=3)
    with sqlite.reading() as session:
        live, lagged = session.scalars(select(OrderLine).order_by(OrderLine.id)).all()
    assert live.learned_at.date() == sqlite.today
    # three days after 1 March begins in Seoul, which is still 3 March in UTC
    assert lagged.learned_at.isoformat() == "2026-03-03T15:00:00+00:00"


def test_buyers_are_hashes_that_differ_between_founders(sqlite: Database) -> None:
    for founder in ("F-1", "F-2"):
        a_founder(sqlite, founder)
        import_rows(
            sqlite,
            RecordKind.SALES,
            [
                {
                    "founder": founder,
                    "channel": "cafe24",
                    "order_line": f"O{n}",
                    "ordered_on": date(2026, 3, 1),
                    "quantity": 1,
                    "gross": 1,
                    "currency": "KRW",
                    "buyer": "buyer-77",
                }
                for n in range(2)
            ],
        )
    with sqlite.reading() as session:
        buyers = session.scalars(select(OrderLine.buyer).order_by(OrderLine.id)).all()
    assert buyers[0] == buyers[1] != buyers[2] == buyers[3]
    assert "buyer-77" not in buyers
    assert hashlib.sha256(b"buyer-77").hexdigest()[:32] not in buyers


def test_every_form_is_documented_and_its_example_imports(sqlite: Database, tmp_path: Path) -> None:
    """docs/records.md shows one example file per kind; each must be true."""
    text = (Path(__file__).parents[2] / "docs/records.md").read_text(encoding="utf-8")
    with sqlite.writing() as ledger:
        add_founders(ledger, ["F-7K3M9QXZ2B"], actor="test")
    for kind, form in FORMS.items():
        section = text.split(f"## `{kind.value}`")[1].split("\n## ")[0]
        for column in form.columns:
            assert f"`{column.name}`" in section
        path = tmp_path / f"{kind.value}.csv"
        path.write_text(section.split("```csv\n")[1].split("```")[0], encoding="utf-8")
        assert import_file(sqlite, path).added > 0


def test_attendance_keeps_no_reason_for_an_excuse(sqlite: Database, tmp_path: Path) -> None:
    a_founder(sqlite, "F-1")
    path = tmp_path / "attendance.csv"
    path.write_text(
        ATTENDANCE.strip() + ",reason\nF-1,P-RARE-77,S1,2026-03-02,2,class,excused,hospital visit\n"
    )
    assert import_file(sqlite, path).ignored_columns == ("reason",)
    files = [file for file in (tmp_path / "var").rglob("*") if file.is_file()]
    stored = b"".join(file.read_bytes() for file in files)  # the database and its log
    assert b"P-RARE-77" in stored
    assert b"hospital" not in stored
    with sqlite.reading() as session:
        assert session.scalars(select(Attendance.status)).all() == ["excused"]


def test_a_missing_file_is_told(sqlite: Database, tmp_path: Path) -> None:
    with pytest.raises(FootholdError, match="nowhere.csv: can't be read"):
        import_file(sqlite, tmp_path / "nowhere.csv")


def test_days_that_lie_ahead_are_welcome_in_a_schedule(sqlite: Database) -> None:
    founder = a_founder(sqlite, "F-1")
    founder.borrowing(1_200_000, loan="N-1", disbursed_on=sqlite.today - timedelta(days=10))
    with sqlite.reading() as session:
        receipts = session.scalars(select(Import).order_by(Import.id)).all()
    assert [r.kind for r in receipts] == ["loans", "schedule"]


SALE = {
    "founder": "F-1",
    "channel": "cafe24",
    "order_line": "O1",
    "ordered_on": "2026-03-01",
    "quantity": "1",
    "gross": "1",
    "currency": "KRW",
}


def test_a_control_character_in_parquet_is_refused_with_its_place(
    sqlite: Database, tmp_path: Path
) -> None:
    a_founder(sqlite, "F-1")
    path = tmp_path / "sales.parquet"
    pd.DataFrame([SALE, SALE | {"order_line": "O\0002"}]).to_parquet(path, index=False)
    with pytest.raises(FileError, match=r'row 2, column "order_line": holds a control character'):
        import_file(sqlite, path)


def test_a_column_that_stands_in_parquet_twice_is_refused(sqlite: Database, tmp_path: Path) -> None:
    path = tmp_path / "sales.parquet"
    table = pa.Table.from_arrays([pa.array(["F-1"])] * 2, names=["founder", "founder"])
    pq.write_table(table, path)
    with pytest.raises(FileError, match="the column stands there twice"):
        import_file(sqlite, path, kind=RecordKind.SALES)


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_days_and_decimals_of_parquet_are_read_however_they_are_kept(
    unit: str, sqlite: Database, tmp_path: Path
) -> None:
    a_founder(sqlite, "F-1")
    path = tmp_path / "sales.parquet"
    frame = pd.DataFrame([SALE])
    frame["ordered_on"] = pd.to_datetime(frame["ordered_on"]).astype(f"datetime64[{unit}]")
    frame["gross"] = [Decimal("1E+3")]
    frame.to_parquet(path, index=False)
    assert import_file(sqlite, path).added == 1


def test_the_largest_amount_is_kept_in_every_currency(database: Database) -> None:
    a_founder(database, "F-1")
    amounts = {"KRW": "999999999999", "KWD": "999999999999.999", "CLF": "999999999999.9999"}
    import_rows(
        database,
        RecordKind.SALES,
        [
            SALE | {"order_line": code, "currency": code, "gross": amount}
            for code, amount in amounts.items()
        ],
    )
    with database.reading() as session:
        stored = session.scalars(select(OrderLine.gross).order_by(OrderLine.id)).all()
    assert stored == [10**12 - 1, 10**15 - 1, 10**16 - 1]


@pytest.mark.parametrize(
    ("source", "author"), [("s" * 65, "me"), ("shop", "m" * 121), ("sh\0p", "me")]
)
def test_a_source_or_an_author_that_does_not_fit_is_refused(
    source: str, author: str, database: Database, tmp_path: Path
) -> None:
    a_founder(database, "F-1")
    path = tmp_path / "sales.csv"
    pd.DataFrame([SALE]).to_csv(path, index=False)
    with pytest.raises(InputError, match="Shorten it|Leave it out"):
        import_file(database, path, source=source, author=author)


def test_money_cannot_come_back_before_it_was_lent(sqlite: Database) -> None:
    founder = a_founder(sqlite, "F-1")
    founder.borrowing(1_200_000, loan="N-1", disbursed_on=date(2026, 3, 1))
    early = {"loan": "N-1", "repayment": "R1", "paid_on": date(2026, 2, 27), "amount": 100_000}
    with pytest.raises(FileError, match="before the loan was paid out"):
        import_rows(sqlite, RecordKind.REPAYMENTS, [early])


def test_the_store_can_be_read_by_its_owner_only(sqlite: Database) -> None:
    path = sqlite.settings.data_dir / "foothold.db"
    assert path.stat().st_mode & 0o077 == 0
