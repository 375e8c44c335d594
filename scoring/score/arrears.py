"""What is said of a borrower's arrears: the fact for every answer, and whether it is a default.

Somebody in default has no probability of default: instead of a score the document holds the state,
the fact that is its reason, and what cures it (EBA/GL/2016/07 on the definition of default, with
the materiality and the periods of `scoring/loans/arrears.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from scoring.features.engines.loan_states import LoanState
from scoring.loans.arrears import CLEAN_DAYS, CLEAN_DUES, MATERIALITY_FLOORS, SILENT_DAYS
from scoring.score.document import (
    CurrentArrears,
    DefaultCause,
    InDefault,
    LoansRead,
    Whose,
)

# Of another lender's loan, arrears are shown from here on (Credit Information Act art. 35-3).
_SHOWN_FROM = {"KRW": 100_000}
_BUCKETS = (10, 50, 100, 500)  # times the floor of the currency


class AmountBucket(StrEnum):
    """How much is past due, in steps of the currency's floor of materiality (10,000 won)."""

    NONE = "none"
    UNDER_10 = "under_10_floors"
    UNDER_50 = "under_50_floors"
    UNDER_100 = "under_100_floors"
    UNDER_500 = "under_500_floors"
    OVER = "500_floors_or_more"


@dataclass(frozen=True)
class Told:
    """That a founder was told of a loan's arrears since a day, to be shown from another on."""

    since: date
    shown_from: date


@dataclass(frozen=True)
class Borrower:
    """A founder's loans as a lender may see them on a day.

    Attributes:
        loans: those that may be read.
        lender: reference of the lender that asks.
        read: whose loans these are, or why none is read.
        told: what the founder was told of arrears by then, by source and number of the loan.
    """

    loans: Sequence[LoanState]
    lender: str
    read: LoansRead
    told: Mapping[tuple[str, str], Collection[Told]] = field(default_factory=dict)

    def current_arrears(self) -> CurrentArrears:
        """Arrears as of the day, the worst over the loans; of others nothing that names them."""
        shown = [loan for loan in self.loans if self._is_shown(loan)]
        running = [loan for loan in shown if loan.closed_on is None]
        if not self.loans:
            return CurrentArrears(read=self.read)
        worst = max(running, key=lambda loan: (loan.days_past_due, loan.past_due), default=None)
        if worst is None or worst.days_past_due == 0:
            through = min((loan.reported_through for loan in running), default=None)
            return CurrentArrears(read=self.read, days=0, amount="none", reported_through=through)
        return CurrentArrears(
            read=self.read,
            days=worst.days_past_due,
            amount=amount_bucket(worst.past_due, worst.currency),
            reported_through=worst.reported_through,
            whose=self._whose(worst),
        )

    def default(self) -> InDefault | None:
        """The default that stands, if one does: the lender's own loans first, then the gravest."""
        found = [
            (loan, cause, since)
            for loan in self.loans
            if self._is_shown(loan)
            for cause, since in defaults_of(loan)
        ]
        if not found:
            return None
        order = list(DefaultCause)
        loan, cause, since = min(
            found,
            key=lambda one: (
                self._whose(one[0]) is not Whose.OWN,
                order.index(one[1]),
                one[2],
                one[0].source,
                one[0].loan,
            ),
        )
        silent = (loan.as_of - loan.reported_through).days >= SILENT_DAYS
        return InDefault(
            cause=cause,
            since=since,
            whose=self._whose(loan),
            days=loan.days_past_due,
            reported_through=loan.reported_through,
            last_reported=loan.reported_through if silent and loan.closed_on is None else None,
            clean_days=_clean_days(loan, since),
            clean_days_needed=CLEAN_DAYS,
            paid_dues=min(loan.paid_since, CLEAN_DUES) if _needs_dues(cause) else None,
            paid_dues_needed=CLEAN_DUES if _needs_dues(cause) else None,
        )

    def _whose(self, loan: LoanState) -> Whose:
        return Whose.OWN if loan.lender == self.lender else Whose.OTHERS

    def _is_shown(self, loan: LoanState) -> bool:
        """Whether this lender sees the loan: others' arrears only once their borrower was told."""
        since = adverse_since(loan)
        if self._whose(loan) is Whose.OWN or since is None:
            return True
        told = self.told.get((loan.source, loan.loan), ())
        return is_large_enough(loan) and any(each.since >= since for each in told)


