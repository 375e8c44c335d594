"""From which columns of which tables a feature is made, and which may never be among them.

The catalogue refuses names; this walks the expressions, since a name proves nothing. What is not
listed as readable is refused, whatever table it is added to. No statement is compiled without it.
"""

from __future__ import annotations

from collections.abc import Iterable

import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis.expr.operations import temporal

from scoring.features.known import POINTS, POINTS_SCHEMA

# Table and column.
Column = tuple[str, str]

# Who, when known and whether it stands: they decide which rows count and are no value themselves.
KNOWLEDGE = frozenset(
    {
        "id",
        "founder_id",
        "event_day",
        "learned_at",
        "recorded_at",
        "superseded_learned_at",
        "superseded_recorded_at",
        "held",
    }
)

READABLE: dict[str, frozenset[str]] = {
    POINTS: frozenset(POINTS_SCHEMA),
    "attendance": frozenset({"status", "hours", "minutes_late", "session_kind", "assignment"}),
    "order_lines": frozenset(
        {"channel", "entry", "gross", "discount", "refund", "refund_cause", "buyer"}
    ),
    "loans": frozenset({"reference", "principal"}),
    "instalments": frozenset({"loan", "number", "principal", "interest"}),
    "repayments": frozenset({"loan", "amount"}),
    "cash_flow_lines": frozenset({"inflow", "outflow", "balance", "purpose"}),
    "applications": frozenset({"reference", "lender", "instalment"}),
    "pauses": frozenset({"ends_day"}),
    "platform_events": frozenset({"channel", "ends_day"}),
}

# Why some are not, for who tries. Others never leave the store (`records/evidence_columns.py`).
_REASONS = {
    "session_id": "a session tells the programme, and a programme can tell who somebody is",
    "order_line": "numbers of orders hold the hour of the order in some shops",
    "account": "an account number tells a bank, and a bank can tell where somebody lives",
}


def columns_behind(table: ir.Table, names: Iterable[str]) -> set[Column]:
    """The columns of stored tables that columns of an expression are made from.

    Conditions of filters and joins count as well, and keys of groups.

    Raises:
        ValueError: a part of a date is taken: days of the week and hours tell of faith and family.
    """
    walk = _Walk()
    for name in names:
        walk.column(table.op(), name)
    return walk.found


def refuse_forbidden(table: ir.Table, names: Iterable[str], *, feature: str) -> None:
    """Refuse a feature that reads what no feature may.

    Raises:
        ValueError: names the column and why.
    """
    for source, column in sorted(columns_behind(table, names)):
        if source not in READABLE:
            raise ValueError(
                f"{feature} can't be a feature: {source} holds no records of behaviour"
            )
        if column not in READABLE[source] | KNOWLEDGE:
            why = _REASONS.get(column, "it is not among the columns that features may read")
            raise ValueError(f"{feature} can't be a feature: it reads {source}.{column}; {why}")


class _Walk:
    def __init__(self) -> None:
        self.found: set[Column] = set()
        self._seen: set[object] = set()

    def column(self, relation: ops.Relation, name: str) -> None:
        if self._is_new((relation, name)):
            self.rows(relation)
            match relation:
                case ops.UnboundTable():
                    self.found.add((relation.name, name))
                case ops.Set():
                    self.column(relation.left, name)
                    self.column(relation.right, name)
                case ops.JoinChain():
                    self.value(relation.values[name])
                    self._beside(relation, relation.values[name])
                case _ if name in relation.values:
                    self.value(relation.values[name])
                case _:
                    self.column(relation.parent, name)

    def rows(self, relation: ops.Relation) -> None:
        """What decides which rows there are: conditions and keys, not the columns."""
        if not self._is_new(relation):
            return
        if isinstance(relation, ops.Filter):
            self._any(relation.predicates)
        if isinstance(relation, ops.Aggregate):
            self._any(tuple(relation.groups.values()))
        if isinstance(relation, ops.JoinChain):
            inner = [link for link in relation.rest if link.how != "left"]
            self._any(tuple(link.predicates for link in inner))
            self._any((relation.first, *(link.table for link in inner)))
        for part in relation.args:
            if isinstance(part, ops.Relation):
                self.rows(part)

    def _beside(self, chain: ops.JoinChain, value: ops.Value) -> None:
        """What rows are joined by, where a value is taken from a table that takes none away."""
        taken = {field.rel for field in value.find(ops.Field)}
        for link in chain.rest:
            if link.table in taken:
                self._any(link.predicates)

    def value(self, value: ops.Value) -> None:
        if not self._is_new(value):
            return
        if isinstance(value, ops.Modulus) or type(value).__module__ == temporal.__name__:
            raise ValueError(
                "a feature may take no remainder and no part of a date: days of the week and hours "
                "tell of faith and family"
            )
        if isinstance(value, ops.Field):
            self.column(value.rel, value.name)
            return
        self._any(value.args)

    def _any(self, parts: object) -> None:
        match parts:
            case tuple():
                for part in parts:
                    self._any(part)
            case ops.Relation():
                self.rows(parts)
            case ops.Node():
                if isinstance(parts, ops.Value):
                    self.value(parts)
                else:
                    self._any(parts.args)

    def _is_new(self, key: object) -> bool:
        if key in self._seen:
            return False
        self._seen.add(key)
        return True
