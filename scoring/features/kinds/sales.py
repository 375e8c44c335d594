"""Features of sales. Net sales are gross less discount less refund, shipping left out.

Weeks, recency and gaps run on a clock without neutral days (`neutral.py`); amounts on the calendar.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import ibis
import ibis.expr.types as ir

from scoring.features.catalogue import Direction, Kind, Ratio, Shrinkage, Unit, feature
from scoring.features.kinds.expressions import share, weighed
from scoring.features.kinds.lines_of_sales import gaps_between_sales, lines_of_sales
from scoring.features.kinds.neutral import is_neutral, neutral_since, with_neutral_days
from scoring.features.kinds.seasons import WINDOW
from scoring.features.known import Known

_NO_SALES = "no sales on record"

# Windows of which it must be known how many days counted: last day and length.
WINDOWS: dict[str, tuple[Callable[[ir.Table], ir.Value], int]] = {
    "days_of_month": (lambda t: t.as_of_day, 30),
    "days_of_quarter": (lambda t: t.as_of_day, WINDOW),
    "days_of_half_year": (lambda t: t.as_of_day, 2 * WINDOW),
    "days_of_quarter_before": (lambda t: t.as_of_day - WINDOW, WINDOW),
    "days_of_season_before": (lambda t: t.year_before_day, WINDOW),
}


@lru_cache(maxsize=8)
def order_lines(known: Known) -> ir.Table:
    """Sales and refunds, with `clock` and `week`: days and weeks back that counted.

    `counted` is false on neutral days. The columns of `WINDOWS` are the same in all rows. The
    others are those of `lines_of_sales`.
    """
    plain = lines_of_sales(known)
    lines = with_neutral_days(plain, known, WINDOWS)
    clock = lines.age - neutral_since(lines, lines.event_day)
    return lines.select(
        *plain.columns,
        *WINDOWS,
        counted=~is_neutral(lines, lines.event_day),
        clock=clock,
        week=clock // 7,
    )


def gaps_that_counted(known: Known) -> ir.Table:
    """Times without a sale, with `gap`: their length in days that counted."""
    gaps = with_neutral_days(gaps_between_sales(known), known, {})
    neutral = neutral_since(gaps, gaps.previous_day) - neutral_since(gaps, gaps.event_day)
    return gaps.select("point", "age", gap=gaps.event_day - gaps.previous_day - 1 - neutral)


def monthly_net_sales(lines: ir.Table) -> ir.Value:
    """Net sales of the last 180 days per 30 days; of the whole history where that is shorter."""
    return lines.net.sum(where=lines.age < 180).coalesce(0) * 30 / _history(lines)


def _history(lines: ir.Table) -> ir.Value:
    return ibis.greatest(ibis.least(lines.age.max() + 1, 180), 30)


@feature(
    over=order_lines,
    kind=Kind.SALES,
    unit=Unit.MONEY,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="sales_level",
    empty=_NO_SALES,
    window=180,
)
def monthly_net_sales_180d(lines: ir.Table) -> ir.Value:
    """Net sales per 30 days over the last 180 days (or the history, at least 30 days)."""
    return monthly_net_sales(lines)


@feature(
    over=order_lines,
    kind=Kind.SALES,
    unit=Unit.COUNT,
    decimals=1,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="sales_level",
    empty=_NO_SALES,
    window=180,
)
def monthly_orders_180d(lines: ir.Table) -> ir.Value:
    """Order lines sold per 30 days over the last 180 days (or the history, at least 30 days)."""
    return lines.count(where=lines.is_sale & (lines.age < 180)) * 30.0 / _history(lines)


@feature(
    over=order_lines,
    kind=Kind.SALES,
    unit=Unit.MONEY,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="sales_level",
    empty="fewer than five order lines in the last 180 days",
    window=180,
    actionable=False,
)
def average_order_180d(lines: ir.Table) -> ir.Value:
    """Gross less discount per order line sold in the last 180 days; from five lines on."""
    recent = lines.is_sale & (lines.age < 180)
    orders = lines.count(where=recent)
    return (orders >= 5).ifelse(share(lines.sold.sum(where=recent), orders), ibis.null())


@feature(
    over=gaps_that_counted,
    kind=Kind.SALES,
    unit=Unit.DAYS,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="sales_regularity",
    empty="no day without a sale between two sales of the last 365 days",
    window=365,
)
def longest_gap_days_365d(gaps: ir.Table) -> ir.Value:
    """Most days without a sale between two, of the last 365 days; neutral days do not count."""
    return gaps.gap.max(where=gaps.age < 365)


@feature(
    over=order_lines,
    kind=Kind.SALES,
    unit=Unit.DAYS,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="sales_recency",
    empty=_NO_SALES,
)
def days_since_last_sale(lines: ir.Table) -> ir.Value:
    """Days from the last sale to the day of the score; neutral days do not count."""
    return lines.clock.min(where=lines.is_sale)


@feature(
    over=order_lines,
    kind=Kind.SALES,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="sales_refunds",
    empty="fewer than 20 order lines in the last 365 days",
    window=365,
    shrinkage=Shrinkage(at_least=20, strength=20, most=1),
)
def refund_share_365d(lines: ir.Table) -> Ratio:
    """Refunds that the seller caused over gross sales of the last 365 days; from 20 lines on."""
    year = lines.age < 365
    caused = lines.refund.sum(where=year & lines.is_caused).coalesce(0)
    return weighed(
        share(caused, lines.gross.sum(where=year)), lines.count(where=year & lines.is_sale)
    )


@feature(
    over=order_lines,
    kind=Kind.SALES,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="sales_refunds",
    empty="fewer than 20 order lines in the last 365 days",
    window=365,
    shrinkage=Shrinkage(at_least=20, strength=20, most=1),
)
def cancelled_share_365d(lines: ir.Table) -> Ratio:
    """Order lines cancelled or returned for the seller's fault over lines sold in 365 days.

    From 20 lines on; at most 1.
    """
    year = lines.age < 365
    sold = lines.count(where=year & lines.is_sale)
    return Ratio(lines.count(where=year & ~lines.is_sale & lines.is_caused), sold)


@feature(
    over=order_lines,
    kind=Kind.SALES,
    unit=Unit.MONTHS,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="sales_history",
    empty=_NO_SALES,
)
def sales_history_months(lines: ir.Table) -> ir.Value:
    """Months of 30 days since the first sale on record, at most 24.

    The cap keeps it from standing for the year of arrival.
    """
    return ibis.least((lines.age.max() + 1) // 30, 24)
