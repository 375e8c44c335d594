"""What an import comes to, counted while its rows are stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from scoring.base.errors import SeveralCurrenciesError
from scoring.base.money import one_currency
from scoring.intake.batch import Batch, Outcome
from scoring.records.kinds import RecordKind

# What was paid, and what else became of loans. A list of loans or a schedule says nothing of it.
REPORTING = frozenset({RecordKind.REPAYMENTS, RecordKind.LOAN_EVENTS})


@dataclass
class Tally:
    """What an import comes to.

    Attributes:
        outcomes: by row of the file.
        kinds: of the rows.
        loans: that the rows name, by number.
        last_told: the last day on which something was paid or became of a loan.
        told: what else was taken to be so.
        added, corrected: records appended and superseded.
        gross: of distinct order lines, in minor units, discounts taken off.
        refunded: by natural key of the sale, what was given back.
        cancelled: natural keys of order lines cancelled, returned or refunded.
        currencies: of the sales.
        programmes, lenders: that the rows are of.
        doubts: rows held back or waiting, by reason.
        held_afterwards: rows held back once all of the file was stored.
        by_name_only: rows given to a founder by nothing but a name.
        released, blocked: rows of earlier files that waited for these records and are stored now,
            and those that contradict what is on file and wait on.
        first_day, last_day: of the events, as ISO text.
    """

    outcomes: list[pd.Series[int]] = field(default_factory=list)
    kinds: set[RecordKind] = field(default_factory=set)
    loans: set[str] = field(default_factory=set)
    last_told: str = ""
    told: list[str] = field(default_factory=list)
    added: int = 0
    corrected: int = 0
    gross: int = 0
    sells: bool = False
    refunded: dict[str, int] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    currencies: set[str] = field(default_factory=set)
    programmes: set[str] = field(default_factory=set)
    lenders: set[str] = field(default_factory=set)
    doubts: Counter[str] = field(default_factory=Counter)
    held_afterwards: int = 0
    by_name_only: int = 0
    released: int = 0
    blocked: int = 0
    first_day: str | None = None
    last_day: str | None = None

    def add(self, batch: Batch) -> None:
        """Count what became of a batch."""
        self.outcomes.append(batch.outcomes)
        self.kinds.add(batch.kind)
        if batch.kind in REPORTING and len(batch.days):
            self.last_told = max(self.last_told, str(batch.days.max()))
        if "loan" in batch.checked:
            self.loans.update(batch.checked["loan"].unique())
        self.doubts.update(entry.reason for entry in batch.waits_now)
        for changes in batch.changes:
            self.doubts.update(changes.doubts())
            self.added += len(changes.new)
            self.corrected += len(changes.changed) + len(changes.retracted)
        for column, named in (("programme", self.programmes), ("lender", self.lenders)):
            if column in batch.checked:
                named.update(batch.checked[column].unique())
        self.by_name_only += batch.by_name_only
        self.released += batch.released
        self.blocked += batch.blocked
        if batch.kind is RecordKind.REFUNDS:
            self.cancelled.update(entry.waits_for for entry in batch.waiting if entry.waits_for)
        if batch.kind is not RecordKind.REFUNDS or self.first_day is None:
            self._see_days(batch.days)  # a file of sales is of the days of its orders
        if batch.sold is not None:
            self.sells = True
            self.gross += batch.sold.gross
            self.currencies |= batch.sold.currencies
            self.cancelled |= batch.sold.refunded.keys()
            for key, amount in batch.sold.refunded.items():
                self.refunded[key] = max(self.refunded.get(key, 0), amount)

    def hold(self, found: Mapping[str, int]) -> None:
        """Count rows that were held back once all were stored, by doubt."""
        self.doubts.update(found)
        self.held_afterwards += sum(found.values())

    def counts(self) -> dict[Outcome, int]:
        """Rows of the file by outcome."""
        if not self.outcomes:
            return dict.fromkeys(Outcome, 0)
        every = pd.concat(self.outcomes)
        if len(self.outcomes) > 1 and not every.index.is_unique:
            every = every.groupby(level=0).max()
        found = every.value_counts()
        counts = {outcome: int(found.get(int(outcome), 0)) for outcome in Outcome}
        counts[Outcome.ACCEPTED] -= self.held_afterwards
        counts[Outcome.SUSPECT] += self.held_afterwards
        return counts

    def notes(self) -> list[str]:
        """What to look at: rows given by a name only, and rows that waited for these records."""
        said = list(self.told)
        if len(self.currencies) > 1:
            said.append(
                f"The sales are in {' and '.join(sorted(self.currencies))}, so no sum of them is "
                "given. A model scores one currency: keep the others in a store of their own."
            )
        if self.by_name_only:
            said.append(
                f"{self.by_name_only} rows were matched by name only; check that nobody else is "
                "called so, or map people by number or by name and phone."
            )
        if self.released:
            said.append(f"{self.released} rows of earlier files that waited for these are stored.")
        if self.blocked:
            said.append(
                f"{self.blocked} rows of earlier files that waited for these contradict what is on "
                "file and wait on: `foothold quarantine list`."
            )
        return said

    @property
    def net_sales(self) -> int | None:
        """What the distinct lines came to after refunds, in minor units of the currency.

        None where the file sells nothing, or in several currencies: they can't be added up.
        """
        if not self.sells or len(self.currencies) > 1:
            return None
        return self.gross - sum(self.refunded.values())

    @property
    def currency(self) -> str | None:
        """The currency of the sales; None where there are none, or several."""
        try:
            return one_currency(self.currencies)
        except SeveralCurrenciesError:
            return None

    def _see_days(self, days: pd.Series[str]) -> None:
        """Widen the range of days."""
        if len(days):
            first, last = str(days.min()), str(days.max())
            self.first_day = min(self.first_day or first, first)
            self.last_day = max(self.last_day or last, last)
