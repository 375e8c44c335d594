"""What a reader of orders tells beside the records: notes, rows that are no order, repetitions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

import pandas as pd


@dataclass
class Remarks:
    """Filled while a file is read; the preview shows them.

    Attributes:
        last_day: how far the export goes.
        left_out: rows that are no order, by reason.
        repeated: rows that tell nothing beyond another row.
        notes: what was assumed or noticed, one sentence each.
    """

    last_day: date
    left_out: Counter[str]
    repeated: int
    notes: list[str] = field(default_factory=list)

    def leave_out(self, reason: str, rows: pd.Series[bool]) -> None:
        """Count rows that are no order."""
        self.left_out[reason] += int(rows.sum())

    def note(self, *sentences: str) -> None:
        """Add what was assumed or noticed."""
        self.notes.extend(sentences)

    def note_inferred_days(self, is_inferred: pd.Series[bool]) -> None:
        """Say how many claims are dated by the export's end for want of a day of their own."""
        if is_inferred.any():
            self.note(
                f"{int(is_inferred.sum())} cancellations or refunds have no day of their own and "
                f"count from the export's last day, {self.last_day}."
            )
