"""Doubts about loans, which no row shows alone: sums of a schedule, and of what was paid.

They are looked for once an import's rows are stored, since a file may bring the rows of one loan
in any order and in several parts. Only rows of the import itself are held back, so that what
somebody confirmed stays confirmed; rows that were held are released once the sums are right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, case, func, select

from scoring.intake.current_import import CurrentImport
from scoring.loans.arrears import MATERIALITY_FLOORS
from scoring.loans.codes import LoanEventCode
from scoring.store.bulk import stored_form
from scoring.store.key_chunks import key_chunks
from scoring.store.supersede_many import supersede_all
from scoring.store.tables import Instalment, Loan, LoanEvent, Record, Repayment
from scoring.store.tables.bookkeeping import SET_BY_STORE

INSTALMENT_OF_NOTHING = "instalment_of_nothing"
OFF_PRINCIPAL = "schedule_off_principal"
BEYOND_OWED = "payment_beyond_owed"
TINY_PAYMENTS = "tiny_payments"

_OFF_PERCENT = 1  # of the principal
# Where a ledger tells instalments as one amount, their interest stands among the principal.
_OFF_PERCENT_UNSPLIT = 50
# Late interest and fees that nobody told of may come to a fifth of all that was agreed.
_BEYOND_PERCENT = 120
# More payments than this, each below a ten-thousandth of the principal, are no instalments.
_MANY = 100
_TINY_SHARE = 10_000


@dataclass(frozen=True)
class LoanDoubts:
    """The doubts about some loans of the import's source."""

    current: CurrentImport

    def settle(self, loans: Iterable[str]) -> dict[str, int]:
        """Hold back and release records of these loans; how many are held, by doubt."""
        held: dict[str, int] = {}
        for some in key_chunks(sorted(set(loans))):
            for code, count in self._settle(some).items():
                held[code] = held.get(code, 0) + count
        return {code: count for code, count in held.items() if count}

    def _settle(self, numbers: Sequence[str]) -> dict[str, int]:
        lent = {
            loan.reference: loan
            for loan in self.current.ledger.session.scalars(
                select(Loan).where(self._own(Loan), Loan.reference.in_(numbers))
            )
        }
        if not lent:
            return {}
        charged = self._charged(numbers)
        return {
            INSTALMENT_OF_NOTHING: self._hold_nothing(lent),
            OFF_PRINCIPAL: self._hold_off_principal(lent),
            BEYOND_OWED: self._hold_beyond(lent, charged),
            TINY_PAYMENTS: self._hold_tiny(lent),
        }

    def _hold_nothing(self, lent: dict[str, Loan]) -> int:
        """Instalments of nothing, but for a grace in which nothing falls due."""
        rows = self.current.ledger.session.execute(
            select(Instalment.id, Instalment.loan, Instalment.number).where(
                self._own(Instalment),
                self._fresh(Instalment),
                Instalment.loan.in_(lent),
                Instalment.principal + Instalment.interest + Instalment.fee == 0,
            )
        )
        ids = [row.id for row in rows if row.number > lent[row.loan].grace_months]
        return self._mark(Instalment, ids, INSTALMENT_OF_NOTHING)

    def _hold_off_principal(self, lent: dict[str, Loan]) -> int:
        off: list[str] = []
        right: list[str] = []
        for schedule in self._schedules(lent):
            (off if _is_off(schedule, lent[schedule.loan]) else right).append(schedule.loan)
        first = Instalment.schedule == 0
        ids = self._ids(Instalment, off, first, self._fresh(Instalment))
        # A schedule that came in parts is right once all of them are there.
        waiting = self._ids(Instalment, right, first, Instalment.held == OFF_PRINCIPAL)
        self._mark(Instalment, waiting, None)
        return self._mark(Instalment, ids, OFF_PRINCIPAL)

    def _schedules(self, lent: dict[str, Loan]) -> Sequence[Any]:
        return self.current.ledger.session.execute(
            select(
                Instalment.loan,
                func.sum(Instalment.principal).label("principal"),
                func.sum(Instalment.interest).label("interest"),
                func.count().label("dues"),
            )
            .where(
                self._own(Instalment),
                Instalment.loan.in_(lent),
                Instalment.schedule == 0,
                Instalment.held.is_(None) | (Instalment.held == OFF_PRINCIPAL),
            )
            .group_by(Instalment.loan)
        ).all()

    def _charged(self, numbers: Sequence[str]) -> dict[str, int]:
        """All that falls due of each loan by any of its schedules, and the fees charged."""
        session = self.current.ledger.session
        due = Instalment.principal + Instalment.interest + Instalment.fee
        found = {
            loan: int(amount)
            for loan, amount in session.execute(
                select(Instalment.loan, func.sum(due))
                .where(self._own(Instalment), Instalment.loan.in_(numbers))
                .where(Instalment.held.is_(None))
                .group_by(Instalment.loan)
            )
        }
        fees = (
            select(LoanEvent.loan, func.sum(LoanEvent.amount))
            .where(
                self._own(LoanEvent),
                LoanEvent.loan.in_(list(found)),
                LoanEvent.event == LoanEventCode.FEE_CHARGED.value,
            )
            .group_by(LoanEvent.loan)
        )
        for loan, amount in session.execute(fees):
            found[loan] += int(amount)
        return found

    def _hold_beyond(self, lent: dict[str, Loan], charged: dict[str, int]) -> int:
        """Payments that go beyond all that is owed; without a schedule nobody knows how much is."""
        limits = {
            loan: max(amount, lent[loan].principal) * _BEYOND_PERCENT // 100
            + MATERIALITY_FLOORS.get(lent[loan].currency, 0)
            for loan, amount in charged.items()
            if loan in lent
        }
        counts = Repayment.held.is_(None) | (Repayment.held == BEYOND_OWED)
        session = self.current.ledger.session
        sums = session.execute(
            select(Repayment.loan, func.sum(Repayment.amount))
            .where(self._own(Repayment), Repayment.loan.in_(limits), counts)
            .group_by(Repayment.loan)
        ).all()
        over = [loan for loan, paid in sums if paid > limits[loan]]
        bounced = self._bounced(over)
        received, ids = dict.fromkeys(over, 0), []
        for one in session.execute(
            select(Repayment.id, Repayment.loan, Repayment.reference, Repayment.amount)
            .add_columns(Repayment.import_id, Repayment.held)
            .where(self._own(Repayment), Repayment.loan.in_(over), Repayment.held.is_(None))
            .order_by(Repayment.event_day, Repayment.id)
        ):
            if (one.loan, one.reference) in bounced:
                continue
            if received[one.loan] + one.amount <= limits[one.loan]:
                received[one.loan] += one.amount
            elif one.import_id == self.current.import_id:
                ids.append(one.id)
        within = [loan for loan, paid in sums if paid <= limits[loan]]
        waiting = self._ids(Repayment, within, Repayment.held == BEYOND_OWED)
        self._mark(Repayment, waiting, None)
        return self._mark(Repayment, ids, BEYOND_OWED)

    def _bounced(self, loans: Sequence[str]) -> set[tuple[str, str | None]]:
        rows = self.current.ledger.session.execute(
            select(LoanEvent.loan, LoanEvent.repayment).where(
                self._own(LoanEvent),
                LoanEvent.loan.in_(loans),
                LoanEvent.event == LoanEventCode.REVERSED.value,
            )
        )
        return {(row.loan, row.repayment) for row in rows}

    def _hold_tiny(self, lent: dict[str, Loan]) -> int:
        least = case(
            {number: loan.principal // _TINY_SHARE for number, loan in lent.items()},
            value=Repayment.loan,
            else_=0,
        )
        tiny = (Repayment.amount < least) & Repayment.held.is_(None)
        many = self.current.ledger.session.scalars(
            select(Repayment.loan)
            .where(self._own(Repayment), Repayment.loan.in_(lent), tiny)
            .group_by(Repayment.loan)
            .having(func.count() > _MANY)
        ).all()
        ids = self._ids(Repayment, many, tiny, self._fresh(Repayment))
        return self._mark(Repayment, ids, TINY_PAYMENTS)

    def _own(self, table: type[Record]) -> ColumnElement[bool]:
        return (table.source == self.current.source) & table.superseded_recorded_at.is_(None)

    def _fresh(self, table: type[Record]) -> ColumnElement[bool]:
        return (table.import_id == self.current.import_id) & table.held.is_(None)

    def _ids(
        self,
        table: type[Instalment] | type[Repayment],
        loans: Sequence[str],
        *chosen: ColumnElement[bool],
    ) -> list[int]:
        if not loans:
            return []
        return list(
            self.current.ledger.session.scalars(
                select(table.id).where(self._own(table), table.loan.in_(loans), *chosen)
            )
        )

    def _mark(self, table: type[Record], ids: Sequence[int], code: str | None) -> int:
        """Put copies with this doubt, or none, in the place of records."""
        names = [column.name for column in table.__table__.columns]
        for some in key_chunks(ids):
            rows = self.current.ledger.session.execute(
                select(table.__table__).where(table.id.in_(some))
            )
            records = stored_form(pd.DataFrame(rows.all(), columns=names, dtype=object))
            supersede_all(
                self.current.ledger,
                table,
                list(zip(map(int, records["id"]), records["natural_key"], strict=True)),
                records.drop(columns=[*SET_BY_STORE, "learned_at"]).assign(held=code),
                reason="the sums of the loan are right now" if code is None else f"doubt: {code}",
                author=self.current.author,
            )
        return len(ids)


def _is_off(schedule: Any, loan: Loan) -> bool:
    """Whether a schedule's principal is not the loan's.

    Less may fall due so far in a ledger that tells no later instalments: only a schedule with as
    many instalments as the loan has months is short.
    """
    percent = _OFF_PERCENT if schedule.interest else _OFF_PERCENT_UNSPLIT
    allowed = max(loan.principal * percent // 100, schedule.dues)
    if schedule.principal > loan.principal + allowed:
        return True
    is_whole = 0 < loan.months <= schedule.dues
    return bool(is_whole and schedule.principal < loan.principal - max(allowed, schedule.dues))
