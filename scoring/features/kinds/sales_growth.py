"""Features of how sales change: against the season a year before, or the quarter before."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from scoring.features.catalogue import Direction, Kind, Ratio, Shrinkage, Unit, feature
from scoring.features.kinds.expressions import at_least, share, weighed
from scoring.features.kinds.sales import order_lines
from scoring.features.kinds.seasons import LONGEST_AGO, WINDOW

_FEWEST_DAYS = 45  # of a window must count, or it says nothing
_FEWEST_ORDERS = 4
_MOST = 3.0


@feature(
    over=order_lines,
    kind=Kind.SALES,
    unit=Unit.RATIO,
    decimals=2,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="sales_growth",
    empty="less than 180 days of sales, or too few in the earlier days",
    window=LONGEST_AGO,
    shrinkage=Shrinkage(at_least=_FEWEST_ORDERS, strength=10, most=_MOST),
)
def sales_growth_90d(lines: ir.Table) -> Ratio:
    """Net sales per day that counted of the last 90 days over those of the same season before.

    The season is 90 days of a year before, with Seollal and Chuseok lined up; where the record
    does not reach back so far, the 90 days before. Neutral days are taken out; 0 to 3.
    """
    recorded = lines.event_day.min(where=lines.is_sale)
    season, season_orders = _growth(lines, lines.year_before_day, "days_of_season_before")
    season = (recorded <= lines.year_before_day.max() - WINDOW + 1).ifelse(season, ibis.null())
    quarter_before = lines.as_of_day - WINDOW
    quarter, quarter_orders = _growth(lines, quarter_before, "days_of_quarter_before")
    quarter = (recorded <= quarter_before.max() - WINDOW + 1).ifelse(quarter, ibis.null())
    orders = season.notnull().ifelse(season_orders, quarter_orders)
    return weighed(season.coalesce(quarter), orders)


@feature(
    over=order_lines,
    kind=Kind.SALES,
    unit=Unit.RATIO,
    decimals=2,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="sales_growth",
    empty="less than 180 days of sales, or too few in them",
    window=2 * WINDOW,
    shrinkage=Shrinkage(at_least=10, strength=10, most=_MOST),
    actionable=False,
)
def last_30d_over_180d(lines: ir.Table) -> Ratio:
    """Net sales per day that counted of the last 30 days over those of the last 180; 0 to 3."""
    now = _rate(lines, lines.age < 30, lines.days_of_month, fewest=15)
    half_year = lines.age < 2 * WINDOW
    before = _rate(lines, half_year, lines.days_of_half_year, fewest=2 * _FEWEST_DAYS)
    has_half_year = lines.age.max(where=lines.is_sale) >= 2 * WINDOW - 1
    grown = has_half_year.ifelse(share(now, before), ibis.null())
    return weighed(grown, lines.count(where=lines.is_sale & lines.counted & half_year))


def _growth(lines: ir.Table, last: ir.IntegerColumn, counted: str) -> tuple[ir.Value, ir.Value]:
    """Growth against the 90 days up to a day, and the orders in them."""
    inside = (lines.event_day <= last) & (lines.event_day > last - WINDOW)
    now = _rate(lines, lines.age < WINDOW, lines.days_of_quarter, fewest=_FEWEST_DAYS)
    before = _rate(lines, inside, lines[counted], fewest=_FEWEST_DAYS)
    orders = lines.count(where=lines.is_sale & lines.counted & inside)
    return (orders >= _FEWEST_ORDERS).ifelse(share(now, before), ibis.null()), orders


def _rate(
    lines: ir.Table, inside: ir.BooleanColumn, counted: ir.IntegerColumn, *, fewest: int
) -> ir.Value:
    """Net sales per day that counted, missing where too few of a window's days did."""
    net = at_least(lines.net.sum(where=inside & lines.counted).coalesce(0), 0)
    days = counted.max()
    return (days >= fewest).ifelse(share(net, days), ibis.null())
