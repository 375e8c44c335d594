"""Loans of the sample portfolio as their ledgers tell of them: what fell due, and what was paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

import pandas as pd

from sample.exports.people import KnownAs, day, frame, loans_of, people_of
from sample.simulate import Portfolio

LENDER: Final = "L-DEMO"

_REPAID_AFTER: Final = 7  # instalments
_WRITTEN_OFF_AFTER: Final = timedelta(days=240)


@dataclass(frozen=True)
class Due:
    """An instalment."""

    number: int
    on: date
    principal: int
    interest: int

    @property
    def total(self) -> int:
        """What falls due."""
        return self.principal + self.interest


@dataclass(frozen=True)
class Paid:
    """A payment, and the instalment that it stands beside: the oldest that was open."""

    on: date
    amount: int
    number: int


@dataclass(frozen=True)
class Borrowed:
    """A loan with all that became of it.

    Attributes:
        told: the loan in columns of the plain form.
        owner: who borrowed.
        dues: its instalments.
        payments: in the order of their days.
        is_early: whether it was repaid before its time.
        written_off_on: the day on which the lender gave it up, if it did.
    """

    told: dict[str, Any]
    owner: KnownAs
    dues: Sequence[Due]
    payments: Sequence[Paid]
    is_early: bool = False
    written_off_on: date | None = field(default=None)

    @property
    def reference(self) -> str:
        """The lender's number of it."""
        return str(self.told["loan"])

    @property
    def principal(self) -> int:
        """What was paid out."""
        return int(self.told["principal"])

    def left_after(self, number: int) -> int:
        """Principal that the schedule leaves after an instalment."""
        return self.principal - sum(due.principal for due in self.dues if due.number <= number)

    def status(self, number: int, on: date) -> str:
        """What a ledger writes beside an instalment on a day."""
        due = self.dues[number - 1]
        paid = sum(one.amount for one in self.payments if one.number == number)
        if self.is_early and number >= _REPAID_AFTER:
            return "중도상환 완료"
        if self.written_off_on is not None and due.on > self.written_off_on - _WRITTEN_OFF_AFTER:
            return "상각"
        if paid >= due.total:
            return "완납"
        return "연체" if due.on < on else "예정"


def borrowed_of(portfolio: Portfolio) -> list[Borrowed]:
    """Some loans of the portfolio; the first well paid one is repaid early."""
    people = people_of(portfolio)
    found = []
    for row in loans_of(portfolio).to_dict("records"):
        loan = row["loan"]
        dues = [
            Due(int(n["number"]), day(n["due_on"]), int(n["principal"]), int(n["interest"]))
            for n in _of(portfolio.schedule, loan)
        ]
        payments = [(day(n["paid_on"]), int(n["amount"])) for n in _of(portfolio.repayments, loan)]
        told = {
            "founder": row["founder"],
            "loan": loan,
            "lender": LENDER,
            "principal": int(row["principal"]),
            "currency": row["currency"],
            "annual_rate": float(row["annual_rate"]),
            "months": int(row["months"]),
            "grace_months": int(row["grace_months"]),
            "schedule_kind": row["schedule_kind"],
            "disbursed_on": day(row["disbursed_on"]),
        }
        one = Borrowed(told, people[row["founder"]], dues, beside(dues, payments))
        found.append(one)
    place = next(n for n, one in enumerate(found) if _is_repaid(one))
    found[place] = _repaid_early(found[place])
    return [_written_off(one) if _is_given_up(one, portfolio.until) else one for one in found]


def beside(dues: Sequence[Due], payments: Sequence[tuple[date, int]]) -> list[Paid]:
    """Payments beside the oldest instalment that was open when they came."""
    open_until, total = [], 0
    for due in dues:
        total += due.total
        open_until.append(total)
    found, sum_paid = [], 0
    for on, amount in payments:
        number = next((n for n, until in enumerate(open_until) if sum_paid < until), len(dues) - 1)
        found.append(Paid(on, amount, number + 1))
        sum_paid += amount
    return found


def loans_told(borrowed: Sequence[Borrowed], **changed: object) -> pd.DataFrame:
    """The loans in columns of the plain form, with what a ledger leaves out as a store has it."""
    return frame([one.told | changed for one in borrowed])


def schedule_told(borrowed: Sequence[Borrowed]) -> pd.DataFrame:
    """The instalments in columns of the plain form."""
    return frame(
        [
            {
                "loan": one.reference,
                "number": due.number,
                "due_on": due.on,
                "principal": due.principal,
                "interest": due.interest,
            }
            for one in borrowed
            for due in one.dues
        ]
    )


def _of(rows: pd.DataFrame, loan: str) -> list[dict[Any, Any]]:
    return rows[rows["loan"] == loan].to_dict("records")


def _is_repaid(one: Borrowed) -> bool:
    return sum(paid.amount for paid in one.payments) >= sum(due.total for due in one.dues)


def _repaid_early(one: Borrowed) -> Borrowed:
    """What is left of the principal is paid at once, shortly before an instalment falls due."""
    before = [paid for paid in one.payments if paid.number < _REPAID_AFTER]
    on = max(one.dues[_REPAID_AFTER - 1].on - timedelta(days=6), before[-1].on)
    last = Paid(on, one.left_after(_REPAID_AFTER - 1), _REPAID_AFTER)
    return replace(one, payments=[*before, last], is_early=True)


def _is_given_up(one: Borrowed, until: date) -> bool:
    return not one.is_early and not _is_repaid(one) and one.dues[-1].on < until


def _written_off(one: Borrowed) -> Borrowed:
    latest = max([paid.on for paid in one.payments], default=one.dues[0].on)
    return replace(one, written_off_on=latest + _WRITTEN_OFF_AFTER)
