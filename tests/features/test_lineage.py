"""What may never be a feature is refused by where it comes from, whatever it is called."""

from __future__ import annotations

from collections.abc import Callable

import ibis
import ibis.expr.types as ir
import pytest

from scoring.features import all_features
from scoring.features.catalogue import Direction, Feature, Kind, Unit, WhenMissing
from scoring.features.engines.statements import kind_expression, of_kind
from scoring.features.known import POINTS, Known
from scoring.features.lineage import KNOWLEDGE, READABLE, columns_behind
from scoring.store.tables import RECORD_TABLES, PlatformEvent


def _named(
    relation: Callable[[Known], ir.Table], define: Callable[[ir.Table], ir.Value]
) -> Feature:
    return Feature(
        name="innocent",
        kind=Kind.ATTENDANCE,
        unit=Unit.COUNT,
        decimals=0,
        direction=Direction.SAFER_WHEN_HIGHER,
        actionable=False,
        reason="business_training",
        when_missing=WhenMissing.NEUTRAL,
        empty="",
        relation=relation,
        define=define,
        description="",
    )


def _compile(feature: Feature) -> ir.Table:
    return kind_expression(Kind.ATTENDANCE, [feature], Known())


@pytest.mark.parametrize("kind", Kind)
def test_every_feature_reads_records_of_behaviour_alone(kind: Kind) -> None:
    expression = kind_expression(kind, of_kind(kind), Known())
    tables = {table.__tablename__ for table in (*RECORD_TABLES, PlatformEvent)}
    for feature in of_kind(kind):
        found = columns_behind(expression, feature.columns)
        sources = {table for table, _ in found} - {POINTS}
        assert sources, f"{feature.name} reads nothing"
        assert sources <= tables
        values = {(table, name) for table, name in found if name not in KNOWLEDGE}
        assert all(name in READABLE[table] for table, name in values), feature.name


def test_all_that_may_be_read_is_read_by_some_feature() -> None:
    found = set()
    for kind in Kind:
        expression = kind_expression(kind, of_kind(kind), Known())
        found |= columns_behind(expression, [c for f in of_kind(kind) for c in f.columns])
    listed = {(table, name) for table, names in READABLE.items() for name in names}
    unused = {each for each in listed - found if each[0] != POINTS}
    assert not unused, "what no feature reads needs no permission"


def test_a_programme_is_refused_under_any_name() -> None:
    feature = _named(lambda known: known.attendance, lambda rows: rows.session_id.nunique())
    with pytest.raises(ValueError, match="attendance.session_id; .*programme"):
        _compile(feature)


def test_a_condition_counts_as_reading() -> None:
    feature = _named(
        lambda known: known.attendance.filter(known.attendance.session_id == 7),
        lambda rows: rows.count(),
    )
    with pytest.raises(ValueError, match="session_id"):
        _compile(feature)


def test_a_key_of_a_join_and_of_a_group_counts_as_reading() -> None:
    def grouped(known: Known) -> ir.Table:
        return known.attendance.group_by("point", "session_id").aggregate(n=lambda t: t.count())

    with pytest.raises(ValueError, match="session_id"):
        _compile(_named(grouped, lambda rows: rows.n.max()))


def test_a_table_that_holds_no_behaviour_is_refused() -> None:
    def people(known: Known) -> ir.Table:
        vault = ibis.table({"founder_id": "int64", "status": "int64"}, name="self_declared")
        joined = known.points.join(vault, known.points.founder_id == vault.founder_id)
        return joined.select("point", "status")

    with pytest.raises(ValueError, match="self_declared holds no records of behaviour"):
        _compile(_named(people, lambda rows: rows.status.max()))


@pytest.mark.parametrize(
    "define",
    [
        lambda rows: rows.count(where=rows.event_day % 7 == 3),
        lambda rows: rows.event_day.cast("timestamp").day_of_week.index().max(),
        lambda rows: rows.event_day.cast("timestamp").hour().max(),
    ],
)
def test_days_of_the_week_and_hours_are_refused(define: Callable[[ir.Table], ir.Value]) -> None:
    with pytest.raises(ValueError, match="days of the week"):
        _compile(_named(lambda known: known.attendance, define))


def test_lateness_is_off_unless_somebody_turns_it_on() -> None:
    off = {name for name, feature in all_features().items() if feature.off_by_default}
    assert off == {"late_share"}
