"""Numbers that name loans, payments and order lines are never cut, and never become another's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.base.errors import FileError
from scoring.intake.formats.orders.references import order_reference
from tests.intake.formats.texts import cells_of, ledger, reading_of

LONG = "K" * 64
TRANSACTIONS = """\
Transaction ID,Loan Account No,Transaction Date,Transaction Type,Amount
{number},K-1,2026-03-01,Repayment,1000
"""


def test_two_long_loan_numbers_never_become_one() -> None:
    text = ledger("5%", "5%").replace("K-1", f"{LONG}-2").replace("K-0", f"{LONG}-1")
    with pytest.raises(FileError, match='row 2, column "Loan ID": has 66 characters') as refused:
        reading_of(text)
    assert "file.csv" in str(refused.value)
    assert "Give it another number" in str(refused.value)


def test_the_longest_loan_number_is_kept_whole() -> None:
    assert cells_of(ledger("5%").replace("K-0", LONG))["loan"].tolist() == [LONG]


def test_a_long_number_of_a_payment_is_refused() -> None:
    with pytest.raises(FileError, match='row 2, column "Transaction ID": has 65 characters'):
        reading_of(TRANSACTIONS.format(number=f"{LONG}1"))


def test_loan_numbers_that_differ_by_a_space_and_a_sign_are_refused() -> None:
    text = ledger("5%", "5%").replace("K-0", "K 1")
    with pytest.raises(FileError, match='row 3, column "Loan ID": would be the same as another'):
        reading_of(text)


names = st.text("K 1-|=", min_size=1, max_size=4) | st.text("K", min_size=60, max_size=70)


@settings(max_examples=80, deadline=None)
@given(first=names, second=names)
def test_a_reference_is_another_rows_only_if_their_texts_are_equal(first: str, second: str) -> None:
    text = ledger("5%", "5%").replace("K-1", f'"{second}"').replace("K-0", f'"{first}"')
    try:
        loans = cells_of(text)["loan"].tolist()
    except FileError:
        return
    if len(loans) == 1 and first.strip(" -") and second.strip(" -"):
        assert " ".join(first.split()) == " ".join(second.split())


@settings(max_examples=80, deadline=None)
@given(first=st.text("12", min_size=1, max_size=90), second=st.text("12", min_size=1, max_size=90))
def test_numbers_of_orders_longer_than_a_reference_stay_apart(first: str, second: str) -> None:
    references = {order_reference(first), order_reference(second)}
    assert len(references) == len({first, second})
    assert max(map(len, references)) <= 64
