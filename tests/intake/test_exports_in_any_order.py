"""Two exports of one shop that overlap end in the same store, whichever comes first."""

import csv
import shutil
import tempfile
import threading
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import select

from scoring.base.settings import Settings
from scoring.intake.importing import Request, import_records
from scoring.parties.founders import add_founders
from scoring.store.database import Database
from scoring.store.tables import OrderLine, QuarantinedRow
from tests.conftest import Clock, new_sqlite_store

FIRST = date(2026, 3, 1)
HEADER = [
    "상품주문번호",
    "주문번호",
    "주문일시",
    "결제일",
    "주문상태",
    "수량",
    "상품별 총 주문금액",
    "최종 상품별 총 주문금액",
    "구매자ID",
]


class Order:
    """An order of the shop: when it was placed, and when it was given back, if ever.

    A part may be given back first, and another part later.
    """

    def __init__(
        self,
        number: int,
        day: int,
        amount: int,
        cancelled_after: int | None,
        part_after: int | None = None,
    ) -> None:
        self.number, self.day, self.amount = number, day, amount
        self.cancelled = None if cancelled_after is None else day + cancelled_after
        self.parts = [] if part_after is None else [day + part_after, day + 2 * part_after + 1]

    def given_back(self, exported: int) -> int:
        """Three tenths of the amount for every part given back by then."""
        return sum(self.amount * 3 // 10 for day in self.parts if day <= exported)

    def row(self, exported: int) -> list[object]:
        is_cancelled = self.cancelled is not None and self.cancelled <= exported
        placed = FIRST + timedelta(days=self.day)
        return [
            f"20260301{self.number:08d}",
            f"9{self.number:07d}",
            f"{placed} 10:00:00",
            f"{placed} 10:01:00" if exported > self.day else "",
            "취소완료" if is_cancelled else "배송완료" if exported > self.day + 3 else "배송중",
            1,
            f"{self.amount:,}",
            f"{0 if is_cancelled else self.amount - self.given_back(exported):,}",
            f"buyer{self.number % 3}",
        ]


orders = st.lists(
    st.builds(
        Order,
        number=st.integers(1, 40),
        day=st.integers(0, 20),
        amount=st.integers(10, 90).map(lambda tens: tens * 100),
        cancelled_after=st.none() | st.integers(0, 15),
        part_after=st.none() | st.integers(0, 8),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda order: order.number,
)
windows = st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(0, 15)).map(
    lambda w: (min(w[:2]), max(w[:2]), max(w[:2]) + w[2])
)


def export(folder: Path, name: str, shop: Iterable[Order], window: tuple[int, int, int]) -> Path:
    """Orders of some days as the shop's list shows them on the day of the export."""
    first, last, exported = window
    rows = [order.row(exported) for order in shop if first <= order.day <= last]
    path = folder / f"{name}.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows)
        if not rows:  # an export of nothing is no file
            path.unlink(missing_ok=True)
    return path


def standing(database: Database) -> set[tuple[object, ...]]:
    """What stands in the store, apart from numbers and times of its own."""
    own = {"id", "import_id", "learned_at", "recorded_at", "stated_on"}
    marks = {"superseded_learned_at", "superseded_recorded_at"}
    names = [c.name for c in OrderLine.__table__.columns if c.name not in own | marks]
    with database.reading() as session:
        rows = session.execute(
            select(*(getattr(OrderLine, name) for name in names)).where(
                OrderLine.superseded_recorded_at.is_(None)
            )
        )
        waiting = session.scalars(
            select(QuarantinedRow.natural_key).where(
                QuarantinedRow.superseded_recorded_at.is_(None)
            )
        )
        return {tuple(row) for row in rows} | {(key,) for key in waiting}


def given_settings(folder: Path) -> Settings:
    return Settings(data_dir=folder, secret_key="k" * 40)


def opened(folder: Path) -> Database:
    return Database(given_settings(folder), Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC)))


def new_store(folder: Path, secret: str | None = None) -> Database:
    settings = given_settings(folder)
    if secret is not None:
        settings.secret_key = secret
    database = new_sqlite_store(settings, Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC)))
    with database.writing() as ledger:
        add_founders(ledger, ["F-A"], actor="test")
    return database


@settings(
    max_examples=3,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
@given(shop=orders, one=windows, other=windows, third=windows)
def test_exports_that_overlap_end_in_the_same_store_in_any_order(
    shop: list[Order],
    one: tuple[int, int, int],
    other: tuple[int, int, int],
    third: tuple[int, int, int],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        named = {"one": one, "other": other, "third": third}
        files = [export(folder, name, shop, window) for name, window in named.items()]
        ends = []
        new_store(folder / "empty").engine.dispose()
        for number, order in enumerate(permutations(file for file in files if file.exists())):
            database = opened(shutil.copytree(folder / "empty", folder / f"store{number}"))
            for path in order:
                import_records(database, path, Request(founder="F-A"))
                import_records(database, path, Request(founder="F-A"))
            ends.append(standing(database))
            database.engine.dispose()
    assert all(end == ends[0] for end in ends)


def test_two_imports_at_once_end_as_one_after_the_other(database: Database, tmp_path: Path) -> None:
    shop = [Order(n, n % 20, 1000 + n, n % 7 if n % 3 else None) for n in range(60)]
    files = [
        export(tmp_path, "early", shop, (0, 14, 15)),
        export(tmp_path, "late", shop, (5, 20, 40)),
    ]
    with database.writing() as ledger:
        add_founders(ledger, ["F-A"], actor="test")
    failed: list[BaseException] = []

    def run(path: Path) -> None:
        try:
            import_records(database, path, Request(founder="F-A"))
        except BaseException as error:  # a thread's error is told by the test
            failed.append(error)

    threads = [threading.Thread(target=run, args=(path,)) for path in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    # one secret, so that buyers hash alike
    alone = new_store(tmp_path / "alone", database.settings.secret().decode())
    for path in files:
        import_records(alone, path, Request(founder="F-A"))
    assert standing(database) == standing(alone)
    alone.engine.dispose()


def test_a_cancellation_without_a_day_counts_from_the_exports_last_day(
    sqlite: Database, tmp_path: Path
) -> None:
    shop = [Order(1, 0, 5000, 2), Order(2, 9, 7000, None)]
    with sqlite.writing() as ledger:
        add_founders(ledger, ["F-A"], actor="test")
    receipt = import_records(
        sqlite, export(tmp_path, "export", shop, (0, 20, 30)), Request(founder="F-A")
    )
    assert (receipt.cancelled, receipt.net_sales) == (1, 7000)
    with sqlite.reading() as session:
        refund = session.scalars(select(OrderLine).where(OrderLine.entry == "refund")).one()
    assert refund.day_inferred
    assert refund.event_date == FIRST + timedelta(days=9)
    assert refund.refund == 5000


@pytest.mark.parametrize("word", ["취소요청", "반품요청", "교환완료", "구매확정"])
def test_an_order_counts_until_its_cancellation_is_done(
    word: str, sqlite: Database, tmp_path: Path
) -> None:
    with sqlite.writing() as ledger:
        add_founders(ledger, ["F-A"], actor="test")
    path = export(tmp_path, "export", [Order(1, 0, 5000, None)], (0, 20, 30))
    path.write_text(
        path.read_text(encoding="utf-8-sig").replace("배송완료", word), encoding="utf-8-sig"
    )
    receipt = import_records(sqlite, path, Request(founder="F-A"))
    assert (receipt.cancelled, receipt.net_sales) == (0, 5000)
