"""An open writing transaction, as everything gets it that appends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Ledger:
    """An open writing transaction: its session and the instant at which it records."""

    session: Session
    now: datetime
