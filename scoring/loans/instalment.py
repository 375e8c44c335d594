"""The instalment of a loan that is repaid in equal monthly parts, before it has a schedule."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from scoring.loans.rate_cap import RATE_CAP

OFF_BY = Decimal("0.1")  # a declared instalment may be off by a tenth


def monthly_instalment(principal: int, months: int, annual_rate: Decimal) -> int:
    """P * i / (1 - (1 + i)^-n) in minor units, rounded half up; P / n without interest."""
    if annual_rate == 0:
        exact = Decimal(principal) / months
    else:
        rate = annual_rate / 12
        exact = principal * rate / (1 - (1 + rate) ** -months)
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def instalment_range(
    principal: int, months: int, annual_rate: float | None
) -> tuple[Decimal, Decimal]:
    """The instalments that a loan of these terms can have, a tenth less or more.

    Without a rate it may be anything from none to the cap.
    """
    rate = None if annual_rate is None or annual_rate != annual_rate else Decimal(str(annual_rate))
    least = monthly_instalment(principal, months, Decimal(0) if rate is None else rate)
    most = monthly_instalment(principal, months, RATE_CAP if rate is None else rate)
    return least * (1 - OFF_BY), most * (1 + OFF_BY)
