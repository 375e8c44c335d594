"""Whatever a file holds, it opens or is refused in words; a reader never fails in another way."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.base.errors import FileError
from scoring.intake.containers import open_container
from tests.intake.containers.files import (
    ORDERS,
    csv_bytes,
    html_bytes,
    parquet_bytes,
    with_password,
    xls_bytes,
    xlsx_bytes,
)

REAL_FILES = [
    csv_bytes(),
    csv_bytes(encoding="cp949"),
    csv_bytes(encoding="utf-16", delimiter="\t"),
    xlsx_bytes(),
    xls_bytes(),
    xls_bytes(ORDERS * 100),
    html_bytes(),
    parquet_bytes(),
    parquet_bytes(a=["x", "y"] * 50, b=[0.5, None] * 50),
    with_password(xlsx_bytes(), "1234"),
]
STARTS = [b"", b"PAR1", b"PK\x03\x04", bytes.fromhex("D0CF11E0A1B11AE1"), b"<table>", b"\xff\xfe"]


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    """A real file with bytes changed, cut out, repeated, or put in."""
    content = bytearray(draw(st.sampled_from(REAL_FILES)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        match draw(st.sampled_from(["change", "cut", "end", "put in", "repeat"])):
            case "change":
                content[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case "cut":
                del content[at : at + draw(st.integers(1, 64))]
            case "end":
                del content[at:]
            case "put in":
                content[at:at] = draw(st.binary(max_size=16))
            case "repeat":
                content[at:at] = content[at : at + draw(st.integers(1, 256))]
    return bytes(content)


any_bytes = st.one_of(
    st.binary(max_size=512),
    st.builds(bytes.__add__, st.sampled_from(STARTS), st.binary(max_size=512)),
    st.text(alphabet='ab,;\t|"\r\n\u3000가\0', max_size=64).map(str.encode),
    damaged_files(),
)


def _opens_or_is_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.dat"
        path.write_bytes(content)
        try:
            container = open_container(path, password="1234")
        except FileError as refused:
            _is_clear(refused)
            return
        for sheet in container.sheets:
            last = -1
            try:
                for row, cells in sheet.rows():
                    assert row > last
                    assert any(cells) or row == 0
                    assert all(cell == cell.strip() for cell in cells)
                    last = row
            except FileError as refused:
                _is_clear(refused)


def _is_clear(refused: FileError) -> None:
    message = str(refused)
    assert message.startswith("file.dat")
    assert "\nNothing was imported. " in message
    assert len(message) < 700


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
@given(any_bytes)
def test_any_byte_string_gives_a_container_or_a_clear_refusal(content: bytes) -> None:
    _opens_or_is_refused(content)


@pytest.mark.slow
@settings(
    max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
@given(any_bytes)
def test_ten_thousand_byte_strings_give_a_container_or_a_clear_refusal(content: bytes) -> None:
    _opens_or_is_refused(content)
