"""From a value back to its rows: which records each feature of one founder was made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import ibis.expr.types as ir
from sqlalchemy.orm import Session

from scoring.features import all_features
from scoring.features.catalogue import Feature, Kind, Relation
from scoring.features.engines.one_founder import one_founder, run_for_one_point
from scoring.features.engines.statements import kind_expression, of_kind
from scoring.features.kinds.attendance import counted_sessions
from scoring.features.kinds.sales import order_lines
from scoring.features.known import Known
from scoring.features.lineage import columns_behind

# The rows of each table that can count, with `age` and, where days can be neutral, `clock`.
_ROWS: dict[str, Relation] = {
    "attendance": counted_sessions,
    "order_lines": order_lines,
    "loans": lambda known: known.loans,
    "instalments": lambda known: known.instalments,
    "repayments": lambda known: known.repayments,
    "cash_flow_lines": lambda known: known.cash_flow,
    "applications": lambda known: known.applications,
    "pauses": lambda known: known.pauses,
    "platform_events": lambda known: known.platform_events,
}


@dataclass(frozen=True)
class Followed:
    """A feature's value and the records that it was made from.

    Attributes:
        feature: which.
        value: as the model sees it; None where missing.
        observed: before it was shrunk, where it is a ratio.
        records: ids of rows by table, in order; `foothold records` shows them.
    """

    feature: Feature
    value: float | None
    observed: float | None
    records: dict[str, tuple[int, ...]]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return {
            "feature": self.feature.name,
            "value": self.value,
            "observed": self.observed,
            "missing_means": self.feature.empty if self.value is None else None,
            "records": {table: list(ids) for table, ids in self.records.items()},
        }


def follow(
    session: Session,
    founder_id: int,
    *,
    as_of: date,
    known_at: datetime,
    zone: ZoneInfo,
    constants: dict[str, float] | None = None,
) -> list[Followed]:
    """Every feature of a founder with its records, in the catalogue's order.

    Records are those that the feature reads and that lie in its window. How far the record reaches
    back can matter besides. The arguments are those of `one_founder`.
    """
    file = one_founder(
        session, founder_id, as_of=as_of, known_at=known_at, zone=zone, constants=constants
    )
    rows = {
        table: run_for_one_point(
            session,
            *_rows_of(table),
            founder_id,
            as_of=as_of,
            known_at=known_at,
            zone=zone,
        )
        for table in _ROWS
    }
    return [
        Followed(
            feature=feature,
            value=file.values[name],
            observed=file.observed[name],
            records={
                table: tuple(
                    sorted(
                        number
                        for number, age, clock in rows[table]
                        if feature.window is None
                        or (clock if table in _clocked(feature) else age) < feature.window
                    )
                )
                for table in _tables(feature.kind)[name]
            },
        )
        for name, feature in all_features().items()
    ]


def _rows_of(table: str) -> tuple[ir.Table, Known]:
    known = Known()
    rows = _ROWS[table](known)
    clock = rows.clock if "clock" in rows.columns else rows.age
    return rows.select("id", "age", clock=clock), known


@cache
def _tables(kind: Kind) -> dict[str, tuple[str, ...]]:
    features = of_kind(kind)
    expression = kind_expression(kind, features, Known())
    found = {}
    for feature in features:
        tables = columns_behind(expression, feature.columns).tables
        found[feature.name] = tuple(table for table in _ROWS if table in tables)
    return found


def _clocked(feature: Feature) -> tuple[str, ...]:
    return ("order_lines",) if feature.on_clock else ()
