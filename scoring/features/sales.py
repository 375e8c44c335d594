"""Features of sales. Net sales are gross less discount less refund, shipping left out."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from scoring.features.catalogue import Direction, Kind, Unit, feature
from scoring.features.expressions import capped
from scoring.features.known import Known

_NO_SALES = "no sales on record"
_HALF_YEAR = 182  # 26 whole weeks


def order_lines(known: Known) -> ir.Table:
    """Sales and refunds with their `net` amount and week back from the point's day."""
    lines = known.order_lines
    return lines.mutate(
        net=lines.gross - lines.discount - lines.refund,
        is_sale=lines.entry == "sale",
        week=lines.age // 7,
    )


def weeks_of_sales(known: Known) -> ir.Table:
    """Weeks back from the point's day in which something was sold."""
    lines = order_lines(known)
    sold = lines.filter(lines.is_sale)
    return sold.group_by("point", "week").aggregate(
        sold=(sold.gross - sold.discount).sum().cast("float64"), oldest=sold.age.max()
    )


def channels_of_half_year(known: Known) -> ir.Table:
    """Channels with what was sold on each in the last 26 weeks."""
    lines = order_lines(known)
    recent = lines.filter(lines.is_sale, lines.age < _HALF_YEAR)
    return recent.group_by("point", "channel").aggregate(
        sold=(recent.gross - recent.discount).sum().cast("float64")
    )


def buyers_of_year(known: Known) -> ir.Table:
    """Buyers (hashes) with the number of days on which each ordered in the last year."""
    lines = order_lines(known)
    recent = lines.filter(lines.is_sale, lines.age < 365, lines.buyer.notnull())
    return recent.group_by("point", "buyer").aggregate(order_days=recent.event_day.nunique())


def monthly_net_sales(lines: ir.Table) -> ir.Value:
    """Net sales of the last 180 days per 30 days; of the whole history where that is shorter."""
    history = ibis.greatest(ibis.least(lines.age.max() + 1, 180), 30)
    return lines.net.sum(where=lines.age < 180).coalesce(0) * 30 / history


@feature(
    over=order_lines,
    kind=Kind.SALES,
    unit=Unit.MONEY,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="sales_level",
    empty=_NO_SALES,
)
def monthly_net_sales_180d(lines: ir.Table) -> ir.Value:
    """Net sales per 30 days over the last 180 days (or the history, at least 30 days)."""
    return monthly_net_sales(lines)


@feature(
    over=order_lines,
    kind=Kind.SALES,
    unit=Unit.RATIO,
    decimals=2,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="sales_growth",
    empty="less than 180 days of sales, or none in the earlier half",
)
def sales_growth_90d(lines: ir.Table) -> ir.Value:
    """Net sales of the last 90 days over those of the 90 days before, at most 3."""
    now = lines.net.sum(where=lines.age < 90).coalesce(0)
    before = lines.net.sum(where=(lines.age >= 90) & (lines.age < 180)).coalesce(0)
    comparable = (lines.age.max() >= 179) & (before > 0)
    return comparable.ifelse(capped(now / before.nullif(0), 3.0), ibis.null())


@feature(
    over=order_lines,
    kind=Kind.SALES,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="sales_regularity",
    empty="less than four weeks since the first sale",
)
def active_weeks_share_182d(lines: ir.Table) -> ir.Value:
    """Weeks with a sale over the last 26 weeks, or over the weeks since the first sale; 0 to 1."""
    weeks = ibis.least((lines.age.max() + 1) // 7, 26)
    active = lines.week.nunique(where=lines.is_sale & (lines.week < 26))
    share = capped(active / weeks.nullif(0), 1.0)  # the oldest week may be a part of one
    return (weeks >= 4).ifelse(share, ibis.null())


@feature(
    over=weeks_of_sales,
    kind=Kind.SALES,
    unit=Unit.RATIO,
    decimals=2,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="sales_regularity",
    empty="less than eight weeks since the first sale",
    actionable=False,
)
def weekly_volatility_182d(weeks: ir.Table) -> ir.Value:
    """Standard deviation over mean of weekly sales in the last 26 weeks, idle weeks being 0."""
    count = ibis.least((weeks.oldest.max() + 1) // 7, 26).cast("float64")
    recent = weeks.week < 26
    mean = weeks.sold.sum(where=recent) / count.nullif(0)
    squares = (weeks.sold * weeks.sold).sum(where=recent) / count.nullif(0)
    deviation = ibis.greatest(squares - mean * mean, 0.0).sqrt()
    return ((count >= 8) & (mean > 0)).ifelse(deviation / mean.nullif(0), ibis.null())


@feature(
    over=order_lines,
    kind=Kind.SALES,
    unit=Unit.DAYS,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="sales_recency",
    empty=_NO_SALES,
)
def days_since_last_sale(lines: ir.Table) -> ir.Value:
    """Days from the last sale to the day of the score."""
    return lines.age.min(where=lines.is_sale)


@feature(
    over=order_lines,
    kind=Kind.SALES,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="sales_refunds",
    empty="fewer than 20 order lines in the last 365 days",
)
def refund_share_365d(lines: ir.Table) -> ir.Value:
    """Refunds that the seller caused over gross sales of the last 365 days; from 20 lines on."""
    year = lines.age < 365
    caused = lines.refund.sum(where=year & (lines.refund_cause == "seller")).coalesce(0)
    gross = lines.gross.sum(where=year)
    enough = lines.count(where=year & lines.is_sale) >= 20
    return enough.ifelse(capped(caused / gross.nullif(0), 1.0), ibis.null())


@feature(
    over=channels_of_half_year,
    kind=Kind.SALES,
    unit=Unit.SHARE,
    decimals=2,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="sales_channels",
    empty="no sales in the last 182 days",
)
def channel_concentration_182d(channels: ir.Table) -> ir.Value:
    """Sum of squared channel shares (HHI) of 26 weeks' sales; 1 is a single channel."""
    total = channels.sold.sum()
    return (channels.sold * channels.sold).sum() / (total * total).nullif(0)


@feature(
    over=buyers_of_year,
    kind=Kind.SALES,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="sales_repeat_buyers",
    empty="fewer than ten buyers known in the last 365 days",
)
def repeat_buyer_share_365d(buyers: ir.Table) -> ir.Value:
    """Buyers who ordered on two or more days over all buyers known; from ten buyers on."""
    again = buyers.count(where=buyers.order_days >= 2)
    return (buyers.count() >= 10).ifelse(again / buyers.count().nullif(0), ibis.null())


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
