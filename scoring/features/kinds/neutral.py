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

from scoring.features.kinds.lines_of_sales import WITHIN, channels_of, gaps_between_sales
from scoring.features.known import Known

LONGEST_PAUSE = 120
EVENTS = 2
STILL_SELLING = 90  # a channel last sold on before that was given up before its failure

# Intervals and whether their days are added or taken away again: an event can meet the pause.
_PLACES = range(1, EVENTS + 1)
_ADDED = ["pause", *(f"event_{place}" for place in _PLACES)]
_TAKEN = [f"both_{place}" for place in _PLACES]
_INTERVALS = [*_ADDED, *_TAKEN]
_NEVER = -1_000_000  # a day before all others
_SHIFT = 1_000_000  # days have fewer digits: length * _SHIFT + first day sorts by length


def declared_pause(known: Known) -> ir.Table:
    """The longest declared pause that counts: `point`, `pause_first`, `pause_last`."""
    longest = _declared(known).group_by("point").aggregate(key=lambda t: t.key.max())
    return _decoded(longest).select("point", "pause_first", "pause_last")


@lru_cache(maxsize=8)
def neutral_days(known: Known) -> ir.Table:
    """One row per point: `first_…` and `last_…` of the pause, each event, and what they share.

    An interval that ends before it begins is none. Nothing is stacked here: engines that divide
    rows by point would divide a union once more.
    """
    points = known.points.select("as_of_day", "year_before_day", neutral_point="point")
    pause = _pause(known, points)
    events = _events(known).rename(event_point="point")
    beside = pause.left_join(events, pause.neutral_point == events.event_point)
    ends = {
        f"{end}_event_{place}": beside[f"{end}_event_{place}"].coalesce(nothing)
        for place in _PLACES
        for end, nothing in (("first", 0), ("last", -1))
    }
    found = beside.select(*pause.columns, **ends)
    return found.mutate(
        **{
            f"first_both_{place}": ibis.greatest(found.first_pause, found[f"first_event_{place}"])
            for place in _PLACES
        },
        **{
            f"last_both_{place}": ibis.least(found.last_pause, found[f"last_event_{place}"])
            for place in _PLACES
        },
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

    def since(interval: str) -> ir.IntegerValue:
        before = rows[f"first_{interval}"] - 1
        return ibis.greatest(rows[f"last_{interval}"] - ibis.greatest(before, day), 0)

    return _summed(since)


def is_neutral(rows: ir.Table, day: ir.IntegerValue) -> ir.BooleanValue:
    """Whether a day is neutral."""
    parts = [day.between(rows[f"first_{each}"], rows[f"last_{each}"]) for each in _ADDED]
    return reduce(operator.or_, parts)


def _counted_days(rows: ir.Table, last: ir.IntegerValue, days: int) -> ir.IntegerValue:
    def inside(interval: str) -> ir.IntegerValue:
        ends = ibis.least(rows[f"last_{interval}"], last)
        begins = ibis.greatest(rows[f"first_{interval}"], last - (days - 1))
        return ibis.greatest(ends - begins + 1, 0)

    return days - _summed(inside)


def _summed(days: Callable[[str], ir.IntegerValue]) -> ir.IntegerValue:
    """Days of all intervals, those that two of them share counted once."""
    added = reduce(operator.add, (days(interval) for interval in _ADDED))
    return added - reduce(operator.add, (days(interval) for interval in _TAKEN))


def _columns() -> list[str]:
    return [f"{end}_{interval}" for interval in _INTERVALS for end in ("first", "last")]


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


def _pause(known: Known, points: ir.Table) -> ir.Table:
    """The points with `first_pause` and `last_pause`, 0 and -1 where there is none."""
    declared = _declared(known).group_by("point").aggregate(declared=lambda t: t.key.max())
    gaps = _undeclared(known).group_by("point").aggregate(undeclared=lambda t: t.key.max())
    declared, gaps = (
        declared.rename(declared_point="point"),
        gaps.rename(undeclared_point="point"),
    )
    beside = points.left_join(declared, points.neutral_point == declared.declared_point)
    beside = beside.left_join(gaps, beside.neutral_point == gaps.undeclared_point)
    key = ibis.greatest(beside.declared.coalesce(0), beside.undeclared.coalesce(0))
    found = _decoded(beside.select(*points.columns, key=key))
    return found.select(*points.columns, first_pause="pause_first", last_pause="pause_last")


def _decoded(longest: ir.Table) -> ir.Table:
    found = longest.mutate(length=longest.key // _SHIFT)
    found = found.mutate(pause_first=found.key - found.length * _SHIFT)
    counted = ibis.least(found.length, LONGEST_PAUSE)
    return found.mutate(pause_last=found.pause_first + counted - 1)


def _events(known: Known) -> ir.Table:
    """The latest events of the founders' channels, without days in common, one row per point."""
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
    found = _without_overlap(touched.select("point", first=touched.event_day, last=last))
    latest = ibis.window(group_by="point", order_by=ibis.desc("last"))
    placed = found.mutate(place=ibis.row_number().over(latest) + 1)
    return placed.group_by("point").aggregate(
        **{
            f"{end}_event_{place}": placed[end].max(where=placed.place == place)
            for place in _PLACES
            for end in ("first", "last")
        }
    )


def _without_overlap(intervals: ir.Table) -> ir.Table:
    before = ibis.window(
        group_by="point", order_by=("first", "last"), preceding=(None, 1), following=None
    )
    reached = intervals.mutate(reached=intervals["last"].max().over(before).coalesce(_NEVER))
    first = ibis.greatest(reached["first"], reached.reached + 1)
    cut = reached.select("point", "last", first=first)
    return cut.filter(cut["first"] <= cut["last"])
