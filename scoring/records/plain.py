"""A stored record in its plain form, as its file had it, and back again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.base.errors import ConflictError, NotFoundError
from scoring.records.kinds import RecordKind
from scoring.records.plain_columns import KINDS, Field, Shape, fields_of
from scoring.store.tables import (
    Attendance,
    CashFlowLine,
    Founder,
    Programme,
    ProgrammeSession,
    Record,
    Supersession,
)


def find_record(session: Session, kind: RecordKind, record_id: int) -> Record:
    """The record of a kind under an id, whether it stands or not.

    Raises:
        NotFoundError: there is none.
    """
    record = session.get(KINDS[kind], record_id) if kind in KINDS else None
    if record is None:
        raise NotFoundError(
            f"There is no record {record_id} of {kind}. `foothold records FOUNDER` lists them."
        )
    return record


def find_standing(session: Session, kind: RecordKind, record_id: int) -> Record:
    """The record of a kind under an id, which nothing has superseded.

    Raises:
        NotFoundError: there is none.
        ConflictError: it was superseded; says which record stands in its place, if one does.
    """
    record = find_record(session, kind, record_id)
    if record.superseded_recorded_at is None:
        return record
    successor = _last_successor(session, record)
    told = (
        f"{successor} stands in its place: name that one" if successor else "none is in its place"
    )
    raise ConflictError(f"Record {record_id} of {kind} was superseded before; {told}.")


def changeable_columns(record: Record) -> list[str]:
    """Columns of the plain form that may be corrected by hand."""
    extra = ["direction", "amount"] if isinstance(record, CashFlowLine) else []
    # A list of refunds names each by its day.
    is_named_by_day = record.natural_key.endswith(f"|{record.event_date}")
    return [
        field.name
        for field in fields_of(record)
        if not field.is_fixed and not (is_named_by_day and field.column == "event_date")
    ] + extra


def plain_cells(session: Session, record: Record) -> dict[str, str]:
    """A record as a row of its plain form: days as YYYY-MM-DD, amounts in the major unit."""
    cells = {"founder": session.get_one(Founder, record.founder_id).reference}
    if isinstance(record, Attendance):
        held = session.get_one(ProgrammeSession, record.session_id)
        programme = session.get_one(Programme, held.programme_id)
        cells |= {"programme": programme.reference, "session": held.reference}
    currency = getattr(record, "currency", None)
    cells |= {
        field.name: _as_text(getattr(record, field.column), field.shape, currency)
        for field in fields_of(record)
    }
    if isinstance(record, CashFlowLine):
        amount = _as_text(record.inflow or record.outflow, Shape.AMOUNT, currency)
        incoming = record.inflow > 0 or (record.outflow == 0 and record.purpose == "other_income")
        cells |= {"direction": "in" if incoming else "out", "amount": amount}
    return cells


def stored_values(record: Record, cells: Mapping[str, str]) -> dict[str, Any]:
    """Columns of the store from checked cells of the plain form.

    Raises:
        ValueError: an amount has more decimals than its currency; `args` holds column and text.
    """
    currency = cells.get("currency") or getattr(record, "currency", None)
    values: dict[str, Any] = {}
    for field in fields_of(record):
        cell = cells[field.name]
        values[field.column] = _value(field, cell, currency) if cell else field.empty
    if isinstance(record, CashFlowLine):
        amount = _value(Field("amount", "amount", Shape.AMOUNT), cells["amount"], currency)
        incoming = cells["direction"] == "in"
        values |= {"inflow": amount if incoming else 0, "outflow": 0 if incoming else amount}
        values["purpose"] = values["purpose"] or ("other_income" if incoming else "other_payment")
    return values


def _as_text(value: Any, shape: Shape, currency: str | None) -> str:
    if value is None:
        return ""
    match shape:
        case Shape.AMOUNT if currency:
            return format(Decimal(value).scaleb(-get_currency_precision(currency)), "f")
        case Shape.NUMBER:
            text = format(Decimal(repr(value)), "f")
            return text.removesuffix(".0")
        case _:
            return str(value)


def _value(field: Field, cell: str, currency: str | None) -> Any:
    match field.shape:
        case Shape.DAY:
            return date.fromisoformat(cell)
        case Shape.COUNT:
            return int(float(cell))
        case Shape.NUMBER:
            return float(cell)
        case Shape.AMOUNT if currency:
            units = Decimal(cell).scaleb(get_currency_precision(currency))
            if units != units.to_integral_value():
                raise ValueError(field.name, f'"{cell}" has more decimals than {currency} has')
            return int(units)
        case _:
            return cell


def _last_successor(session: Session, record: Record) -> int | None:
    found: int | None = record.id
    while found is not None:
        entry = session.scalars(
            select(Supersession).where(
                Supersession.table_name == record.__tablename__,
                Supersession.superseded_id == found,
            )
        ).first()
        if entry is None:
            return found
        found = entry.replacement_id
    return None
