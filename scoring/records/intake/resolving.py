"""From checked cells to rows of the store: references looked up, amounts in minor units."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from scoring.records.database import Ledger
from scoring.records.intake.forms import Form, RecordKind
from scoring.records.intake.reading import TextFile
from scoring.records.intake.references import founder_ids, referred_records
from scoring.records.intake.sessions import session_ids
from scoring.records.intake.standing import Known, completed, standing_records
from scoring.records.intake.validation import Problem, minor_units, raise_first
from scoring.records.tables import (
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
    RecordKind.LOANS: Loan,
    RecordKind.SCHEDULE: Instalment,
    RecordKind.REPAYMENTS: Repayment,
    RecordKind.CASH_FLOW: CashFlowLine,
    RecordKind.APPLICATIONS: Application,
    RecordKind.OUTCOMES: DeclaredOutcome,
    RecordKind.REFUNDS: OrderLine,
    RecordKind.PAUSES: Pause,
}
_SEPARATOR = "|"  # no reference may hold it
_REFUND = f"{_SEPARATOR}refund"
_OTHER = ["other_income", "other_payment"]


@dataclass(frozen=True)
class Resolved:
    """Rows of a file for its kind's table, and the standing records that they tell of.

    `rows` has the file's row as index; `founder_id`, `natural_key`, `event_date` and
    `known_from` (the day from which the record could have been known, usually the event day)
    are always there. `taken_back` are ids of records that the file says are no more.
    """

    rows: pd.DataFrame
    known: Known
    taken_back: list[int]


def resolve_rows(
    ledger: Ledger,
    file: TextFile,
    cells: pd.DataFrame,
    form: Form,
    *,
    source: str,
    buyer_key: bytes,
) -> Resolved:
    """Look up what the rows refer to, and complete them from what is known.

    Raises:
        FileError: a founder, loan or application is unknown, or an amount doesn't fit.
    """
    key = _joined(cells, form.key)
    keys = key.tolist()
    if form.kind is RecordKind.SALES:
        keys += [one + _REFUND for one in keys]
    known = standing_records(ledger, TABLES[form.kind], source=source, keys=keys)
    absent = frozenset(form.names) - frozenset(file.cells.columns)
    resolver = _Resolver(ledger, file, cells, form, source, buyer_key, key, known, absent)
    resolve: Callable[[], pd.DataFrame] = getattr(resolver, form.kind.value)
    rows = resolve()
    if "known_from" not in rows:
        rows["known_from"] = rows["event_date"]
    return Resolved(rows, known, resolver.taken_back)


def _joined(cells: pd.DataFrame, names: Iterable[str]) -> pd.Series[str]:
    first, *others = names
    joined: pd.Series[str] = cells[first].copy()
    for name in others:
        joined = joined + _SEPARATOR + cells[name]
    return joined


def _days(cells: pd.Series[str]) -> pd.Series[Any]:
    days = pd.to_datetime(cells.where(cells != ""), format="%Y-%m-%d").dt.date
    return days.astype(object).where(cells != "", None)


def _counts(cells: pd.Series[str], *, empty: int = 0) -> pd.Series[int]:
    return cells.replace("", str(empty)).astype(float).astype(int)


@dataclass
class _Resolver:
    """One method per record kind, named like it."""

    ledger: Ledger
    file: TextFile
    cells: pd.DataFrame
    form: Form
    source: str
    buyer_key: bytes
    key: pd.Series[str]
    known: Known
    absent: frozenset[str]
    taken_back: list[int] = field(default_factory=list)

    def attendance(self) -> pd.DataFrame:
        cells = self.cells
        return self._frame(
            founder_id=self._founders(),
            session_id=session_ids(self.ledger, self.file, cells, _days(cells["held_on"]).tolist()),
            session_kind=cells["session_kind"],
            hours=cells["hours"].astype(float),
            status=cells["status"],
            minutes_late=_counts(cells["minutes_late"]),
            assignment=self._or_none("assignment"),
        )

    def sales(self) -> pd.DataFrame:
        cells = self.cells
        sale = self._frame(
            founder_id=self._founders(),
            channel=cells["channel"],
            order_line=cells["order_line"],
            currency=cells["currency"],
            quantity=_counts(cells["quantity"]),
            paid_on=_days(cells["paid_on"]),
            settled_on=_days(cells["settled_on"]),
            buyer=self._buyers(),
            gross=self._amounts("gross", cells["currency"]),
            discount=self._amounts("discount", cells["currency"]),
            shipping=self._amounts("shipping", cells["currency"]),
            fee=self._amounts("fee", cells["currency"]),
            refund=0,
            entry="sale",
            refund_cause=None,
        )
        return pd.concat([sale, self._refunds(sale)])

    def _refunds(self, sale: pd.DataFrame) -> pd.DataFrame:
        """What was given back, as records of their own day.

        A cancelled line without an amount gives back all that was paid for it.
        """
        cells = self.cells
        given = self._amounts("refund", cells["currency"])
        raise_first(
            self.file,
            [
                Problem(int(row), "refund", "is more than the line's gross amount and shipping")
                for row in cells.index[given > sale["gross"] + sale["shipping"]]
            ],
        )
        parts = [self._known_partial_refund(key) for key in self.key]
        whole = sale["gross"] - sale["discount"]
        if "refund" in self.absent:
            whole = pd.Series(
                [
                    all_of_it if part is None else part
                    for all_of_it, part in zip(whole, parts, strict=True)
                ],
                index=whole.index,
            )
        gives_back = cells["status"].isin(["cancelled", "returned"]) | (given > 0)
        refund = sale.assign(
            gross=0,
            discount=0,
            shipping=0,
            fee=0,
            refund=given.where(given > 0, whole),
            entry="refund",
            refund_cause=cells["refund_cause"].replace("", "buyer"),
            natural_key=self.key + _REFUND,
            event_date=_days(cells["refunded_on"]),
        )
        # The status tells of the whole, the amount of a part; a file takes back what it tells of.
        for key, part, is_given in zip(self.key, parts, gives_back, strict=True):
            told_in = "status" if part is None else "refund"
            if not is_given and told_in not in self.absent and key + _REFUND in self.known:
                self.taken_back.append(self.known[key + _REFUND].id)
        return completed(refund[gives_back], self.known, absent=self.absent - {"refund"})

    def _known_partial_refund(self, key: str) -> int | None:
        sale, refund = self.known.get(key), self.known.get(key + _REFUND)
        if sale is None or refund is None or refund.refund == sale.gross - sale.discount:
            return None
        amount: int = refund.refund
        return amount

    def loans(self) -> pd.DataFrame:
        cells = self.cells
        return self._frame(
            founder_id=self._founders(),
            reference=cells["loan"],
            lender=cells["lender"],
            currency=cells["currency"],
            principal=self._amounts("principal", cells["currency"]),
            annual_rate=cells["annual_rate"].astype(float),
            months=_counts(cells["months"]),
            grace_months=_counts(cells["grace_months"]),
            schedule_kind=cells["schedule_kind"].replace("", "annuity"),
            origin=cells["origin"].replace("", "lender"),
        )

    def schedule(self) -> pd.DataFrame:
        loans = self._referred(Loan)
        self._refuse_before_disbursement("due_on", loans)
        return self._frame(
            founder_id=loans["founder_id"],
            loan=self.cells["loan"],
            number=_counts(self.cells["number"]),
            currency=loans["currency"],
            principal=self._amounts("principal", loans["currency"]),
            interest=self._amounts("interest", loans["currency"]),
            known_from=loans["event_date"],  # a schedule is agreed when the loan is paid out
        )

    def repayments(self) -> pd.DataFrame:
        loans = self._referred(Loan)
        self._refuse_before_disbursement("paid_on", loans)
        return self._frame(
            founder_id=loans["founder_id"],
            loan=self.cells["loan"],
            reference=self.cells["repayment"],
            currency=loans["currency"],
            amount=self._amounts("amount", loans["currency"]),
        )

    def _refuse_before_disbursement(self, column: str, loans: pd.DataFrame) -> None:
        early = pd.Series(_days(self.cells[column])) < loans["event_date"]
        raise_first(
            self.file,
            [
                Problem(row, column, f"lies before the loan was paid out ({day})")
                for row, day in zip(
                    self.cells.index[early].tolist(), loans.loc[early, "event_date"], strict=True
                )
            ],
        )

    def cash_flow(self) -> pd.DataFrame:
        cells = self.cells
        amount = self._amounts("amount", cells["currency"])
        incoming = cells["direction"] == "in"
        balance = self._amounts("balance", cells["currency"]).astype(object)
        rows = self._frame(
            founder_id=self._founders(),
            account=cells["account"],
            line=cells["line"],
            currency=cells["currency"],
            inflow=amount.where(incoming, 0),
            outflow=amount.where(~incoming, 0),
            balance=balance.where(cells["balance"] != "", None),
            purpose=cells["purpose"],
        )
        # Where no purpose is told or known, the direction of this file's line decides.
        untold = rows["purpose"].isin(["", *_OTHER] if "purpose" in self.absent else [""])
        other = incoming.map(dict(zip([True, False], _OTHER, strict=True)))
        return rows.assign(purpose=rows["purpose"].where(~untold, other))

    def applications(self) -> pd.DataFrame:
        cells = self.cells
        return self._frame(
            founder_id=self._founders(),
            reference=cells["application"],
            lender=cells["lender"],
            currency=cells["currency"],
            principal=self._amounts("principal", cells["currency"]),
            months=_counts(cells["months"]),
            instalment=self._amounts("instalment", cells["currency"]),
        )

    def outcomes(self) -> pd.DataFrame:
        return self._frame(
            founder_id=self._referred(Application)["founder_id"],
            application=self.cells["application"],
            outcome=self.cells["outcome"],
        )

    def _frame(self, **columns: Any) -> pd.DataFrame:
        """A row per row of the file, named, dated, and completed from what is known."""
        rows = pd.DataFrame(columns, index=self.cells.index).assign(
            natural_key=self.key, event_date=_days(self.cells[self.form.event_day])
        )
        return completed(rows, self.known, absent=self.absent)

    def _or_none(self, name: str) -> pd.Series[Any]:
        return self.cells[name].astype(object).where(self.cells[name] != "", None)

    def _founders(self) -> pd.Series[int]:
        return founder_ids(self.ledger, self.file, self.cells["founder"])

    def _referred(self, table: type[Loan] | type[Application]) -> pd.DataFrame:
        name = "loan" if table is Loan else "application"
        return referred_records(
            self.ledger, self.file, self.cells[name], table=table, source=self.source
        )

    def _amounts(self, name: str, currencies: pd.Series[str]) -> pd.Series[int]:
        try:
            return minor_units(self.cells[name], currencies)
        except ValueError as error:
            row, text = error.args
            raise_first(self.file, [Problem(int(row), name, text)])
            raise

    def _buyers(self) -> pd.Series[Any]:
        """Buyers as hashes keyed per founder, so that nobody can map buyers across founders."""
        keys: dict[str, bytes] = {}
        hashes: dict[tuple[str, str], str | None] = {}
        for founder, buyer in set(zip(self.cells["founder"], self.cells["buyer"], strict=True)):
            key = keys.setdefault(
                founder, hmac.digest(self.buyer_key, f"buyer:{founder}".encode(), "sha256")
            )
            written = unicodedata.normalize("NFC", buyer).encode()
            hashes[founder, buyer] = (
                hmac.new(key, written, hashlib.sha256).hexdigest()[:32] if buyer else None
            )
        return pd.Series(
            [hashes[p] for p in zip(self.cells["founder"], self.cells["buyer"], strict=True)],
            index=self.cells.index,
            dtype=object,
        )
