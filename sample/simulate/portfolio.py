"""The whole invented portfolio as frames in the plain record forms, dated up to one last day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from sample.simulate.accounts import bank
from sample.simulate.attendance import attend
from sample.simulate.behaviour import Records
from sample.simulate.lending import Loan, draw_terms, lend, shrink_sales
from sample.simulate.orders import price
from sample.simulate.people import Group, People, draw_people
from sample.simulate.sales import CHANNELS, draw_pauses, sell

CURRENCY: Final = "KRW"
LENDER: Final = "L-DEMO"
STEPS: Final = 6
_FEWEST_FOUNDERS: Final = 20
_ASKING_NOW_SHARE: Final = 0.5

Progress = Callable[[str, int, int], None]
"""Called with what is being done, the steps done and the steps in all."""


@dataclass(frozen=True)
class Portfolio:
    """Frames in the plain record forms; days are `datetime64[s]`, amounts whole KRW.

    `sales` has a frame per channel. `truth` has a row per loan with its true PD and is for judging
    a model, never for fitting one.
    """

    until: date
    founders: pd.DataFrame
    attendance: pd.DataFrame
    sales: Mapping[str, pd.DataFrame]
    applications: pd.DataFrame
    loans: pd.DataFrame
    schedule: pd.DataFrame
    repayments: pd.DataFrame
    cash_flow: pd.DataFrame
    truth: pd.DataFrame


def simulate_portfolio(
    *, seed: int = 7, until: date, founders: int = 600, progress: Progress | None = None
) -> Portfolio:
    """Simulate `founders` founders (20 at least) over the three years up to `until`.

    The same seed and `until` give the same frames. Another `until` moves every day by the
    difference and changes nothing else. How loans go bad is told in `process.py`.
    """
    if founders < _FEWEST_FOUNDERS:
        raise ValueError(f"founders is {founders}; a sample needs {_FEWEST_FOUNDERS} at least.")
    tell = progress or _say_nothing
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(9)]

    tell("founders", 0, STEPS)
    people = draw_people(streams[0], founders)
    pauses = draw_pauses(streams[1], people)
    tell("attendance", 1, STEPS)
    attendance = attend(streams[2], people)
    tell("sales", 2, STEPS)
    lines = price(streams[3], people, sell(streams[3], people, pauses))
    tell("loans", 3, STEPS)
    records = Records(lines=lines, attendance=attendance, pauses=pauses)
    loans = lend(streams[4], streams[8], people, records)
    asking = _asking_now(streams[5], people, records)
    lines = shrink_sales(streams[6], lines, loans)
    tell("bank accounts", 4, STEPS)
    accounts = bank(streams[7], people, lines, loans)
    tell("frames", 5, STEPS)
    portfolio = _dated(until, people, attendance, lines, loans, asking, accounts)
    tell("frames", STEPS, STEPS)
    return portfolio


def _say_nothing(step: str, done: int, total: int) -> None:
    del step, done, total


def _asking_now(rng: np.random.Generator, people: People, records: Records) -> pd.DataFrame:
    """Applications of the last days that nobody has answered yet."""
    sellers = np.flatnonzero(people.group == Group.SELLER)
    who = sellers[rng.random(sellers.size) < _ASKING_NOW_SHARE]
    terms = draw_terms(rng, records, who=who, disbursed_on=np.zeros(who.size, dtype=np.int64))
    return pd.DataFrame(
        {
            "who": who,
            "applied_on": terms.applied_on,
            "principal": terms.principal,
            "months": terms.months,
            "instalment": terms.instalment,
        }
    )


def _dated(
    until: date,
    people: People,
    attendance: pd.DataFrame,
    lines: pd.DataFrame,
    loans: list[Loan],
    asking: pd.DataFrame,
    accounts: pd.DataFrame,
) -> Portfolio:
    granted = _loan_frame(people, loans)
    return Portfolio(
        until=until,
        founders=pd.DataFrame({"founder": people.reference}),
        attendance=_with_dates(attendance.drop(columns="who"), until, "held_on"),
        sales=_sales_by_channel(people, lines, until),
        applications=_with_dates(_application_frame(people, granted, asking), until, "applied_on"),
        loans=_with_dates(granted[_LOAN_COLUMNS], until, "disbursed_on"),
        schedule=_with_dates(_schedule_frame(granted, loans), until, "due_on"),
        repayments=_with_dates(_repayment_frame(granted, loans), until, "paid_on"),
        cash_flow=_with_dates(_account_frame(people, accounts), until, "booked_on"),
        truth=granted[["loan", "founder", "true_pd", "hidden", "fate"]],
    )


_LOAN_COLUMNS: Final = [
    "founder",
    "loan",
    "lender",
    "principal",
    "currency",
    "annual_rate",
    "months",
    "disbursed_on",
    "grace_months",
    "schedule_kind",
    "origin",
]


def _with_dates(frame: pd.DataFrame, until: date, *columns: str) -> pd.DataFrame:
    """Turn whole days into dates."""
    end = pd.Timestamp(until).as_unit("s")
    return frame.assign(
        **{name: end + pd.to_timedelta(frame[name], unit="D").dt.as_unit("s") for name in columns}
    )


def _sales_by_channel(
    people: People, lines: pd.DataFrame, until: date
) -> Mapping[str, pd.DataFrame]:
    end = pd.Timestamp(until).as_unit("s")
    number = lines.groupby("who").cumcount() + 1
    refunded = lines["refund"] > 0

    def dated(name: str) -> "pd.Series[pd.Timestamp]":
        day = lines[name].where(lines[name] <= 0)
        return end + pd.to_timedelta(day, unit="D").dt.as_unit("s")

    frame = pd.DataFrame(
        {
            "founder": people.reference[lines["who"].to_numpy()],
            "channel": np.array(CHANNELS)[lines["channel"].to_numpy()],
            "order_line": "o" + number.astype(str).str.zfill(6),
            "ordered_on": dated("day"),
            "quantity": lines["quantity"],
            "gross": lines["gross"],
            "currency": CURRENCY,
            "discount": lines["discount"],
            "shipping": lines["shipping"],
            "fee": lines["fee"],
            "paid_on": dated("paid_on"),
            "settled_on": dated("settled_on"),
            "status": lines["status"],
            "refund": lines["refund"].astype("Int64").where(refunded),
            "refunded_on": dated("refunded_on"),
            "refund_cause": lines["refund_cause"].where(refunded),
            "buyer": ("b" + lines["buyer"].astype(str)).where(lines["buyer"] >= 0),
        }
    )
    parts = {name: frame[frame["channel"] == name].reset_index(drop=True) for name in CHANNELS}
    return MappingProxyType(parts)


def _loan_frame(people: People, loans: list[Loan]) -> pd.DataFrame:
    order = sorted(range(len(loans)), key=lambda i: (loans[i].disbursed_on, loans[i].who))
    number = np.empty(len(loans), dtype=np.int64)
    number[order] = np.arange(1, len(loans) + 1)
    rows = [
        {
            "who": loan.who,
            "founder": people.reference[loan.who],
            "loan": f"N-{n:05d}",
            "lender": LENDER,
            "principal": loan.principal,
            "currency": CURRENCY,
            "annual_rate": loan.annual_rate,
            "months": loan.months,
            "disbursed_on": loan.disbursed_on,
            "grace_months": loan.grace_months,
            "schedule_kind": "annuity",
            "origin": "lender",
            "applied_on": loan.applied_on,
            "instalment": loan.instalment,
            "true_pd": round(loan.true_pd, 6),
            "hidden": round(float(people.hidden[loan.who]), 6),
            "fate": loan.fate.value,
        }
        for n, loan in zip(number.tolist(), loans, strict=True)
    ]
    return pd.DataFrame(rows)


def _application_frame(people: People, granted: pd.DataFrame, asking: pd.DataFrame) -> pd.DataFrame:
    asking = asking.assign(founder=people.reference[asking["who"].to_numpy()])
    columns = ["founder", "applied_on", "principal", "months", "instalment"]
    rows = pd.concat([granted[columns], asking[columns]], ignore_index=True)
    rows = rows.sort_values(["applied_on", "founder"], kind="stable", ignore_index=True)
    number = pd.Series(np.arange(1, len(rows) + 1)).astype(str).str.zfill(5)
    rows.insert(1, "application", "A-" + number)
    rows.insert(2, "lender", LENDER)
    return rows.assign(currency=CURRENCY)


def _schedule_frame(granted: pd.DataFrame, loans: list[Loan]) -> pd.DataFrame:
    counts = [loan.months for loan in loans]
    return pd.DataFrame(
        {
            "loan": np.repeat(granted["loan"].to_numpy(), counts),
            "number": np.concatenate([np.arange(1, count + 1) for count in counts]),
            "due_on": np.concatenate([loan.schedule.due_on for loan in loans]),
            "principal": np.concatenate([loan.schedule.principal for loan in loans]),
            "interest": np.concatenate([loan.schedule.interest for loan in loans]),
        }
    )


def _repayment_frame(granted: pd.DataFrame, loans: list[Loan]) -> pd.DataFrame:
    counts = [loan.payments.paid_on.size for loan in loans]
    rows = pd.DataFrame(
        {
            "loan": np.repeat(granted["loan"].to_numpy(), counts),
            "paid_on": np.concatenate([loan.payments.paid_on for loan in loans]),
            "amount": np.concatenate([loan.payments.amount for loan in loans]),
        }
    )
    rows = rows[rows["paid_on"] <= 0].reset_index(drop=True)
    number = (rows.groupby("loan").cumcount() + 1).astype(str).str.zfill(2)
    rows.insert(1, "repayment", "R-" + rows["loan"].str.slice(2) + "-" + number)
    return rows


def _account_frame(people: People, accounts: pd.DataFrame) -> pd.DataFrame:
    number = (accounts.groupby("who").cumcount() + 1).astype(str).str.zfill(5)
    return pd.DataFrame(
        {
            "founder": people.reference[accounts["who"].to_numpy()],
            "account": "main",
            "line": "c" + number,
            "booked_on": accounts["booked_on"],
            "direction": accounts["direction"],
            "amount": accounts["amount"],
            "currency": CURRENCY,
            "balance": accounts["balance"],
            "purpose": accounts["purpose"],
        }
    )
