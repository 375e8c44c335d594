"""What was given back: the stage in which a file's refunds change what an order line came to.

A sale keeps its amount; what is given back for it is a record of its own, on its own day, so that
no score of a day before knows of it. Features take refunds off sales (`features/kinds/sales.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from sqlalchemy import select

from scoring.intake.batch import SEPARATOR, Batch, Changes, Outcome, Sold
from scoring.intake.current_import import CurrentImport
from scoring.intake.settling.changes import compare
from scoring.intake.settling.decisions import (
    DECIDED_BEFORE,
    DISPUTED,
    PastDecisions,
    respecting_decisions,
)
from scoring.intake.settling.refund_rows import RefundsOfLine, Row, Settled
from scoring.intake.settling.refunds_listed import refunds_listed
from scoring.intake.settling.refunds_of_orders import refunds_of_orders
from scoring.records.forms import FORMS
from scoring.records.kinds import RecordKind
from scoring.store.bulk import stored_form
from scoring.store.key_chunks import key_chunks
from scoring.store.tables import OrderLine

_KEY_PARTS = len(FORMS[RecordKind.SALES].key)


class SettleRefunds:
    """Refunds of orders, and lists of refunds, are compared with the refunds on file."""

    def __init__(self, current: CurrentImport, decisions: PastDecisions) -> None:
        self._current, self._decisions = current, decisions

    def __call__(self, batch: Batch) -> Batch:
        """The batch with what becomes of refunds; of other kinds than sales, as it is.

        Raises:
            FileError: a refund contradicts its sale.
        """
        if batch.kind is RecordKind.SALES and batch.changes:
            return self._of_orders(batch)
        if batch.kind is RecordKind.REFUNDS and not batch.cells.empty:
            return self._listed(batch)
        return batch

    def _of_orders(self, batch: Batch) -> Batch:
        (sales,) = batch.changes
        before = sales.rows[sales.rows["natural_key"].isin(sales.known.index)]
        lines = self._lines(before)
        settled = refunds_of_orders(batch, sales.rows, sales.known, lines.of)
        return self._settled(batch, settled, lines)

    def _listed(self, batch: Batch) -> Batch:
        lines = self._lines(batch.cells)
        return self._settled(batch, refunds_listed(batch, lines.of), lines)

    def _lines(self, sales: pd.DataFrame) -> _Lines:
        """The refunds on file of order lines, given rows with `channel` and `order_line`."""
        by_sale: dict[str, dict[str, Row]] = {}
        names = [column.name for column in OrderLine.__table__.columns]
        rows: list[Any] = []
        for some in key_chunks(sales["order_line"].unique()):
            statement = select(OrderLine.__table__).where(
                OrderLine.channel.in_(sales["channel"].unique().tolist()),
                OrderLine.order_line.in_(some),
                OrderLine.entry == "refund",
                OrderLine.source == self._current.source,
                OrderLine.superseded_recorded_at.is_(None),
            )
            rows += self._current.ledger.session.execute(statement).all()
        for row in stored_form(pd.DataFrame(rows, columns=names, dtype=object)).to_dict("records"):
            name = str(row["natural_key"])
            sale = SEPARATOR.join(name.split(SEPARATOR)[:_KEY_PARTS])
            by_sale.setdefault(sale, {})[name] = {str(k): v for k, v in row.items()}
        return _Lines(by_sale, {})

    def _settled(self, batch: Batch, settled: Settled, lines: _Lines) -> Batch:
        on_file = {name: row for own in lines.on_file.values() for name, row in own.items()}
        known = pd.DataFrame(list(on_file.values()), index=list(on_file), dtype=object)
        changes = self._changes(settled, on_file, known)
        taken_back = {name: at for name, at in settled.taken_back.items() if name in on_file}
        gone = tuple(int(on_file[name]["id"]) for name in taken_back)
        return (
            replace(batch, sold=replace(batch.sold or Sold(), refunded=settled.told))
            .settled(replace(changes, retracted=gone))
            .all_reached(taken_back.values(), Outcome.ACCEPTED)
        )

    def _changes(self, settled: Settled, on_file: dict[str, Row], known: pd.DataFrame) -> Changes:
        if not settled.rows:
            return Changes.none(OrderLine, known)
        rows = pd.DataFrame([row for _, row in settled.rows], dtype=object)
        decided = respecting_decisions(
            rows, known, self._decisions.of(OrderLine, rows["natural_key"])
        )
        held = rows["held"].where(~decided.is_third_statement, DECIDED_BEFORE)
        disputed = {name for name, row in on_file.items() if row["held"] == DISPUTED}
        held = held.where(~rows["natural_key"].isin(disputed), DISPUTED)
        # Rows of one day and of the whole may come from one row of the file.
        places = pd.Index([index for index, _ in settled.rows], dtype="int64")
        left = ~decided.is_taken_back.to_numpy()
        found = decided.rows.assign(held=held).set_axis(places)[left]
        return compare(OrderLine, found, known)


@dataclass(frozen=True)
class _Lines:
    """Order lines with their refunds: on file, and as they are once the file was taken in."""

    on_file: dict[str, dict[str, Row]]
    so_far: dict[str, RefundsOfLine]

    def of(self, key: str) -> RefundsOfLine:
        if key not in self.so_far:
            self.so_far[key] = RefundsOfLine(key, self.on_file.get(key, {}))
        return self.so_far[key]
