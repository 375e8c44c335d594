"""Reader of bank statements: day, amount, balance and a purpose from a closed list.

Who paid or was paid, and what was written beside it, is looked at once, here, to find the purpose;
it goes nowhere else. Benefits, remittances and pensions tell who somebody is: they are told from
no other income or payment.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping

import pandas as pd

from scoring.intake.extract import Extract, Given, Reading
from scoring.intake.formats.cell_values import amounts, each
from scoring.intake.formats.currencies import row_currencies
from scoring.intake.formats.day_columns import read_days
from scoring.intake.formats.declarations import normalised
from scoring.intake.formats.table_rows import ignored, record_rows, titles_above, used
from scoring.intake.formats.tables import Table
from scoring.records.kinds import RecordKind

_UNREAD = ("unread",)
_AMOUNTS = ("withdrawn", "deposited", "amount", "balance")
_ACCOUNT = re.compile(r"\d{2,6}-\d{2,6}-\d{2,8}(-\d{1,6})?|\b\d{10,16}\b")
_TELEPHONE = re.compile(r"연락처|전화|휴대|핸드폰|phone|mobile|\b01[016-9]-?\d", re.IGNORECASE)
_INCOMING = {"sales_receipt", "interest", "other_income"}
_OUTGOING = {
    "supplier",
    "household",
    "loan_payment",
    "insurance",
    "rent",
    "tax",
    "fee",
    "penalty",
    "other_payment",
}


def read(table: Table, given: Given) -> Reading:
    """Account lines; the file is of one founder's account.

    Raises:
        FileError: the days can be read in more than one order, or an amount's currency is open.
    """
    rows, left_out = record_rows(table)
    notes: list[str] = []
    day = read_days(table, rows["booked_on"], "booked_on", given, notes)
    incoming, amount = _moved(table, rows)
    nothing = amount.isin(["", "0"])
    left_out["no_movement"] += int(nothing.sum())
    moved = ~nothing
    rows, day, incoming, amount = rows[moved], day[moved], incoming[moved], amount[moved]
    balance = amounts(_column(rows, "balance"))
    cells = pd.DataFrame(
        {
            "founder": pd.Series(given.founder or "", index=rows.index, dtype="str"),
            "account": pd.Series(_account(table, rows, given), index=rows.index, dtype="str"),
            "line": _line(day, amount, incoming, balance),
            "booked_on": day,
            "direction": incoming.map({True: "in", False: "out"}).astype("str"),
            "amount": amount,
            "currency": row_currencies(table, rows, _AMOUNTS),
            "purpose": _purposes(table, rows, incoming),
        },
        index=rows.index,
    )
    if "balance" in rows:
        cells["balance"] = balance
        broken = _breaks(amount, incoming, balance)
        if broken:
            notes.append(
                f"{broken} balances do not follow from the line before; lines may be lost."
            )
    headers = {**table.used, "amount": table.used.get("amount") or table.used.get("withdrawn", "")}
    extract = Extract(RecordKind.CASH_FLOW, cells, headers=headers)
    return Reading(
        format=table.format.name.value,
        kind="cash_flow",
        sheet=table.sheet.name,
        header_row=table.header_row,
        used=used(table, (*_UNREAD, "account")),
        ignored=ignored(table, _UNREAD),
        extracts=lambda: iter([extract] if len(cells) else []),
        notes=tuple(notes),
        left_out=dict(+left_out),
    )


def _moved(table: Table, rows: pd.DataFrame) -> tuple[pd.Series[bool], pd.Series[str]]:
    """Whether money came in, and how much moved."""
    out, into = (amounts(_column(rows, name)) for name in ("withdrawn", "deposited"))
    one = amounts(_column(rows, "amount"))
    has_out, has_in = ~out.isin(["", "0"]), ~into.isin(["", "0"])
    said = each(_column(rows, "direction"), lambda w: table.format.meaning("direction", w) or "")
    incoming = has_in | (~has_out & ((said == "in") | ((said == "") & ~one.str.startswith("-"))))
    moved = into.where(has_in, out.where(has_out, one))
    # a correction stands as a negative amount in its own column: it moves the other way
    turned = (has_in | has_out) & moved.str.startswith("-")
    return incoming ^ turned, each(moved, lambda cell: cell.removeprefix("-"))


def _line(
    day: pd.Series[str], amount: pd.Series[str], incoming: pd.Series[bool], balance: pd.Series[str]
) -> pd.Series[str]:
    """A line's name, by what is kept of it: an overlapping statement gives the same.

    Its time of day is no part of the name, as screens of one bank write it differently or not at
    all; of lines that are alike in all that is kept it does not matter which is which.
    """
    whole = day + "|" + incoming.astype(str) + "|" + amount + "|" + balance
    place = whole.groupby(whole).cumcount()
    return each(whole + "|" + place.astype(str), _digest)


def _purposes(table: Table, rows: pd.DataFrame, incoming: pd.Series[bool]) -> pd.Series[str]:
    text = _column(rows, "description") + " " + _column(rows, "detail")
    private, purposes = table.format.words["private"], table.format.words["purpose"]

    def purpose(cell: str) -> str:
        return "" if _first(private, cell) else _first(purposes, cell)

    found = each(text, purpose)
    fits = (incoming & found.isin(_INCOMING)) | (~incoming & found.isin(_OUTGOING))
    other = incoming.map({True: "other_income", False: "other_payment"})
    return found.where(fits, other).astype("str")


def _first(words: Mapping[str, str], cell: str) -> str:
    """What the longest word found in a text means; Latin words stand by themselves."""
    together, apart = normalised(cell), cell.casefold()
    for word in sorted(words, key=len, reverse=True):
        if word.isascii():
            spaced = r"\s*".join(map(re.escape, word))
            if re.search(rf"(?<![a-z]){spaced}(?![a-z])", apart):
                return words[word]
        elif word in together:
            return words[word]
    return ""


def _account(table: Table, rows: pd.DataFrame, given: Given) -> str:
    """The account's name: a hash keyed per founder, so that no number can be tried on it."""
    titles = [title for title in titles_above(table) if not _TELEPHONE.search(title)]
    told = [*_column(rows, "account").unique(), *titles]
    numbers = [found[0] for text in told if (found := _ACCOUNT.search(text))]
    if not numbers:
        return "A-1"
    own = hmac.digest(given.secret, f"account:{given.founder or ''}".encode(), "sha256")
    number = re.sub(r"[^0-9]", "", numbers[0])
    return f"A-{hmac.digest(own, number.encode(), 'sha256').hex()[:8]}"


def _breaks(amount: pd.Series[str], incoming: pd.Series[bool], balance: pd.Series[str]) -> int:
    """Balances that neither the order of the file nor its reverse explains."""
    moved = pd.to_numeric(amount, errors="coerce").where(
        incoming, -pd.to_numeric(amount, errors="coerce")
    )
    stands = pd.to_numeric(balance.where(balance != ""), errors="coerce")
    ahead = ((stands - stands.shift(1) - moved).abs() > 0.005).iloc[1:].sum()
    back = ((stands - stands.shift(-1) - moved).abs() > 0.005).iloc[:-1].sum()
    return int(min(ahead, back))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _column(rows: pd.DataFrame, name: str) -> pd.Series[str]:
    return rows[name] if name in rows else pd.Series("", index=rows.index, dtype="str")
