"""Bank accounts of the founders who gave one: money in, money out, balance.

Sales reach the account when the channel settles them, summed twice a month. Suppliers, the
household, rent, insurance, tax and the loan take it out; what the household draws follows what is
left, and liquidity decides how much that is; a deep overdraft is filled by other income. A balance
below zero at the end of a month costs a
penalty in the next one. Days as in `people.py`, whole KRW.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from sample.simulate.lending import Loan
from sample.simulate.people import FIRST_DAY, Floats, Ints, People

_PERIOD: Final = 30
_PENALTY: Final = 15_000
_SMALLEST: Final = 1_000
_OVERDRAFT: Final = 500_000


@dataclass
class _Book:
    """Account lines as they are written, one array per entry of `parts`."""

    parts: list[pd.DataFrame] = field(default_factory=list)

    def write(self, who: Ints, day: Ints, amount: Ints, *, direction: str, purpose: str) -> None:
        kept = (amount >= _SMALLEST) & (day <= 0)
        self.parts.append(
            pd.DataFrame(
                {
                    "who": who[kept],
                    "booked_on": day[kept],
                    "direction": direction,
                    "amount": amount[kept],
                    "purpose": purpose,
                }
            )
        )


def bank(
    rng: np.random.Generator, people: People, lines: pd.DataFrame, loans: list[Loan]
) -> pd.DataFrame:
    """Return account lines by founder and day.

    Columns: `who`, `booked_on`, `direction`, `amount`, `balance` and `purpose`.
    """
    holders = np.flatnonzero(people.gives_account)
    book = _Book()
    months = -FIRST_DAY // _PERIOD
    month_start = -_PERIOD * months + _PERIOD * np.arange(months) + 1
    receipts = _book_receipts(book, holders, lines, months)
    lent, repaid = _book_loans(book, holders, loans, months)
    _book_spending(rng, book, people, holders, month_start, receipts, lent, repaid)
    return _with_balance(rng, people, pd.concat(book.parts, ignore_index=True))


def _months_of(days: Ints, months: int) -> Ints:
    return np.asarray((days + _PERIOD * months - 1) // _PERIOD, dtype=np.int64)


def _table(holders: Ints, who: Ints, month: Ints, amount: Ints, months: int) -> Floats:
    table = np.zeros((holders.size, months))
    row = np.searchsorted(holders, who)
    inside = (month >= 0) & (month < months)
    np.add.at(table, (row[inside], month[inside]), amount[inside])
    return table


def _book_receipts(book: _Book, holders: Ints, lines: pd.DataFrame, months: int) -> Floats:
    """Settlements of sold lines, less fees, summed by half month and paid at its end."""
    kept = lines[lines["who"].isin(holders) & (lines["settled_on"] <= 0)]
    amount = kept["gross"] - kept["discount"] + kept["shipping"] - kept["fee"] - kept["refund"]
    half = (kept["settled_on"] + _PERIOD * months - 1) // (_PERIOD // 2)
    sums = amount.groupby([kept["who"], half]).sum()
    sums = sums[sums > 0]
    who = sums.index.get_level_values(0).to_numpy(dtype=np.int64)
    halves = sums.index.get_level_values(1).to_numpy(dtype=np.int64)
    day = (halves + 1) * (_PERIOD // 2) - _PERIOD * months
    value = sums.to_numpy(dtype=np.int64)
    inside = halves >= 0
    who, day, value = who[inside], day[inside], value[inside]
    book.write(who, day, value, direction="in", purpose="sales_receipt")
    return _table(holders, who, _months_of(day, months), value, months)


def _book_loans(
    book: _Book, holders: Ints, loans: list[Loan], months: int
) -> tuple[Floats, Floats]:
    own = [loan for loan in loans if loan.who in set(holders.tolist())]
    who = np.array([loan.who for loan in own], dtype=np.int64)
    day = np.array([loan.disbursed_on for loan in own], dtype=np.int64)
    principal = np.array([loan.principal for loan in own], dtype=np.int64)
    book.write(who, day, principal, direction="in", purpose="other_income")
    paid = [
        (loan.who, paid_on, amount)
        for loan in own
        for paid_on, amount in zip(loan.payments.paid_on, loan.payments.amount, strict=True)
        if paid_on <= 0
    ]
    payer, paid_on, value = np.array(paid, dtype=np.int64).reshape(-1, 3).T
    book.write(payer, paid_on, value, direction="out", purpose="loan_payment")
    return (
        _table(holders, who, _months_of(day, months), principal, months),
        _table(holders, payer, _months_of(paid_on, months), value, months),
    )


def _book_spending(
    rng: np.random.Generator,
    book: _Book,
    people: People,
    holders: Ints,
    month_start: Ints,
    receipts: Floats,
    lent: Floats,
    repaid: Floats,
) -> None:
    count, months = holders.size, month_start.size
    liquidity = people.liquidity[holders]
    cushion = np.exp(np.log(1_200_000) + 0.9 * liquidity)
    rent = np.where(rng.random(count) < 0.45, 10_000 * rng.integers(20, 80, count), 0)
    insured = np.where(rng.random(count) < 0.5, 1_000 * rng.integers(30, 120, count), 0)
    wages = np.exp(np.log(700_000) + 0.4 * rng.standard_normal(count))
    margin = rng.uniform(0.40, 0.60, (count, months))
    noise = np.exp(0.35 * rng.standard_normal((count, months)))
    opens = np.maximum(people.sells_from[holders], FIRST_DAY + 2 * _PERIOD)
    stock, unspent = np.zeros(count), np.zeros(count)
    balance = cushion.copy()
    for month in range(months):
        begun = month_start[month] >= opens
        bought = np.where(begun, stock, 0)
        new_stock = margin[:, month] * receipts[:, month]
        unspent = 0.5 * unspent + 0.8 * lent[:, month]
        stock = new_stock + 0.5 * unspent
        other = np.where(begun, wages * noise[:, month], 0)
        half_year = receipts[:, max(0, month - 6) : month].sum(axis=1)
        tax = np.where(begun & (month % 6 == 0), 0.04 * half_year, 0)
        left = receipts[:, month] + lent[:, month] + other - bought - tax - repaid[:, month]
        left -= np.where(begun, rent + insured, 0)
        wish = balance + left - cushion - new_stock - unspent
        household = np.where(begun, np.maximum(0.35 * other, 0.7 * wish), 0)
        helped = np.where(begun, np.maximum(0, household - left - balance - _OVERDRAFT), 0)
        other += helped
        balance += np.where(begun, left + helped - household, 0)
        start = int(month_start[month])
        for amount, direction, purpose, earliest in (
            (other, "in", "other_income", 0),
            (bought, "out", "supplier", 15),
            (household, "out", "household", 15),
            (np.where(begun, rent, 0), "out", "rent", 20),
            (np.where(begun, insured, 0), "out", "insurance", 20),
            (tax, "out", "tax", 20),
        ):
            whole = (10 * np.rint(amount / 10)).astype(np.int64)
            day = start + earliest + rng.integers(0, 10, count)
            book.write(holders, day, whole, direction=direction, purpose=purpose)


def _with_balance(rng: np.random.Generator, people: People, rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows[rows["booked_on"] >= people.sells_from[rows["who"].to_numpy()]]
    rows = _with_running_balance(people, rows)
    month = (rows["booked_on"] - FIRST_DAY) // _PERIOD
    below = rows[rows["balance"] < 0].groupby([rows["who"], month])["booked_on"].max()
    fined = below.index.get_level_values(0).to_numpy(dtype=np.int64)
    day = below.to_numpy(dtype=np.int64) + rng.integers(3, 15, below.size)
    book = _Book([rows.drop(columns="balance")])
    penalty = np.full(fined.size, _PENALTY, dtype=np.int64)
    book.write(fined, day, penalty, direction="out", purpose="penalty")
    return _with_running_balance(people, pd.concat(book.parts, ignore_index=True))


def _with_running_balance(people: People, rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.sort_values(["who", "booked_on"], kind="stable", ignore_index=True)
    signed = rows["amount"].where(rows["direction"] == "in", -rows["amount"])
    opening = 10_000 * np.rint(np.exp(np.log(120) + 0.9 * people.liquidity))
    start = opening[rows["who"].to_numpy()].astype(np.int64)
    return rows.assign(balance=signed.groupby(rows["who"]).cumsum() + start)
