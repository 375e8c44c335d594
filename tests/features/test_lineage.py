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
from scoring.store.lake_columns import KEYS
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
        sources = found.tables - {POINTS}
        assert sources, f"{feature.name} reads nothing"
        assert sources <= tables
        for columns, keys in ((found.values, {}), (found.keys, KEYS)):
            for table, name in columns:
                allowed = READABLE[table] | KNOWLEDGE | keys.get(table, frozenset())
                assert name in allowed, feature.name


def test_all_that_may_be_read_is_read_by_some_feature() -> None:
    found = set()
    for kind in Kind:
        expression = kind_expression(kind, of_kind(kind), Known())
        behind = columns_behind(expression, [c for f in of_kind(kind) for c in f.columns])
        found |= behind.values | behind.keys
    listed = {(t, name) for names in (READABLE, KEYS) for t in names for name in names[t]}
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


def _balances(lines: ir.Table) -> ir.Value:
    return lines.balance.sum()


def _sum_of_accounts(known: Known) -> ir.Table:
    """The last balance of each account, divided, grouped and joined by what names an account."""
    lines = known.cash_flow
    newest_first = ibis.window(group_by=("point", "source", "account"), order_by=ibis.desc("id"))
    last = lines.mutate(place=ibis.row_number().over(newest_first)).filter(lambda t: t.place == 0)
    last = last.select("point", "balance", own_source="source", own_account="account")
    accounts = lines.group_by("point", "source", "account").aggregate(lines=lines.count())
    same = [
        accounts.point == last.point,
        accounts.source == last.own_source,
        accounts.account == last.own_account,
    ]
    return accounts.join(last, same).select("point", "lines", "balance", "source", "account")


def test_rows_may_be_told_apart_by_account_and_source() -> None:
    expression = _compile(_named(_sum_of_accounts, _balances))
    behind = columns_behind(expression, ["innocent"])
    assert ("cash_flow_lines", "source") in behind.keys - behind.values
    assert ("cash_flow_lines", "account") in behind.keys - behind.values


@pytest.mark.parametrize("key", ["source", "account"])
@pytest.mark.parametrize(
    "define",
    [
        lambda rows, key: rows[key].nunique(),
        lambda rows, key: rows[key].max(),
        lambda rows, key: rows.count(where=rows[key] == "ibk"),
        lambda rows, key: rows[key].length().sum(),
        lambda rows, key: (rows[key] == rows.purpose).sum(),
        lambda rows, key: ibis.cases((rows[key].min() < "m", 1), else_=0),
    ],
)
def test_no_value_is_made_of_what_tells_rows_apart(
    define: Callable[[ir.Table, str], ir.Value], key: str
) -> None:
    own = _named(lambda known: known.cash_flow, lambda rows: define(rows, key))
    with pytest.raises(ValueError, match=f"cash_flow_lines.{key}; .*grouped and joined"):
        _compile(own)


def _ordered_by(known: Known, key: str) -> ir.Table:
    by_key = ibis.window(group_by="point", order_by=key)
    lines = known.cash_flow.mutate(place=ibis.row_number().over(by_key))
    return lines.select("point", "balance", "place")


def _filtered_by(known: Known, key: str) -> ir.Table:
    return known.cash_flow.filter(known.cash_flow[key] == "ibk")


def _filtered_after_grouping(known: Known, key: str) -> ir.Table:
    lines = known.cash_flow.group_by("point", key).aggregate(balance=lambda t: t.balance.sum())
    return lines.filter(lines[key] == "ibk")


def _grouped_by_a_part(known: Known, key: str) -> ir.Table:
    lines = known.cash_flow.mutate(part=known.cash_flow[key].length())
    return lines.group_by("point", "part").aggregate(balance=lambda t: t.balance.sum())


def _joined_to_another(known: Known, key: str) -> ir.Table:
    lines, asked = known.cash_flow, known.all_applications.rename(asked_point="point")
    asked = asked.select("asked_point", "lender")
    return lines.join(asked, [lines.point == asked.asked_point, lines[key] == asked.lender]).select(
        "point", "balance"
    )


@pytest.mark.parametrize("key", ["source", "account"])
@pytest.mark.parametrize(
    "relation",
    [_ordered_by, _filtered_by, _filtered_after_grouping, _grouped_by_a_part, _joined_to_another],
)
def test_no_order_or_condition_is_made_of_what_tells_rows_apart(
    relation: Callable[[Known, str], ir.Table], key: str
) -> None:
    def define(rows: ir.Table) -> ir.Value:
        total = rows.balance.sum() if "balance" in rows.columns else rows.count()
        return total + rows.place.max() if "place" in rows.columns else total

    with pytest.raises(ValueError, match=f"cash_flow_lines.{key}; .*grouped and joined"):
        _compile(_named(lambda known: relation(known, key), define))


def test_a_source_is_known_only_where_it_tells_rows_apart() -> None:
    known = Known()
    assert {"source", "account"} <= set(known.cash_flow.columns)
    others = (known.attendance, known.order_lines, known.pauses, known.applications)
    assert not any("source" in table.columns for table in others)


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
