"""Loan ledgers as lenders keep them: by instalment, by transaction, and as Apache Fineract has it.

All three tell of the same loans. Payments have other names in each, since one names them by the
instalment beside them and the others by a number of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import pandas as pd

from sample.exports.cells import Amount, AmountStyle, Cell, DayStyle, Moment, Style
from sample.exports.loans import LENDER, Borrowed, Due, Paid, borrowed_of, loans_told, schedule_told
from sample.exports.pages import Page, Row, write_text, write_workbook
from sample.exports.people import frame, people_of, write_mapping
from sample.exports.written import LAST_DAY, Written
from sample.simulate import Portfolio
from scoring.intake.formats.declarations import FormatName
from scoring.records.kinds import RecordKind

_INSTALMENTS: Final = (
    *("대출번호", "성명", "연락처", "대출일", "대출금액", "금리", "기간(개월)", "거치", "상환방식"),
    *(
        "회차",
        "납입예정일",
        "예정원금",
        "예정이자",
        "납입일",
        "납입금액",
        "잔액",
        "연체일수",
        "상태",
    ),
    *("입금자", "비고"),
)
_OF_THE_LOAN: Final = 9  # columns, which are merged over a loan's instalments
_TWO_LINES: Final = {"예정원금": ("예정", "원금"), "예정이자": ("", "이자")}
_TRANSACTIONS: Final = (
    *("거래번호", "대출번호", "고객번호", "성명", "거래일자", "거래구분", "거래금액", "잔액"),
    *("금리", "기간(개월)", "취소여부", "비고"),
)
_FINERACT: Final = (
    *("Transaction Id", "Office", "Loan Account No", "Client Name", "Client External Id"),
    *("Mobile No", "Transaction Date", "Transaction Type", "Amount", "Principal", "Interest"),
    *("Fees", "Penalties", "Outstanding Loan Balance", "manuallyReversed", "reversedOnDate"),
    *("Nominal Rate", "Loan Term", "Note"),
)
_REVERSED_EVERY: Final = 9  # payments, one is booked wrongly, reversed and booked again


@dataclass(frozen=True)
class WrittenLedger(Written):
    """A ledger: `truth` has its loans.

    Attributes:
        schedule: what falls due, in the columns of the plain form; empty where it does not say.
        repayments: what was paid, in the columns of the plain form.
        write_offs: how many loans it says were written off, as events.
    """

    schedule: pd.DataFrame = field(default_factory=pd.DataFrame)
    repayments: pd.DataFrame = field(default_factory=pd.DataFrame)
    write_offs: int = 0


def write_ledgers(folder: Path, portfolio: Portfolio) -> list[Written]:
    """Write some loans in all forms of ledger, and who is who beside them.

    Args:
        folder: where they go, each form in a folder of its own; `people.csv` stands beside these.
        portfolio: the sample portfolio.

    Returns:
        Every file with what it means, once the mapping is known.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_mapping(folder, people_of(portfolio).values())
    borrowed = borrowed_of(portfolio)
    return [
        *_by_instalment(folder / "loan_instalments", borrowed),
        *_by_transaction(folder / "loan_transactions", borrowed),
        *_of_fineract(folder / "loan_transactions", borrowed),
    ]


def _by_instalment(folder: Path, borrowed: Sequence[Borrowed]) -> Iterator[Written]:
    """A spreadsheet of a small lender, with cells merged over a loan's instalments."""
    about = (
        "Loan ledger by instalment: a header of two lines, the loan's own cells only beside its "
        "first instalment, payments in two parts on a line of their own, subtotals and a total, "
        "days past due typed by hand, payers who are somebody else."
    )
    folder.mkdir(parents=True, exist_ok=True)
    variants = (
        ("utf8.csv", partial(write_text, style=Style(AmountStyle.COMMAS, DayStyle.DOTS)), True),
        (
            "cp949.csv",
            partial(write_text, style=Style(AmountStyle.WON, DayStyle.KOREAN), encoding="cp949"),
            False,
        ),
        ("xlsx", partial(write_workbook, style=Style(AmountStyle.PLAIN, None)), True),
    )
    for ending, write, decomposed in variants:
        path = folder / f"loan-ledger.{ending}"
        write(_ledger(borrowed, decomposed=decomposed), path)
        yield WrittenLedger(
            path=path,
            format_name=FormatName.LOAN_INSTALMENTS,
            founder=None,
            options={"lender": LENDER},
            truth=loans_told(borrowed),
            kind=RecordKind.LOANS,
            about=about,
            schedule=schedule_told(borrowed),
            repayments=frame([row for one in borrowed for row in _named_by_instalment(one)]),
        )


