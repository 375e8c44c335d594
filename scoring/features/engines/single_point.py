"""A statement for many points made one for a single bound point, and quick on that.

The values are the same. One founder's score waits for it, and databases do here what only tables of
many points need: they sort for a group of one, and calculate equal parts again and again.
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.eliminate_subqueries import eliminate_subqueries

from scoring.features.known import POINTS, POINTS_SCHEMA

_TYPES = {"int64": "BIGINT", "string": "TEXT"}


def single_point(statement: str, *, dialect: str, placeholder: str) -> str:
    """The statement with a row of parameters in place of the table of points.

    Args:
        statement: SQL over the table of points.
        dialect: of SQL, as sqlglot names it.
        placeholder: of a parameter, `{}` standing for its name.
    """
    columns = ", ".join(
        f'CAST("?{name}" AS {_TYPES[kind]}) AS "{name}"' for name, kind in POINTS_SCHEMA.items()
    )
    row = sqlglot.parse_one(f"SELECT {columns}", read=dialect)

    def rewrite(node: exp.Expression) -> exp.Expression:
        match node:
            case exp.Table() if node.name == POINTS:
                return exp.Subquery(this=row.copy(), alias=node.args.get("alias"))
            case exp.Window():
                others = [part for part in node.args["partition_by"] if part.name != "point"]
                node.set("partition_by", others)
            case exp.Floor() if dialect == "sqlite":
                return _whole_division(node)
            case exp.Ordered() if dialect == "sqlite":
                # No key of an order is ever missing, and with NULLS LAST SQLite uses no index.
                node.set("nulls_first", not node.args.get("desc"))
        return node

    tree = sqlglot.parse_one(statement, read=dialect).transform(rewrite)
    for select in list(tree.find_all(exp.Select)):
        if select.args.get("group"):
            _ungroup_point(select)
            _aggregate_once(select)
    # Nested subqueries become named ones: SQLite's parser has a shallow stack.
    text = eliminate_subqueries(tree).sql(dialect=dialect)
    for name in POINTS_SCHEMA:
        text = text.replace(f'"?{name}"', placeholder.format(name))
    return text


def _ungroup_point(select: exp.Select) -> None:
    """Group no longer by the point: there is one, and a database would sort all rows for it."""
    keys = _keys(select)
    point = next(place for place in keys if select.selects[place].alias_or_name == "point")
    column = select.selects[point]
    column.replace(exp.alias_(exp.Max(this=column.copy()), "point", quoted=True))
    others = [exp.Literal.number(place + 1) for place in keys if place != point]
    select.set("group", exp.Group(expressions=others) if others else None)


def _aggregate_once(select: exp.Select) -> None:
    """Calculate equal aggregates once, in a select of their own."""
    keys = _keys(select)
    found: dict[str, exp.Expr] = {}

    def named(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Filter) and not _is_aggregate(node):
            return node
        name = f"a{list(found).index(node.sql()) if node.sql() in found else len(found)}"
        found.setdefault(node.sql(), exp.alias_(node.copy(), name, quoted=True))
        return exp.column(name, quoted=True)

    inner: list[exp.Expr] = []
    outer: list[exp.Expr] = []
    for place, projection in enumerate(select.selects):
        if place in keys:
            inner.append(projection)
            outer.append(exp.column(projection.alias_or_name, quoted=True))
        else:
            outer.append(projection.transform(named))
    below = select.copy()
    below.set("expressions", [*inner, *found.values()])
    below.set("group", _positions(len(inner)))
    for part in list(select.args):
        select.set(part, None)
    select.set("expressions", outer)
    select.from_(below.subquery("aggregates"), copy=False)


def _whole_division(floor: exp.Floor) -> exp.Expression:
    """Integer division in place of FLOOR(CAST(a AS REAL) / b), as Ibis writes a // b for SQLite.

    SQLAlchemy makes FLOOR a function in Python there, a thousand calls a score, and it refuses
    NULL. Integers divide whole in SQLite; nothing that features divide so is negative.
    """
    divided = floor.find(exp.Div)
    assert divided is not None
    a, b = divided.this, divided.expression
    whole = exp.Div(this=a.this if isinstance(a, exp.Cast) else a, expression=b, typed=True)
    return exp.Paren(this=whole)


def _keys(select: exp.Select) -> list[int]:
    group = select.args.get("group")
    return [int(key.name) - 1 for key in group.expressions] if group else []


def _positions(count: int) -> exp.Group | None:
    numbers = [exp.Literal.number(place + 1) for place in range(count)]
    return exp.Group(expressions=numbers) if numbers else None


def _is_aggregate(node: exp.Expression) -> bool:
    # Of two values, MAX and MIN are SQLite's GREATEST and LEAST.
    return isinstance(node, exp.AggFunc) and not node.expressions
