"""The Berka files (PKDD'99) as plain record files, so that real loans take the product's own way.

An account is a founder. Money that comes in by cash or from another bank is a sale whose channel
is the operation; all lines are cash flow; the loan is an application on the day before its grant,
and its status the outcome: A and C good, B and D bad. There is no attendance and no schedule.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from scoring.base.errors import FileError
from scoring.records.kinds import RecordKind

CURRENCY = "CZK"
CUT_OFF = date(1998, 12, 31)  # the challenge's data end here: what became of the loans by then
_PURPOSES = {
    "household": "household",
    "insurrance payment": "insurance",
    "payment for statement": "fee",
    "interest credited": "interest",
    "sanction interest if negative balance": "penalty",
}
_CHANNELS = {"credit in cash": "cash", "collection from another bank": "bank"}
_COLUMNS = {
    "accounts": {"account_id", "opened_on"},
    "loans": {"loan_id", "account_id", "granted_on", "amount", "months", "instalment", "status"},
    "transactions": {
        "trans_id",
        "account_id",
        "booked_on",
        "type",
        "operation",
        "amount",
        "balance",
        "purpose",
    },
}


def founder_reference(account_id: int) -> str:
    """The reference under which an account is a founder."""
    return f"F-BERKA{account_id:05d}"


def write_plain_files(source: Path, target: Path) -> dict[RecordKind, Path]:
    """Turn the Berka files into one plain Parquet file per record kind.

    Args:
        source: folder with `accounts.parquet`, `loans.parquet` and `transactions.parquet`.
        target: folder to write to; made where it is missing.

    Raises:
        FileError: a file or a column is missing.
    """
    loans = _read(source, "loans")
    transactions = _read(source, "transactions")
    frames = {
        RecordKind.SALES: _sales(transactions),
        RecordKind.CASH_FLOW: _cash_flow(transactions),
        RecordKind.APPLICATIONS: _applications(loans),
        RecordKind.OUTCOMES: _outcomes(loans),
    }
    target.mkdir(parents=True, exist_ok=True)
    paths = {}
    for kind, frame in frames.items():
        paths[kind] = target / f"{kind.value}.parquet"
        frame.to_parquet(paths[kind], index=False)
    return paths


def read_accounts(source: Path) -> list[str]:
    """Founder references of all accounts with a loan."""
    return [founder_reference(account) for account in sorted(_read(source, "loans")["account_id"])]


def _read(source: Path, name: str) -> pd.DataFrame:
    path = source / f"{name}.parquet"
    if not path.exists():
        raise FileError(path.name, f"is not in {source}", remedy="See data/berka/README.md.")
    frame = pd.read_parquet(path)
    missing = _COLUMNS[name] - set(frame.columns)
    if missing:
        raise FileError(path.name, "the column is missing", column=min(missing))
    return frame


def _sales(transactions: pd.DataFrame) -> pd.DataFrame:
    received = transactions[transactions["operation"].isin(list(_CHANNELS))]
    return pd.DataFrame(
        {
            "founder": received["account_id"].map(founder_reference),
            "channel": received["operation"].map(_CHANNELS),
            "order_line": "T" + received["trans_id"].astype(str),
            "ordered_on": _days(received["booked_on"]),
            "quantity": 1,
            "gross": received["amount"],
            "currency": CURRENCY,
        }
    )


def _cash_flow(transactions: pd.DataFrame) -> pd.DataFrame:
    incoming = transactions["type"] == "credit"
    return pd.DataFrame(
        {
            "founder": transactions["account_id"].map(founder_reference),
            "account": "A" + transactions["account_id"].astype(str),
            "line": "T" + transactions["trans_id"].astype(str),
            "booked_on": _days(transactions["booked_on"]),
            "direction": incoming.map({True: "in", False: "out"}),
            "amount": transactions["amount"],
            "currency": CURRENCY,
            "balance": transactions["balance"],
            "purpose": transactions["purpose"].map(_PURPOSES).fillna(""),
        }
    )


def _applications(loans: pd.DataFrame) -> pd.DataFrame:
    granted = pd.to_datetime(loans["granted_on"])
    return pd.DataFrame(
        {
            "founder": loans["account_id"].map(founder_reference),
            "application": "L" + loans["loan_id"].astype(str),
            "lender": "berka",
            "applied_on": _days(granted - timedelta(days=1)),
            "principal": loans["amount"],
            "months": loans["months"],
            "instalment": loans["instalment"],
            "currency": CURRENCY,
        }
    )


def _outcomes(loans: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "application": "L" + loans["loan_id"].astype(str),
            "outcome": loans["status"].map({"A": "good", "C": "good", "B": "bad", "D": "bad"}),
            "declared_on": CUT_OFF.isoformat(),
        }
    )


def _days(instants: pd.Series) -> pd.Series:
    return pd.to_datetime(instants).dt.strftime("%Y-%m-%d")
