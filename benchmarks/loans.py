"""Loans: the figures of a large book beside SQL by hand, and posting beside a bare insert.

    make bench-loans

100,000 invented loans of 24 instalments lie in DuckDB. The product's statement for a day (arrears,
outstanding principal, first days of 30 and 90 days past due, all point in time) is timed beside a
statement written by hand that knows nothing of reversals, reschedulings or what was learned when.
Posting a payment (consent, idempotency, audit) is timed beside one insert in a transaction of the
same store. Ratios of one run count, not seconds.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd

from benchmarks.figures import figure, median_seconds, peak_mebibytes, write_figures
from scoring.base.calendar import day_number
from scoring.base.settings import Settings
from scoring.features.engines.lake import Lake
from scoring.lending.book import Book
from scoring.lending.figures import BookFigures
from scoring.loans.posting import Received
from scoring.loans.schedule import Schedule
from scoring.loans.terms import Product, Terms
from scoring.parties.consents import Purpose, grant_consent
from scoring.parties.founders import add_founders
from scoring.parties.lenders import add_lender
from scoring.store.append import append_records
from scoring.store.database import Database
from scoring.store.lake_columns import LAKE_TABLES, record_columns
from scoring.store.tables import Repayment

LOANS, DUES = 100_000, 24
ON = date(2026, 11, 30)
KNOWN = datetime(2026, 12, 1, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Seoul")

BY_HAND = """
WITH due AS (
    SELECT loan, event_day, principal, principal + interest AS amount,
        sum(principal + interest) OVER (PARTITION BY loan ORDER BY number) AS so_far
    FROM instalments WHERE event_day <= {on}
), paid AS (
    SELECT loan, sum(amount) AS received FROM repayments WHERE event_day <= {on} GROUP BY loan
), running AS (
    SELECT loan, event_day AS paid_day,
        sum(amount) OVER (PARTITION BY loan ORDER BY event_day, id) AS received
    FROM repayments WHERE event_day <= {on}
), settled AS (
    SELECT due.loan, due.event_day, due.amount, due.principal, due.so_far,
        min(paid_day) AS paid_day
    FROM due LEFT JOIN running ON running.loan = due.loan
        AND running.received >= due.so_far - greatest(10000, amount / 100)
    GROUP BY ALL
), state AS (
    SELECT settled.loan,
        max(CASE WHEN paid_day IS NULL THEN {on} - event_day ELSE 0 END) AS days,
        min(CASE WHEN coalesce(paid_day, {on}) - event_day >= 90 THEN event_day + 90 END)
            AS first_90,
        min(CASE WHEN coalesce(paid_day, {on}) - event_day >= 30 THEN event_day + 30 END)
            AS first_30,
        sum(least(principal, greatest(coalesce(received, 0) - so_far + principal, 0))) AS repaid,
        max(so_far) AS due, max(coalesce(received, 0)) AS received
    FROM settled LEFT JOIN paid ON paid.loan = settled.loan GROUP BY settled.loan
)
SELECT loans.reference, loans.principal, days, first_30, first_90, state.due, state.received,
    loans.principal - coalesce(repaid, 0)
        - greatest(coalesce(received, 0) - coalesce(due, 0), 0) AS outstanding
