"""A currency is stated by the file, by a sign that means one alone, or by the operator."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.base.errors import FileError, SeveralCurrenciesError
from scoring.base.money import one_currency
from tests.intake.formats.texts import cells_of, ledger, reading_of, statement

ORDER = """\
주문일시,결제일시(입금확인일),품목별 주문번호,수량,{header},{more}주문상태
2026-03-01,2026-03-01,1-01,1,"{amount}",{cell}배송완료
"""


def order(amount: str, *, header: str = "상품구매금액", currency: str | None = None) -> str:
    more, cell = ("", "") if currency is None else ("통화,", f"{currency},")
    return ORDER.format(amount=amount, header=header, more=more, cell=cell)


def paid(text: str, **said: object) -> tuple[str, str]:
    [row] = cells_of(text, **said)[["gross", "currency"]].itertuples(index=False)
    return row.gross, row.currency


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        *(("HK$12", "HKD"), ("A$12", "AUD"), ("AU$12", "AUD"), ("C$12", "CAD"), ("CA$12", "CAD")),
        *(("NT$12", "TWD"), ("S$12", "SGD"), ("NZ$12", "NZD"), ("R$12", "BRL"), ("MX$12", "MXN")),
        *(("US$12", "USD"), ("USD 12", "USD"), ("12 EUR", "EUR"), ("€12", "EUR"), ("12円", "JPY")),
        *(("￦12", "KRW"), ("12원", "KRW"), ("KRW 12", "KRW"), ("12", "KRW"), ("12 SEK", "SEK")),
    ],
)
def test_a_sign_that_means_one_currency_is_read(amount: str, currency: str) -> None:
    assert paid(order(amount)) == ("12", currency)


@pytest.mark.parametrize("sign", ["$", "£", "¥", "kr", "元"])
def test_a_sign_of_several_currencies_is_refused_where_nothing_says_which(sign: str) -> None:
    with pytest.raises(FileError, match='row 2, column "상품구매금액": is written with') as refused:
        reading_of(order(f"{sign}12"))
    assert "cafe24 files are in KRW where they don't say" in str(refused.value)
    assert "[cafe24.defaults] currency" in str(refused.value)


@pytest.mark.parametrize("sign", ["Q$", "Z$", "XX$"])
def test_an_unknown_dollar_is_refused(sign: str) -> None:
    with pytest.raises(FileError, match="is the sign of no currency that is known"):
        reading_of(order(f"{sign}12"))


def test_a_sign_of_several_is_read_where_header_column_or_operator_says_which() -> None:
    assert paid(order("$12", header="상품구매금액(HKD)")) == ("12", "HKD")
    assert paid(order("$12", currency="USD")) == ("12", "USD")
    own = '[cafe24.defaults]\ncurrency = "USD"\n'
    assert paid(order("$12"), own=own) == ("12", "USD")
    assert paid(order("¥12", currency="CNY")) == ("12", "CNY")


@pytest.mark.parametrize(
    "text",
    [
        order("₩12", header="상품구매금액(USD)"),
        order("HK$12", currency="USD"),
        order("€12", currency="KRW"),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(text: str) -> None:
    with pytest.raises(FileError, match="is written with .*, and is said to be"):
        reading_of(text)


def test_amounts_of_a_statement_keep_their_currency() -> None:
    text = statement("2026-03-01").replace(",1000,", ",US$1000,")
    assert cells_of(text)["currency"].tolist() == ["USD"]
    with pytest.raises(FileError, match='column "Deposits": is written with [$]'):
        reading_of(text.replace("US$", "$"))


def test_a_loan_has_one_currency() -> None:
    rows = ledger("5%", "5%").replace("K-1", "K-0").splitlines()
    told = [f"{row},{code}" for row, code in zip(rows, ("Currency", "USD", ""), strict=True)]
    assert cells_of("\n".join(told))["currency"].tolist() == ["USD"]
    with pytest.raises(FileError, match="row 3.*loan whose amounts are in KRW and in USD"):
        reading_of("\n".join([*told[:2], f"{rows[2]},KRW"]))


def test_amounts_that_belong_together_have_one_currency() -> None:
    assert one_currency([]) is None
    assert one_currency(["KRW", "KRW"]) == "KRW"
    with pytest.raises(SeveralCurrenciesError, match="EUR, KRW"):
        one_currency({"KRW", "EUR"})


@settings(max_examples=40, deadline=None)
@given(letters=st.text("ABCHKMNRSTUXZ", max_size=3))
def test_no_dollar_but_the_one_that_says_so_is_the_united_states(letters: str) -> None:
    try:
        found = paid(order(f"{letters}$12"))
    except FileError:
        return
    assert (found == ("12", "USD")) == (letters == "US")
