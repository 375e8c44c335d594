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
from scoring.features.kinds.book import book_loans
from scoring.features.kinds.days_past_due import instalments_with_days_past_due
from scoring.features.kinds.loan_states import loan_states
from scoring.features.known import POINTS, Known
from scoring.features.lineage import refuse_forbidden
from scoring.store.lake_columns import LAKE_TABLES, record_columns

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
        known: by name of a known relation, SQL over the points, the record tables and the known
            relations before it.
        body: SQL over the points and the known relations.
    """

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
    try:
        refuse_forbidden(joined, names, feature=kind.value)
    except ValueError:  # which of them it is
        for feature in features:
            refuse_forbidden(joined, feature.columns, feature=feature.name)
        raise
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
    return compiled(kind_expression(kind, of_kind(kind, kinds), known), known, engine)


@cache
def instalments_statement(engine: str) -> Statement:
    """The instalments due at the points with their days past due."""
    known = Known()
    return compiled(instalments_with_days_past_due(known), known, engine)


@cache
def bound_statement(kind: Kind, kinds: frozenset[Kind], engine: str) -> str:
    """SQL for one point, given as a row of the engine's parameters; sqlite or postgresql."""
    known = Known()
    return bound(kind_expression(kind, of_kind(kind, kinds), known), known, engine)


def bound(expression: ir.Table, known: Known, engine: str) -> str:
    """SQL of an expression over the points, for one; sqlite or postgresql."""
    (body,), relations = _staged([expression], known, engine)
    parts = ", ".join(f"{name} AS ({sql})" for name, sql in relations.items())
    text = f"WITH {parts} SELECT * FROM ({body}) AS calculated" if parts else body
    return single_point(text, dialect=_DIALECTS[engine][1], placeholder=_PLACEHOLDERS[engine])


@cache
def currencies_statement(engine: str) -> Statement:
    """The currencies of each file; duckdb or spark."""
    known = Known()
    return compiled(currencies_expression(known), known, engine)


@cache
def loan_states_statement(engine: str) -> Statement:
    """The loans at the points as they stand; duckdb or spark."""
    known = Known()
    return compiled(loan_states(known), known, engine)


@cache
def book_statement(engine: str) -> Statement:
    """The loans of a book at the points; duckdb or spark."""
    known = Known()
    return compiled(book_loans(known), known, engine)


@cache
def bound_loan_states(engine: str) -> str:
    """The same for one point; sqlite or postgresql."""
    known = Known()
    return bound(loan_states(known), known, engine)


def currencies_expression(known: Known) -> ir.Table:
    """The first and the last currency, by alphabet, of the money in each file.

    Columns: `point`, `first_currency`, `last_currency`, null without any money, on engines whose
    LEAST and GREATEST leave out what is missing.
    """
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
    return found.select(
        "point",
        first_currency=ibis.least(*(found[f"first_{place}"] for place in places)),
        last_currency=ibis.greatest(*(found[f"last_{place}"] for place in places)),
    )


@cache
def known_relations(kinds: frozenset[Kind], engine: str) -> dict[str, str]:
    """SQL of each known relation that currencies, loans or any of the kinds use, in order.

    Each may read those before it, under their names.
    """
    known = Known()
    expressions = [kind_expression(kind, of_kind(kind, kinds), known) for kind in kinds]
    expressions.append(currencies_expression(known))
    if Kind.REPAYMENT in kinds:
        expressions.append(loan_states(known))
    return _staged(expressions, known, engine)[1]


def compile_statements(engine: str) -> None:
    """Compile every statement for an engine now, so that the first score does not wait for it."""
    for kind in Kind:
        bound_statement(kind, EVERY_KIND, engine)
    bound_loan_states(engine)


def compiled(expression: ir.Table, known: Known, engine: str) -> Statement:
    """A statement over the points, for many; duckdb or spark."""
    (body,), relations = _staged([expression], known, engine)
    return Statement(known=relations, body=body)


def _staged(
    expressions: Sequence[ir.Table], known: Known, engine: str
) -> tuple[list[str], dict[str, str]]:
    """SQL of expressions over known relations, and of these, each over those before it.

    Every part stands once, with the columns that something uses and no others.
    """
    relations = {f"{_KNOWN}{name}": relation for name, relation in known.relations.items()}
    tables = {name: ibis.table(found.schema(), name=name) for name, found in relations.items()}
    schema: dict[str, dict[str, str]] = {
        name: {column: str(kind) for column, kind in table.schema().items()}
        for name, table in {**tables, POINTS: known.points}.items()
    } | {table.__tablename__: record_columns(table) for table in LAKE_TABLES}
    used: dict[str, set[str]] = {}

    def sql_of(expression: ir.Table, before: Sequence[str]) -> str:
        named = {relations[name].op(): tables[name].op() for name in before}
        sql = _sql(expression.op().replace(named).to_expr(), engine)
        body, columns_used = _pruned(sql, schema, engine)
        for name, columns in columns_used.items():
            used.setdefault(name, set()).update(columns)
        return body

    names = list(relations)
    bodies = [sql_of(expression, names) for expression in expressions]
    found = {}
    for place, name in reversed(list(enumerate(names))):
        if name in used:
            columns = relations[name].select(*sorted(used[name]))
            found[name] = sql_of(columns, names[:place])
    return bodies, dict(reversed(found.items()))


def _sql(expression: ir.Table, engine: str) -> str:
    if engine == "spark":
        ibis.pyspark  # noqa: B018  # Ibis knows the dialect's options once it was named
    return str(ibis.to_sql(expression, dialect=_DIALECTS[engine][0]))


def _pruned(
    sql: str, schema: dict[str, dict[str, str]], engine: str
) -> tuple[str, dict[str, set[str]]]:
    """The statement without columns that nothing uses, which Ibis carries along; and those used."""
    dialect = _DIALECTS[engine][1]
    tree = sqlglot.parse_one(sql, read=dialect)
    if engine in _PLACEHOLDERS:
        # One founder's rows are few, and `single_point` reads positions, which pruning rewrites.
        named = {table.name for table in tree.find_all(exp.Table)} & schema.keys()
        return sql, {name: set(schema[name]) for name in named}
    tree = pushdown_projections(qualify(tree, schema=dict(schema), dialect=dialect))
    return tree.sql(dialect=dialect), _columns_used(tree)


def _columns_used(tree: exp.Expr) -> dict[str, set[str]]:
    used: dict[str, set[str]] = {}
    for scope in traverse_scope(tree):
        for alias, source in scope.sources.items():
            if isinstance(source, exp.Table):
                columns = {column.name for column in scope.source_columns(alias)}
                used.setdefault(source.name, set()).update(columns)
    return used
