"""What may be relied on when a file is Parquet: the same text as ever, in little memory."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from scoring.base.errors import FileError
from scoring.intake.containers import open_container, parquet
from tests.intake.containers.files import parquet_bytes, rows_of, write

MANY_KINDS = {
    "text": [" a ", None, "주문\u00a0번호"],
    "large": pa.array(["x", None, "x"], pa.large_string()),
    "whole": [12000, None, -1],
    "unsigned": pa.array([2**64 - 1, 0, None], pa.uint64()),
    "rate": [0.1, float("nan"), 1e-9],
    "round": [1.0, 1e22, None],
    "half": pa.array([0.5, 1.1, None], pa.float32()),
    "money": [Decimal("12.50"), None, Decimal("-0.01")],
    "day": [date(2026, 3, 1), None, date(1999, 12, 31)],
    "at": [datetime(2026, 3, 1), datetime(2026, 3, 1, 9, 12, 33), None],
    "utc": pa.array(
        [datetime(2026, 3, 1, 9, tzinfo=UTC), None, datetime(2026, 3, 1, tzinfo=UTC)],
        pa.timestamp("us", "UTC"),
    ),
    "nano": pa.array([1_772_356_353_000_000_001, None, 0], pa.timestamp("ns")),
    "yes": [True, None, False],
    "kind": pa.array(["a", "b", None]).dictionary_encode(),
    "list": [[1, 2], None, []],
}


AS_TEXT = {
    "text": ["a", "", "주문 번호"],
    "large": ["x", "", "x"],
    "whole": ["12000", "", "-1"],
    "unsigned": ["18446744073709551615", "0", ""],
    "rate": ["0.1", "", "0.000000001"],
    "round": ["1.0", "10000000000000000000000", ""],
    "half": ["0.5", "1.100000023841858", ""],
    "money": ["12.50", "", "-0.01"],
    "day": ["2026-03-01", "", "1999-12-31"],
    "at": ["2026-03-01", "2026-03-01 09:12:33", ""],
}


def test_values_are_written_as_a_person_would(tmp_path: Path) -> None:
    path = write(tmp_path, "a.parquet", parquet_bytes(**MANY_KINDS))
    (zero, header), *rows = rows_of(path)
    assert (zero, header) == (0, list(MANY_KINDS))
    assert [number for number, _ in rows] == [1, 2, 3]
    columns = dict(zip(header, zip(*(cells for _, cells in rows), strict=True), strict=True))
    assert {name: list(columns[name]) for name in AS_TEXT} == AS_TEXT


def test_rows_without_any_value_are_left_out(tmp_path: Path) -> None:
    content = parquet_bytes(a=["x", None, "y"], b=[1, None, None])
    found = rows_of(write(tmp_path, "a.parquet", content))
    assert found == [(0, ["a", "b"]), (1, ["x", "1"]), (3, ["y", ""])]


def test_rows_come_in_batches_and_keep_their_numbers(tmp_path: Path) -> None:
    path = write(tmp_path, "a.parquet", parquet_bytes(a=[f"{at}" for at in range(20_000)]))
    assert rows_of(path)[1:] == [(at + 1, [f"{at}"]) for at in range(20_000)]


def test_a_long_text_stored_once_is_not_written_out_for_each_row(tmp_path: Path) -> None:
    """Two million characters in 8,000 rows are kilobytes on the disk, and 16 GB in memory."""
    content = parquet_bytes(a=["x" * 2_000_000] * 400)
    with pytest.raises(FileError, match="row 1: has a cell of more than"):
        rows_of(write(tmp_path, "a.parquet", content))


@pytest.mark.parametrize("cut", [4, 12, 100, -1, -9])
def test_a_damaged_file_is_refused(cut: int, tmp_path: Path) -> None:
    path = write(tmp_path, "a.parquet", parquet_bytes()[:cut])
    with pytest.raises(FileError, match=r"a.parquet: is a damaged Parquet file \("):
        rows_of(path)


def test_more_rows_than_are_read_are_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "MOST_STREAMED_ROWS", 1)
    with pytest.raises(FileError, match="has more than 1 rows"):
        open_container(write(tmp_path, "a.parquet", parquet_bytes()))
