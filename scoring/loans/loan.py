"""A loan as a list of what happened to it, and what follows from that for any day.

Nothing is ever changed: a payment that bounced, a rescheduling, a write-off are entries of their
own, each on its day. How the loan stands is worked out from the entries up to a day, so the order
in which they were told changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from scoring.base.errors import ConflictError, InputError
from scoring.loans.arrears import MATERIAL_PERCENT, MATERIALITY_FLOORS
from scoring.loans.codes import LoanEventCode, LoanEventReason
from scoring.loans.events import Event, Facts, refuse_event
from scoring.loans.posting import Allocation, Charge, Part, Received, Settlement, settle
from scoring.loans.rate_cap import RATE_CAP
from scoring.loans.schedule import Due

LATE_MARK_UP = Decimal("0.03")  # Lending Business Act Decree art. 9: at most 3 points more
_ENDS = (LoanEventCode.CLOSED, LoanEventCode.WITHDRAWN, LoanEventCode.SOLD)


@dataclass(frozen=True)
class Standing:
    """How a loan stands at the end of a day, amounts in minor units.

    Attributes:
        on: the day.
        outstanding: principal not repaid; what was paid ahead is taken off.
        due_unpaid: of what fell due, by part.
        charges_unpaid: fees charged besides and not paid.
        waiting: money that settled nothing so far: paid ahead, or beyond all that is owed.
        days_past_due: of the oldest instalment that is short by a material amount; 0 without.
        past_due: of all instalments due, where any is past due by a material amount; else 0.
        closed_on: since when nothing is owed; None while something is.
        written_off: whether it was.
    """

    on: date
    outstanding: int
    due_unpaid: dict[Part, int]
    charges_unpaid: int
    waiting: int
    days_past_due: int
    past_due: int
    closed_on: date | None
    written_off: bool


@dataclass
class Loan:
    """A loan, its schedules, and what happened to it so far.

    Attributes:
        number: at the lender.
        currency: ISO 4217 code.
        principal: paid out, in minor units.
        annual_rate: nominal, per year.
        disbursed_on: the day on which the money went out.
        schedules: as granted under 0, then each rescheduling's under its number.
        allocation: in which order money settles what is due.
        received: payments, whether or not they bounced.
        events: what else became of it.
        cap: on late interest, per year.
    """

    number: str
    currency: str
    principal: int
    annual_rate: Decimal
    disbursed_on: date
    schedules: dict[int, tuple[Due, ...]]
    allocation: Allocation = field(default_factory=Allocation)
    received: list[Received] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    cap: Decimal = RATE_CAP

    def post(self, received: Received) -> bool:
        """Take a payment of any day since the disbursement, and of any amount.

        Returns:
            Whether it is new; one that was taken before changes nothing.

        Raises:
            ConflictError: its reference stands for another payment.
            InputError: its amount or day can't be.
        """
        if received.amount <= 0:
            raise InputError("A payment is of an amount above zero.")
        if received.paid_on < self.disbursed_on:
            raise InputError(f"Loan {self.number} was paid out on {self.disbursed_on}, later.")
        known = self._payment(received.reference)
        if known is not None:
            if known != received:
                raise ConflictError(
                    f"Payment {received.reference} of loan {self.number} is on file with another "
                    "day or amount. Reverse it, or use a reference of its own."
                )
            return False
        self.received.append(received)
        return True

    def record(self, event: Event) -> bool:
        """Take what became of the loan.

        Returns:
            Whether it is new; what was taken before changes nothing.

        Raises:
            ConflictError: its reference stands for something else, or the loan doesn't allow it.
            InputError: something that it needs is missing.
        """
        for known in self.events:
            if known.reference == event.reference:
                if known != event:
                    raise ConflictError(
                        f"Event {event.reference} of loan {self.number} is on file as something "
                        "else. Use a reference of its own."
                    )
                return False
        self._refuse(event)
        self.events.append(event)
        return True

    def reverse(self, payment: str, *, on: date, reference: str, reason: LoanEventReason) -> bool:
        """Take back a payment that bounced or was taken by mistake: it was never received."""
        return self.record(Event(reference, on, LoanEventCode.REVERSED, reason, repayment=payment))

    def reschedule(
        self,
        dues: Sequence[Due],
        *,
        on: date,
        reference: str,
        reason: LoanEventReason,
    ) -> Event:
        """Agree on a new schedule from a day on; what was past due then is kept with it.

        Returns:
            What was recorded.

        Raises:
            InputError: there are no instalments, or one falls due by that day.
            ConflictError: the loan is closed, or a later schedule was agreed.
        """
        if not dues or min(due.due_on for due in dues) <= on:
            raise InputError("A new schedule has instalments, all of them due after its day.")
        standing = self.standing(on)
        event = Event(
            reference,
            on,
            LoanEventCode.RESCHEDULED,
            reason,
            amount=sum(due.principal for due in dues),
            schedule=max(self.schedules) + 1,
            days_past_due=standing.days_past_due,
            past_due=standing.past_due,
        )
        self._refuse(event)
        self.schedules[event.schedule or 0] = tuple(dues)
        self.events.append(event)
        return event

    def days_past_due(self, on: date) -> int:
        """Days since the oldest instalment fell due that is short by a material amount.

        The definition of `features/kinds/days_past_due.py`, worked out for one loan: all money of
        the schedule in force against all that fell due of it, whatever it was meant for.
        """
        if self.closed_on(on) is not None:
            return 0
        paid = sum(one.amount for one in self._counting(on))
        floor = MATERIALITY_FLOORS.get(self.currency, 0)
        due_so_far = 0
        for due in self._due(on):
            due_so_far += due.amount
            immaterial = max(floor * 100, due.amount * MATERIAL_PERCENT)
            if paid * 100 < due_so_far * 100 - immaterial:
                return (on - due.due_on).days
        return 0

    def payoff_amount(self, on: date) -> int:
        """What pays the loan off on a day, in minor units.

        Principal not repaid, interest and fees due, interest since the last due day for the days
        gone of its period, late interest, charged fees; what waits is taken off.
        """
        if self.closed_on(on) is not None:
            return 0
        standing = self.standing(on)
        made = self.settlement(on)
        owed = (
            max(self._lent(on) - made.principal_paid, 0)
            + standing.due_unpaid[Part.INTEREST]
            + standing.due_unpaid[Part.FEE]
            + standing.charges_unpaid
            + self._accrued(on)
            + self.late_interest(on)
        )
        return max(owed - standing.waiting, 0)

    def late_interest(self, on: date) -> int:
        """Interest for lateness up to a day: on principal past due, simple, days over 365.

        At the loan's rate and three points, and never above the cap (Lending Business Act Decree
        art. 9; the caps of RATE_CAP).
        """
        rate = min(self.annual_rate + LATE_MARK_UP, self.cap)
        dues, money = self._due(on), self._counting(on)
        total = Decimal(0)
        for place, due in enumerate(dues):
            last = due.due_on
            held = sum(one.amount for one in dues[:place])
            days = sorted({one.paid_on for one in money if one.paid_on > due.due_on} | {on})
            for day in days:
                paid = sum(one.amount for one in money if one.paid_on < day)
                left = due.principal - min(max(paid - held - due.fee - due.interest, 0),
                                           due.principal)  # fmt: skip
                total += Decimal(left) * rate * (day - last).days / 365
                last = day
        return int(total.quantize(Decimal(1), ROUND_HALF_UP))

    def standing(self, on: date) -> Standing:
        """How the loan stands at the end of a day."""
        made = self.settlement(on)
        closed_on = self.closed_on(on)
        lent = self._lent(on)
        outstanding = max(lent - made.principal_paid - made.waiting, 0)
        days = self.days_past_due(on)
        paid = sum(one.amount for one in self._counting(on))
        due = sum(one.amount for one in self._due(on))
        return Standing(
            on=on,
            outstanding=0 if closed_on is not None else outstanding,
            due_unpaid=dict.fromkeys(Part, 0) if closed_on is not None else made.claims_left,
            charges_unpaid=0 if closed_on is not None else made.charges_left,
            waiting=made.waiting,
            days_past_due=days,
            past_due=max(due - paid, 0) if days else 0,
            closed_on=closed_on,
            written_off=any(event.code is LoanEventCode.WRITTEN_OFF for event in self._events(on)),
        )

    def settlement(self, on: date) -> Settlement:
        """What the money of the schedule in force has settled by the end of a day."""
        begin = self._begin(on)
        charges = [
            Charge(event.on, event.amount)
            for event in self._events(on)
            if event.code is LoanEventCode.FEE_CHARGED and (begin is None or event.on > begin)
        ]
        waived = sum(
            event.amount for event in self._events(on) if event.code is LoanEventCode.FEE_WAIVED
        )
        return settle(
            self._due(on),
            self._counting(on),
            _less(charges, waived),
            self.allocation,
            on=on,
        )

    def closed_on(self, on: date) -> date | None:
        """Since when nothing is owed: closed, given back, sold, recovered or repaid in full."""
        found = [event.on for event in self._events(on) if event.code in _ENDS]
        lost = sum(
            event.amount for event in self._events(on) if event.code is LoanEventCode.WRITTEN_OFF
        )
        recovered = 0
        for event in sorted(self._events(on), key=lambda event: (event.on, event.reference)):
            if event.code is LoanEventCode.RECOVERED:
                recovered += event.amount
                if lost and recovered >= lost:
                    found.append(event.on)
                    break
        repaid = self._repaid_on(on)
        if repaid is not None:
            found.append(repaid)
        return min(found, default=None)

    def schedule_on(self, on: date) -> int:
        """Number of the schedule in force at the end of a day."""
        begun = (e.schedule or 0 for e in self._events(on) if e.code is LoanEventCode.RESCHEDULED)
        return max(begun, default=0)

    def _repaid_on(self, on: date) -> date | None:
        """The first day on which money reached the principal and the charges due by then."""
        lent, paid = self._lent(on), 0
        floor = MATERIALITY_FLOORS.get(self.currency, 0)
        money = sorted(self._counting(on), key=lambda one: one.paid_on)
        for day in sorted({one.paid_on for one in money}):
            paid = sum(one.amount for one in money if one.paid_on <= day)
            charged = sum(due.interest + due.fee for due in self._dues(on) if due.due_on <= day)
            if paid >= lent + charged - floor and paid >= lent - floor:
                return day
        return None

    def _refuse(self, event: Event) -> None:
        begun = [e.on for e in self.events if e.code is LoanEventCode.RESCHEDULED]
        refuse_event(
            event,
            Facts(
                number=self.number,
                disbursed_on=self.disbursed_on,
                closed_on=self.closed_on(event.on),
                rescheduled_on=max(begun, default=None),
                payments={one.reference for one in self.received},
            ),
        )

    def _payment(self, reference: str) -> Received | None:
        return next((one for one in self.received if one.reference == reference), None)

    def _events(self, on: date) -> list[Event]:
        return [event for event in self.events if event.on <= on]

    def _begin(self, on: date) -> date | None:
        """The day of the latest rescheduling; None while the first schedule is in force."""
        begun = [e.on for e in self._events(on) if e.code is LoanEventCode.RESCHEDULED]
        return max(begin for begin in begun) if begun else None

    def _counting(self, on: date) -> list[Received]:
        """Payments up to a day that did not bounce by then, for the schedule in force."""
        bounced = {
            event.repayment for event in self._events(on) if event.code is LoanEventCode.REVERSED
        }
        begin = self._begin(on)
        return [
            one
            for one in self.received
            if one.paid_on <= on
            and one.reference not in bounced
            and (begin is None or one.paid_on > begin)
        ]

    def _lent(self, on: date) -> int:
        number = self.schedule_on(on)
        return self.principal if number == 0 else sum(d.principal for d in self.schedules[number])

    def _dues(self, on: date) -> tuple[Due, ...]:
        dues = self.schedules.get(self.schedule_on(on), ())
        return tuple(sorted(dues, key=lambda due: (due.due_on, due.number)))

    def _due(self, on: date) -> list[Due]:
        return [due for due in self._dues(on) if due.due_on <= on]

    def _accrued(self, on: date) -> int:
        """Interest of the period under way, for the days of it that have gone."""
        begin = self._begin(on) or self.disbursed_on
        last = begin
        for due in self._dues(on):
            if due.due_on > on:
                share = Decimal((on - last).days) / max((due.due_on - last).days, 1)
                exact = Decimal(due.interest) * share
                return int(exact.quantize(Decimal(1), ROUND_HALF_UP))
            last = due.due_on
        return 0


def _less(charges: Iterable[Charge], waived: int) -> list[Charge]:
    """Charges with what was waived taken off, the oldest first."""
    left = []
    for charge in sorted(charges, key=lambda charge: charge.charged_on):
        off = min(waived, charge.amount)
        waived -= off
        if charge.amount > off:
            left.append(Charge(charge.charged_on, charge.amount - off))
    return left