def adverse_since(loan: LoanState) -> date | None:
    """Since when a loan is in arrears or in default without a break; None where it is neither."""
    found = [since for _, since in defaults_of(loan)]
    if found and loan.spell_from is not None:
        found.append(loan.spell_from)
    if loan.days_past_due > 0:
        oldest = loan.reported_through - timedelta(days=loan.days_past_due)
        found.append(loan.spell_from or oldest)
    return min(found, default=None)


def is_large_enough(loan: LoanState) -> bool:
    """Whether arrears are of an amount that may be shared; what became of a loan always may be."""
    return loan.days_past_due == 0 or loan.past_due >= _SHOWN_FROM.get(loan.currency, 0)


def arrears_code(arrears: CurrentArrears) -> str:
    """Which sentence says the fact, as its code in `texts.toml`."""
    if arrears.read is LoansRead.NONE:
        return "not_read"
    if arrears.days is None:
        return "no_loans"
    if arrears.days > 0:
        return "some"
    return "all_closed" if arrears.reported_through is None else "none"


def amount_bucket(past_due: int, currency: str) -> str:
    """The bucket of an amount past due, in minor units."""
    floor = MATERIALITY_FLOORS.get(currency)
    if floor is None:
        return AmountBucket.UNDER_10.value
    names = list(AmountBucket)[1:]
    place = sum(past_due >= times * floor for times in _BUCKETS)
    return names[place].value


def defaults_of(loan: LoanState) -> list[tuple[DefaultCause, date]]:
    """The defaults of a loan that are not cured, each with its first day."""
    found = []
    for cause, since in (
        (DefaultCause.WRITTEN_OFF, loan.written_off_on),
        (DefaultCause.SOLD_AT_A_LOSS, loan.sold_on),
    ):
        if since is not None and (loan.closed_on is None or not _is_clean(loan, loan.closed_on)):
            found.append((cause, since))
    if loan.distress_on is not None and _in_distress(loan, loan.distress_on):
        found.append((DefaultCause.RESCHEDULED_IN_DISTRESS, loan.distress_on))
    late, until = loan.spell_default_on, loan.spell_until
    if late is not None and until is not None and not _is_clean(loan, until):
        found.append((DefaultCause.DAYS_PAST_DUE, late))
    return found


def _in_distress(loan: LoanState, since: date) -> bool:
    enough = loan.paid_since >= CLEAN_DUES or loan.closed_on is not None
    if loan.spell_from is not None and loan.spell_until is not None and loan.spell_from > since:
        # What was cured before later arrears began stays cured.
        if enough and loan.spell_from - since >= timedelta(days=CLEAN_DAYS):
            return False
        return not (enough and _is_clean(loan, loan.spell_until))
    return not (enough and _is_clean(loan, since))


def _is_clean(loan: LoanState, last_late: date) -> bool:
    return _known_until(loan) - last_late >= timedelta(days=CLEAN_DAYS)


def _clean_days(loan: LoanState, since: date) -> int:
    """Days without anything material past due, as far as is known; at most what is needed."""
    last_late = max(filter(None, (since, loan.spell_until, loan.closed_on)), default=since)
    if loan.days_past_due > 0 or (loan.written_off_on or loan.sold_on) and loan.closed_on is None:
        return 0
    return min(max((_known_until(loan) - last_late).days, 0), CLEAN_DAYS)


def _known_until(loan: LoanState) -> date:
    """The last day of which it is known whether anything was past due: closed loans owe nothing."""
    return loan.as_of if loan.closed_on is not None else loan.reported_through


def _needs_dues(cause: DefaultCause) -> bool:
    return cause is DefaultCause.RESCHEDULED_IN_DISTRESS