def _ledger(borrowed: Sequence[Borrowed], *, decomposed: bool) -> Page:
    upper = [_TWO_LINES.get(name, ("", ""))[0] for name in _INSTALMENTS]
    header = [_TWO_LINES.get(name, ("", name))[1] for name in _INSTALMENTS]
    rows: list[Row] = []
    for place, one in enumerate(borrowed):
        rows += _loan_rows(one, place, decomposed=decomposed)
        paid = sum(payment.amount for payment in one.payments)
        rows.append(["소계", *[""] * 13, Amount(paid)])
        if place == len(borrowed) // 2:
            rows.append(header)
    total = sum(payment.amount for one in borrowed for payment in one.payments)
    return Page(
        header=header,
        rows=rows,
        titles=[["지어낸 소액대출 원장"], ["기준일", Moment(LAST_DAY)], upper],
        totals=[["합계", *[""] * 13, Amount(total)], ["※ 잔액과 연체일수는 손으로 적음"]],
        sheet="원장",
    )


def _loan_rows(one: Borrowed, place: int, *, decomposed: bool) -> Iterator[Row]:
    told = one.told
    of_loan: list[Cell] = [
        *(one.reference, one.owner.written_name(place, decomposed=decomposed)),
        *(one.owner.written_phone(place), Moment(told["disbursed_on"]), Amount(one.principal)),
        *(f"연 {told['annual_rate']:.2%}", f"{told['months']}개월", told["grace_months"]),
        "원리금균등상환",
    ]
    for due in one.dues:
        payments: list[Paid | None] = [p for p in one.payments if p.number == due.number]
        for part, payment in enumerate(payments or [None]):
            beside: list[Cell] = of_loan if due.number == 1 and part == 0 else [""] * _OF_THE_LOAN
            yield [*beside, *_instalment_cells(one, due, payment, is_first=part == 0)]


def _instalment_cells(
    one: Borrowed, due: Due, payment: Paid | None, *, is_first: bool
) -> Iterator[Cell]:
    """One line beside an instalment; a second payment says again which one, and not what is due."""
    yield due.number
    if is_first:
        yield from (Moment(due.on), Amount(due.principal), Amount(due.interest))
    else:
        yield from ("", "", "")
    if payment is None:
        yield from ("", "-", Amount(one.left_after(due.number)), "")
    else:
        late = max(0, (payment.on - due.on).days)
        yield from (Moment(payment.on), Amount(payment.amount))
        yield from (Amount(one.left_after(due.number)), f"{late}일" if late else "")
    payer = "지어낸 동생" if due.number % 5 == 0 else ""
    yield from (one.status(due.number, LAST_DAY), payer, "지어낸 비고: 하나재단 상담")


def _named_by_instalment(one: Borrowed) -> Iterator[dict[str, object]]:
    parts: dict[int, int] = {}
    for paid in one.payments:
        parts[paid.number] = parts.get(paid.number, 0) + 1
        part = parts[paid.number]
        name = f"R-{paid.number}" if part == 1 else f"R-{paid.number}-{part}"
        yield _repayment(one.reference, name, paid)


def _repayment(loan: str, name: str, paid: Paid) -> dict[str, object]:
    return {"loan": loan, "repayment": name, "paid_on": paid.on, "amount": paid.amount}


def _by_transaction(folder: Path, borrowed: Sequence[Borrowed]) -> Iterator[Written]:
    """A list of a lender's system in Korean, with entries that are no payments among them."""
    about = (
        "Loan transactions in Korean: what was paid out and in, and among these waivers, "
        "write-offs and entries that were cancelled."
    )
    folder.mkdir(parents=True, exist_ok=True)
    rows, repayments = _booked(borrowed, _korean_row, number="T{:05d}")
    page = Page(
        header=_TRANSACTIONS,
        rows=rows,
        titles=[["지어낸 대출 거래내역"]],
        totals=[["합계", *[""] * 5, Amount(sum(int(one["amount"]) for one in repayments))]],
        sheet="거래내역",
    )
    variants = (
        ("utf8.csv", partial(write_text, style=Style(AmountStyle.WON_SIGN, DayStyle.SECONDS))),
        (
            "cp949.csv",
            partial(
                write_text, style=Style(AmountStyle.BACKSLASH, DayStyle.DIGITS), encoding="cp949"
            ),
        ),
        ("xlsx", partial(write_workbook, style=Style(AmountStyle.COMMAS, DayStyle.SERIAL))),
    )
    for ending, write in variants:
        path = folder / f"loan-transactions.{ending}"
        write(page, path)
        truth = loans_told(borrowed, grace_months=0)
        yield _transactions_written(path, truth, frame(repayments), about, _write_offs(borrowed))


def _of_fineract(folder: Path, borrowed: Sequence[Borrowed]) -> Iterator[Written]:
    """An export of Apache Fineract: account numbers with leading zeros, accruals, reversals."""
    about = (
        "Loan transactions as Apache Fineract exports them: accruals, waivers, write-offs, "
        "transactions that were reversed and booked again."
    )
    rows, repayments = _booked(borrowed, _fineract_row, number="{:d}")
    named = [one | {"loan": account_number(str(one["loan"]))} for one in repayments]
    page = Page(header=_FINERACT, rows=rows, sheet="Transactions")
    truth = loans_told(borrowed, grace_months=0)
    truth["loan"] = truth["loan"].map(account_number)
    plain = Style(AmountStyle.PLAIN, DayStyle.SECONDS)
    variants = (
        ("utf8.csv", partial(write_text, style=plain)),
        ("xlsx", partial(write_workbook, style=Style(AmountStyle.PLAIN, None))),
    )
    for ending, write in variants:
        path = folder / f"fineract-transactions.{ending}"
        write(page, path)
        yield _transactions_written(path, truth, frame(named), about, _write_offs(borrowed))


