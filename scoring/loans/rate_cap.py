"""The lawful ceiling on interest, compared with the simple yearly rate."""

from __future__ import annotations

from decimal import Decimal

from scoring.base.errors import InputError
from scoring.loans.schedule import Schedule

# Korea: Lending Business Act art. 8 and 15 with its Decree art. 5 and 9; Interest Limitation Act.
RATE_CAP = Decimal("0.20")


def refuse_above_cap(schedule: Schedule, *, cap: Decimal = RATE_CAP) -> None:
    """Refuse a loan that costs more than the law allows, all fees counted as interest.

    Raises:
        InputError: it does; says the rate and the cap.
    """
    rate = schedule.simple_annual_rate
    if rate > cap:
        raise InputError(
            f"With all fees this loan costs {rate:.2%} a year, simple, and the cap is {cap:.0%}. "
            "Lower the rate or the fees."
        )
