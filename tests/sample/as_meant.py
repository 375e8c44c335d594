"""What a store holds beside what the simulator meant, in the same words."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd
from sqlalchemy import select

from sample.exports.written import Written
from scoring.intake.formats.declarations import FormatName
from scoring.store.database import Database
from scoring.store.tables import CashFlowLine, OrderLine


def stored_orders(database: Database) -> Counter[tuple[Any, ...]]:
    """Sales and refunds as they stand, without numbers and times of the store's own."""
    with database.reading() as session:
        lines = session.scalars(
            select(OrderLine).where(OrderLine.superseded_recorded_at.is_(None))
        ).all()
    return Counter(_sale(line) if line.entry == "sale" else _refund(line) for line in lines)


def _sale(line: OrderLine) -> tuple[Any, ...]:
    return (
        *("sale", line.channel, line.order_line, line.event_date, line.quantity, line.currency),
        *(line.gross, line.discount, line.shipping, line.fee, line.paid_on, line.settled_on),
    )


def _refund(line: OrderLine) -> tuple[Any, ...]:
    return (
        *("refund", line.channel, line.order_line, line.event_date, line.refund),
        *(line.refund_cause, line.day_inferred, line.currency),
    )


def meant_orders(truth: pd.DataFrame) -> Counter[tuple[Any, ...]]:
    """Sales and refunds as the simulator meant them."""
    found: Counter[tuple[Any, ...]] = Counter()
    for row in truth.to_dict("records"):
        name = row.get("order_line")
        if row.get("ordered_on") is not None:
            found[
                (
                    *("sale", row["channel"], name, row["ordered_on"], row["quantity"]),
                    *(row["currency"], row["gross"], row["discount"], row["shipping"]),
                    *(row["fee"], row.get("paid_on"), row.get("settled_on")),
                )
            ] += 1
        if row["refund"]:
            found[
                (
                    *("refund", row["channel"], name, row["refunded_on"], row["refund"]),
                    *(row["refund_cause"], bool(row.get("day_inferred")), row["currency"]),
                )
            ] += 1
    return found


def _without_names(rows: Counter[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
    """Of a web shop, whose lines have no number of their own."""
    found: Counter[tuple[Any, ...]] = Counter()
    for row, count in rows.items():
        found[(*row[:2], None, *row[3:])] += count
    return found


def stored_bank_lines(database: Database) -> Counter[tuple[Any, ...]]:
    """Lines of accounts, without the names that the reader gives them."""
    with database.reading() as session:
        lines = session.scalars(select(CashFlowLine)).all()
    return Counter(
        (
            *(line.event_date, "in" if line.inflow else "out", line.inflow or line.outflow),
            *(line.currency, line.balance, line.purpose),
        )
        for line in lines
    )


def require_meant(database: Database, one: Written) -> None:
    """The store holds what the file meant, and nothing else of its kind."""
    if one.format_name is FormatName.BANK_STATEMENT:
        meant = Counter(
            (r["booked_on"], r["direction"], r["amount"], r["currency"], r["balance"], r["purpose"])
            for r in one.truth.to_dict("records")
        )
        assert stored_bank_lines(database) == meant
        return
    stored, meant = stored_orders(database), meant_orders(one.truth)
    if one.format_name is FormatName.WEBSHOP:
        stored = _without_names(stored)
    if one.follows:  # the sales are those of the file before it
        stored = Counter({row: n for row, n in stored.items() if row[0] == "refund"})
    assert stored == meant
