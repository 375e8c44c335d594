"""Days that are nobody's fault: one pause, and days on which a channel failed its sellers.

A pause is declared, or is the longest time between two days of sales: illness, birth and stock
bring both, and nobody has to say so. One counts, the longest that ended within 24 months, and of a
longer one its first 120 days. Time since the last sale is no undeclared pause: a shop that closed
looks the same. Beside it the two latest platform events count, of channels on which the founder
sold when they began. Such days are taken out of the clock: what came before moves up to their end.

All of it is arithmetic on integers, so that it is the same on every engine.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import lru_cache, reduce

import ibis
import ibis.expr.types as ir

from scoring.features.known import Known

LONGEST_PAUSE = 120
WITHIN = 730
EVENTS = 2
HALF_YEAR = 182  # 26 whole weeks
STILL_SELLING = 90  # a channel last sold on before that was given up before its failure

_PLACES = range(EVENTS + 1)  # the pause and the events
_NEVER = -1_000_000  # a day before all others
_SHIFT = 1_000_000  # days have fewer digits: length * _SHIFT + first day sorts by length


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


def declared_pause(known: Known) -> ir.Table:
    """The longest declared pause that counts: `point`, `pause_first`, `pause_last`."""
    return _decoded(_declared(known).group_by("point").aggregate(key=lambda t: t.key.max()))


@lru_cache(maxsize=8)
def neutral_days(known: Known) -> ir.Table:
    """One row per point: `first_0`, `last_0` to `first_2`, `last_2`, intervals without overlap.

    Where there are fewer, the rest lie before all records.
    """
    found = _without_overlap(_pause(known).union(_events(known)))
    latest = ibis.window(group_by="point", order_by=("is_event", ibis.desc("last")))
    placed = found.mutate(place=ibis.row_number().over(latest))
    ends = placed.group_by("point").aggregate(
        **{
            f"{end}_{place}": placed[end].max(where=placed.place == place)
            for place in _PLACES
            for end in ("first", "last")
        }
    )
    points = known.points.select("as_of_day", "year_before_day", neutral_point="point")
    joined = points.left_join(ends, points.neutral_point == ends.point)
    return joined.select(
        *points.columns, **{name: joined[name].coalesce(_NEVER) for name in _columns()}
    )


def with_neutral_days(
    rows: ir.Table, known: Known, windows: Mapping[str, tuple[Callable[[ir.Table], ir.Value], int]]
) -> ir.Table:
    """Rows of points beside the intervals of their point.

    Args:
        rows: with a column `point`.
        known: of the same points.
        windows: by name of a new column, the last day of a window and its length: the column says
            how many of its days counted.
    """
    neutral = neutral_days(known)
    counted = {
        name: _counted_days(neutral, last(neutral), days) for name, (last, days) in windows.items()
    }
    neutral = neutral.select("neutral_point", *_columns(), **counted)
    joined = rows.join(neutral, rows.point == neutral.neutral_point)
    return joined.select(*rows.columns, *_columns(), *counted)


def neutral_since(rows: ir.Table, day: ir.IntegerValue) -> ir.IntegerValue:
    """How many neutral days lie after a day, up to the point's day."""
    parts: list[ir.IntegerValue] = [
        ibis.greatest(rows[f"last_{place}"] - ibis.greatest(rows[f"first_{place}"] - 1, day), 0)
        for place in _PLACES
    ]
    return reduce(operator.add, parts)


def is_neutral(rows: ir.Table, day: ir.IntegerValue) -> ir.BooleanValue:
    """Whether a day is neutral."""
    parts = [day.between(rows[f"first_{place}"], rows[f"last_{place}"]) for place in _PLACES]
    return reduce(operator.or_, parts)


def _counted_days(rows: ir.Table, last: ir.IntegerValue, days: int) -> ir.IntegerValue:
    parts = []
    for place in _PLACES:
        ends = ibis.least(rows[f"last_{place}"], last)
        begins = ibis.greatest(rows[f"first_{place}"], last - (days - 1))
        parts.append(ibis.greatest(ends - begins + 1, 0))
    return days - reduce(operator.add, parts)


def _columns() -> list[str]:
    return [f"{end}_{place}" for place in _PLACES for end in ("first", "last")]


def _declared(known: Known) -> ir.Table:
    pauses = known.pauses.mutate(last=lambda t: ibis.least(t.ends_day, t.as_of_day))
    recent = pauses.filter(pauses.last > pauses.as_of_day - WITHIN)
    return recent.select(
        "point", key=(recent.last - recent.event_day + 1) * _SHIFT + recent.event_day
    )


def _undeclared(known: Known) -> ir.Table:
    gaps = gaps_between_sales(known)
    return gaps.select(
        "point",
        key=(gaps.event_day - gaps.previous_day - 1) * _SHIFT + gaps.previous_day + 1,
    )


def _pause(known: Known) -> ir.Table:
    either = _declared(known).union(_undeclared(known))
    longest = _decoded(either.group_by("point").aggregate(key=either.key.max()))
    return longest.select(
        "point",
        first=longest.pause_first,
        last=longest.pause_last,
        is_event=ibis.literal(0, "int64"),
    )


def _decoded(longest: ir.Table) -> ir.Table:
    found = longest.mutate(length=longest.key // _SHIFT)
    found = found.mutate(pause_first=found.key - found.length * _SHIFT)
    counted = ibis.least(found.length, LONGEST_PAUSE)
    return found.select("point", "pause_first", pause_last=found.pause_first + counted - 1)


def _events(known: Known) -> ir.Table:
    spans = channels_of(known).rename(sold_point="point", sold_channel="channel")
    events = known.platform_events
    touched = events.join(
        spans, [events.point == spans.sold_point, events.channel == spans.sold_channel]
    )
    touched = touched.filter(
        touched.first_sold <= touched.event_day,
        touched.last_sold > touched.event_day - STILL_SELLING,
        touched.age < WITHIN,
    )
    last = ibis.least(touched.ends_day, touched.as_of_day)
    return touched.select(
        "point", first=touched.event_day, last=last, is_event=ibis.literal(1, "int64")
    )


def _without_overlap(intervals: ir.Table) -> ir.Table:
    before = ibis.window(
        group_by="point", order_by=("first", "last"), preceding=(None, 1), following=None
    )
    reached = intervals.mutate(reached=intervals["last"].max().over(before).coalesce(_NEVER))
    first = ibis.greatest(reached["first"], reached.reached + 1)
    cut = reached.select("point", "last", "is_event", first=first)
    return cut.filter(cut["first"] <= cut["last"])