def _transactions_written(
    path: Path, truth: pd.DataFrame, repayments: pd.DataFrame, about: str, write_offs: int
) -> Written:
    return WrittenLedger(
        path=path,
        format_name=FormatName.LOAN_TRANSACTIONS,
        founder=None,
        options={"lender": LENDER},
        truth=truth,
        kind=RecordKind.LOANS,
        expected={"accepted": len(truth) + len(repayments) + write_offs},
        about=about,
        repayments=repayments,
        write_offs=write_offs,
    )


def _write_offs(borrowed: Sequence[Borrowed]) -> int:
    return sum(
        one.written_off_on is not None and one.written_off_on <= LAST_DAY for one in borrowed
    )


def account_number(loan: str) -> str:
    """A loan's number as Fineract writes it: nine digits, zeros in front."""
    return f"{int(loan.removeprefix('N-')):09d}"


@dataclass(frozen=True)
class _Entry:
    """One line of a list of transactions."""

    one: Borrowed
    number: str
    on: date
    kind: str
    amount: int
    reversed_on: date | None = None


def _booked(
    borrowed: Sequence[Borrowed], row: Callable[[_Entry], Row], *, number: str
) -> tuple[list[Row], list[dict[str, Any]]]:
    """All entries by their days, and those among them that are payments."""
    told = sorted(
        ((entry, paid) for one in borrowed for entry, paid in _entries(one)),
        key=lambda both: (both[0].on, both[0].one.reference),
    )
    rows: list[Row] = []
    repayments: list[dict[str, Any]] = []
    for place, (entry, paid) in enumerate(told):
        name = number.format(1_001 + place)
        rows.append(
            row(
                _Entry(entry.one, name, entry.on, entry.kind, entry.amount, entry.reversed_on),
            )
        )
        if paid is not None:
            repayments.append(_repayment(entry.one.reference, name, paid))
    return rows, repayments


def _entries(one: Borrowed) -> Iterator[tuple[_Entry, Paid | None]]:
    """What was booked on a loan, and the payment that an entry is."""

    def entry(on: date, kind: str, amount: int, *, reversed_on: date | None = None) -> _Entry:
        return _Entry(one, "", on, kind, amount, reversed_on)

    yield entry(one.told["disbursed_on"], "disbursement", one.principal), None
    for place, paid in enumerate(one.payments):
        if place % _REVERSED_EVERY == _REVERSED_EVERY - 1:
            wrong = entry(paid.on, "repayment", paid.amount * 10, reversed_on=paid.on)
            yield wrong, None
        yield entry(paid.on, "repayment", paid.amount), paid
    for due in one.dues:
        if due.on <= LAST_DAY and due.interest:
            yield entry(due.on, "accrual", due.interest), None
    if one.is_early:
        yield entry(one.payments[-1].on, "waiver", 1_000), None
    if one.written_off_on is not None and one.written_off_on <= LAST_DAY:
        yield entry(one.written_off_on, "write_off", one.left_after(len(one.payments))), None


_KOREAN_KINDS: Final = {
    "disbursement": "대출실행",
    "repayment": "원리금상환",
    "accrual": "미수이자",
    "waiver": "이자감면",
    "write_off": "대손상각",
}
_FINERACT_KINDS: Final = {
    "disbursement": "Disbursement",
    "repayment": "Repayment",
    "accrual": "Accrual",
    "waiver": "Waive interest",
    "write_off": "Close (as written-off)",
}


def _korean_row(entry: _Entry) -> Row:
    told = entry.one.told
    return [
        *(entry.number, entry.one.reference, entry.one.owner.number, entry.one.owner.name),
        *(Moment(entry.on), _KOREAN_KINDS[entry.kind], Amount(entry.amount), Amount(0)),
        *(f"{told['annual_rate']:.2%}", f"{told['months']}개월"),
        *("취소" if entry.reversed_on else "정상", "지어낸 비고: 하나재단 상담"),
    ]


def _fineract_row(entry: _Entry) -> Row:
    told, owner = entry.one.told, entry.one.owner
    reversed_on = entry.reversed_on + timedelta(days=1) if entry.reversed_on else None
    return [
        *(entry.number, "지어낸 지점", account_number(entry.one.reference), owner.name),
        *(owner.number, owner.written_phone(3), _fineract_day(entry.on)),
        *(_FINERACT_KINDS[entry.kind], Amount(entry.amount), "", "", Amount(0), Amount(0)),
        *(Amount(0), "true" if reversed_on else "false"),
        *(_fineract_day(reversed_on) if reversed_on else "", f"{100 * told['annual_rate']:g}"),
        *(str(told["months"]), "-지어낸 메모"),
    ]


def _fineract_day(on: date) -> str:
    return f"{on.day:02d} {on:%B %Y}"
