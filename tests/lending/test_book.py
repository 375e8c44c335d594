"""The book that is kept here says what its loans say, on both databases, and loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from scoring.base.errors import ConflictError, ConsentError, InputError, NotFoundError
from scoring.base.settings import DeploymentProfile, Settings
from scoring.features.engines.loan_states import LoanState, loan_states_of
from scoring.lending.book import Book
from scoring.lending.kept import Kept
from scoring.loans.codes import LoanEventCode, LoanEventReason
from scoring.loans.events import Event
from scoring.loans.loan import Loan
from scoring.loans.posting import Received
from scoring.loans.schedule import Due, Schedule
from scoring.loans.terms import Product, Terms
from scoring.parties.founders import find_founder
from scoring.parties.lenders import find_lender
from scoring.store.database import Database
from scoring.store.tables import Repayment
from tests.builders import FounderBuilder, a_founder, a_lender
from tests.conftest import Clock, new_sqlite_store

LENDER = "L-DEMO"
NUMBERS = count(1)


@contextmanager
def the_book(database: Database) -> Iterator[Book]:
    with database.writing() as ledger:
        yield Book(ledger, database.settings, find_lender(ledger.session, LENDER), "test")


def lend(founder: FounderBuilder, number: str = "N-1", *, ago: int = 0) -> Schedule:
    terms = Terms(
        Product.EQUAL_PRINCIPAL,
        1_200_000,
        Decimal("0.12"),
        6,
        founder.today - timedelta(days=ago),
    )
    made = Schedule.of(terms)
    with the_book(founder.database) as book:
        book.disburse(founder.reference, number, made, currency="KRW")
    return made


def kept(database: Database, number: str = "N-1") -> Kept:
    with the_book(database) as book:
        return book.find(number)


def state_of(founder: FounderBuilder, number: str) -> LoanState:
    database = founder.database
    with database.reading() as session:
        states = loan_states_of(
            session,
            find_founder(session, founder.reference).id,
            as_of=database.today,
            known_at=database.clock(),
            zone=database.settings.zone,
        )
    return next(state for state in states if state.loan == number)


@pytest.fixture
def borrower(database: Database) -> FounderBuilder:
    a_lender(database)
    return a_founder(database).consenting(to=LENDER)


def test_a_loan_is_kept_with_its_schedule_and_is_late_without_any_report(
    borrower: FounderBuilder,
) -> None:
    made = lend(borrower, ago=100)
    loan = kept(borrower.database).loan
    assert loan.schedules[0] == made.dues
    late = (borrower.today - made.dues[0].due_on).days
    assert loan.days_past_due(borrower.today) == late > 0
    assert state_of(borrower, "N-1").days_past_due == late


def test_the_same_loan_again_changes_nothing_and_another_is_refused(
    borrower: FounderBuilder,
) -> None:
    lend(borrower)
    lend(borrower)
    with pytest.raises(ConflictError, match="on file with other terms"):
        lend(borrower, ago=1)


def test_a_payment_is_kept_once_however_often_it_is_sent(borrower: FounderBuilder) -> None:
    lend(borrower, ago=40)
    paid = Received("R-1", borrower.today, 212_000)
    for is_new in (True, False):
        with the_book(borrower.database) as book:
            assert book.repay("N-1", paid)[1] is is_new
    with the_book(borrower.database) as book, pytest.raises(ConflictError, match="R-1"):
        book.repay("N-1", Received("R-1", borrower.today, 1))
    assert kept(borrower.database).loan.received == [paid]


def test_who_has_not_consented_gets_no_loan_and_what_runs_is_told_to_its_end(
    database: Database, clock: Clock
) -> None:
    a_lender(database)
    founder = a_founder(database)
    with pytest.raises(ConsentError):
        lend(founder)
    founder.consenting(to=LENDER)
    lend(founder)
    clock.advance(days=400)  # the consent ended after a year
    with pytest.raises(ConsentError):
        lend(founder, "N-2")
    with the_book(database) as book:
        book.repay("N-1", Received("R-1", founder.today, 1_200_000))
    assert len(kept(database).loan.received) == 1


def test_a_loan_above_the_cap_a_day_to_come_and_an_unknown_loan_are_refused(
    borrower: FounderBuilder,
) -> None:
    terms = Terms(
        Product.ANNUITY, 1_000_000, Decimal("0.19"), 12, borrower.today, upfront_fee=50_000
    )
    with the_book(borrower.database) as book:
        with pytest.raises(InputError, match="the cap is 20%"):
            book.disburse(borrower.reference, "N-9", Schedule.of(terms), currency="KRW")
        with pytest.raises(NotFoundError, match="no loan N-9"):
            book.repay("N-9", Received("R-1", borrower.today, 1))
    lend(borrower)
    with the_book(borrower.database) as book, pytest.raises(InputError, match="has not come"):
        book.repay("N-1", Received("R-1", borrower.today + timedelta(days=1), 1))


def test_a_bureau_for_non_financial_data_keeps_no_loans(
    tmp_path_factory: pytest.TempPathFactory, clock: Clock
) -> None:
    profile = DeploymentProfile.NONFINANCIAL_CB
    folder = tmp_path_factory.mktemp("bureau")
    database = new_sqlite_store(Settings(data_dir=folder, deployment_profile=profile), clock)
    a_lender(database)
    founder = a_founder(database).consenting(to=LENDER)
    with pytest.raises(ConflictError, match="nonfinancial_cb"):
        lend(founder)
    database.engine.dispose()


class BookAndLoan(RuleBasedStateMachine):
    """One loan in the book, and the same entries in an object that knows no database."""

    database: Database
    clock: Clock
    founder: FounderBuilder

    @initialize()
    def lend(self) -> None:
        self.number = f"N-{next(NUMBERS)}"
        made = lend(self.founder, self.number)
        self.loan = Loan(
            number=self.number,
            currency="KRW",
            principal=made.terms.principal,
            annual_rate=made.terms.annual_rate,
            disbursed_on=made.terms.disbursed_on,
            schedules={0: made.dues},
        )
        self.granted = made.terms.disbursed_on
        self.entries = 0

    @property
    def today(self) -> date:
        return self.database.today

    @rule(days=st.integers(5, 60))
    def wait(self, days: int) -> None:
        self.clock.advance(days=days)

    @rule(amount=st.integers(1, 300_000), back=st.integers(0, 25))
    def pay(self, amount: int, back: int) -> None:
        self.entries += 1
        on = max(self.granted, self.today - timedelta(days=back))
        received = Received(f"R-{self.entries}", on, amount)
        self.loan.post(received)
        with the_book(self.database) as book:
            assert book.repay(self.number, received)[1]
            assert not book.repay(self.number, received)[1]

    @precondition(lambda self: self.loan.received)
    @rule(which=st.integers(0, 99))
    def bounce(self, which: int) -> None:
        paid = self.loan.received[which % len(self.loan.received)]
        event = Event(
            f"E-{paid.reference}",
            max(paid.paid_on, self.loan.disbursed_on),
            LoanEventCode.REVERSED,
            LoanEventReason.BOUNCED,
            repayment=paid.reference,
        )
        self.loan.record(event)
        with the_book(self.database) as book:
            book.record(self.number, event)

    @precondition(lambda self: self.loan.closed_on(self.today) is None)
    @rule(dues=st.integers(1, 4))
    def reschedule(self, dues: int) -> None:
        begun = [e.on for e in self.loan.events if e.code is LoanEventCode.RESCHEDULED]
        if begun and max(begun) >= self.today:
            return
        self.entries += 1
        new = [
            Due(number, self.today + timedelta(days=20 * number), 150_000, 5_000, 0)
            for number in range(1, dues + 1)
        ]
        asked = {"on": self.today, "reference": f"E-{self.entries}"}
        reason = LoanEventReason.REQUEST
        self.loan.reschedule(new, **asked, reason=reason)  # type: ignore[arg-type]
        with the_book(self.database) as book:
            book.reschedule(self.number, new, **asked, reason=reason)  # type: ignore[arg-type]

    @invariant()
    def is_read_back_as_it_was_told(self) -> None:
        if not hasattr(self, "loan"):
            return
        read = kept(self.database, self.number).loan
        assert read.standing(self.today) == self.loan.standing(self.today)

    @invariant()
    def is_late_as_features_and_facts_say(self) -> None:
        if not hasattr(self, "loan"):
            return
        state = state_of(self.founder, self.number)
        standing = self.loan.standing(self.today)
        assert state.days_past_due == standing.days_past_due
        assert state.past_due == standing.past_due
        assert state.closed_on == standing.closed_on


def test_the_book_and_its_loans_say_the_same_whatever_happens(
    borrower: FounderBuilder, clock: Clock
) -> None:
    BookAndLoan.database, BookAndLoan.clock = borrower.database, clock
    BookAndLoan.founder = borrower
    # Consent ends after a year, and the clock goes on from one example to the next.
    original = BookAndLoan.lend

    class Consenting(BookAndLoan):
        @initialize()
        def lend(self) -> None:
            self.founder.consenting(to=LENDER)
            original(self)

    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Consenting,
        settings=settings(
            max_examples=8,
            stateful_step_count=8,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_repayments_are_counted_once(borrower: FounderBuilder) -> None:
    lend(borrower, ago=40)
    for _ in range(3):
        with the_book(borrower.database) as book:
            book.repay("N-1", Received("R-1", borrower.today, 212_000))
    with borrower.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Repayment)) == 1
