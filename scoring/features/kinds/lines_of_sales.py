"""Order lines as features of sales take them: net sales, gaps between sales, channels."""

from __future__ import annotations

from functools import lru_cache

import ibis
import ibis.expr.types as ir

from scoring.features.known import Known

HALF_YEAR = 182  # days: 26 whole weeks
WITHIN = 730  # days in which a gap or a pause is looked for


@lru_cache(maxsize=8)
def lines_of_sales(known: Known) -> ir.Table:
    """Sales and refunds with what features need of them.

    Columns: `id`, `point`, `as_of_day`, `year_before_day`, `event_day`, `age`, `channel`, `buyer`,
    `is_sale`, `sold` (gross less discount), `gross`, `net`, `refund`, `is_caused` (a refund that
    the seller caused).
    """
    lines = known.order_lines
    return lines.select(
        *("id", "point", "as_of_day", "year_before_day", "event_day", "age", "channel", "buyer"),
        *("gross", "refund"),
        is_sale=lines.entry == "sale",
        is_caused=(lines.refund_cause == "seller").coalesce(False),
        sold=lines.gross - lines.discount,
        net=lines.gross - lines.discount - lines.refund,
    )


@lru_cache(maxsize=8)
def gaps_between_sales(known: Known) -> ir.Table:
    """Days of sales before which there was none on `previous_day` + 1, within 24 months.

    Columns: `point`, `event_day`, `previous_day`, `age`.
    """
    lines = lines_of_sales(known)
    sales = lines.filter(lines.is_sale).select("point", "event_day", "age")
    in_order = ibis.window(group_by="point", order_by="event_day")
    days = sales.mutate(previous_day=sales.event_day.lag().over(in_order))
    return days.filter(days.age < WITHIN, days.event_day > days.previous_day + 1)


def channels_of(known: Known) -> ir.Table:
    """Channels with the first and last day of a sale, and what was sold in the last 26 weeks."""
    lines = lines_of_sales(known)
    sales = lines.filter(lines.is_sale)
    recent = sales.age < HALF_YEAR
    return sales.group_by("point", "channel").aggregate(
        first_sold=sales.event_day.min(),
        last_sold=sales.event_day.max(),
        sold=sales.sold.sum(where=recent).coalesce(0).cast("float64"),
        orders=sales.count(where=recent),
    )
