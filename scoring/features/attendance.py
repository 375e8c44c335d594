"""Features of attendance; excused sessions count neither for nor against anybody."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from scoring.features.catalogue import Direction, Kind, Unit, feature
from scoring.features.known import Known

_FEWEST_SESSIONS = 6
_FEWEST_ASSIGNMENTS = 3
_NONE = "no programme sessions on record, or too few to say"


def counted_sessions(known: Known) -> ir.Table:
    """Sessions that were not excused, with `attended` 0 or 1."""
    sessions = known.attendance
    return sessions.filter(sessions.status != "excused").mutate(
        attended=sessions.status.isin(["present", "late"]).ifelse(1, 0)
    )


def absence_runs(known: Known) -> ir.Table:
    """Sessions grouped by how many were attended up to them: the absences after each."""
    sessions = counted_sessions(known)
    so_far = ibis.cumulative_window(group_by="point", order_by=("event_day", "attended"))
    numbered = sessions.mutate(attended_so_far=sessions.attended.sum().over(so_far))
    return numbered.group_by("point", "attended_so_far").aggregate(
        absences=(1 - numbered.attended).sum(), sessions=numbered.count()
    )


@feature(
    over=counted_sessions,
    kind=Kind.ATTENDANCE,
    unit=Unit.SHARE,
    decimals=3,
    direction=Direction.SAFER_WHEN_HIGHER,
    reason="business_training",
    empty=_NONE,
)
def attended_share(sessions: ir.Table) -> ir.Value:
    """Hours attended over hours held, excused sessions left out; 0 to 1, from six sessions on."""
    held = sessions.hours.sum()
    attended = sessions.hours.sum(where=sessions.attended == 1).coalesce(0.0)
    return (sessions.count() >= _FEWEST_SESSIONS).ifelse(attended / held.nullif(0), ibis.null())


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
)
def assignments_on_time_share(sessions: ir.Table) -> ir.Value:
    """Assignments handed in on time over assignments given; 0 to 1, from three on."""
    given = sessions.assignment.count()
    on_time = sessions.count(where=sessions.assignment == "on_time")
    return (given >= _FEWEST_ASSIGNMENTS).ifelse(on_time / given.nullif(0), ibis.null())
