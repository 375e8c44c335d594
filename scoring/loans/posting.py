"""What each payment of a loan settles, from the day on which it was received.

The oldest instalment comes first, and within it the parts in an agreed order; by default fee,
interest, principal. Or one part of all instalments due comes before the next part (`by_part`).
Then come fees that were charged besides. What is left waits, and settles instalments as they fall
due. Money is never taken back from what it settled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from scoring.loans.schedule import Due


class Part(StrEnum):
    """What an instalment is made of."""

    FEE = "fee"
    INTEREST = "interest"
    PRINCIPAL = "principal"


@dataclass(frozen=True)
class Allocation:
    """In which order money settles what is due.

    Attributes:
        order: of the parts, each once.
        by_part: whether a part of all instalments due comes before the next part, instead of the
            oldest instalment before the next instalment.
    """

    order: tuple[Part, ...] = (Part.FEE, Part.INTEREST, Part.PRINCIPAL)
    by_part: bool = False


@dataclass(frozen=True)
class Received:
    """Money received for a loan: under its reference at the lender, on a day, in minor units."""

    reference: str
    paid_on: date
    amount: int


@dataclass(frozen=True)
class Charge:
    """A fee charged besides the instalments, what was waived of it taken off, in minor units."""

    charged_on: date
    amount: int


@dataclass
class Posting:
    """What one payment settled: `amount` is the sum of the others, all in minor units.

    `waiting` has settled nothing so far: it was paid ahead, or beyond all that is owed.
    """

    received: Received
    fee: int = 0
    interest: int = 0
    principal: int = 0
    charged: int = 0
    waiting: int = 0

    @property
    def amount(self) -> int:
        """All of it."""
        return self.received.amount


@dataclass
class _Claim:
    due: Due
    part: Part
    left: int


@dataclass
class _Besides:
    charge: Charge
    left: int


@dataclass
class Settlement:
    """What has been settled of a schedule by the end of a day.

    Attributes:
        claims_left: not settled of what fell due, by part, in minor units.
        principal_paid: in minor units.
        charges_left: not settled of the fees charged besides.
        postings: by payment, in the order in which they were received.
    """

    claims_left: dict[Part, int] = field(default_factory=dict)
    principal_paid: int = 0
    charges_left: int = 0
    postings: list[Posting] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        """Money that has settled nothing so far, in minor units."""
        return sum(posting.waiting for posting in self.postings)


def settle(
    dues: Sequence[Due],
    received: Sequence[Received],
    charges: Sequence[Charge],
    allocation: Allocation,
    *,
    on: date,
) -> Settlement:
    """Let money settle what fell due up to and with a day.

    Payments of one day are taken in the order of their references, so that the order in which they
    were told changes nothing.

    Args:
        dues: of the schedule in force.
        received: payments that count for it; later ones than `on` are left out.
        charges: fees charged besides, likewise.
        allocation: which comes first.
        on: the day.
    """
    claims = [
        _Claim(due, part, amount)
        for due in sorted(dues, key=lambda due: (due.due_on, due.number))
        if due.due_on <= on
        for part in allocation.order
        if (amount := getattr(due, part.value))
    ]
    owed_besides = sorted((c for c in charges if c.charged_on <= on), key=lambda c: c.charged_on)
    besides = [_Besides(charge, charge.amount) for charge in owed_besides]
    taken = sorted(
        (one for one in received if one.paid_on <= on), key=lambda one: (one.paid_on, one.reference)
    )
    made = Settlement()
    days = sorted({claim.due.due_on for claim in claims} | {one.paid_on for one in taken})
    for day in days:
        made.postings += [Posting(one, waiting=one.amount) for one in taken if one.paid_on == day]
        _settle_day(made, _in_order(claims, allocation, day), besides, day)
    made.claims_left = {
        part: sum(claim.left for claim in claims if claim.part is part) for part in Part
    }
    made.principal_paid = sum(posting.principal for posting in made.postings)
    made.charges_left = sum(one.left for one in besides)
    return made


def _in_order(claims: Sequence[_Claim], allocation: Allocation, day: date) -> list[_Claim]:
    open_claims = [claim for claim in claims if claim.left and claim.due.due_on <= day]
    if allocation.by_part:  # stable: within a part the oldest instalment comes first
        open_claims.sort(key=lambda claim: allocation.order.index(claim.part))
    return open_claims


def _settle_day(
    made: Settlement, claims: Sequence[_Claim], besides: Sequence[_Besides], day: date
) -> None:
    for posting in made.postings:
        if not posting.waiting:
            continue
        for claim in claims:
            paid = min(claim.left, posting.waiting)
            claim.left -= paid
            posting.waiting -= paid
            name = claim.part.value
            setattr(posting, name, getattr(posting, name) + paid)
        for one in besides:
            if one.charge.charged_on <= day:
                paid = min(one.left, posting.waiting)
                one.left -= paid
                posting.waiting -= paid
                posting.charged += paid
