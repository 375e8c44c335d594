"""Reader of a loan ledger with a row per instalment: loans, their schedules, what was paid."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from scoring.intake.extract import PERSON, Extract, Given, Reading
from scoring.intake.formats.cell_values import amounts, each
from scoring.intake.formats.day_columns import read_days
from scoring.intake.formats.loans.currency import loan_currencies
from scoring.intake.formats.loans.rates import annual_rates
from scoring.intake.formats.table_rows import (
    ignored,
    names,
    people,
    record_rows,
    references,
    used,
)
from scoring.intake.formats.tables import Table
from scoring.records.kinds import RecordKind

_OF_THE_LOAN = (
    *PERSON,
    "lender",
    "disbursed_on",
    "principal",
    "annual_rate",
    "months",
    "grace_months",
    "schedule_kind",
    "currency",
)
_DAYS = ("disbursed_on", "due_on", "paid_on")
_AMOUNTS = ("principal", "due_principal", "due_interest", "due_total", "paid")
_COUNTS = ("months", "grace_months", "number")
_TELLING = (*_DAYS, *_AMOUNTS)
_UNREAD = ("unread",)
_NOBODY = "lender"


def read(table: Table, given: Given) -> Reading:
    """A ledger as loans, schedules and repayments.

    Raises:
        FileError: a loan's number lost its last digits to a spreadsheet, or a column of days or of
            rates can be read in more than one way.
    """
    rows, left_out = record_rows(table)
    rows = _filled_down(rows)
    of_loans = _tell_of_loans(rows)
    left_out["heading"] += int((~of_loans).sum())
    rows = rows[of_loans].copy()
    notes: list[str] = []
    rows["loan"] = references(table, rows["loan"], "loan")
    rows["currency"] = loan_currencies(table, rows, _AMOUNTS)
    if "lender" in rows:
        rows["lender"] = names(table, rows["lender"], "lender")
    for name in rows.columns:
        if name in _DAYS:
            rows[name] = read_days(table, rows[name], name, given, notes)
        elif name in _AMOUNTS:
            rows[name] = amounts(rows[name])
        elif name in _COUNTS:
            rows[name] = each(rows[name], _count)
    rows = _numbered(rows)
    ended = each(_column(rows, "status"), lambda w: table.format.meaning("status", w) or "")
    for state in ("written_off", "restructured"):
        count = int(rows["loan"][ended == state].nunique())
        if count:
            words = state.replace("_", " ")
            notes.append(f"{count} loans are marked as {words}; that is told by their payments.")
    if "annual_rate" in rows:
        rows["annual_rate"] = annual_rates(table, rows["annual_rate"], notes)
    extracts = []
    if "disbursed_on" in rows or "principal" in rows:
        extracts.append(_loans(table, rows, given, notes))
    extracts.append(_schedule(table, rows, notes))
    if "paid_on" in rows and "paid" in rows:
        extracts.append(_repayments(table, rows))
    told = [extract for extract in extracts if len(extract.cells)]
    return Reading(
        format=table.format.name.value,
        kind="loans",
        sheet=table.sheet.name,
        header_row=table.header_row,
        used=used(table, _UNREAD),
        ignored=ignored(table, _UNREAD),
        extracts=lambda: iter(told),
        notes=tuple(notes),
        left_out=dict(+left_out),
    )


def _loans(table: Table, rows: pd.DataFrame, given: Given, notes: list[str]) -> Extract:
    """One row per loan, with the first that any of its rows says of it."""
    of_loan = [name for name in _OF_THE_LOAN if name in rows]
    texts = rows[["loan", *of_loan]].astype(object).where(rows[["loan", *of_loan]] != "", None)
    grouped = texts.groupby("loan", sort=False)
    loans = grouped[of_loan].first().fillna("").astype("str").reset_index()
    first = texts.reset_index(names="row").groupby("loan", sort=False)["row"].min()
    loans.index = pd.Index(first.to_numpy(), dtype="int64")
    cells = people(table, loans)
    cells["loan"] = loans["loan"]
    said = _column(loans, "lender")
    if given.lender is None and (said == "").any():
        notes.append(
            f'No lender is named: the loans were taken as of one called "{_NOBODY}". Say '
            "--lender, or loans of several lenders can't be told apart."
        )
    cells["lender"] = said.where(said != "", given.lender or _NOBODY)
    cells["currency"] = loans["currency"]
    due = rows.groupby("loan", sort=False)
    principal = _column(loans, "principal")
    if "due_principal" in rows:
        added = due["due_principal"].apply(_sum).reindex(loans["loan"]).to_numpy()
        if (principal == "").any():
            notes.append("Principal is not told for some loans and is the sum of what is due.")
        principal = principal.where(principal != "", pd.Series(added, index=loans.index))
    cells["principal"] = principal.astype("str")
    cells["disbursed_on"] = _column(loans, "disbursed_on")
    if "annual_rate" in loans:
        cells["annual_rate"] = loans["annual_rate"]
    months = _column(loans, "months")
    counted = due["number"].nunique().reindex(loans["loan"]).astype(str).to_numpy()
    cells["months"] = months.where(months != "", pd.Series(counted, index=loans.index)).astype(
        "str"
    )
    if "grace_months" in loans:
        cells["grace_months"] = loans["grace_months"]
    if "schedule_kind" in loans:
        meaning = each(
            loans["schedule_kind"], lambda w: table.format.meaning("schedule_kind", w) or ""
        )
        cells["schedule_kind"] = meaning
    return Extract(RecordKind.LOANS, cells, headers=table.used)


def _schedule(table: Table, rows: pd.DataFrame, notes: list[str]) -> Extract:
    due = rows[rows["due_on"] != ""]
    interest = _or(_column(due, "due_interest"), "0")
    principal = _column(due, "due_principal")
    if "due_total" in due:
        from_total = [
            _difference(total, part) for total, part in zip(due["due_total"], interest, strict=True)
        ]
        if (principal == "").any():
            notes.append("What is due is told as one amount; all but its interest is principal.")
        principal = principal.where(principal != "", pd.Series(from_total, index=due.index))
    cells = pd.DataFrame(
        {
            "loan": due["loan"],
            "number": due["number"],
            "due_on": due["due_on"],
            "principal": principal.astype("str"),
            "interest": interest,
        }
    )
    headers = {
        **table.used,
        "principal": table.used.get("due_principal") or table.used.get("due_total", "principal"),
        "interest": table.used.get("due_interest", "interest"),
    }
    return Extract(RecordKind.SCHEDULE, cells, headers=headers)


def _repayments(table: Table, rows: pd.DataFrame) -> Extract:
    """Payments, named by the instalment that they stand beside, so that a later ledger agrees."""
    paid = rows[(rows["paid"] != "") & (rows["paid"].str.contains("[1-9]"))]
    paid = paid[~paid.duplicated(["loan", "number", "paid_on", "paid"])]
    place = paid.groupby(["loan", "number"]).cumcount()
    name = "R-" + paid["number"]
    cells = pd.DataFrame(
        {
            "loan": paid["loan"],
            "repayment": name.where(place == 0, name + "-" + (place + 1).astype(str)),
            "paid_on": paid["paid_on"],
            "amount": paid["paid"],
        }
    )
    headers = {
        **table.used,
        "amount": table.used["paid"],
        "repayment": table.used.get("number", ""),
    }
    return Extract(RecordKind.REPAYMENTS, cells, headers=headers)


def _filled_down(rows: pd.DataFrame) -> pd.DataFrame:
    """A loan's cells are often merged over its instalments: rows below have them empty."""
    rows = rows.copy()
    rows["loan"] = rows["loan"].where(rows["loan"] != "").ffill().fillna("").astype("str")
    return rows


