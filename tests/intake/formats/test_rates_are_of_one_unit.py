"""A column of yearly rates is in per cent or in shares of one, and says so, or is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.base.errors import FileError
from tests.intake.formats.texts import cells_of, ledger, reading_of


def rates(text: str, **said: object) -> list[str]:
    return cells_of(text, **said)["annual_rate"].tolist()


@pytest.mark.parametrize("column", [["0.055", "1.2"], ["0.055"], ["1"], ["5.5", "0.9"]])
def test_a_rate_that_can_be_either_is_refused(column: list[str]) -> None:
    with pytest.raises(FileError, match='column "Interest Rate": ".*" can be a share') as refused:
        reading_of(ledger(*column))
    assert 'rates = "percent" or "fraction"' in str(refused.value)


def test_a_column_of_which_some_rates_have_a_sign_is_refused() -> None:
    with pytest.raises(FileError, match='row 3, column "Interest Rate": "0.055" has no % sign'):
        reading_of(ledger("5.5%", "0.055"))


@pytest.mark.parametrize(
    ("column", "header", "read"),
    [
        (["5.5%", "연 0.9 %", "0"], "Interest Rate", ["0.055", "0.009", "0"]),
        (["5.5", "12"], "Interest Rate", ["0.055", "0.12"]),
        (["5.5", "0.9"], "금리(%)", ["0.055", "0.009"]),
        (["0.9", "1.2"], "연이율(%)", ["0.009", "0.012"]),
    ],
)
def test_a_rate_that_says_its_unit_is_read(column: list[str], header: str, read: list[str]) -> None:
    assert rates(ledger(*column, header=header)) == read


def test_an_operator_can_say_the_unit() -> None:
    own = '[loan_instalments.defaults]\nrates = "{}"\n'
    assert rates(ledger("0.055", "0.9"), own=own.format("fraction")) == ["0.055", "0.9"]
    assert rates(ledger("0.055", "1.2"), own=own.format("percent")) == ["0.00055", "0.012"]


@settings(max_examples=40, deadline=None)
@given(
    percents=st.lists(st.integers(1, 9999), min_size=1, max_size=5),
    is_percent=st.booleans(),
)
def test_a_column_gives_the_rates_meant_or_none(percents: list[int], is_percent: bool) -> None:
    meant = [hundredth / 10_000 for hundredth in percents]
    written = [f"{100 * rate:.2f}" if is_percent else f"{rate:.4f}" for rate in meant]
    try:
        read = rates(ledger(*written))
    except FileError:
        return
    assert [round(float(rate), 6) for rate in read] == [round(rate, 6) for rate in meant]