FROM loans LEFT JOIN state ON state.loan = loans.reference
ORDER BY loans.reference
"""


def main() -> None:
    """Run and write `results/loans.jsonl`."""
    book, posting = book_speed(), posting_speed()
    write_figures(
        "loans",
        [
            figure(
                f"{LOANS:,} loans of {DUES} dues, PAR, ageing and vintages of a day, over "
                "hand-written SQL, seconds",
                ours=book["ours"],
                baseline=book["by_hand"],
                goal=3,
            ),
            figure(
                "the same, peak memory over 1 GiB, mebibytes",
                ours=book["peak"],
                baseline=1024,
                goal=1,
            ),
            figure(
                "posting a payment, over a bare insert in a transaction, seconds",
                ours=posting["post"],
                baseline=posting["insert"],
                goal=2,
            ),
        ],
    )


def book_speed() -> dict[str, float]:
    """The figures of a day beside SQL by hand, on the same tables."""
    lake = _lake()
    points = pd.DataFrame(
        {
            "founder_id": range(LOANS),
            "as_of": [ON] * LOANS,
            "loans_of": ["L-BENCH"] * LOANS,
        }
    )
    lake.book(points.head(10), known_at=KNOWN, zone=ZONE)  # compiled once
    ours = median_seconds(lambda: _figures(lake, points), runs=3)
    peak = peak_mebibytes()
    by_hand = median_seconds(
        lambda: lake.connection.sql(BY_HAND.format(on=day_number(ON))).to_df(), runs=3
    )
    theirs = lake.connection.sql(BY_HAND.format(on=day_number(ON))).to_df()
    loans = lake.book(points, known_at=KNOWN, zone=ZONE).sort_values("loan", ignore_index=True)
    different = (loans["outstanding"] != theirs["outstanding"]) & loans["closed_day"].isna()
    assert not different.any(), "the same outstanding principal"
    assert (loans["days_past_due"] == theirs["days"].fillna(0)).all(), "the same days past due"
    return {"ours": ours, "by_hand": by_hand, "peak": peak}


def _figures(lake: Lake, points: pd.DataFrame) -> None:
    loans = lake.book(points, known_at=KNOWN, zone=ZONE)
    BookFigures("L-BENCH", ON, KNOWN, loans.assign(founder=loans["loan"])).as_dict()


def posting_speed(posts: int = 200) -> dict[str, float]:
    """Posting a payment beside one insert, each in a transaction of its own."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Settings(data_dir=Path(folder)))
        database.migrate()
        day = database.today - timedelta(days=300)
        terms = Terms(Product.ANNUITY, 12_000_000, Decimal("0.12"), DUES, day)
        with database.writing() as ledger:
            (founder,) = add_founders(ledger, ["F-BENCH"], actor="bench")
            lender = add_lender(ledger, "L-BENCH", name="Bench", actor="bench")
            grant_consent(
                ledger, founder, lender=lender, purpose=Purpose.LOAN_APPLICATION, actor="bench"
            )
        with database.writing() as ledger:
            Book(ledger, database.settings, lender, "bench").disburse(
                "F-BENCH", "N-1", Schedule.of(terms), currency="KRW"
            )
        posted, inserted = [], []
        for number in range(posts):
            start = time.perf_counter()
            with database.writing() as ledger:
                book = Book(ledger, database.settings, lender, "bench")
                book.repay("N-1", Received(f"R-{number}", database.today, 1000))
            posted.append(time.perf_counter() - start)
            start = time.perf_counter()
            with database.writing() as ledger:
                row = {
                    "founder_id": founder.id,
                    "source": "bare",
                    "natural_key": f"N-1|{number}",
                    "event_date": database.today,
                    "event_day": day_number(database.today),
                    "learned_at": ledger.now,
                    "loan": "N-1",
                    "reference": f"B-{number}",
                    "currency": "KRW",
                    "amount": 1000,
                }
                append_records(ledger, Repayment, [row])
            inserted.append(time.perf_counter() - start)
        database.engine.dispose()
    return {"post": statistics.median(posted), "insert": statistics.median(inserted)}


def _lake() -> Lake:
    """Loans paid out over three years, one in twelve of which stops paying."""
    lake = Lake.__new__(Lake)
    lake.connection, lake._snapshot = duckdb.connect(), None
    for table in LAKE_TABLES:
        types = {"int64": "BIGINT", "float64": "DOUBLE", "string": "VARCHAR"}
        columns = ", ".join(f'"{n}" {types[kind]}' for n, kind in record_columns(table).items())
        lake.connection.execute(f'CREATE TABLE "{table.__tablename__}" ({columns})')
    first = day_number(date(2023, 12, 1))
    known = "'lender:L-BENCH' AS source, 0 AS recorded_at, event_day * 86400000000 AS learned_at"
    book = f"{known}, 'KRW' AS currency"
    loan, loans = "n AS founder_id, printf('N-%06d', n)", f"range({LOANS}) AS t(n)"
    granted = f"{first} + n % 1000"
    due = f"{granted} + 30 * (k + 1)"
    end = day_number(date(9999, 12, 31))
    dues = f"{loans}, range({DUES}) AS d(k)"
    made = {
        "loans": (
            book,
            f"SELECT n AS id, {loan} AS reference, 'L-BENCH' AS lender, {granted} AS event_day, "
            f"1200000 AS principal, {DUES} AS months FROM {loans}",
        ),
        "loan_reports": (
            known,
            f"SELECT n AS id, {loan} AS loan, {granted} AS event_day, {end} AS through_day, "
            f"0 AS lag_days FROM {loans}",
        ),
        "instalments": (
            # A schedule is known from the disbursement on.
            book.replace("event_day *", "0 *"),
            f"SELECT n * {DUES} + k AS id, {loan} AS loan, k + 1 AS number, 0 AS schedule, "
            f"{due} AS event_day, 50000 AS principal, 6000 AS interest, 0 AS fee FROM {dues}",
        ),
        "repayments": (
            book,
            f"SELECT n * {DUES} + k AS id, {loan} AS loan, printf('R-%02d', k) AS reference, "
            f"{due} + (n + k) % 9 AS event_day, 56000 AS amount FROM {dues} "
            "WHERE n % 12 > 0 OR k < n % 20",
        ),
    }
    for name, (told, rows) in made.items():
        lake.connection.execute(f'INSERT INTO "{name}" BY NAME SELECT *, {told} FROM ({rows})')
    return lake


if __name__ == "__main__":
    main()
