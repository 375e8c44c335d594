"""Features of attendance; excused sessions count neither for nor against anybody."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from scoring.features.catalogue import Direction, Kind, Ratio, Shrinkage, Unit, feature
from scoring.features.kinds.expressions import share, weighed
from scoring.features.kinds.neutral import declared_pause
from scoring.features.known import Known

_FEWEST_SESSIONS = 6
_LAST = 8  # sessions: four weeks of two
_COMPLETED_SESSIONS = 12
_COMPLETED_PERCENT = 80  # the rule of public boot camps in Korea
_ENDED_DAYS = 28  # without a session: the programme is over
_LATE_MINUTES = 10
_NONE = "no programme sessions on record, or too few to say"


def counted_sessions(known: Known) -> ir.Table:
    """Sessions that were not excused, with `attended` 0 or 1, in order and from the last.

    Who missed a session in a declared pause is excused. Sessions of one day that went differently
    are put in an order that the order of rows doesn't change.
    """
    sessions = known.attendance
    sessions = sessions.filter(sessions.status != "excused").mutate(
        attended=sessions.status.isin(["present", "late"]).ifelse(1, 0)
    )
    pause = declared_pause(known).rename(paused_point="point")
    beside = sessions.left_join(pause, sessions.point == pause.paused_point)
    paused = (beside.event_day >= beside.pause_first) & (beside.event_day <= beside.pause_last)
    counted = beside.filter(~((beside.attended == 0) & paused.coalesce(False)))
    counted = counted.select(*sessions.columns)
    forwards = ibis.window(group_by="point", order_by=("event_day", "attended"))
    so_far = ibis.cumulative_window(group_by="point", order_by=("event_day", "attended"))
    return counted.mutate(
        place=ibis.row_number().over(forwards),
        held=counted.count().over(ibis.window(group_by="point")),
        attended_so_far=counted.attended.sum().over(so_far),
    )


def absence_runs(known: Known) -> ir.Table:
    """Sessions grouped by how many were attended up to them: the absences after each."""
    sessions = counted_sessions(known)
    return sessions.group_by("point", "attended_so_far").aggregate(
        absences=(1 - sessions.attended).sum(), sessions=sessions.count()
    )


@feature(
    over=counted_sessions,
    kind=Kind.ATTENDANCE,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="business_training",
    empty=_NONE,
    shrinkage=Shrinkage(at_least=_FEWEST_SESSIONS, strength=6),
)
def attended_share(sessions: ir.Table) -> Ratio:
    """Hours attended over hours held, excused sessions left out; 0 to 1, from six sessions on."""
    attended = sessions.hours.sum(where=sessions.attended == 1).coalesce(0.0)
    return weighed(share(attended, sessions.hours.sum()), sessions.count())


@feature(
    over=counted_sessions,
    kind=Kind.ATTENDANCE,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="business_training",
    empty=_NONE,
    shrinkage=Shrinkage(at_least=_FEWEST_SESSIONS, strength=6),
)
def last_sessions_attended_share(sessions: ir.Table) -> Ratio:
    """Sessions attended of the last eight that were held, excused ones left out; from six on."""
    last = sessions.place >= sessions.held - _LAST
    return Ratio(sessions.attended.sum(where=last), sessions.count(where=last))


@feature(
    over=counted_sessions,
    kind=Kind.ATTENDANCE,
    unit=Unit.RATIO,
    decimals=2,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="business_training",
    empty="fewer than nine programme sessions on record",
    actionable=False,
    shrinkage=Shrinkage(at_least=9, strength=9),
)
def attendance_trend(sessions: ir.Table) -> Ratio:
    """Share attended in the last third of sessions less that in the first; -1 to 1, from nine."""
    third = sessions.place * 3 // sessions.held
    first = share(sessions.attended.sum(where=third == 0), sessions.count(where=third == 0))
    last = share(sessions.attended.sum(where=third == 2), sessions.count(where=third == 2))
    return weighed(last - first, sessions.count())


@feature(
    over=absence_runs,
    kind=Kind.ATTENDANCE,
    unit=Unit.COUNT,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="business_training",
    empty=_NONE,
)
def longest_absence_run(runs: ir.Table) -> ir.Value:
    """Most sessions missed in a row without excuse, from six sessions on."""
    enough = runs.sessions.sum() >= _FEWEST_SESSIONS
    return enough.ifelse(runs.absences.max(), ibis.null())


@feature(
    over=counted_sessions,
    kind=Kind.ATTENDANCE,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="business_training",
    empty="fewer than three assignments on record",
    shrinkage=Shrinkage(at_least=3, strength=5),
)
def assignments_on_time_share(sessions: ir.Table) -> Ratio:
    """Assignments handed in on time over assignments given; 0 to 1, from three on."""
    return Ratio(
        sessions.count(where=sessions.assignment == "on_time"), sessions.assignment.count()
    )


@feature(
    over=counted_sessions,
    kind=Kind.ATTENDANCE,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="business_training",
    empty="fewer than three assignments on record",
    shrinkage=Shrinkage(at_least=3, strength=5),
)
def assignments_handed_in_share(sessions: ir.Table) -> Ratio:
    """Assignments handed in, late or not, over assignments given; 0 to 1, from three on."""
    handed_in = sessions.assignment.isin(["on_time", "late"])
    return Ratio(sessions.count(where=handed_in), sessions.assignment.count())


@feature(
    over=counted_sessions,
    kind=Kind.ATTENDANCE,
    unit=Unit.COUNT,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="business_training",
    empty=_NONE,
)
def mentoring_meetings(sessions: ir.Table) -> ir.Value:
    """Mentoring meetings attended, at most 12; missing where none was offered."""
    offered = sessions.session_kind == "mentoring"
    attended = sessions.count(where=offered & (sessions.attended == 1))
    return (sessions.count(where=offered) > 0).ifelse(ibis.least(attended, 12), ibis.null())


@feature(
    over=counted_sessions,
    kind=Kind.ATTENDANCE,
    unit=Unit.COUNT,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="business_training",
    empty="no programme that has ended, or one of fewer than twelve sessions",
    actionable=False,
)
def training_completed(sessions: ir.Table) -> ir.Value:
    """1 where at least 80 % of sessions were attended, excused ones left out, else 0.

    Only of a programme of twelve sessions or more that has ended: none for 28 days.
    """
    kept = sessions.attended.sum() * 100 >= sessions.count() * _COMPLETED_PERCENT
    ended = (sessions.age.min() >= _ENDED_DAYS) & (sessions.count() >= _COMPLETED_SESSIONS)
    return ended.ifelse(kept.ifelse(1, 0), ibis.null())


@feature(
    over=counted_sessions,
    kind=Kind.ATTENDANCE,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_LOWER,
    reason="business_training",
    empty=_NONE,
    actionable=False,
    shrinkage=Shrinkage(at_least=_FEWEST_SESSIONS, strength=6),
    off_by_default=True,
)
def late_share(sessions: ir.Table) -> Ratio:
    """Sessions to which somebody came more than ten minutes late over sessions attended.

    Off by default: it measures the way to class and care for children.
    """
    late = (sessions.status == "late") & (sessions.minutes_late > _LATE_MINUTES)
    return Ratio(sessions.count(where=late), sessions.attended.sum())
