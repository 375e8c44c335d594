"""One statement per record kind: the features' expressions, compiled for an engine.

Every feature of a kind looks at the same records as known at the points. That join is the dear
part, so each statement makes it once, with the columns that its features use and no others: as a
materialised common table expression where SQL does all the work, or as a table of its own, kept
in memory and already divided by point, on Spark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import ibis
import ibis.expr.types as ir
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from scoring.features import all_features
from scoring.features.catalogue import Feature, Kind
from scoring.features.engines.single_point import single_point
from scoring.features.kinds.days_past_due import instalments_with_days_past_due
from scoring.features.known import POINTS, Known
from scoring.features.lineage import refuse_forbidden

# By engine: how Ibis and sqlglot call its SQL.
_DIALECTS = {
    "sqlite": ("sqlite", "sqlite"),
    "postgresql": ("postgres", "postgres"),
    "duckdb": ("duckdb", "duckdb"),
    "spark": ("pyspark", "spark"),
}
_PLACEHOLDERS = {"sqlite": ":{}", "postgresql": "%({})s"}
EVERY_KIND = frozenset(Kind)

# What the file is made of, counted beside the features of each kind.
_CONTENT = {
    Kind.ATTENDANCE: lambda known: known.attendance,
    Kind.SALES: lambda known: known.order_lines.filter(known.order_lines.entry == "sale"),
    Kind.REPAYMENT: lambda known: known.instalments,
    Kind.CASH_FLOW: lambda known: known.cash_flow,
    Kind.APPLICATION: lambda known: known.applications,
}
_KNOWN = "known_"
CONTENT_COLUMNS = ("records", "first_day", "last_day")


@dataclass(frozen=True)
class Statement:
    """SQL in two parts: records as known at the points, and what is calculated from them.

    Attributes:
        columns: by name of a known relation, its columns that the body uses.
        known: by name of a known relation, SQL over the points and the record tables.
        body: SQL over the points and the known relations.
    """

    columns: Mapping[str, tuple[str, ...]]
    known: Mapping[str, str]
    body: str

    @property
    def whole(self) -> str:
        """Both parts as one."""
        parts = ", ".join(f"{name} AS MATERIALIZED ({sql})" for name, sql in self.known.items())
        return f"WITH {parts} SELECT * FROM ({self.body}) AS calculated"


def kind_expression(kind: Kind, features: Sequence[Feature], known: Known) -> ir.Table:
    """One row per point: the columns of a kind's features, and how many records it was made from.

    Columns: `point`, `records`, `first_day`, `last_day`, then `feature.columns` of each feature,
    float64; `finished` makes values of them.

    Raises:
        ValueError: a feature reads what none may.
    """
    contents = _CONTENT[kind](known)
    tables = [
        contents.group_by("point").aggregate(
            records=contents.count(),
            first_day=contents.event_day.min(),
            last_day=contents.event_day.max(),
        )
    ]
    relations = {feature.relation: feature.relation(known) for feature in features}
    for relation, rows in relations.items():
        tables.append(
            rows.group_by("point").aggregate(
                **{
                    name: value
                    for feature in features
                    if feature.relation is relation
                    for name, value in feature.values(rows).items()
                }
            )
        )
    joined = known.points.select("point")
    for number, table in enumerate(tables):
        renamed = table.rename({f"point_{number}": "point"})
        joined = joined.left_join(renamed, joined.point == renamed[f"point_{number}"])
    names = [name for feature in features for name in feature.columns]
    for feature in features:
        refuse_forbidden(joined, feature.columns, feature=feature.name)
    return joined.select("point", *CONTENT_COLUMNS, *names)


@cache
def of_kind(kind: Kind, kinds: frozenset[Kind] = EVERY_KIND) -> tuple[Feature, ...]:
    """The features of a kind that read no others than these, in the order of their columns."""
    return tuple(f for f in all_features().values() if f.kind is kind and f.reads <= kinds)


def content_column(kind: Kind, name: str) -> str:
    """What a column of a kind's statement is called beside those of other kinds."""
    return f"{kind.value}__{name}" if name in CONTENT_COLUMNS else name


@cache
def kind_statement(kind: Kind, kinds: frozenset[Kind], engine: str) -> Statement:
    """The statement of a record kind, for many points.

    Args:
        kind: of records.
        kinds: all that may be read; features that read others are left out.
        engine: duckdb or spark.
    """
    known = Known()
    return _compiled(kind_expression(kind, of_kind(kind, kinds), known), known, engine)


