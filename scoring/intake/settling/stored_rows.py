"""From checked cells to rows of the store: amounts in minor units, references as ids.

Rows come in their stored form (days as ISO text, nothing as None) and share the index of the
cells. `founder_id`, `natural_key`, `event_date` and `known_from` (the day from which a record could
have been known, usually the event day) are always there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from scoring.intake.batch import Batch
from scoring.intake.checking.amounts import minor_units
from scoring.intake.problems import Problem, by_index
from scoring.intake.settling.changes import completed
from scoring.intake.settling.hashes import hashed_per_founder
from scoring.records.forms import FORMS
from scoring.records.kinds import RecordKind
from scoring.store.tables import (
    Application,
    Attendance,
    CashFlowLine,
    DeclaredOutcome,
    Instalment,
    Loan,
    LoanEvent,
    OrderLine,
    Pause,
    Record,
    Repayment,
)

TABLES: dict[RecordKind, type[Record]] = {
    RecordKind.ATTENDANCE: Attendance,
    RecordKind.SALES: OrderLine,
    RecordKind.REFUNDS: OrderLine,
    RecordKind.LOANS: Loan,
    RecordKind.SCHEDULE: Instalment,
    RecordKind.REPAYMENTS: Repayment,
    RecordKind.LOAN_EVENTS: LoanEvent,
    RecordKind.CASH_FLOW: CashFlowLine,
    RecordKind.APPLICATIONS: Application,
    RecordKind.OUTCOMES: DeclaredOutcome,
    RecordKind.PAUSES: Pause,
}
_OTHER = ["other_income", "other_payment"]


def stored_rows(batch: Batch, known: pd.DataFrame, *, secret: bytes) -> pd.DataFrame:
    """The rows of a batch for its kind's table, completed from what is known.

    Args:
        batch: its rows have founders, and what they refer to.
        known: records on file by natural key.
        secret: the installation's, for hashes.

    Raises:
        FileError: an amount doesn't fit its currency, a day contradicts what is on file.
    """
    cells, kind = batch.cells, batch.kind
    columns = _COLUMNS[kind](batch, secret)
    rows = pd.DataFrame(
        {
            "founder_id": batch.founder_ids.astype("int64"),
            "natural_key": batch.natural_keys(),
            "event_date": cells[FORMS[kind].event_day],
            **columns,
        },
        index=cells.index,
    )
    if "known_from" not in rows:
        rows["known_from"] = rows["event_date"]
    rows = completed(rows, known, absent=batch.absent)
    return _with_purpose(batch, rows) if kind is RecordKind.CASH_FLOW else rows


def _attendance(batch: Batch, secret: bytes) -> dict[str, Any]:
    cells = batch.cells
    founders = cells["founder"]
    return {
        "session_id": batch.session_ids,
        "session_kind": cells["session_kind"],
        "hours": cells["hours"].astype("float64"),
        "status": cells["status"],
        "minutes_late": _counts(cells["minutes_late"]),
        "assignment": _or_none(cells["assignment"]),
        "marked_by": hashed_per_founder(secret, "account", founders, cells["marked_by"]),
        "marked_on": _or_none(cells["marked_on"]),
        # Nobody could know of a mark before it was made.
        "known_from": cells["held_on"].where(
            cells["marked_on"] <= cells["held_on"], cells["marked_on"]
        ),
    }


def _sales(batch: Batch, secret: bytes) -> dict[str, Any]:
    cells = batch.cells
    currency = cells["currency"]
    stated_on = batch.extract.stated_on
    return {
        "channel": cells["channel"],
        "order_line": cells["order_line"],
        "entry": "sale",
        "currency": currency,
        "quantity": _counts(cells["quantity"]),
        "gross": amounts_of(batch, "gross", currency),
        "discount": amounts_of(batch, "discount", currency),
        "shipping": amounts_of(batch, "shipping", currency),
        "fee": amounts_of(batch, "fee", currency),
        "refund": 0,
        "refund_cause": None,
        "paid_on": _or_none(cells["paid_on"]),
        "settled_on": _or_none(cells["settled_on"]),
        "buyer": hashed_per_founder(secret, "buyer", cells["founder"], cells["buyer"]),
        "day_inferred": False,
        "stated_on": None if stated_on is None else stated_on.isoformat(),
    }


def _loans(batch: Batch, secret: bytes) -> dict[str, Any]:
    cells = batch.cells
    return {
        "reference": cells["loan"],
        "lender": cells["lender"],
        "currency": cells["currency"],
        "principal": amounts_of(batch, "principal", cells["currency"]),
        "annual_rate": cells["annual_rate"].replace("", "0").astype("float64"),
        "months": _counts(cells["months"]),
        "grace_months": _counts(cells["grace_months"]),
        "schedule_kind": cells["schedule_kind"].replace("", "annuity"),
        "origin": cells["origin"].replace("", "lender"),
    }


def _schedule(batch: Batch, secret: bytes) -> dict[str, Any]:
    loans = batch.referred
    _refuse_before_disbursement(batch, "due_on")
    return {
        "loan": batch.cells["loan"],
        "number": _counts(batch.cells["number"]),
        "currency": loans["currency"],
        "principal": amounts_of(batch, "principal", loans["currency"]),
        "interest": amounts_of(batch, "interest", loans["currency"]),
        "fee": amounts_of(batch, "fee", loans["currency"]),
        "schedule": _counts(batch.cells["schedule"]),
        "known_from": loans["event_date"],  # a schedule is agreed when the loan is paid out
    }


def _repayments(batch: Batch, secret: bytes) -> dict[str, Any]:
    loans = batch.referred
    _refuse_before_disbursement(batch, "paid_on")
    return {
        "loan": batch.cells["loan"],
        "reference": batch.cells["repayment"],
        "currency": loans["currency"],
        "amount": amounts_of(batch, "amount", loans["currency"]),
    }


def _loan_events(batch: Batch, secret: bytes) -> dict[str, Any]:
    cells, currency = batch.cells, batch.referred["currency"]
    _refuse_before_disbursement(batch, "happened_on")
    past_due = amounts_of(batch, "past_due", currency).astype(object)
    return {
        "loan": cells["loan"],
        "reference": cells["event_id"],
        "event": cells["event"],
        "reason": _or_none(cells["reason"]),
        "currency": currency,
        "amount": amounts_of(batch, "amount", currency),
        "repayment": _or_none(cells["repayment"]),
        "schedule": _counts_or_none(cells["schedule"]),
        "days_past_due": _counts_or_none(cells["days_past_due"]),
        "past_due": past_due.where(cells["past_due"] != "", None),
    }


def _cash_flow(batch: Batch, secret: bytes) -> dict[str, Any]:
    cells = batch.cells
    amount = amounts_of(batch, "amount", cells["currency"])
    incoming = cells["direction"] == "in"
    balance = amounts_of(batch, "balance", cells["currency"]).astype(object)
    return {
        "account": cells["account"],
        "line": cells["line"],
        "currency": cells["currency"],
        "inflow": amount.where(incoming, 0),
        "outflow": amount.where(~incoming, 0),
        "balance": balance.where(cells["balance"] != "", None),
        "purpose": cells["purpose"],
    }


def _with_purpose(batch: Batch, rows: pd.DataFrame) -> pd.DataFrame:
    """Where no purpose is told or known, the direction of this file's line decides."""
    untold = rows["purpose"].isin(["", *_OTHER] if "purpose" in batch.absent else [""])
    other = (batch.cells["direction"] == "in").map(dict(zip([True, False], _OTHER, strict=True)))
    return rows.assign(purpose=rows["purpose"].where(~untold, other))


