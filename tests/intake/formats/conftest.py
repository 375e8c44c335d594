"""One founder's shop to import files into that are written by hand, in the test itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from scoring.base.settings import Settings
from scoring.intake.importing import Request, import_records
from scoring.intake.telling.receipts import Receipt
from scoring.parties.founders import add_founders
from scoring.store.database import Database
from scoring.store.tables import OrderLine
from tests.conftest import Clock, new_sqlite_store

SMARTSTORE = """\
상품주문번호,주문번호,주문일시,결제일,주문상태,클레임상태,수량,상품별 총 주문금액,구매자ID
2026030100000011,2026030100000010,2026-03-01 09:12:33,2026-03-01 09:13:00,배송완료,,2,12340,견본하나
2026030200000011,2026030200000010,2026-03-02 10:00:00,2026-03-02 10:01:00,구매확정,,1,5000,견본둘
"""
HEADER, FIRST, SECOND = SMARTSTORE.splitlines()


WHOLE = {"2026030100000011": 12340, "2026030200000011": 5000}


class Shop:
    """A store with one founder, into whose shop texts are imported as files."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder, self.number = database, folder, 0
        with database.writing() as ledger:
            add_founders(ledger, ["F-A", "F-B"], actor="test")

    def take(self, content: str | bytes, *, name: str = "export.csv", **options: str) -> Receipt:
        self.number += 1
        path = self.folder / str(self.number) / name
        path.parent.mkdir()
        path.write_bytes(content.encode("utf-8-sig") if isinstance(content, str) else content)
        told = {"founder": "F-A"} | options
        return import_records(self.database, path, Request(**told))  # type: ignore[arg-type]

    def lines(self) -> list[OrderLine]:
        with self.database.reading() as session:
            standing = select(OrderLine).where(OrderLine.superseded_recorded_at.is_(None))
            return list(session.scalars(standing.order_by(OrderLine.order_line, OrderLine.entry)))

    def sales(self) -> dict[str, int]:
        return {n.order_line: n.gross - n.discount for n in self.lines() if n.entry == "sale"}

    def refunds(self) -> dict[str, int]:
        return {n.order_line: n.refund for n in self.lines() if n.entry == "refund"}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    settings = Settings(data_dir=tmp_path / "var", secret_key="k" * 40)
    database = new_sqlite_store(settings, Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC)))
    yield Shop(database, tmp_path)
    database.engine.dispose()
