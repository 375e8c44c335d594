"""What is kept of numbers that name people can't be found out by trying them."""

from __future__ import annotations

import hashlib

from sqlalchemy import select

from scoring.store.tables import CashFlowLine
from tests.intake.formats.conftest import Shop, shop  # noqa: F401

STATEMENT = """\
{title}
거래일시,적요,출금액,입금액,거래후잔액
2026-03-01 10:00:00,지어낸 적요,0,"10,000","110,000"
2026-03-02 10:00:00,지어낸 적요,"5,000",0,"105,000"
"""
NUMBER = "110-123-456789"
WEBSHOP = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,SAMPLE,6,12/13/2010 8:26,2.55,{buyer},Nowhere
"""


def accounts(shop: Shop) -> set[str]:  # noqa: F811
    with shop.database.reading() as session:
        return set(session.scalars(select(CashFlowLine.account)))


def test_an_accounts_name_is_another_for_each_founder_and_no_plain_digest(
    shop: Shop,  # noqa: F811
) -> None:
    statement = STATEMENT.format(title=f"계좌번호 {NUMBER}")
    shop.take(statement)
    [first] = accounts(shop)
    digits = NUMBER.replace("-", "").encode()
    assert first != f"A-{hashlib.sha256(digits).hexdigest()[:8]}"
    shop.take(statement, founder="F-B", again_for_another=True)
    assert len(accounts(shop)) == 2


def test_a_telephone_number_above_a_statement_names_no_account(shop: Shop) -> None:  # noqa: F811
    for title in ("연락처 010-1234-5678", "지어낸사람 010-1234-5678"):
        shop.take(STATEMENT.format(title=title))
    assert accounts(shop) == {"A-1"}


def test_an_invoice_lines_name_does_not_hang_on_its_buyer(shop: Shop) -> None:  # noqa: F811
    shop.take(WEBSHOP.format(buyer="17850"))
    [line] = shop.lines()
    again = shop.take(WEBSHOP.format(buyer="17851"), founder="F-B")
    assert again.accepted == 1
    assert {one.order_line for one in shop.lines()} == {line.order_line}
