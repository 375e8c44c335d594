"""Doubtful rows: stored, flagged, and held back from scoring until somebody confirms them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, func, select

from scoring.intake.extract import SUSPECT
from scoring.loans.instalment import instalment_range
from scoring.records.kinds import RecordKind
from scoring.store.key_chunks import key_chunks
from scoring.store.ledger import Ledger
from scoring.store.tables import (
    Application,
    CashFlowLine,
    Loan,
    OrderLine,
    Programme,
    ProgrammeCalendar,
    Record,
    Shop,
)

AMOUNT_OUTLIER = "amount_outlier"
BEFORE_SHOP_OPENED = "before_shop_opened"
NO_SUCH_SESSION = "no_such_session"
OTHER_CURRENCY = "other_currency"
INSTALMENT_OFF = "instalment_off"

OUTLIER_TIMES = 50  # a founder's median order
_FEWEST = 5  # orders that make a median
_LATEST = 500  # known orders that it is taken from


@dataclass
class UsualAmounts:
    """What each founder's orders usually come to: of the latest known, and of the file so far."""

    ledger: Ledger
    amounts: dict[int, list[np.ndarray]] = field(default_factory=dict)

    def medians(self, amounts: pd.Series[int], founders: pd.Series[int]) -> dict[int, float]:
        """Median per founder once these amounts are added; infinite where there are too few."""
        found = {}
        for founder_id, own in amounts[amounts > 0].groupby(founders):
            seen = self.amounts.setdefault(int(founder_id), [])
            if not seen:
                seen.append(self._known(int(founder_id)))
            seen.append(own.to_numpy())
            usual = np.concatenate(seen)
            found[int(founder_id)] = float(np.median(usual)) if len(usual) >= _FEWEST else np.inf
        return found

    def _known(self, founder_id: int) -> np.ndarray:
        known = self.ledger.session.scalars(
            select(OrderLine.gross - OrderLine.discount)
            .where(
                OrderLine.founder_id == founder_id,
                OrderLine.entry == "sale",
                OrderLine.gross > OrderLine.discount,
                OrderLine.held.is_(None),
                OrderLine.superseded_recorded_at.is_(None),
            )
            .order_by(OrderLine.event_day.desc(), OrderLine.id.desc())
            .limit(_LATEST)
        )
        return np.array(known.all(), dtype="int64")


def doubts_of(
    ledger: Ledger,
    kind: RecordKind,
    cells: pd.DataFrame,
    rows: pd.DataFrame,
    usual: UsualAmounts,
) -> pd.Series[Any]:
    """Why each row is doubtful, as a code; None where it is not.

    Args:
        ledger: the open transaction.
        usual: what the founders' orders usually come to; it learns from these rows.
        kind: the record kind.
        cells: of the file, with the reader's own doubts where it had any.
        rows: made of them, with the same index.
    """
    found = pd.Series([None] * len(rows), index=rows.index, dtype=object)
    if SUSPECT in cells:
        found = cells[SUSPECT].astype(object).where(cells[SUSPECT] != "", None)
    if kind is RecordKind.SALES:
        found = _unless(found, _outliers(rows, usual), AMOUNT_OUTLIER)
        found = _unless(found, _before_opening(ledger, rows), BEFORE_SHOP_OPENED)
    if kind is RecordKind.ATTENDANCE:
        found = _unless(found, _off_calendar(ledger, cells), NO_SUCH_SESSION)
    if kind in {RecordKind.LOANS, RecordKind.APPLICATIONS}:
        found = _unless(found, _in_other_currency(ledger, rows), OTHER_CURRENCY)
    if kind is RecordKind.APPLICATIONS:
        found = _unless(found, _instalments_off(rows), INSTALMENT_OFF)
    return found


def _unless(found: pd.Series[Any], doubtful: np.ndarray, code: str) -> pd.Series[Any]:
    """A code where a row is doubtful and no doubt was found before."""
    return found.where(found.notna() | ~doubtful, code)