def _applications(batch: Batch, secret: bytes) -> dict[str, Any]:
    cells = batch.cells
    return {
        "reference": cells["application"],
        "lender": cells["lender"],
        "currency": cells["currency"],
        "principal": amounts_of(batch, "principal", cells["currency"]),
        "months": _counts(cells["months"]),
        "annual_rate": _or_none(cells["annual_rate"]).map(
            lambda rate: None if rate is None else float(rate)
        ),
        "instalment": amounts_of(batch, "instalment", cells["currency"]),
    }


def _outcomes(batch: Batch, secret: bytes) -> dict[str, Any]:
    return {"application": batch.cells["application"], "outcome": batch.cells["outcome"]}


def _pauses(batch: Batch, secret: bytes) -> dict[str, Any]:
    last = batch.cells["last_day"]
    return {"ends_on": last, "ends_day": day_numbers(last)}


_COLUMNS: dict[RecordKind, Callable[[Batch, bytes], dict[str, Any]]] = {
    RecordKind.ATTENDANCE: _attendance,
    RecordKind.SALES: _sales,
    RecordKind.LOANS: _loans,
    RecordKind.SCHEDULE: _schedule,
    RecordKind.REPAYMENTS: _repayments,
    RecordKind.LOAN_EVENTS: _loan_events,
    RecordKind.CASH_FLOW: _cash_flow,
    RecordKind.APPLICATIONS: _applications,
    RecordKind.OUTCOMES: _outcomes,
    RecordKind.PAUSES: _pauses,
}


def day_numbers(days: Iterable[str]) -> pd.Series[int]:
    """Days since 1970-01-01 of ISO days."""
    written = pd.Series(days)
    known = {day: (pd.Timestamp(day) - pd.Timestamp("1970-01-01")).days for day in written.unique()}
    return written.map(known).astype("int64")


def amounts_of(batch: Batch, column: str, currency: pd.Series[str]) -> pd.Series[int]:
    """A column of amounts in minor units.

    Raises:
        FileError: an amount has more decimals than its currency.
    """
    try:
        return minor_units(batch.cells[column], currency)
    except ValueError as error:
        index, text = error.args
        batch.refuse([Problem(int(index), column, text)])
        raise


def _refuse_before_disbursement(batch: Batch, column: str) -> None:
    granted = batch.referred["event_date"]
    early = batch.cells[column] < granted
    batch.refuse(
        [
            Problem(index, column, f"lies before the loan was paid out ({day})")
            for index, day in by_index(granted[early])
        ]
    )


def _counts(cells: pd.Series[str]) -> pd.Series[int]:
    return cells.replace("", "0").astype("float64").astype("int64")


def _counts_or_none(cells: pd.Series[str]) -> pd.Series[Any]:
    return _counts(cells).astype(object).where(cells != "", None)


def _or_none(cells: pd.Series[str]) -> pd.Series[Any]:
    filled = cells.astype(object)
    return filled.where(cells != "", None)
