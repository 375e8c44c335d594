"""When records of a file are taken as learned: on arrival, or a lag after the event day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from scoring.base.calendar import start_of
from scoring.base.errors import InputError
from scoring.store.database import Database


@dataclass(frozen=True)
class Learned:
    """When records of a file are taken as learned."""

    lag_days: int | None = None

    @classmethod
    def parse(cls, text: str) -> Learned:
        """Read `live`, or a number of days such as `2`; also as a receipt writes it.

        Raises:
            InputError: the text is neither.
        """
        if text == "live":
            return cls()
        match = re.fullmatch(r"(?:lag(?:-days)?[-=: ]?)?(\d{1,4})(?:d|-days| days)?", text)
        if match is None:
            raise InputError(
                f'"{text}" is not a way of learning: say "live", or the lag in days after which '
                "such records are known, such as 2."
            )
        return cls(int(match[1]))

    def __str__(self) -> str:
        return "live" if self.lag_days is None else f"lag {self.lag_days} days"

    def learned_at(self, known_from: str, now: datetime, database: Database) -> datetime:
        """The instant at which a record of an ISO day was learned, never later than now."""
        if self.lag_days is None:
            return now
        day = date.fromisoformat(known_from) + timedelta(days=self.lag_days)
        return min(now, start_of(day, database.settings.zone))