def _outliers(rows: pd.DataFrame, usual: UsualAmounts) -> np.ndarray:
    """Orders of more than fifty times the founder's median, of this file and the latest known."""
    amounts = rows["gross"].astype("int64") - rows["discount"].astype("int64")
    medians = usual.medians(amounts, rows["founder_id"])
    usual_of = rows["founder_id"].map(medians).fillna(np.inf)
    return (amounts > OUTLIER_TIMES * usual_of).to_numpy()


def _before_opening(ledger: Ledger, rows: pd.DataFrame) -> np.ndarray:
    opened: dict[tuple[int, str], str] = {}
    for founders in key_chunks(int(one) for one in rows["founder_id"].unique()):
        own = select(Shop).where(Shop.founder_id.in_(founders)).order_by(Shop.id)
        for shop in ledger.session.scalars(own):  # the latest rules
            opened[shop.founder_id, shop.channel] = shop.opened_on.isoformat()
    if not opened:
        return np.zeros(len(rows), dtype=bool)
    days = [
        opened.get(shop, "")
        for shop in zip(rows["founder_id"], rows["channel"].tolist(), strict=True)
    ]
    return rows["event_date"].to_numpy(dtype=object) < np.array(days, dtype=object)


def _off_calendar(ledger: Ledger, cells: pd.DataFrame) -> np.ndarray:
    """Attendance on a day for which the programme declared no session."""
    declared: dict[str, set[str]] = {}
    for programmes in key_chunks(cells["programme"].unique()):
        statement = (
            select(Programme.reference, ProgrammeCalendar.held_on)
            .join(Programme, Programme.id == ProgrammeCalendar.programme_id)
            .where(Programme.reference.in_(programmes))
        )
        for reference, held_on in ledger.session.execute(statement):
            declared.setdefault(reference, set()).add(held_on.isoformat())
    return np.array(
        [
            programme in declared and day not in declared[programme]
            for programme, day in zip(
                cells["programme"].tolist(), cells["held_on"].tolist(), strict=True
            )
        ],
        dtype=bool,
    )


def _in_other_currency(ledger: Ledger, rows: pd.DataFrame) -> np.ndarray:
    """Loans in another currency than the lender's book, or than all that the founder has on file.

    One of them would leave the founder without a score, at every lender.
    """
    books: dict[str, Counter[str]] = {}
    for lenders in key_chunks(rows["lender"].unique()):
        for table in (Loan, Application):
            statement = select(table.lender, table.currency, func.count()).where(
                table.lender.in_(lenders), _counts(table)
            )
            for lender, currency, count in ledger.session.execute(
                statement.group_by(table.lender, table.currency)
            ):
                books.setdefault(lender, Counter())[currency] += count
    for lender, currency in zip(rows["lender"], rows["currency"], strict=True):
        books.setdefault(lender, Counter())[currency] += 1
    own: dict[int, set[str]] = {}
    for founders in key_chunks(int(one) for one in rows["founder_id"].unique()):
        for money in (OrderLine, Loan, CashFlowLine, Application):
            found = select(money.founder_id, money.currency).where(
                money.founder_id.in_(founders), _counts(money)
            )
            for founder_id, currency in ledger.session.execute(found.distinct()):
                own.setdefault(founder_id, set()).add(currency)
    # Of as many loans in one currency as in another, nobody can say which is the book's.
    usual = {
        lender: {name for name, count in book.items() if count == max(book.values())}
        for lender, book in books.items()
    }
    return np.array(
        [
            currency not in usual[lender] or currency not in own.get(founder_id, {currency})
            for lender, currency, founder_id in zip(
                rows["lender"], rows["currency"], rows["founder_id"], strict=True
            )
        ],
        dtype=bool,
    )


def _counts(table: type[Record]) -> ColumnElement[bool]:
    return table.superseded_recorded_at.is_(None) & table.held.is_(None)


def _instalments_off(rows: pd.DataFrame) -> np.ndarray:
    """Applications whose instalment is none that their principal, months and rate can give."""
    found = []
    for principal, months, rate, instalment in zip(
        rows["principal"], rows["months"], rows["annual_rate"], rows["instalment"], strict=True
    ):
        least, most = instalment_range(int(principal), int(months), rate)
        found.append(not least <= instalment <= most)
    return np.array(found, dtype=bool)
