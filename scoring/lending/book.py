"""Loans of lenders that keep their book here: paid out, repaid, rescheduled, ended.

What is posted is kept in the same records as what files tell, under the lender's own source, and
reported without end: of a book kept here nothing is ever silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.calendar import day_number, today
from scoring.base.errors import ConflictError, InputError, NotFoundError
from scoring.base.settings import DeploymentProfile, Settings
from scoring.lending.kept import Kept, kept_of
from scoring.loans.codes import OPEN_END, LoanEventCode, LoanEventReason
from scoring.loans.events import Event
from scoring.loans.posting import Received
from scoring.loans.rate_cap import refuse_above_cap
from scoring.loans.schedule import Due, Schedule
from scoring.parties.consents import Purpose, require_consent
from scoring.parties.references import REFERENCE
from scoring.records.loan_reports import report_loans
from scoring.store import tables
from scoring.store.append import append_records
from scoring.store.audit import append_event
from scoring.store.ledger import Ledger
from scoring.store.tables import Lender, Record


@dataclass(frozen=True)
class Book:
    """The loans of one lender, in an open transaction.

    Attributes:
        ledger: the open transaction.
        settings: of the installation.
        lender: whose book.
        actor: who acts, for the audit chain and as author of events.
    """

    ledger: Ledger
    settings: Settings
    lender: Lender
    actor: str

    @property
    def source(self) -> str:
        """Where the loans that are kept here come from."""
        return f"lender:{self.lender.reference}"

    def disburse(self, founder: str, number: str, schedule: Schedule, *, currency: str) -> Kept:
        """Put a loan on file that was paid out, with its schedule.

        Args:
            founder: reference of the borrower, who consents to this lender.
            number: of the loan, at the lender.
            schedule: made of the terms that the borrower accepted.
            currency: ISO 4217 code.

        Raises:
            ConsentError: the founder has given this lender no consent that stands.
            ConflictError: the number is on file with other terms, or no loans are kept here.
            InputError: it costs more than the law allows, or its day has not come.
        """
        refuse_without_loans(self.settings)
        _refuse_reference(number)
        self._refuse_later(schedule.terms.disbursed_on)
        refuse_above_cap(schedule)
        borrower, _ = require_consent(
            self.ledger.session,
            founder,
            lender=self.lender,
            purpose=Purpose.LOAN_APPLICATION,
            at=self.ledger.now,
        )
        known = _rows(self.ledger.session, self.lender, number)
        if known:
            kept = kept_of(self.ledger.session, known[0])
            if kept.loan.schedules.get(0) == schedule.dues and known[0].founder_id == borrower.id:
                return kept
            raise ConflictError(f"Loan {number} is on file with other terms. Take another number.")
        terms = schedule.terms
        self._append(
            tables.Loan,
            borrower.id,
            number,
            terms.disbursed_on,
            reference=number,
            lender=self.lender.reference,
            currency=currency,
            principal=terms.principal,
            annual_rate=float(terms.annual_rate),
            months=terms.instalments,
            grace_months=terms.grace_periods,
            schedule_kind=terms.product.value,
            origin="lender",
        )
        self._append_dues(borrower.id, number, 0, schedule.dues, currency)
        report_loans(self.ledger, source=self.source, through=OPEN_END, loans=[number])
        self._note("loan.disbursed", borrower.id, number)
        return self.find(number)

    def find(self, number: str) -> Kept:
        """A loan of this lender, as `find_loan` finds it."""
        return find_loan(self.ledger.session, self.lender, number)

    def repay(self, number: str, received: Received) -> tuple[Kept, bool]:
        """Take a payment; the same reference again changes nothing.

        Returns:
            The loan with it, and whether it is new.

        Raises:
            NotFoundError: there is no such loan.
            ConflictError: the reference stands for another payment.
            InputError: its day or amount can't be.
        """
        refuse_without_loans(self.settings)
        _refuse_reference(received.reference)
        self._refuse_later(received.paid_on)
        kept = self.find(number)
        if not kept.loan.post(received):
            return kept, False
        row = kept.row
        self._append(
            tables.Repayment,
            row.founder_id,
            f"{number}|{received.reference}",
            received.paid_on,
            source=row.source,
            loan=number,
            reference=received.reference,
            currency=row.currency,
            amount=received.amount,
        )
        self._told(row)
        self._note("loan.repaid", row.founder_id, number)
        return kept, True

    def record(self, number: str, event: Event) -> tuple[Kept, bool]:
        """Take what became of a loan: a reversal, a fee, a write-off, a recovery, its end.

        Returns:
            The loan with it, and whether it is new.

        Raises:
            NotFoundError: there is no such loan.
            ConflictError: the loan doesn't allow it.
            InputError: something that it needs is missing, or it is a rescheduling.
        """
        if event.code is LoanEventCode.RESCHEDULED:
            raise InputError("A rescheduling needs its new instalments.")
        refuse_without_loans(self.settings)
        _refuse_reference(event.reference)
        self._refuse_later(event.on)
        kept = self.find(number)
        if not kept.loan.record(event):
            return kept, False
        self._append_event(kept.row, event)
        return kept, True

    def reschedule(
        self,
        number: str,
        dues: Sequence[Due],
        *,
        on: date,
        reference: str,
        reason: LoanEventReason,
    ) -> Kept:
        """Agree on a new schedule from a day on; what was past due then is kept.

        Raises:
            NotFoundError: there is no such loan.
            ConflictError: the loan doesn't allow it, or the reference stands for something else.
            InputError: instalments are missing or fall due too early.
        """
        refuse_without_loans(self.settings)
        _refuse_reference(reference)
        self._refuse_later(on)
        kept = self.find(number)
        for known in kept.loan.events:
            if known.reference == reference:
                if (known.on, known.reason) == (on, reason) and kept.loan.schedules.get(
                    known.schedule or 0
                ) == tuple(dues):
                    return kept
                raise ConflictError(f"Event {reference} of loan {number} is something else.")
        event = kept.loan.reschedule(dues, on=on, reference=reference, reason=reason)
        row = kept.row
        self._append_dues(
            row.founder_id, number, event.schedule or 0, dues, row.currency, source=row.source
        )
        self._append_event(row, event)
        return kept

    def _append_event(self, row: tables.Loan, event: Event) -> None:
        self._append(
            tables.LoanEvent,
            row.founder_id,
            f"{row.reference}|{event.reference}",
            event.on,
            source=row.source,
            loan=row.reference,
            reference=event.reference,
            event=event.code.value,
            reason=None if event.reason is None else event.reason.value,
            currency=row.currency,
            amount=event.amount,
            repayment=event.repayment,
            schedule=event.schedule,
            days_past_due=event.days_past_due,
            past_due=event.past_due,
            author=self.actor,
        )
        self._told(row)
        self._note(f"loan.{event.code.value}", row.founder_id, row.reference)

    def _told(self, row: tables.Loan) -> None:
        """Of a loan that files tell, what is posted here tells up to today."""
        open_end = select(tables.LoanReport.id).where(
            tables.LoanReport.source == row.source,
            tables.LoanReport.loan == row.reference,
            tables.LoanReport.reported_through == OPEN_END,
        )
        if self.ledger.session.scalar(open_end.limit(1)) is None:
            report_loans(
                self.ledger,
                source=row.source,
                through=today(self.ledger.now, self.settings.zone),
                loans=[row.reference],
            )

    def _append_dues(
        self,
        founder_id: int,
        number: str,
        schedule: int,
        dues: Sequence[Due],
        currency: str,
        *,
        source: str | None = None,
    ) -> None:
        part = f"|{schedule}" if schedule else ""
        rows = [
            self._row(
                founder_id,
                f"{number}|{due.number}{part}",
                due.due_on,
                source=source or self.source,
                loan=number,
                schedule=schedule,
                number=due.number,
                currency=currency,
                principal=due.principal,
                interest=due.interest,
                fee=due.fee,
            )
            for due in dues
        ]
        append_records(self.ledger, tables.Instalment, rows)

    def _append(
        self, table: type[Record], founder_id: int, key: str, day: date, **values: Any
    ) -> None:
        append_records(self.ledger, table, [self._row(founder_id, key, day, **values)])

    def _row(self, founder_id: int, key: str, day: date, **values: Any) -> dict[str, Any]:
        return {
            "founder_id": founder_id,
            "source": self.source,
            "natural_key": key,
            "event_date": day,
            "event_day": day_number(day),
            "learned_at": self.ledger.now,
            **values,
        }

    def _note(self, action: str, founder_id: int, number: str) -> None:
        append_event(
            self.ledger,
            actor=self.actor,
            action=action,
            founder_id=founder_id,
            details={"lender": self.lender.reference, "loan": number},
        )

    def _refuse_later(self, day: date) -> None:
        current = today(self.ledger.now, self.settings.zone)
        if day > current:
            raise InputError(f"{day} has not come yet (today is {current}).")


def find_loan(session: Session, lender: Lender, number: str) -> Kept:
    """A loan of a lender.

    Raises:
        NotFoundError: there is none of this number.
        ConflictError: there are several, of several sources.
    """
    rows = _rows(session, lender, number)
    if not rows:
        raise NotFoundError(f"Lender {lender.reference} has no loan {number}.")
    if len(rows) > 1:
        sources = ", ".join(row.source for row in rows)
        raise ConflictError(
            f"Loan {number} is on file from several sources ({sources}). Withdraw the import "
            "that is not meant."
        )
    return kept_of(session, rows[0])


def loans_of(
    session: Session, lender: Lender, *, after: str | None = None, limit: int | None = None
) -> list[tables.Loan]:
    """A lender's loans on file, from whatever source, by number.

    Args:
        session: an open transaction.
        lender: whose.
        after: only numbers after this one.
        limit: how many at most; all when None.
    """
    statement = select(tables.Loan).where(
        tables.Loan.lender == lender.reference,
        tables.Loan.superseded_recorded_at.is_(None),
        tables.Loan.held.is_(None),
    )
    if after is not None:
        statement = statement.where(tables.Loan.reference > after)
    ordered = statement.order_by(tables.Loan.reference, tables.Loan.id).limit(limit)
    return list(session.scalars(ordered))


def _rows(session: Session, lender: Lender, number: str) -> list[tables.Loan]:
    return list(
        session.scalars(
            select(tables.Loan)
            .where(
                tables.Loan.lender == lender.reference,
                tables.Loan.reference == number,
                tables.Loan.superseded_recorded_at.is_(None),
            )
            .order_by(tables.Loan.id)
        )
    )


def refuse_without_loans(settings: Settings) -> None:
    """Refuse to keep loans where the deployment profile may read none.

    Raises:
        ConflictError: it is a credit bureau for non-financial data.
    """
    if settings.deployment_profile is DeploymentProfile.NONFINANCIAL_CB:
        raise ConflictError(
            "This installation runs as a non-financial credit bureau, which keeps and reads no "
            "loans (deployment profile nonfinancial_cb)."
        )


def _refuse_reference(reference: str) -> None:
    if not REFERENCE.fullmatch(reference):
        raise InputError(
            f'"{reference}" is no reference: up to 64 characters without spaces or bars.'
        )