def _tell_of_loans(rows: pd.DataFrame) -> pd.Series[bool]:
    """Whether rows are a loan's; a remark under the table names none that has days or amounts."""
    told = (rows[[name for name in _TELLING if name in rows]] != "").any(axis=1)
    return told.groupby(rows["loan"]).transform("any").astype(bool)


def _numbered(rows: pd.DataFrame) -> pd.DataFrame:
    """Instalments without numbers are numbered by their due days."""
    number = _column(rows, "number")
    if (number != "").all():
        return rows.assign(number=number)
    by_day = rows.groupby("loan")["due_on"].rank(method="dense").astype(int).astype(str)
    return rows.assign(number=number.where(number != "", by_day).astype("str"))


def _count(cell: str) -> str:
    found = re.search(r"\d+", cell)
    return found[0] if found else ""


def _column(rows: pd.DataFrame, name: str) -> pd.Series[str]:
    return rows[name] if name in rows else pd.Series("", index=rows.index, dtype="str")


def _or(cells: pd.Series[str], otherwise: str) -> pd.Series[str]:
    return cells.where(cells != "", otherwise).astype("str")


def _sum(cells: Iterable[str]) -> str:
    values = pd.to_numeric(pd.Series(list(cells)), errors="coerce")
    return "" if values.isna().all() else f"{values.sum():.4f}".rstrip("0").rstrip(".")


def _difference(total: str, part: str) -> str:
    try:
        return f"{float(total) - float(part):.4f}".rstrip("0").rstrip(".")
    except ValueError:
        return total
