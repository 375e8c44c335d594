"""From checked cells to rows of the store: amounts in minor units, references as ids.

Rows come in their stored form (days as ISO text, nothing as None) and share the index of the
cells. `founder_id`, `natural_key`, `event_date` and `known_from` (the day from which a record could
have been known, usually the event day) are always there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from scoring.intake.batch import Task
from scoring.intake.checking.cells import Problem, by_index, minor_units
from scoring.intake.matching.loans import referred_records
from scoring.intake.matching.people import hashed_per_founder
from scoring.intake.matching.sessions import session_ids
from scoring.intake.settling.changes import completed
from scoring.records.forms import FORMS
from scoring.records.kinds import RecordKind
from scoring.store.database import Ledger
from scoring.store.tables import (
    Application,
    Attendance,
    CashFlowLine,
    DeclaredOutcome,
    Instalment,
    Loan,
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
    RecordKind.CASH_FLOW: CashFlowLine,
    RecordKind.APPLICATIONS: Application,
    RecordKind.OUTCOMES: DeclaredOutcome,
    RecordKind.PAUSES: Pause,
}
REFERS_TO: dict[RecordKind, tuple[str, type[Loan] | type[Application]]] = {
    RecordKind.SCHEDULE: ("loan", Loan),
    RecordKind.REPAYMENTS: ("loan", Loan),
    RecordKind.OUTCOMES: ("application", Application),
}
SEPARATOR = "|"  # no reference may hold it
_OTHER = ["other_income", "other_payment"]


def natural_keys(cells: pd.DataFrame, kind: RecordKind) -> pd.Series[str]:
    """What names each record within its source."""
    first, *others = FORMS[kind].key
    joined = cells[first].astype("str")
    for name in others:
        joined = joined + SEPARATOR + cells[name].astype("str")
    return joined


def refer(
    ledger: Ledger, cells: pd.DataFrame, kind: RecordKind, *, source: str
) -> tuple[pd.DataFrame, list[Problem]]:
    """The loans or applications that cells of a kind refer to."""
    name, table = REFERS_TO[kind]
    return referred_records(ledger, cells[name], table=table, source=source)


def resolve_rows(task: Task, known: pd.DataFrame) -> pd.DataFrame:
    """The rows of a task for its kind's table, completed from what is known.

    Args:
        task: the cells.
        known: standing records by natural key.

    Raises:
        FileError: an amount doesn't fit its currency, a day contradicts what is on file.
    """
    cells, kind = task.cells, task.extract.kind
    columns = _COLUMNS[kind](task)
    rows = pd.DataFrame(
        {
            "founder_id": task.founder_ids.astype("int64"),
            "natural_key": natural_keys(cells, kind),
            "event_date": cells[FORMS[kind].event_day],
            **columns,
        },
        index=cells.index,
    )
    if "known_from" not in rows:
        rows["known_from"] = rows["event_date"]
    if kind is RecordKind.CASH_FLOW:
        return _with_purpose(task, completed(rows, known, absent=task.absent))
    return completed(rows, known, absent=task.absent)


def _attendance(task: Task) -> dict[str, Any]:
    cells = task.cells
    founders = cells["founder"]
    return {
        "session_id": session_ids(task),
        "session_kind": cells["session_kind"],
        "hours": cells["hours"].astype("float64"),
        "status": cells["status"],
        "minutes_late": _counts(cells["minutes_late"]),
        "assignment": _or_none(cells["assignment"]),
        "marked_by": hashed_per_founder(task.secret, "account", founders, cells["marked_by"]),
        "marked_on": _or_none(cells["marked_on"]),
        # Nobody could know of a mark before it was made.
        "known_from": cells["held_on"].where(
            cells["marked_on"] <= cells["held_on"], cells["marked_on"]
        ),
    }


def _sales(task: Task) -> dict[str, Any]:
    cells = task.cells
    currency = cells["currency"]
    stated_on = task.extract.stated_on
    return {
        "channel": cells["channel"],
        "order_line": cells["order_line"],
        "entry": "sale",
        "currency": currency,
        "quantity": _counts(cells["quantity"]),
        "gross": amounts_of(task, "gross", currency),
        "discount": amounts_of(task, "discount", currency),
        "shipping": amounts_of(task, "shipping", currency),
        "fee": amounts_of(task, "fee", currency),
        "refund": 0,
        "refund_cause": None,
        "paid_on": _or_none(cells["paid_on"]),
        "settled_on": _or_none(cells["settled_on"]),
        "buyer": hashed_per_founder(task.secret, "buyer", cells["founder"], cells["buyer"]),
        "day_inferred": False,
        "stated_on": None if stated_on is None else stated_on.isoformat(),
    }


def _loans(task: Task) -> dict[str, Any]:
    cells = task.cells
    return {
        "reference": cells["loan"],
        "lender": cells["lender"],
        "currency": cells["currency"],
        "principal": amounts_of(task, "principal", cells["currency"]),
        "annual_rate": cells["annual_rate"].replace("", "0").astype("float64"),
        "months": _counts(cells["months"]),
        "grace_months": _counts(cells["grace_months"]),
        "schedule_kind": cells["schedule_kind"].replace("", "annuity"),
        "origin": cells["origin"].replace("", "lender"),
    }


def _schedule(task: Task) -> dict[str, Any]:
    loans = _referred(task)
    _refuse_before_disbursement(task, "due_on")
    return {
        "loan": task.cells["loan"],
        "number": _counts(task.cells["number"]),
        "currency": loans["currency"],
        "principal": amounts_of(task, "principal", loans["currency"]),
        "interest": amounts_of(task, "interest", loans["currency"]),
        "known_from": loans["event_date"],  # a schedule is agreed when the loan is paid out
    }


def _repayments(task: Task) -> dict[str, Any]:
    loans = _referred(task)
    _refuse_before_disbursement(task, "paid_on")
    return {
        "loan": task.cells["loan"],
        "reference": task.cells["repayment"],
        "currency": loans["currency"],
        "amount": amounts_of(task, "amount", loans["currency"]),
    }


def _cash_flow(task: Task) -> dict[str, Any]:
    cells = task.cells
    amount = amounts_of(task, "amount", cells["currency"])
    incoming = cells["direction"] == "in"
    balance = amounts_of(task, "balance", cells["currency"]).astype(object)
    return {
        "account": cells["account"],
        "line": cells["line"],
        "currency": cells["currency"],
        "inflow": amount.where(incoming, 0),
        "outflow": amount.where(~incoming, 0),
        "balance": balance.where(cells["balance"] != "", None),
        "purpose": cells["purpose"],
    }


def _with_purpose(task: Task, rows: pd.DataFrame) -> pd.DataFrame:
    """Where no purpose is told or known, the direction of this file's line decides."""
    untold = rows["purpose"].isin(["", *_OTHER] if "purpose" in task.absent else [""])
    other = (task.cells["direction"] == "in").map(dict(zip([True, False], _OTHER, strict=True)))
    return rows.assign(purpose=rows["purpose"].where(~untold, other))


