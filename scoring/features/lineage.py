"""From which columns of which tables a feature is made, and which may never be among them.

The catalogue refuses names; this walks the expressions, since a name proves nothing. What is not
listed as readable is refused, whatever table it is added to. No statement is compiled without it.
Some columns tell rows apart (two banks' accounts of one name) and may do nothing else: rows are
grouped, divided or joined by them, and no value, condition or order is made of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import ibis.expr.operations as ops
import ibis.expr.types as ir
from ibis.expr.operations import temporal

from scoring.features.known import POINTS, POINTS_SCHEMA
from scoring.store.lake_columns import KEYS
from scoring.store.point_in_time import DECIDING

# Table and column.
Column = tuple[str, str]

# Who, when known and whether it stands: they decide which rows count and are no value themselves.
KNOWLEDGE = frozenset({"id", "founder_id", "event_day"}) | DECIDING

READABLE: dict[str, frozenset[str]] = {
    POINTS: frozenset(POINTS_SCHEMA),
    "attendance": frozenset({"status", "hours", "minutes_late", "session_kind", "assignment"}),
    "order_lines": frozenset(
        {"channel", "entry", "gross", "discount", "refund", "refund_cause", "buyer"}
    ),
    "loans": frozenset({"reference", "principal", "currency", "lender"}),
    "instalments": frozenset({"loan", "schedule", "number", "principal", "interest", "fee"}),
    "repayments": frozenset({"loan", "reference", "amount"}),
    "loan_events": frozenset({"loan", "event", "repayment", "amount", "schedule"}),
    "loan_reports": frozenset({"loan", "through_day", "lag_days"}),
    "cash_flow_lines": frozenset({"inflow", "outflow", "balance", "purpose"}),
    "applications": frozenset({"lender", "instalment"}),
    "pauses": frozenset({"ends_day"}),
    "platform_events": frozenset({"channel", "ends_day"}),
}

# Why some are not, for who tries. Others never leave the store (`store/lake_columns.py`).
_REASONS = {
    "session_id": "a session tells the programme, and a programme can tell who somebody is",
    "order_line": "numbers of orders hold the hour of the order in some shops",
    "account": "an account number tells a bank, and a bank can tell where somebody lives; rows may "
    "be grouped and joined by it, and no more",
    "source": "a source can tell the programme or the bank; rows may be grouped and joined by it, "
    "and no more",
}


@dataclass(frozen=True)
class Behind:
    """From which stored columns something is made.

    Attributes:
        values: columns that values are made of, and conditions and orders of rows.
        keys: columns that rows are grouped, divided and joined by.
    """

    values: frozenset[Column]
    keys: frozenset[Column]

    @property
    def tables(self) -> frozenset[str]:
        """The tables of all these columns."""
        return frozenset(table for table, _ in self.values | self.keys)


def columns_behind(table: ir.Table, names: Iterable[str]) -> Behind:
    """The columns of stored tables that columns of an expression are made from.

    Conditions of filters and joins count as well, and keys of groups.

    Raises:
        ValueError: a part of a date is taken: days of the week and hours tell of faith and family.
    """
    walk = _Walk()
    for name in names:
        walk.column(table.op(), name, walk.values)
    return Behind(frozenset(walk.values), frozenset(walk.keys))


def refuse_forbidden(table: ir.Table, names: Iterable[str], *, feature: str) -> None:
    """Refuse a feature that reads what no feature may.

    Raises:
        ValueError: names the column and why.
    """
    behind = columns_behind(table, names)
    for source in sorted(behind.tables - set(READABLE)):
        raise ValueError(f"{feature} can't be a feature: {source} holds no records of behaviour")
    for columns, keys in ((behind.values, {}), (behind.keys, KEYS)):
        for source, column in sorted(columns):
            if column not in READABLE[source] | KNOWLEDGE | keys.get(source, frozenset()):
                why = _REASONS.get(column, "it is not among the columns that features may read")
                raise ValueError(f"{feature} can't be a feature: it reads {source}.{column}; {why}")


def _stored_column(value: ops.Node) -> Column | None:
    """The stored column that a value is, as it is; None for what is calculated or stacked."""
    while isinstance(value, ops.Field):
        relation, name = value.rel, value.name
        while not isinstance(relation, ops.UnboundTable | ops.Set) and name not in relation.values:
            relation = relation.parent
        match relation:
            case ops.UnboundTable():
                return relation.name, name
            case ops.Set():
                return None
        value = relation.values[name]
    return None


class _Walk:
    def __init__(self) -> None:
        self.values: set[Column] = set()
        self.keys: set[Column] = set()
        self._seen: set[object] = set()

    def column(self, relation: ops.Relation, name: str, noted: set[Column]) -> None:
        if self._is_new((relation, name, noted is self.keys)):
            self.rows(relation)
            match relation:
                case ops.UnboundTable():
                    noted.add((relation.name, name))
                case ops.Set():
                    self.column(relation.left, name, noted)
                    self.column(relation.right, name, noted)
                case ops.JoinChain():
                    self._part(relation.values[name], noted)
                    self._beside(relation, relation.values[name])
                case _ if name in relation.values:
                    self._part(relation.values[name], noted)
                case _:
                    self.column(relation.parent, name, noted)

    def rows(self, relation: ops.Relation) -> None:
        """What decides which rows there are: conditions and keys, not the columns."""
        if not self._is_new(relation):
            return
        if isinstance(relation, ops.Filter):
            self._any(relation.predicates)
        if isinstance(relation, ops.Aggregate):
            for key in relation.groups.values():
                self._part(key, self.keys)
        if isinstance(relation, ops.JoinChain):
            inner = [link for link in relation.rest if link.how != "left"]
            self._joined_by(inner)
            self._any((relation.first, *(link.table for link in inner)))
        for part in relation.args:
            if isinstance(part, ops.Relation):
                self.rows(part)

    def _beside(self, chain: ops.JoinChain, value: ops.Value) -> None:
        """What rows are joined by, where a value is taken from a table that takes none away."""
        taken = {field.rel for field in value.find(ops.Field)}
        self._joined_by(link for link in chain.rest if link.table in taken)

    def _joined_by(self, links: Iterable[ops.JoinLink]) -> None:
        for condition in (each for link in links for each in link.predicates):
            sides = condition.args if isinstance(condition, ops.Equals) else ()
            columns = {
                None if column is None else column[1] for column in map(_stored_column, sides)
            }
            # A key is compared with itself alone: with anything else it would tell what it holds.
            is_key = len(columns) == 1 and None not in columns
            for part in sides if is_key else (condition,):
                self._part(part, self.keys if is_key else self.values)

    def _part(self, value: ops.Value, noted: set[Column]) -> None:
        """A column as it is, noted as what it is used for; what is made of one is a value."""
        if isinstance(value, ops.Field):
            self.column(value.rel, value.name, noted)
        else:
            self.value(value)

    def value(self, value: ops.Value) -> None:
        if not self._is_new(value):
            return
        if isinstance(value, ops.Modulus) or type(value).__module__ == temporal.__name__:
            raise ValueError(
                "a feature may take no remainder and no part of a date: days of the week and hours "
                "tell of faith and family"
            )
        match value:
            case ops.Field():
                self.column(value.rel, value.name, self.values)
            case ops.WindowFunction():
                for key in value.group_by:
                    self._part(key, self.keys)
                self._any((value.func, value.order_by, value.start, value.end))
            case _:
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
