"""A loan stands as what happened to it says, in whatever order it was told."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.base.errors import ConflictError, InputError
from scoring.loans.codes import LoanEventCode, LoanEventReason
from scoring.loans.events import Event
from scoring.loans.loan import Loan
from scoring.loans.posting import Allocation, Part, Received
from scoring.loans.schedule import Due, Schedule
from scoring.loans.terms import Product, Terms

GRANTED = date(2026, 1, 15)


def lent(principal: int = 1_200_000, instalments: int = 12, **changes: object) -> Loan:
    terms = Terms(Product.EQUAL_PRINCIPAL, principal, Decimal("0.12"), instalments, GRANTED)
    return Loan(
        number="N-1",
        currency="KRW",
        principal=principal,
        annual_rate=terms.annual_rate,
        disbursed_on=GRANTED,
        schedules={0: Schedule.of(terms).dues},
        **changes,  # type: ignore[arg-type]
    )


def paid(loan: Loan, reference: str, on: date, amount: int) -> Loan:
    assert loan.post(Received(reference, on, amount))
    return loan


def test_money_settles_fee_interest_and_principal_of_the_oldest_instalment() -> None:
    loan = paid(lent(), "R-1", date(2026, 2, 15), 62_000)
    standing = loan.standing(date(2026, 2, 15))
    # 12 % of 1.2 m for a month is 12,000; the other 50,000 are half of the principal due.
    assert standing.due_unpaid == {Part.FEE: 0, Part.INTEREST: 0, Part.PRINCIPAL: 50_000}
    assert standing.outstanding == 1_150_000
    assert loan.settlement(date(2026, 2, 15)).postings[0].interest == 12_000


def test_by_part_interest_of_all_instalments_comes_before_principal() -> None:
    by_part = Allocation((Part.INTEREST, Part.FEE, Part.PRINCIPAL), by_part=True)
    march = date(2026, 3, 15)
    whole = paid(lent(), "R-1", march, 112_000).settlement(march)
    parted = paid(lent(allocation=by_part), "R-1", march, 112_000).settlement(march)
    assert whole.claims_left == {Part.FEE: 0, Part.INTEREST: 11_000, Part.PRINCIPAL: 100_000}
    assert parted.claims_left == {Part.FEE: 0, Part.INTEREST: 0, Part.PRINCIPAL: 111_000}


def test_money_paid_ahead_waits_for_what_falls_due() -> None:
    loan = paid(lent(), "R-1", date(2026, 2, 1), 112_000)
    assert loan.standing(date(2026, 2, 1)).waiting == 112_000
    assert loan.standing(date(2026, 2, 15)).waiting == 0
    assert loan.standing(date(2026, 2, 15)).outstanding == 1_100_000


def test_the_same_payment_again_changes_nothing_and_another_under_its_name_is_refused() -> None:
    loan = paid(lent(), "R-1", date(2026, 2, 15), 112_000)
    assert not loan.post(Received("R-1", date(2026, 2, 15), 112_000))
    with pytest.raises(ConflictError, match="R-1 of loan N-1 is on file"):
        loan.post(Received("R-1", date(2026, 2, 15), 1))


def test_a_payment_that_bounced_was_never_received() -> None:
    loan = paid(lent(), "R-1", date(2026, 2, 15), 112_000)
    loan.reverse("R-1", on=date(2026, 2, 20), reference="E-1", reason=LoanEventReason.BOUNCED)
    assert loan.days_past_due(date(2026, 2, 19)) == 0, "as known before it bounced"
    assert loan.days_past_due(date(2026, 2, 20)) == 5
    with pytest.raises(InputError, match="no payment R-9"):
        loan.reverse("R-9", on=date(2026, 2, 20), reference="E-2", reason=LoanEventReason.BOUNCED)


def test_what_is_immaterial_makes_nobody_late() -> None:
    due = date(2026, 2, 15)
    assert paid(lent(), "R", due, 102_000).days_past_due(due + timedelta(days=30)) == 2
    assert paid(lent(), "R", due, 101_999).days_past_due(due + timedelta(days=30)) == 30


def test_the_payoff_is_principal_and_interest_for_the_days_gone() -> None:
    # Paid as agreed on the 15th of February; 14 of 28 days of the next period are gone.
    loan = paid(lent(), "R-1", date(2026, 2, 15), 112_000)
    day = date(2026, 3, 1)
    assert loan.payoff_amount(day) == 1_100_000 + 11_000 * 14 // 28
    paid(loan, "R-2", day, loan.payoff_amount(day))
    assert loan.closed_on(day) == day
    assert loan.payoff_amount(day) == 0
    assert loan.standing(date(2026, 12, 31)).days_past_due == 0


def test_late_interest_is_at_most_the_cap_and_three_points_more() -> None:
    # 100,000 of principal past due for 28 days at 12 % and 3 points: 1,150.68.
    assert lent().late_interest(date(2026, 3, 14)) == round(100_000 * 0.15 * 27 / 365)
    dear = lent()
    dear.annual_rate = Decimal("0.19")
    assert dear.late_interest(date(2026, 3, 14)) == round(100_000 * 0.20 * 27 / 365)


def test_a_rescheduling_keeps_what_was_past_due_and_begins_anew() -> None:
    loan, day = lent(), date(2026, 4, 1)
    dues = [
        Due(1, date(2026, 5, 1), 600_000, 10_000, 0),
        Due(2, date(2026, 6, 1), 600_000, 5_000, 0),
    ]
    event = loan.reschedule(dues, on=day, reference="E-1", reason=LoanEventReason.DISTRESS)
    assert (event.schedule, event.days_past_due, event.past_due) == (1, 45, 223_000)
    assert loan.days_past_due(day) == 0
    assert loan.days_past_due(date(2026, 5, 11)) == 10
    with pytest.raises(InputError, match="due after its day"):
        loan.reschedule(dues, on=date(2026, 5, 1), reference="E-2", reason=LoanEventReason.REQUEST)


def test_a_loan_is_given_back_within_fourteen_days_only() -> None:
    back = Event("E-1", GRANTED + timedelta(days=14), LoanEventCode.WITHDRAWN)
    loan = lent()
    loan.record(back)
    assert loan.closed_on(back.on) == back.on
    with pytest.raises(ConflictError, match="within 14 days"):
        lent().record(Event("E-1", GRANTED + timedelta(days=15), LoanEventCode.WITHDRAWN))


def test_what_was_written_off_is_closed_once_recovered() -> None:
    loan = lent()
    loan.record(Event("E-1", date(2026, 9, 1), LoanEventCode.WRITTEN_OFF, amount=1_000_000))
    loan.record(Event("E-2", date(2026, 10, 1), LoanEventCode.RECOVERED, amount=400_000))
    loan.record(Event("E-3", date(2026, 11, 1), LoanEventCode.RECOVERED, amount=600_000))
    assert loan.closed_on(date(2026, 10, 31)) is None
    assert loan.closed_on(date(2026, 11, 1)) == date(2026, 11, 1)


PAYMENTS = st.lists(
    st.tuples(st.integers(0, 400), st.integers(1, 400_000), st.booleans()), max_size=12
)


@settings(max_examples=60, deadline=None)
@given(
    payments=PAYMENTS,
    seed=st.integers(0, 99),
    at=st.integers(0, 400),
    by_part=st.booleans(),
    order=st.permutations(list(Part)),
)
def test_money_in_is_settled_or_waits_in_whatever_order_it_was_told(
    payments: list[tuple[int, int, bool]],
    seed: int,
    at: int,
    by_part: bool,
    order: list[Part],
) -> None:
    def told(entries: list[tuple[int, tuple[int, int, bool]]]) -> Loan:
        loan = lent(allocation=Allocation(tuple(order), by_part))
        for number, (day, amount, bounced) in entries:
            on = GRANTED + timedelta(days=day)
            loan.post(Received(f"R-{number:02}", on, amount))
            if bounced:
                loan.reverse(
                    f"R-{number:02}",
                    on=on + timedelta(days=3),
                    reference=f"E-{number}",
                    reason=LoanEventReason.BOUNCED,
                )
        return loan

    entries = list(enumerate(payments))
    shuffled = random.Random(seed).sample(entries, len(entries))
    day = GRANTED + timedelta(days=at)
    one, other = told(entries), told(shuffled)
    assert one.standing(day) == other.standing(day)
    made = one.settlement(day)
    for posting in made.postings:
        parts = posting.fee + posting.interest + posting.principal + posting.charged
        assert parts + posting.waiting == posting.amount
        assert min(posting.fee, posting.interest, posting.principal, posting.waiting) >= 0
    standing = one.standing(day)
    assert 0 <= standing.outstanding <= one.principal
    assert one.payoff_amount(day) >= 0
    assert (standing.past_due > 0) == (standing.days_past_due > 0)
