"""Exports that we write ourselves: what the simulator meant is what the store holds."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from sample.exports import invented
from sample.exports.folder import write_sales, write_statements
from sample.exports.formula_safe import formula_safe
from sample.exports.written import LAST_DAY, Written
from sample.simulate import simulate_portfolio
from scoring.base.errors import FileError
from scoring.base.settings import Settings
from scoring.intake.containers import open_container
from scoring.intake.formats.declarations import FormatName
from scoring.intake.importing import Request, import_records, preview_records
from scoring.intake.telling.receipts import Receipt
from scoring.parties.founders import add_founders
from scoring.store.database import Database
from scoring.store.tables import OrderLine
from tests.conftest import Clock, new_sqlite_store
from tests.sample.as_meant import meant_orders, require_meant, stored_bank_lines, stored_orders

NOW = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)
NAMES = [
    *("smartstore/orders-early.utf8.csv", "smartstore/orders-early.cp949.csv"),
    *("smartstore/orders-early.xlsx", "smartstore/orders-early.locked.xlsx"),
    *("smartstore/orders-later.utf8.csv", "smartstore/claims-done.cp949.csv"),
    *("smartstore/settlement-cases.utf8.csv", "esmplus/orders-early.utf8.csv"),
    *("esmplus/orders-early.cp949.csv", "esmplus/orders-early.xlsx"),
    *("esmplus/orders-later.utf8.csv", "esmplus/settlement-gmarket.xls"),
    *("esmplus/settlement-auction.cp949.csv", "coupang/orders-early.utf8.csv"),
    *("coupang/orders-early.cp949.csv", "coupang/orders-early.xlsx"),
    *("coupang/orders-later.utf8.csv", "coupang/claims.xlsx", "coupang/claims.utf8.csv"),
    *("coupang/settlement.utf8.csv", "elevenst/orders-early.utf8.csv"),
    *("elevenst/orders-early.cp949.csv", "elevenst/orders-early.xlsx"),
    *("elevenst/orders-later.utf8.csv", "cafe24/orders-early.utf8.csv"),
    *("cafe24/orders-early.cp949.csv", "cafe24/orders-early.utf16.csv"),
    *("cafe24/orders-early.xlsx", "cafe24/orders-later.utf8.csv", "webshop/invoices.utf8.csv"),
    *("webshop/invoices.cp949.csv", "webshop/invoices.xlsx"),
    *("bank_statement/statement.utf8.csv", "bank_statement/statement.cp949.csv"),
    *("bank_statement/statement.xlsx", "bank_statement/statement-newest-first.utf8.csv"),
]
ONE_OF_EACH = [
    "smartstore/orders-early.locked.xlsx",
    "esmplus/settlement-gmarket.xls",
    "coupang/orders-early.cp949.csv",
    "elevenst/orders-early.utf8.csv",
    "cafe24/orders-early.utf16.csv",
    "webshop/invoices.utf8.csv",
    "bank_statement/statement.xlsx",
]
ONE_OF_EACH_KIND = list({name.partition(".")[0]: name for name in NAMES}.values())
SHOPS = ["smartstore", "esmplus", "coupang", "elevenst", "cafe24"]


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Written]:
    folder = tmp_path_factory.mktemp("exports")
    portfolio = simulate_portfolio(seed=7, until=LAST_DAY)
    files = [*write_sales(folder, portfolio), *write_statements(folder, portfolio)]
    return {str(one.path.relative_to(folder)): one for one in files}


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory, written: dict[str, Written]) -> Path:
    """A store with the founders and nothing else, to be copied."""
    folder = tmp_path_factory.mktemp("store")
    database = new_sqlite_store(settings_of(folder), Clock(NOW))
    add_all(database, written)
    database.engine.dispose()
    return folder


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> Iterator[Database]:
    database = open_store(shutil.copytree(empty_store, tmp_path / "store"))
    yield database
    database.engine.dispose()


def open_store(folder: Path) -> Database:
    return Database(settings_of(folder), Clock(NOW))


def settings_of(folder: Path, url: str | None = None) -> Settings:
    return Settings(data_dir=folder, database_url=url, secret_key="k" * 40)


@dataclass(frozen=True)
class Taken:
    """A store into which one file was imported, after the file that it refers to."""

    store: Database
    one: Written
    receipt: Receipt


@pytest.fixture(scope="module", params=NAMES)
def taken(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    empty_store: Path,
    written: dict[str, Written],
) -> Iterator[Taken]:
    """Every file in turn; importing it again is all that tests do to the store."""
    folder = shutil.copytree(empty_store, tmp_path_factory.mktemp("taken") / "store")
    store, one = open_store(folder), written[request.param]
    yield Taken(store, one, take(store, one, written))
    store.engine.dispose()
    shutil.rmtree(folder)


def add_all(database: Database, written: dict[str, Written]) -> None:
    founders = {one.founder for one in written.values() if one.founder}
    with database.writing() as ledger:
        add_founders(ledger, sorted(founders), actor="test")


def asking(one: Written) -> Request:
    return Request(founder=one.founder, **one.options)


def take(database: Database, one: Written, written: dict[str, Written]) -> Receipt:
    """Import a file, and before it the one that it refers to."""
    if one.follows:
        before = next(
            other
            for other in written.values()
            if other.path.parent == one.path.parent and other.path.name.startswith(one.follows)
        )
        import_records(database, before.path, asking(before))
    return import_records(database, one.path, asking(one))


def test_what_the_simulator_meant_is_what_the_store_holds(taken: Taken) -> None:
    one, receipt = taken.one, taken.receipt
    assert receipt.format == one.format_name
    assert {key: getattr(receipt, key) for key in one.expected} == one.expected
    assert receipt.suspect == receipt.quarantined == 0
    require_meant(taken.store, one)


def test_no_file_is_left_out_of_these_tests(written: dict[str, Written]) -> None:
    assert set(written) == set(NAMES)


def test_a_file_imported_twice_stores_nothing_new(taken: Taken) -> None:
    store, one = taken.store, taken.one
    before = stored_orders(store) + stored_bank_lines(store)
    again = import_records(store, one.path, asking(one))
    assert (again.added, again.corrected, again.accepted) == (0, 0, 0)
    assert stored_orders(store) + stored_bank_lines(store) == before


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_postgresql_holds_what_the_simulator_meant(
    name: str, migrated_postgresql_url: str, tmp_path: Path, written: dict[str, Written]
) -> None:
    settings = Settings(
        data_dir=tmp_path, database_url=migrated_postgresql_url, secret_key="k" * 40
    )
    database = Database(settings, Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC)))
    add_all(database, written)
    take(database, written[name], written)
    require_meant(database, written[name])
    database.engine.dispose()


@pytest.mark.parametrize("shop", [*SHOPS, "webshop", "bank_statement"])
def test_encodings_and_containers_give_the_same_rows(
    shop: str, tmp_path: Path, empty_store: Path, written: dict[str, Written]
) -> None:
    first = {"webshop": "invoices", "bank_statement": "statement"}.get(shop, "orders-early")
    names = [name for name in NAMES if name.startswith(f"{shop}/{first}.")]
    assert len(names) >= 3
    found = []
    for number, name in enumerate(names):
        database = open_store(shutil.copytree(empty_store, tmp_path / str(number)))
        import_records(database, written[name].path, asking(written[name]))
        found.append((everything(database, "order_lines"), everything(database, "cash_flow_lines")))
        database.engine.dispose()
    assert all(one == found[0] for one in found)
    assert any(found[0])


@pytest.mark.parametrize("shop", SHOPS)
def test_two_exports_that_overlap_end_the_same_in_either_order(
    shop: str, tmp_path: Path, empty_store: Path, written: dict[str, Written]
) -> None:
    both = [written[f"{shop}/orders-{when}.utf8.csv"] for when in ("early", "later")]
    ends = []
    for number, files in enumerate(permutations(both)):
        database = open_store(shutil.copytree(empty_store, tmp_path / str(number)))
        for one in files:
            import_records(database, one.path, asking(one))
        ends.append(stored_orders(database))
        database.engine.dispose()
    assert ends[0] == ends[1]
    sales = {row[2] for row in ends[0] if row[0] == "sale"}
    assert sales == {line for one in both for line in one.truth["order_line"]}
    later = {row for row in meant_orders(both[1].truth) if row[0] == "sale"}
    assert later <= ends[0].keys()


@pytest.mark.parametrize(
    "shop",
    ["smartstore", *(pytest.param(s, marks=pytest.mark.slow) for s in ("esmplus", "coupang"))],
)
def test_all_files_of_a_shop_end_the_same_in_any_order(
    shop: str, tmp_path: Path, empty_store: Path, written: dict[str, Written]
) -> None:
    """Early and later lists, cancellations and settlements, each of which tells a part."""
    kinds = [name for name in ONE_OF_EACH_KIND if name.startswith(shop)]
    assert len(kinds) == 4
    ends = []
    for number, names in enumerate(list(permutations(kinds))[::5]):
        database = open_store(shutil.copytree(empty_store, tmp_path / str(number)))
        for name in names:
            import_records(database, written[name].path, asking(written[name]))
        ends.append(stored_orders(database))
        database.engine.dispose()
    assert all(end == ends[0] for end in ends)


def test_two_screens_of_one_account_tell_each_line_once(
    store: Database, written: dict[str, Written]
) -> None:
    for name in ("statement.utf8.csv", "statement-newest-first.utf8.csv", "statement.xlsx"):
        one = written[f"bank_statement/{name}"]
        import_records(store, one.path, asking(one))
        require_meant(store, one)


@pytest.mark.parametrize(
    ("names", "told_by"),
    [
        (["smartstore/orders-early.utf8.csv", "smartstore/claims-done.cp949.csv"], 0),
        (["smartstore/orders-early.utf8.csv", "smartstore/settlement-cases.utf8.csv"], 0),
        (["esmplus/orders-early.utf8.csv", "esmplus/settlement-gmarket.xls"], 0),
        (["esmplus/orders-early.utf8.csv", "esmplus/settlement-auction.cp949.csv"], 0),
        (["coupang/orders-early.utf8.csv", "coupang/settlement.utf8.csv"], 0),
        (["coupang/orders-early.utf8.csv", "coupang/claims.utf8.csv"], 0),
    ],
)
def test_a_second_file_of_the_same_orders_adds_no_sales(
    names: list[str], told_by: int, tmp_path: Path, empty_store: Path, written: dict[str, Written]
) -> None:
    """A settlement or a list of cancellations repeats orders: their amounts stay as they were.

    Refunds are compared by line and day: a settlement that names no discounts gives back the full
    price until an order list tells of the discount.
    """
    ends = []
    for number, order in enumerate(permutations(names)):
        database = open_store(shutil.copytree(empty_store, tmp_path / str(number)))
        for name in order:
            import_records(database, written[name].path, asking(written[name]))
        stored = stored_orders(database)
        ends.append(stored)
        main = written[names[told_by]].truth.set_index("order_line")
        net = {
            row[2]: row[6] - row[7] for row in stored if row[0] == "sale" and row[2] in main.index
        }
        assert net == (main["gross"] - main["discount"]).to_dict()
        assert len([row for row in stored if row[0] == "sale"]) == len(
            {line for name in names for line in written[name].truth["order_line"]}
        )
        database.engine.dispose()
    assert ends[0] == ends[1]


def test_nothing_of_people_or_goods_is_anywhere_in_the_database(taken: Taken) -> None:
    content = b"".join(
        path.read_bytes() for path in taken.store.settings.data_dir.rglob("*") if path.is_file()
    )
    words = {
        *(
            "지어낸",
            "견본손님",
            "가상로",
            "없는",
            "정착",
            "송금",
            "82-10-0000",
            "821000",
            "000-00-0000",
        ),
        *(name for n in range(100) if (name := invented.person(n).name)),
        *(invented.person(n).masked_name for n in range(100)),
    }
    found = {
        word
        for word in words
        for codec in ("utf-8", "cp949", "utf-16-le")
        if word.encode(codec) in content
    }
    assert found == set()


def test_buyers_are_hashes_that_tell_as_many_apart_as_the_file_does(taken: Taken) -> None:
    one = taken.one
    if one.follows or one.format_name == "bank_statement":
        pytest.skip("a list of refunds or of an account's lines names no buyers")
    with taken.store.reading() as session:
        stored = session.scalars(select(OrderLine.buyer).where(OrderLine.entry == "sale")).all()
    sales = one.truth[one.truth["ordered_on"].notna()]
    known = sales.loc[sales["buyer"] != "", "buyer"]
    assert sorted(Counter(b for b in stored if b).values()) == sorted(Counter(known).values())


@pytest.mark.parametrize("name", ONE_OF_EACH_KIND)
@pytest.mark.parametrize("other", list(FormatName))
def test_another_format_is_refused_or_read_whole(
    name: str, other: FormatName, store: Database, written: dict[str, Written]
) -> None:
    """A wrong `--format` gives a clear refusal, or accounts for every row of the file."""
    one = written[name]
    told = Request(founder=one.founder, format_name=other, **one.options)
    receipt = None
    refusal = ""
    try:
        receipt = preview_records(store, one.path, told)
    except FileError as refused:
        refusal = str(refused)
    if receipt is None:
        assert refusal.startswith(one.path.name)
        assert "--format" in refusal
        return
    assert receipt.rows == one.expected["rows"] or not (receipt.accepted or receipt.suspect)
    assert receipt.format == other


def everything(database: Database, table: str) -> Counter[tuple[Any, ...]]:
    """Rows of a table with all that does not depend on when they were imported."""
    left_out = {"id", "learned_at", "recorded_at", "import_id"}
    with database.reading() as session:
        rows = session.execute(text(f"SELECT * FROM {table}")).mappings().all()
    return Counter(
        tuple((name, value) for name, value in row.items() if name not in left_out) for row in rows
    )


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith((".csv", ".xls"))])
def test_no_text_export_holds_a_cell_that_is_a_formula(
    name: str, written: dict[str, Written]
) -> None:
    cells = [
        cell
        for sheet in open_container(written[name].path).sheets
        for _, row in sheet.rows()
        for cell in row
    ]
    unsafe = [cell for cell in cells if formula_safe(cell) != cell]
    assert unsafe == []
    if "bank" not in name and "settlement" not in name and "claims" not in name:
        assert any(cell.startswith("'=") for cell in cells)


def test_days_go_no_further_than_the_last_day(written: dict[str, Written]) -> None:
    for one in written.values():
        for day in {"booked_on", "ordered_on", "refunded_on", "settled_on"} & set(one.truth):
            assert all(d <= LAST_DAY for d in one.truth[day].dropna())
