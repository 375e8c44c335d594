"""Checking a correction: as an import checks a row, and against the records that stand beside it.

So that nobody can store by hand what a file could not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import pandera.pandas as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.calendar import day_number
from scoring.base.errors import ConflictError, InputError
from scoring.base.lines import control_character
from scoring.records.forms import DAY, FORMS, Column
from scoring.records.kinds import RecordKind
from scoring.records.plain import changeable_columns, plain_cells, stored_values
from scoring.records.plain_columns import kind_of_table
from scoring.records.resting import resting_on, rests_on
from scoring.store.tables import Instalment, OrderLine, Pause, Record, Repayment

EARLIEST = date(1990, 1, 1)  # what lies before is a slip of the pen, in a file as by hand


def corrected_values(
    session: Session, record: Record, changes: Mapping[str, str], *, today: date
) -> dict[str, Any]:
    """The stored columns that a correction changes, once it has passed every check.

    Args:
        session: the open transaction.
        record: the record that stands.
        changes: columns of the plain form with their new cells, as a file would have them.
        today: days after it are refused where a file's would be.

    Raises:
        InputError: a column can't be changed, a cell can't be used, or nothing would change.
    """
    kind = kind_of_table(record.__tablename__)
    allowed = changeable_columns(record)
    for name in changes:
        if name not in allowed:
            raise InputError(
                f'The column "{name}" of {kind} record {record.id} can\'t be changed. '
                f"These can: {', '.join(allowed)}. Columns that name a record never change: "
                "retract it, and import the right one."
            )
    before = plain_cells(session, record)
    cells = before | {name: cell.strip() for name, cell in changes.items()}
    _check_as_an_import_does(record, kind, cells, today)
    try:
        values = stored_values(record, cells)
    except ValueError as error:
        column, problem = error.args
        raise _refused(record, column, problem) from None
    values = {name: value for name, value in values.items() if getattr(record, name) != value}
    if not values:
        raise InputError(
            f"Nothing would change: {kind} record {record.id} holds these values already."
        )
    if "event_date" in values:
        values["event_day"] = day_number(values["event_date"])
    if "ends_on" in values:
        values["ends_day"] = day_number(values["ends_on"])
    _check_beside_others(session, record, values)
    return values


def refuse_pause_days(
    session: Session,
    founder_id: int,
    first: date,
    last: date,
    *,
    apart_from: int | None = None,
) -> None:
    """Refuse a pause that ends before it begins, or shares a day with another of the founder's.

    Raises:
        InputError: the days are in the wrong order.
        ConflictError: there is such a pause; says which.
    """
    if last < first:
        raise InputError(f"The pause would end ({last}) before it begins ({first}).")
    other = session.scalars(
        select(Pause)
        .where(
            Pause.founder_id == founder_id,
            Pause.superseded_recorded_at.is_(None),
            Pause.event_day <= day_number(last),
            Pause.ends_day >= day_number(first),
            Pause.id != (apart_from or 0),
        )
        .limit(1)
    ).first()
    if other is not None:
        raise ConflictError(
            f"The founder has a pause from {other.event_date} to {other.ends_on} (record "
            f"{other.id}), which shares days with this one. Correct or withdraw that one."
        )


def _check_as_an_import_does(
    record: Record, kind: RecordKind, cells: Mapping[str, str], today: date
) -> None:
    """Put every cell to the test that its form has for a file's."""
    if isinstance(record, OrderLine) and record.entry == "refund":
        kind = RecordKind.REFUNDS
    for column in FORMS[kind].columns:
        problem = _problem(column, cells.get(column.name, ""), today)
        if problem is not None:
            raise _refused(record, column.name, problem)


def _problem(column: Column, cell: str, today: date) -> str | None:
    shown = cell if len(cell) <= 24 else cell[:20] + "…"
    found = control_character(cell)
    if found is not None:
        return f"holds a control character ({found})"
    if not cell:
        return "is empty and must be filled" if column.required else None
    try:
        pa.SeriesSchema(checks=column.content.is_valid).validate(pd.Series([cell], dtype="str"))
    except pa.errors.SchemaError:
        return f'"{shown}" is not {column.content.expected}'
    if column.content is DAY:
        if cell < EARLIEST.isoformat():
            return f'"{cell}" lies before {EARLIEST}, the first day that can be'
        if cell > today.isoformat() and not column.later_allowed:
            return f'"{cell}" is in the future (today is {today})'
    return None


def _check_beside_others(session: Session, record: Record, values: Mapping[str, Any]) -> None:
    def new(name: str) -> Any:
        return values.get(name, getattr(record, name))

    match record:
        case OrderLine(entry="sale"):
            _check_sale(record, _refunds_of(session, record), values)
        case OrderLine():
            sale = rests_on(session, record)
            if isinstance(sale, OrderLine):
                others = sum(r.refund for r in _refunds_of(session, sale) if r.id != record.id)
                if "refund" in values and new("refund") + others > sale.gross + sale.shipping:
                    raise _refused(
                        record, "refund", "is more than the line's gross amount and shipping"
                    )
                if new("event_date") < sale.event_date:
                    raise _refused(record, "refunded_on", "lies before ordered_on")
        case Instalment() | Repayment():
            loan = rests_on(session, record)
            if loan is not None and new("event_date") < loan.event_date:
                column = "due_on" if isinstance(record, Instalment) else "paid_on"
                raise _refused(
                    record, column, f"lies before the loan was paid out ({loan.event_date})"
                )
        case Pause():
            refuse_pause_days(
                session,
                record.founder_id,
                record.event_date,
                new("ends_on"),
                apart_from=record.id,
            )


def _refunds_of(session: Session, sale: Record) -> list[OrderLine]:
    return [one for one in resting_on(session, sale) if isinstance(one, OrderLine)]


def _check_sale(record: OrderLine, refunds: list[OrderLine], values: Mapping[str, Any]) -> None:
    if not refunds:
        return
    named = f"record {', '.join(str(refund.id) for refund in refunds)}"
    if "currency" in values:
        raise _refused(
            record,
            "currency",
            f"is that of the refund in {named} as well; retract both and import them again",
        )
    paid = values.get("gross", record.gross) + values.get("shipping", record.shipping)
    if {"gross", "shipping"} & values.keys() and paid < sum(r.refund for r in refunds):
        raise _refused(record, "gross", f"is less than the refund in {named}")
    first = min(refund.event_date for refund in refunds)
    if values.get("event_date", first) > first:
        raise _refused(record, "ordered_on", f"lies after the refund in {named}")


def _refused(record: Record, column: str, problem: str) -> InputError:
    kind = kind_of_table(record.__tablename__)
    return InputError(
        f'{kind} record {record.id}, column "{column}": {problem}. Nothing was stored.'
    )
