"""Order lines of a real web shop (UCI Online Retail): every row accounted for, to the penny."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import text

from scoring.base.settings import Settings
from scoring.intake.importing import Request, import_records, preview_records
from scoring.intake.telling.receipts import Receipt
from scoring.parties.founders import add_founders
from scoring.store.database import Database
from tests.conftest import Clock, new_sqlite_store

ORDERS = Path(__file__).parents[4] / "shared" / "data" / "online_retail" / "orders.parquet"
ROWS = 240_007
# Codes of the set that are no goods: postage, samples, fees, donations, bad debts, corrections,
# tests and vouchers. Written here once more, so that a mistake in the reader's list shows.
NO_GOODS = {
    *("POST", "DOT", "C2", "C3", "S", "AMAZONFEE", "BANK CHARGES", "CRUK", "B"),
    *("ADJUST", "ADJUST2", "TEST001", "TEST002"),
}

pytestmark = pytest.mark.skipif(not ORDERS.exists(), reason="the data set is not there")


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    """Distinct lines of goods with what each came to, by pandas alone."""
    rows = pd.read_parquet(ORDERS)
    assert len(rows) == ROWS
    distinct = rows.drop_duplicates()
    codes = distinct["StockCode"].str.strip()
    is_goods = ~codes.str.upper().isin(NO_GOODS) & ~codes.str.lower().str.startswith("gift_")
    goods = distinct[is_goods].copy()
    goods["amount"] = (goods["Quantity"] * goods["UnitPrice"]).round(2)
    goods["is_back"] = goods["InvoiceNo"].str.startswith("C") | (goods["Quantity"] < 0)
    goods["month"] = pd.to_datetime(goods["InvoiceDate"]).dt.strftime("%Y-%m")
    return goods[~(goods["is_back"] & (goods["amount"] == 0))]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("uci"), secret_key="k" * 40)
    database = new_sqlite_store(settings, Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC)))
    with database.writing() as ledger:
        add_founders(ledger, ["F-A"], actor="test")
    yield database
    database.engine.dispose()


@pytest.fixture(scope="module")
def preview(store: Database) -> Receipt:
    return preview_records(store, ORDERS, Request(founder="F-A"))


@pytest.fixture(scope="module")
def imported(store: Database, preview: Receipt) -> Receipt:
    return import_records(store, ORDERS, Request(founder="F-A"))


def test_the_preview_accounts_for_every_row(preview: Receipt, lines: pd.DataFrame) -> None:
    told = preview.accepted + preview.suspect + preview.quarantined + preview.repeated
    assert told + sum(preview.left_out.values()) == preview.rows == ROWS
    assert preview.repeated == ROWS - len(pd.read_parquet(ORDERS).drop_duplicates())
    assert preview.accepted + preview.suspect == len(lines)
    assert preview.quarantined == 0
    assert (preview.format, preview.currency) == ("webshop", "GBP")


def test_cancellations_and_unknown_buyers_are_counted(
    preview: Receipt, lines: pd.DataFrame
) -> None:
    assert preview.cancelled == int(lines["is_back"].sum())
    unknown = int(lines["CustomerID"].isna().sum())
    assert any(note.startswith(f"{unknown} rows name no buyer") for note in preview.notes)


def test_a_preview_and_the_import_say_the_same(preview: Receipt, imported: Receipt) -> None:
    ours, theirs = preview.as_dict(), imported.as_dict()
    assert {k: v for k, v in ours.items() if k != "import_id"} == {
        k: v for k, v in theirs.items() if k != "import_id"
    }


def test_net_sales_per_month_equal_a_direct_calculation(
    store: Database, imported: Receipt, lines: pd.DataFrame
) -> None:
    direct = (100 * lines["amount"]).round().astype("int64").groupby(lines["month"]).sum()
    with store.reading() as session:
        rows = session.execute(
            text(
                "SELECT substr(event_date, 1, 7) AS month, "
                "SUM(gross - discount - refund) AS net FROM order_lines "
                "WHERE superseded_recorded_at IS NULL GROUP BY 1 ORDER BY 1"
            )
        ).all()
    assert dict(map(tuple, rows)) == direct.to_dict()
    assert imported.net_sales == int(direct.sum())


def test_importing_it_again_changes_nothing(store: Database, imported: Receipt) -> None:
    again = import_records(store, ORDERS, Request(founder="F-A"))
    assert (again.added, again.corrected, again.accepted) == (0, 0, 0)
    assert again.net_sales == imported.net_sales
