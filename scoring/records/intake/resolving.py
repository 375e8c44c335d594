"""From checked cells to rows of the store: references looked up, amounts in minor units."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd
from sqlalchemy import select

from scoring.records.database import Ledger
from scoring.records.intake.forms import Form, RecordKind
from scoring.records.intake.reading import TextFile
from scoring.records.intake.sessions import session_ids
from scoring.records.intake.validation import Problem, minor_units, raise_first
from scoring.records.tables import (
    Application,
    Attendance,
    CashFlowLine,
    DeclaredOutcome,
    Founder,
    Instalment,
    Loan,
    OrderLine,
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
}
_SEPARATOR = "|"


def resolve_rows(
    ledger: Ledger, file: TextFile, cells: pd.DataFrame, form: Form, *, buyer_key: bytes
) -> pd.DataFrame:
    """Frame of column values for the kind's table, index = row in the file.

    Columns `founder_id`, `natural_key`, `event_date` and `known_from` (the day from which the
    record could have been known, usually the event day) are always there.

    Raises:
        FileError: a founder, loan or application is unknown, or an amount doesn't fit.
    """
    resolver = _Resolver(ledger, file, cells, buyer_key)
    resolve: Callable[[], pd.DataFrame] = getattr(resolver, form.kind.value)
    rows = resolve()
    if "natural_key" not in rows:
        rows["natural_key"] = _joined(cells, form.key)
    if "event_date" not in rows:
        rows["event_date"] = _days(cells[form.event_day])
    if "known_from" not in rows:
        rows["known_from"] = rows["event_date"]
    return rows


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


class _Resolver:
    """One method per record kind, named like it."""

    def __init__(
        self, ledger: Ledger, file: TextFile, cells: pd.DataFrame, buyer_key: bytes
    ) -> None:
        self.ledger, self.file, self.cells, self.buyer_key = ledger, file, cells, buyer_key

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
        founder = self._founders()
        shared = self._frame(
            founder_id=founder,
            channel=cells["channel"],
            order_line=cells["order_line"],
            currency=cells["currency"],
            quantity=_counts(cells["quantity"]),
            paid_on=_days(cells["paid_on"]),
            settled_on=_days(cells["settled_on"]),
            buyer=self._buyers(),
        )
        amounts = {
            name: self._amounts(name, cells["currency"])
            for name in ("gross", "discount", "shipping", "fee", "refund")
        }
        key = _joined(cells, ("founder", "channel", "order_line"))
        sale = shared.assign(
            gross=amounts["gross"],
            discount=amounts["discount"],
            shipping=amounts["shipping"],
            fee=amounts["fee"],
            refund=0,
            entry="sale",
            refund_cause=None,
            natural_key=key,
            event_date=_days(cells["ordered_on"]),
        )
        # What was given back is a record of its own day; a cancelled line without an amount
        # gives back all that was paid for it.
        whole = amounts["gross"] - amounts["discount"]
        given_back = cells["status"].isin(["cancelled", "returned"]) | (amounts["refund"] > 0)
        problems = [
            Problem(int(row), "refund", "is more than the line's gross amount and shipping")
            for row in cells.index[amounts["refund"] > amounts["gross"] + amounts["shipping"]]
        ]
        raise_first(self.file, problems)
        refund = shared.assign(
            gross=0,
            discount=0,
            shipping=0,
            fee=0,
            refund=amounts["refund"].where(amounts["refund"] > 0, whole),
            entry="refund",
            refund_cause=cells["refund_cause"].replace("", "buyer"),
            natural_key=key + f"{_SEPARATOR}refund",
            event_date=_days(cells["refunded_on"]),
        )
        return pd.concat([sale, refund[given_back]])

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
        loans = self._loans()
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
        loans = self._loans()
        return self._frame(
            founder_id=loans["founder_id"],
            loan=self.cells["loan"],
            reference=self.cells["repayment"],
            currency=loans["currency"],
            amount=self._amounts("amount", loans["currency"]),
        )

    def cash_flow(self) -> pd.DataFrame:
        cells = self.cells
        amount = self._amounts("amount", cells["currency"])
        incoming = cells["direction"] == "in"
        balance = self._amounts("balance", cells["currency"]).astype(object)
        purpose = cells["purpose"].where(
            cells["purpose"] != "", incoming.map({True: "other_income", False: "other_payment"})
        )
        return self._frame(
            founder_id=self._founders(),
            account=cells["account"],
            line=cells["line"],
            currency=cells["currency"],
            inflow=amount.where(incoming, 0),
            outflow=amount.where(~incoming, 0),
            balance=balance.where(cells["balance"] != "", None),
            purpose=purpose,
        )

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
        known = self._look_up(Application, "application", "applications")
        return self._frame(
            founder_id=known["founder_id"],
            application=self.cells["application"],
            outcome=self.cells["outcome"],
        )

    def _frame(self, **columns: Any) -> pd.DataFrame:
        return pd.DataFrame(columns, index=self.cells.index)

    def _or_none(self, name: str) -> pd.Series[Any]:
        return self.cells[name].astype(object).where(self.cells[name] != "", None)

    def _founders(self) -> pd.Series[int]:
        known = {
            reference: founder_id
            for founder_id, reference in self.ledger.session.execute(
                select(Founder.id, Founder.reference)
            )
        }
        founders = self.cells["founder"].map(known)
        self._refuse_unknown(founders.isna(), "founder", "add them with `foothold founder add`")
        return founders.astype(int)

    def _loans(self) -> pd.DataFrame:
        return self._look_up(Loan, "loan", "loans")

    def _look_up(self, table: type[Loan] | type[Application], name: str, file: str) -> pd.DataFrame:
        standing = self.ledger.session.execute(
            select(table.reference, table.founder_id, table.currency, table.event_date).where(
                table.superseded_recorded_at.is_(None)
            )
        ).all()
        known = (
            pd.DataFrame(
                [tuple(row) for row in standing],
                columns=["reference", "founder_id", "currency", "event_date"],
            )
            .drop_duplicates("reference", keep="last")
            .set_index("reference")
        )
        unknown = ~self.cells[name].isin(known.index)
        self._refuse_unknown(unknown, name, f"import the {file} first")
        found = known.loc[self.cells[name]]
        found.index = self.cells.index
        return found

    def _refuse_unknown(self, unknown: pd.Series[bool], name: str, remedy: str) -> None:
        raise_first(
            self.file,
            [
                Problem(row, name, f'"{cell}" is not known; {remedy}')
                for row, cell in zip(
                    self.cells.index[unknown].tolist(), self.cells.loc[unknown, name], strict=True
                )
            ],
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
