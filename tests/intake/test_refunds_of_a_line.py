"""Refunds of a list are settled in one pass, however many of them one order line has."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, timedelta
from types import FrameType
from typing import Any

import pandas as pd

from scoring.intake.batch import Batch
from scoring.intake.checking.cells import all_columns
from scoring.intake.extract import Extract
from scoring.intake.settling.refund_rows import RefundsOfLine, Settled
from scoring.intake.settling.refunds_listed import refunds_listed
from scoring.records.kinds import RecordKind

SALE = {
    "natural_key": "F-A|own|O-1",
    "founder_id": 1,
    "channel": "own",
    "order_line": "O-1",
    "currency": "KRW",
    "event_date": "1999-01-01",
    "gross": 10_000_000,
    "discount": 0,
    "shipping": 0,
    "held": None,
}
WHOLE = {"refund": 10_000_000, "event_date": "1999-06-01", "natural_key": "F-A|own|O-1|refund"}


def listed(days: int) -> Batch:
    """Refunds of one order line, one for each of some days."""
    first = date(2000, 1, 1)
    cells = pd.DataFrame(
        {
            "founder": "F-A",
            "channel": "own",
            "order_line": "O-1",
            "refunded_on": [str(first + timedelta(days=day)) for day in range(days)],
            "refund": "100",
        },
        dtype="str",
    )
    extract = Extract(RecordKind.REFUNDS, cells)
    batch = Batch.of("refunds.csv", extract, all_columns(extract))
    return Batch(
        file=batch.file,
        extract=batch.extract,
        checked=batch.checked,
        cells=batch.cells,
        outcomes=batch.outcomes,
        founder_ids=pd.Series(1, index=cells.index, dtype="int64"),
        referred=pd.DataFrame([SALE], index=[SALE["natural_key"]], dtype=object),
    )


def settle(batch: Batch) -> Settled:
    line = RefundsOfLine(str(SALE["natural_key"]), {str(WHOLE["natural_key"]): dict(WHOLE)})
    return refunds_listed(batch, lambda _: line)


def steps(work: Callable[[], object]) -> int:
    """How many lines of the settling of refunds run."""
    found = 0

    def count(frame: FrameType, kind: str, _: Any) -> Any:
        nonlocal found
        if "settling/refund" not in frame.f_code.co_filename:
            return None
        found += kind == "line"
        return count

    sys.settrace(count)
    try:
        work()
    finally:
        sys.settrace(None)
    return found


def test_what_days_account_for_is_taken_off_the_whole() -> None:
    settled = settle(listed(30))
    amounts = {str(row["natural_key"]): row["refund"] for _, row in settled.rows}
    assert len(amounts) == 31
    assert amounts[str(WHOLE["natural_key"])] == 10_000_000 - 30 * 100
    assert settled.told == {"F-A|own|O-1": 3000}


def test_twice_the_refunds_are_twice_the_work() -> None:
    few, many = listed(300), listed(600)
    assert steps(lambda: settle(many)) < 2.2 * steps(lambda: settle(few))
