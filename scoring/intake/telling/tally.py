"""What an import comes to, counted while its rows are stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum

import pandas as pd


class Outcome(IntEnum):
    """What became of a row of a file; of a row that makes several records, the gravest."""

    REPEATED = 0
    ACCEPTED = 1
    SUSPECT = 2
    QUARANTINED = 3


@dataclass
class Tally:
    """What an import comes to.

    Attributes:
        outcomes: by row of the file.
        added, corrected: records appended and superseded.
        gross: of distinct order lines, in minor units, discounts taken off.
        refunded: by natural key of the sale, what was given back.
        cancelled: natural keys of order lines cancelled, returned or refunded.
        currencies: of the sales.
        doubts: rows held back or waiting, by reason.
        released, blocked: rows of earlier files that waited for these records and are stored now,
            and those that contradict what is on file and wait on.
        first_day, last_day: of the events, as ISO text.
    """

    outcomes: list[pd.Series[int]] = field(default_factory=list)
    added: int = 0
    corrected: int = 0
    gross: int = 0
    sells: bool = False
    refunded: dict[str, int] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    currencies: set[str] = field(default_factory=set)
    doubts: Counter[str] = field(default_factory=Counter)
    released: int = 0
    blocked: int = 0
    first_day: str | None = None
    last_day: str | None = None

    def counts(self) -> dict[Outcome, int]:
        """Rows of the file by outcome."""
        if not self.outcomes:
            return dict.fromkeys(Outcome, 0)
        every = pd.concat(self.outcomes)
        if len(self.outcomes) > 1 and not every.index.is_unique:
            every = every.groupby(level=0).max()
        found = every.value_counts()
        return {outcome: int(found.get(int(outcome), 0)) for outcome in Outcome}

    def notes(self) -> list[str]:
        """What became of rows that waited for the records of this import."""
        said = []
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
        """What the distinct lines came to after refunds; None where the file sells nothing."""
        return self.gross - sum(self.refunded.values()) if self.sells else None

    def see_days(self, days: pd.Series[str]) -> None:
        """Widen the range of days."""
        if len(days):
            first, last = str(days.min()), str(days.max())
            self.first_day = min(self.first_day or first, first)
            self.last_day = max(self.last_day or last, last)
