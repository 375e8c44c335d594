"""Whatever is sent as JSON, it gives rows or a refusal in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.base.errors import FileError
from scoring.intake.containers import open_container
from scoring.intake.importing import Request, check_file
from scoring.records.forms import FORMS
from scoring.records.kinds import RecordKind
from scoring.store.database import Database

NAMES = st.one_of(st.sampled_from(FORMS[RecordKind.SALES].names), st.text(max_size=8))
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["F-1", "own", "O-1", "2026-05-01", "KRW", 1, 12000, "", "\ud800", "\0"]),
    st.lists(st.integers(), max_size=2),
)
ROWS = st.lists(st.dictionaries(NAMES, VALUES, max_size=9), max_size=6)
FULL = {
    "founder": "F-1",
    "channel": "own",
    "order_line": "O-1",
    "ordered_on": "2026-05-01",
    "quantity": 1,
    "gross": 12000.5,
    "currency": "USD",
}


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Rows as lines or as a list, some of them whole, with a few characters changed."""
    rows = [FULL | row if draw(st.booleans()) else row for row in draw(ROWS)]
    if draw(st.booleans()):
        text = json.dumps(rows, indent=draw(st.sampled_from([None, 1])))
    else:
        text = "\n".join(map(json.dumps, rows))
    for _ in range(draw(st.integers(0, 3))):
        at, cut = draw(st.integers(0, len(text))), draw(st.integers(0, 3))
        put = draw(st.text(alphabet='{}[]",:\\\n 1e-x\0', max_size=2))
        text = text[:at] + put + text[at + cut :]
    return text.encode(errors="surrogatepass")


@settings(
    max_examples=120,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(content=files())
def test_any_json_is_read_or_refused_in_words(
    sqlite: Database, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "rows"
    path.write_bytes(content)
    try:
        checked = check_file(sqlite, path, Request(kind=RecordKind.SALES))
    except FileError:
        return
    assert sum(len(batch.checked) for batch in checked.batches)


@pytest.mark.parametrize("indent", [None, 2])
def test_rows_are_the_same_as_lines_and_as_a_list_of_any_length(
    tmp_path: Path, indent: int | None
) -> None:
    rows = [{"a": number, "b": "가" * (number % 7), "c": None} for number in range(5000)]
    rows[17]["c"] = "z" * 9_000
    lines, listed = tmp_path / "lines", tmp_path / "list"
    lines.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    listed.write_text(json.dumps(rows, indent=indent))
    found = [list(open_container(path).sheets[0].rows()) for path in (lines, listed)]
    assert found[0] == found[1]
    assert found[0][0] == (0, ["a", "b", "c"])
    assert found[0][-1] == (5000, ["4999", "가" * (4999 % 7), ""])


def test_a_row_longer_than_any_record_is_refused_before_it_is_read_whole(tmp_path: Path) -> None:
    for beginning in ("", "["):
        path = tmp_path / "rows"
        path.write_text(beginning + '{"a": "' + "x" * 30_000_000)
        with pytest.raises(FileError, match="row of more than 5,120,000 characters"):
            open_container(path)


REFUSED = {
    "a field twice": ('{"a": 1, "a": 2}', None, "a field stands there twice"),
    "a high half character": (r'{"a": "x\ud83d"}', "a", "holds half a character"),
    "a low half character": (r'{"a": "\ude00x"}', "a", "holds half a character"),
    "a half before another character": (r'{"a": "\ud83d\u0041"}', "a", "holds half a character"),
    "half a character in a name": (r'{"\uD83D": 1}', None, "holds half a character"),
    "a list in a row": ('{"a": [1]}', "a", "is neither a text nor a number"),
    "an object in a row": ('{"a": {"b": 1}}', "a", "is neither a text nor a number"),
    "true": ('{"a": true}', "a", "is neither a text nor a number"),
    "no number": ('{"a": NaN}', None, "NaN is no number"),
    "a number out of range": ('{"a": 1e400}', None, "a number is out of range"),
    "an exponent out of range": ('{"a": 1e99999999999999999999}', None, "out of range"),
    "a row that is a list": ("[1]", None, "is no object"),
    "a row that is a number": ("7", None, "is no object"),
    "a row that is nested deeply": ('{"a":' * 100_000, None, "is nested too deeply"),
    "a broken row": ('{"a" 1}', None, "is no JSON object (Expecting"),
}


@pytest.mark.parametrize("place", [2, 5])
@pytest.mark.parametrize("problem", REFUSED)
def test_a_bad_row_is_refused_by_its_number_as_line_and_in_a_list(
    problem: str, place: int, tmp_path: Path
) -> None:
    row, column, message = REFUSED[problem]
    rows = ['{"a": 0}'] * 6
    rows[place - 1] = row
    path = tmp_path / "rows.json"
    for text in ("\n".join(rows), "[" + ",".join(rows) + "]"):
        path.write_text(text)
        with pytest.raises(FileError) as raised:
            list(open_container(path).sheets[0].rows())
        assert message in str(raised.value)
        assert (raised.value.row, raised.value.column) == (place, column)


def test_whole_characters_and_backslashes_that_look_like_halves_are_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    texts = ["\U0001f600" * at + "x" * at + "가" for at in range(1, 9000, 7)]
    texts = [text[:9000] for text in texts] + [r"C:\ud83d", r"\\ude00"]
    path.write_text(json.dumps([{"a": text} for text in texts]))
    found = [cells for _, cells in open_container(path).sheets[0].rows()]
    assert found == [["a"], *([text] for text in texts)]


def test_amounts_keep_the_digits_that_were_written(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    written = [
        "1" * 9_000,
        "12000.50",
        "0.1",
        "12345678901234567890.123",
        "123456789012345678901234567890",
    ]
    path.write_text("\n".join(f'{{"a": {digits}}}' for digits in written))
    found = [cells for _, cells in open_container(path).sheets[0].rows()]
    assert found == [["a"], *([digits] for digits in written)]


def test_nothing_of_what_was_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text('[{"buyer": "s3cret-9 가나다라마바사아자차카타파하", oops}]')
    with pytest.raises(FileError, match="is no JSON object") as raised:
        open_container(path)
    assert "s3cret" not in str(raised.value)
    assert "\\n" not in str(raised.value)
