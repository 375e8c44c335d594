"""Features of sales by week, channel and buyer."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from scoring.features.catalogue import Direction, Kind, Ratio, Shrinkage, Unit, feature
from scoring.features.kinds.expressions import at_least, at_most, share, weighed
from scoring.features.kinds.lines_of_sales import HALF_YEAR, channels_of, lines_of_sales
from scoring.features.kinds.sales import order_lines
from scoring.features.known import Known

_YEAR = 364  # 52 whole weeks


def weeks_of_sales(known: Known) -> ir.Table:
    """Weeks back on the clock without neutral days in which something was sold.

    Columns: `point`, `week`, `sold`, `oldest` (the clock of the week's first sale, null where it
    has none), `whole` (the weeks since the first sale that are on record whole, the same in all
    rows of a point).
    """
    lines = order_lines(known)
    # No filter: the same rows, asked for twice, are then one part of the statement.
    sold = lines.is_sale & lines.counted
    weeks = lines.group_by("point", "week").aggregate(
        sold=lines.sold.sum(where=sold).coalesce(0).cast("float64"),
        oldest=lines.clock.max(where=sold),
    )
    first_sale = weeks.oldest.max().over(ibis.window(group_by="point"))
    return weeks.mutate(whole=((first_sale + 1) // 7).coalesce(0))


def buyers_of_year(known: Known) -> ir.Table:
    """Buyers (hashes) with how often and how much each ordered in the last year."""
    lines = lines_of_sales(known)
    recent = lines.filter(lines.is_sale, lines.age < 365, lines.buyer.notnull())
    return recent.group_by("point", "buyer").aggregate(
        first_day=recent.event_day.min(),
        last_day=recent.event_day.max(),
        sold=recent.sold.sum(),
    )


@feature(
    over=weeks_of_sales,
    kind=Kind.SALES,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="sales_regularity",
    empty="less than four weeks since the first sale",
    window=HALF_YEAR,
    on_clock=True,
    shrinkage=Shrinkage(at_least=4, strength=4, most=1),
)
def active_weeks_share_182d(weeks: ir.Table) -> Ratio:
    """Weeks with a sale over the last 26 weeks, or over the weeks since the first sale; 0 to 1.

    Whole weeks alone, counted back. Neutral days are taken out of both.
    """
    return _active_weeks(weeks, 26)


@feature(
    over=weeks_of_sales,
    kind=Kind.SALES,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="sales_regularity",
    empty="less than 26 weeks since the first sale",
    window=_YEAR,
    on_clock=True,
    shrinkage=Shrinkage(at_least=26, strength=8, most=1),
)
def active_weeks_share_364d(weeks: ir.Table) -> Ratio:
    """Weeks with a sale over the last 52 weeks, or over the weeks since the first sale; 0 to 1.

    Whole weeks alone, counted back. Neutral days are taken out of both.
    """
    return _active_weeks(weeks, 52)


def _active_weeks(weeks: ir.Table, most: int) -> Ratio:
    # The oldest week may be a part of one, which counts on neither side.
    counted = at_most(weeks.whole, most)
    active = weeks.count(where=weeks.oldest.notnull() & (weeks.week < counted))
    return Ratio(active, at_most(weeks.whole.max(), most))


@feature(
    over=weeks_of_sales,
    kind=Kind.SALES,
    unit=Unit.RATIO,
    decimals=2,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="sales_regularity",
    empty="less than eight weeks since the first sale",
    actionable=False,
    window=HALF_YEAR,
    on_clock=True,
    shrinkage=Shrinkage(at_least=8, strength=4),
)
def weekly_volatility_182d(weeks: ir.Table) -> Ratio:
    """Standard deviation over mean of weekly sales in the last 26 weeks, idle weeks being 0.

    Or in the weeks since the first sale, where they are fewer; whole weeks alone, counted back.
    Neutral days are taken out.
    """
    count = at_most(weeks.whole.max(), 26).cast("float64")
    whole = weeks.week < at_most(weeks.whole, 26)
    mean = weeks.sold.sum(where=whole) / count.nullif(0)
    squares = (weeks.sold * weeks.sold).sum(where=whole) / count.nullif(0)
    deviation = at_least(squares - mean * mean, 0.0).sqrt()
    return weighed(share(deviation, mean), count)


@feature(
    over=channels_of,
    kind=Kind.SALES,
    unit=Unit.SHARE,
    decimals=2,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="sales_channels",
    empty="fewer than five order lines in the last 182 days",
    window=HALF_YEAR,
    shrinkage=Shrinkage(at_least=5, strength=5),
)
def channel_concentration_182d(channels: ir.Table) -> Ratio:
    """Sum of squared channel shares (HHI) of 26 weeks' sales; 1 is a single channel."""
    total = channels.sold.sum()
    squares = (channels.sold * channels.sold).sum()
    return weighed(share(squares, total * total), channels.orders.sum())


@feature(
    over=channels_of,
    kind=Kind.SALES,
    unit=Unit.COUNT,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="sales_channels",
    empty="no sales in the last 182 days",
    window=HALF_YEAR,
)
def channels_182d(channels: ir.Table) -> ir.Value:
    """Channels with at least three order lines in the last 26 weeks, at most 5."""
    wide = at_most(channels.count(where=channels.orders >= 3), 5)
    return (channels.orders.sum() > 0).ifelse(wide, ibis.null())


@feature(
    over=buyers_of_year,
    kind=Kind.SALES,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="sales_repeat_buyers",
    empty="fewer than ten buyers known in the last 365 days",
    window=365,
    shrinkage=Shrinkage(at_least=10, strength=20),
)
def repeat_buyer_share_365d(buyers: ir.Table) -> Ratio:
    """Buyers who ordered on two or more days over all buyers known; from ten buyers on."""
    return Ratio(buyers.count(where=buyers.last_day > buyers.first_day), buyers.count())


@feature(
    over=buyers_of_year,
    kind=Kind.SALES,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="sales_repeat_buyers",
    empty="fewer than ten buyers known in the last 365 days",
    window=365,
    shrinkage=Shrinkage(at_least=10, strength=10),
)
def top_buyer_share_365d(buyers: ir.Table) -> Ratio:
    """What the largest buyer bought over what all known buyers did; from ten buyers on."""
    return weighed(share(buyers.sold.max(), buyers.sold.sum()), buyers.count())
