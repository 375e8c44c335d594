"""Statements of a bank account, with counterparties and remarks that nobody may keep."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Final

import pandas as pd

from sample.exports.cells import Amount, Cell, Moment
from sample.exports.draft import Draft
from sample.exports.invented import person
from sample.exports.pages import Page
from scoring.intake.formats.declarations import FormatName
from scoring.records.kinds import RecordKind

_TWO_COLUMNS: Final = (
    *("거래일시", "적요", "보낸분/받는분", "찾으신금액", "맡기신금액", "거래후잔액"),
    *("거래점", "송금메모"),
)
_ONE_COLUMN: Final = (
    "거래일자",
    "거래구분",
    "거래금액",
    "거래후 잔액",
    "거래내용",
    "상대계좌예금주명",
)
_ACCOUNT: Final = "000-00-0000000"
# What a statement says beside a line, and what may be kept of it. Benefits and remittances tell
# who somebody is, so nothing but the direction is left of them.
_WORDS: Final = {
    "sales_receipt": ("쿠팡정산 지어낸", "네이버페이정산 지어낸"),
    "supplier": ("없는도매 매입대금", "지어낸원단 물품대금"),
    "household": ("없는마트 3호점", "지어낸 관리비"),
    "loan_payment": ("대출원리금 지어낸",),
    "insurance": ("없는생명 보험료",),
    "rent": ("없는빌딩 월세",),
    "tax": ("부가가치세 지어낸",),
    "penalty": ("연체료 지어낸",),
    "fee": ("이체수수료 지어낸",),
    "interest": ("예금이자 지어낸",),
    "other_income": ("정착지원금 지어낸", "급여 없는상사", "국민연금 지어낸", "@지어낸 이체"),
    "other_payment": ("=지어낸 이체",),
}
_REMITTED_EVERY: Final = 7


def statement(name: str, account: pd.DataFrame, *, founder: str) -> Draft:
    """A statement with a column for each direction, a total and a line that moves nothing."""
    lines = _lines(account)
    rows: list[list[Cell]] = [_two_columns(line) for line in lines]
    rows.append([rows[-1][0], "지어낸 안내", "", Amount(0), Amount(0), rows[-1][5], "", ""])
    sums = {way: sum(n["amount"] for n in lines if n["direction"] == way) for way in ("in", "out")}
    page = Page(
        header=_TWO_COLUMNS,
        rows=rows,
        titles=[
            (f"거래내역조회 계좌번호 {_ACCOUNT}",),
            (f"예금주 {person(77).name}",),
        ],
        totals=[("합계", "", "", Amount(sums["out"]), Amount(sums["in"]))],
    )
    about = "Account statement: titles above with number and holder, a column for each direction."
    return _draft(name, page, lines, founder, about)


def statement_newest_first(name: str, account: pd.DataFrame, *, founder: str) -> Draft:
    """A statement with one amount and its direction, the newest line first."""
    lines = _lines(account)
    page = Page(
        header=_ONE_COLUMN,
        rows=[_one_column(line) for line in reversed(lines)],
        titles=[(f"지어낸은행 {_ACCOUNT}",)],
    )
    about = "The same account from another screen: one amount and its direction, newest first."
    return _draft(name, page, lines, founder, about)


def _draft(name: str, page: Page, lines: list[dict[str, Any]], founder: str, about: str) -> Draft:
    kept = ["booked_on", "direction", "amount", "currency", "balance", "purpose"]
    truth = pd.DataFrame(lines, dtype=object)[kept].assign(founder=founder)
    return Draft(
        name=name,
        page=page,
        format_name=FormatName.BANK_STATEMENT,
        founder=founder,
        truth=truth,
        expected={"rows": page.rows_below_header, "accepted": len(truth)},
        about=about,
        kind=RecordKind.CASH_FLOW,
    )


def _lines(account: pd.DataFrame) -> list[dict[str, Any]]:
    """The simulator's lines with a time of day, words and what may be kept of the words."""
    found = []
    households = 0
    for number, row in enumerate(account.to_dict("records")):
        purpose = str(row["purpose"])
        words = _WORDS[purpose][number % len(_WORDS[purpose])]
        households += purpose == "household"
        if purpose == "household" and households % _REMITTED_EVERY == 0:
            purpose, words = "other_payment", "해외송금 지어낸"
        day = pd.Timestamp(row["booked_on"]).date()
        at = datetime.combine(day, time(9)) + timedelta(minutes=number % 500)
        found.append(
            {
                "at": at,
                "booked_on": day,
                "direction": row["direction"],
                "amount": int(row["amount"]),
                "currency": "KRW",
                "balance": int(row["balance"]),
                "purpose": purpose,
                "words": words,
                "person": person(6_000 + number),
            }
        )
    return found


def _two_columns(line: dict[str, Any]) -> list[Cell]:
    amount = Amount(line["amount"])
    is_in = line["direction"] == "in"
    return [
        *(Moment(line["at"]), line["words"], line["person"].name),
        *(None if is_in else amount, amount if is_in else None, Amount(line["balance"])),
        *("없는지점", f"=지어낸 메모 {line['person'].phone}"),
    ]


def _one_column(line: dict[str, Any]) -> list[Cell]:
    return [
        *(Moment(line["booked_on"]), "입금" if line["direction"] == "in" else "출금"),
        *(Amount(line["amount"]), Amount(line["balance"]), line["words"], line["person"].name),
    ]
