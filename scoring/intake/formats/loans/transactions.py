"""Reader of a loan ledger with a row per transaction, as Apache Fineract exports it."""

from __future__ import annotations

import pandas as pd

from scoring.intake.extract import Extract, Given, Reading
from scoring.intake.formats.cell_values import amounts, each
from scoring.intake.formats.day_columns import read_days
from scoring.intake.formats.loans.currency import loan_currencies
from scoring.intake.formats.loans.made_schedules import made_schedules
from scoring.intake.formats.loans.rates import annual_rates
from scoring.intake.formats.loans.transaction_events import EVENTS, loan_events
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

_UNREAD = ("unread",)
_NOBODY = "lender"
_UNKNOWN = "unknown_kind"
_REVERSED = "reversed"


def read(table: Table, given: Given) -> Reading:
    """Disbursements as loans, payments as repayments; what moves no cash is left out.

    A reversed transaction never happened. Accruals and waivers are entries of the books (Fineract's
    types 10, 4 and 9): what a borrower paid is told by the payments. Write-offs and recoveries (6
    and 8) are events of their loans.

    Raises:
        FileError: a loan's number lost its last digits to a spreadsheet, or the days or rates can
            be read in more than one way.
    """
    rows, left_out = record_rows(table)
    is_entry = (rows[["booked_on", "amount"]] != "").any(axis=1)
    left_out["heading"] += int((~is_entry).sum())
    notes: list[str] = []
    rows = rows[is_entry].assign(loan=references(table, rows.loc[is_entry, "loan"], "loan"))
    if "lender" in rows:
        rows["lender"] = names(table, rows["lender"], "lender")
    rows["currency"] = loan_currencies(table, rows, ("amount",))
    if "annual_rate" in rows:
        rows["annual_rate"] = annual_rates(table, rows["annual_rate"], notes)
    rows = rows.assign(
        booked_on=each(read_days(table, rows["booked_on"], "booked_on", given, notes), _of_list),
        amount=each(amounts(rows["amount"]), lambda cell: cell.removeprefix("-")),
    )
    undone = each(_column(rows, "reversed"), lambda w: table.format.meaning("reversed", w) or "")
    undone = undone.where(_column(rows, "reversed_on") == "", "yes")
    kind = each(rows["kind"], lambda word: table.format.meaning("kind", word) or _UNKNOWN)
    kind = kind.where(undone != "yes", _REVERSED)
    for reason, count in kind.value_counts().items():
        if reason not in {"disbursement", "repayment", *EVENTS}:
            left_out[str(reason)] += int(count)
    if (kind == _UNKNOWN).any():
        notes.append(
            f"{int((kind == _UNKNOWN).sum())} transactions are of a kind that nobody has declared "
            "and are left out; add their words to formats.toml."
        )
    loans = _loans(table, rows[kind == "disbursement"], given, notes)
    extracts = [
        loans,
        *_schedules(table, loans, given, notes),
        _repayments(table, rows[kind == "repayment"]),
        loan_events(table, rows, kind),
    ]
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
    """Loans as paid out; one paid out in tranches is of the first day and of their sum."""
    total = pd.to_numeric(rows["amount"], errors="coerce").groupby(rows["loan"]).transform("sum")
    first = rows.sort_values("booked_on", kind="stable").drop_duplicates("loan").sort_index()
    several = rows["loan"].duplicated(keep=False)
    cells = people(table, first)
    cells["loan"] = first["loan"]
    said = _column(first, "lender")
    if given.lender is None and (said == "").any():
        notes.append(
            f'No lender is named: the loans were taken as of one called "{_NOBODY}". Say '
            "--lender, or loans of several lenders can't be told apart."
        )
    cells["lender"] = said.where(said != "", given.lender or _NOBODY).astype("str")
    cells["currency"] = first["currency"]
    summed = total.map(lambda value: f"{value:.4f}".rstrip("0").rstrip(".")).astype("str")
    cells["principal"] = first["amount"].where(~several[first.index], summed[first.index])
    cells["disbursed_on"] = first["booked_on"]
    if "annual_rate" in first:
        cells["annual_rate"] = first["annual_rate"]
    if "months" in first:
        cells["months"] = first["months"].str.extract(r"(\d+)")[0].fillna("").astype("str")
    if len(first) and not {"annual_rate", "months"} <= set(first.columns):
        notes.append("The file does not tell the loans' rate or term; they stay unknown.")
    headers = {**table.used, "principal": table.used["amount"]}
    return Extract(
        RecordKind.LOANS, cells, headers={**headers, "disbursed_on": table.used["booked_on"]}
    )


def _schedules(table: Table, loans: Extract, given: Given, notes: list[str]) -> list[Extract]:
    if not len(loans.cells):
        return []
    if given.product is not None:
        return [made_schedules(table, loans, given.product, notes)]
    notes.append(
        "A ledger by transaction tells no instalments: without them these loans have no days past "
        "due and give no label. Say --product (annuity, equal_principal or bullet) where the file "
        "has each loan's rate and term, or send the schedule."
    )
    return []


def _repayments(table: Table, rows: pd.DataFrame) -> Extract:
    number = _column(rows, "transaction")
    if "transaction" in rows:
        number = references(table, number, "transaction")
    place = rows.groupby(["loan", "booked_on", "amount"]).cumcount() + 1
    named = "T-" + rows["booked_on"] + "-" + rows["amount"] + "-" + place.astype(str)
    cells = pd.DataFrame(
        {
            "loan": rows["loan"],
            "repayment": number.where(number != "", named).astype("str"),
            "paid_on": rows["booked_on"],
            "amount": rows["amount"],
        }
    )
    return Extract(
        RecordKind.REPAYMENTS, cells, headers={**table.used, "paid_on": table.used["booked_on"]}
    )


def _of_list(cell: str) -> str:
    """Fineract's API writes a day as [2026, 3, 1]."""
    parts = cell.strip("[]").split(",")
    if cell.startswith("[") and len(parts) == 3 and all(part.strip().isdigit() for part in parts):
        year, month, day = (int(part) for part in parts)
        return f"{year:04d}-{month:02d}-{day:02d}"
    return cell


def _column(rows: pd.DataFrame, name: str) -> pd.Series[str]:
    return rows[name] if name in rows else pd.Series("", index=rows.index, dtype="str")