@cache
def instalments_statement(engine: str) -> Statement:
    """The instalments due at the points with their days past due."""
    known = Known()
    return _compiled(instalments_with_days_past_due(known), known, engine)


@cache
def bound_statement(kind: Kind, kinds: frozenset[Kind], engine: str) -> str:
    """SQL for one point, given as a row of the engine's parameters; sqlite or postgresql."""
    return bound(kind_expression(kind, of_kind(kind, kinds), Known()), engine)


def bound(expression: ir.Table, engine: str) -> str:
    """SQL of an expression over the points, for one; sqlite or postgresql."""
    return single_point(
        _sql(expression, engine), dialect=_DIALECTS[engine][1], placeholder=_PLACEHOLDERS[engine]
    )


@cache
def currencies_statement(engine: str) -> Statement:
    """The first and the last currency, by alphabet, of the money in each file.

    Columns: `point`, `first_currency`, `last_currency`, null without any money; duckdb or spark,
    whose LEAST and GREATEST leave out what is missing.
    """
    known = Known()
    found = known.points.select("point")
    tables = (known.order_lines, known.loans, known.cash_flow, known.all_applications)
    # Joined, not stacked: Spark would divide a union by point once more.
    for place, table in enumerate(tables):
        of_table = table.group_by("point").aggregate(
            **{f"first_{place}": table.currency.min(), f"last_{place}": table.currency.max()}
        )
        of_table = of_table.rename({f"point_{place}": "point"})
        found = found.left_join(of_table, found.point == of_table[f"point_{place}"])
    places = range(len(tables))
    ends = found.select(
        "point",
        first_currency=ibis.least(*(found[f"first_{place}"] for place in places)),
        last_currency=ibis.greatest(*(found[f"last_{place}"] for place in places)),
    )
    return _compiled(ends, known, engine)


@cache
def known_relations(kinds: frozenset[Kind], engine: str) -> dict[str, str]:
    """SQL of each known relation, with the columns that currencies or any of the kinds use."""
    used: dict[str, set[str]] = {}
    statements = [kind_statement(kind, kinds, engine) for kind in kinds]
    for statement in (*statements, currencies_statement(engine)):
        for name, columns in statement.columns.items():
            used.setdefault(name, set()).update(columns)
    known = Known()
    return {
        name: _sql(getattr(known, name.removeprefix(_KNOWN)).select(*sorted(columns)), engine)
        for name, columns in used.items()
    }


def compile_statements(engine: str) -> None:
    """Compile every statement for an engine now, so that the first score does not wait for it."""
    for kind in Kind:
        bound_statement(kind, EVERY_KIND, engine)


def _compiled(expression: ir.Table, known: Known, engine: str) -> Statement:
    relations = {
        f"{_KNOWN}{name}": relation
        for name, relation in vars(known).items()
        if isinstance(relation, ir.Table) and name != POINTS
    }
    named = {
        relation.op(): ibis.table(relation.schema(), name=name).op()
        for name, relation in relations.items()
    }
    schema: dict[str, object] = {
        name: {column: str(kind) for column, kind in relation.schema().items()}
        for name, relation in {**relations, POINTS: known.points}.items()
    }
    body = _pruned(_sql(expression.op().replace(named).to_expr(), engine), schema, engine)
    found = _columns_used(body)
    columns = {name: tuple(sorted(found[name])) for name in relations if name in found}
    return Statement(
        columns=columns,
        known={
            name: _sql(relations[name].select(*found), engine) for name, found in columns.items()
        },
        body=body.sql(dialect=_DIALECTS[engine][1]),
    )


def _sql(expression: ir.Table, engine: str) -> str:
    if engine == "spark":
        ibis.pyspark  # noqa: B018  # Ibis knows the dialect's options once it was named
    return str(ibis.to_sql(expression, dialect=_DIALECTS[engine][0]))


def _pruned(sql: str, schema: dict[str, object], engine: str) -> exp.Expr:
    """The statement without columns that nothing uses: Ibis carries all along."""
    dialect = _DIALECTS[engine][1]
    tree = qualify(sqlglot.parse_one(sql, read=dialect), schema=schema, dialect=dialect)
    return pushdown_projections(tree)


def _columns_used(tree: exp.Expr) -> dict[str, set[str]]:
    used: dict[str, set[str]] = {}
    for scope in traverse_scope(tree):
        for alias, source in scope.sources.items():
            if isinstance(source, exp.Table):
                columns = {column.name for column in scope.source_columns(alias)}
                used.setdefault(source.name, set()).update(columns)
    return used