def _applications(task: Task) -> dict[str, Any]:
    cells = task.cells
    return {
        "reference": cells["application"],
        "lender": cells["lender"],
        "currency": cells["currency"],
        "principal": amounts_of(task, "principal", cells["currency"]),
        "months": _counts(cells["months"]),
        "instalment": amounts_of(task, "instalment", cells["currency"]),
    }


def _outcomes(task: Task) -> dict[str, Any]:
    return {"application": task.cells["application"], "outcome": task.cells["outcome"]}


def _pauses(task: Task) -> dict[str, Any]:
    last = task.cells["last_day"]
    return {"ends_on": last, "ends_day": day_numbers(last)}


_COLUMNS: dict[RecordKind, Callable[[Task], dict[str, Any]]] = {
    RecordKind.ATTENDANCE: _attendance,
    RecordKind.SALES: _sales,
    RecordKind.LOANS: _loans,
    RecordKind.SCHEDULE: _schedule,
    RecordKind.REPAYMENTS: _repayments,
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


def amounts_of(task: Task, column: str, currency: pd.Series[str]) -> pd.Series[int]:
    """A column of amounts in minor units.

    Raises:
        FileError: an amount has more decimals than its currency.
    """
    try:
        return minor_units(task.cells[column], currency)
    except ValueError as error:
        index, text = error.args
        task.refuse([Problem(int(index), column, text)])
        raise


def _referred(task: Task) -> pd.DataFrame:
    assert task.referred is not None, "kinds that refer to a loan are resolved with it"
    return task.referred


def _refuse_before_disbursement(task: Task, column: str) -> None:
    granted = _referred(task)["event_date"]
    early = task.cells[column] < granted
    task.refuse(
        [
            Problem(index, column, f"lies before the loan was paid out ({day})")
            for index, day in by_index(granted[early])
        ]
    )


def _counts(cells: pd.Series[str]) -> pd.Series[int]:
    return cells.replace("", "0").astype("float64").astype("int64")


def _or_none(cells: pd.Series[str]) -> pd.Series[Any]:
    filled = cells.astype(object)
    return filled.where(cells != "", None)
