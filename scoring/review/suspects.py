"""Doubtful records: stored and flagged by the intake, confirmed or rejected by a person.

Records under dispute are held back too, but a reviewer decides on those.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from scoring.base.chunks import chunks
from scoring.base.errors import ConflictError, InputError, NotFoundError
from scoring.parties.persons import require_name_and_reason
from scoring.records.kinds import RecordKind
from scoring.records.plain import plain_cells
from scoring.records.plain_columns import KINDS
from scoring.review.disputes import HELD
from scoring.store.bulk import stored_form
from scoring.store.key_chunks import KEYS_AT_ONCE
from scoring.store.ledger import Ledger
from scoring.store.supersede_many import supersede_all
from scoring.store.tables import Founder, OrderLine, Record
from scoring.store.tables.bookkeeping import SET_BY_STORE

_CONFIRMED = "confirmed by hand"


@dataclass(frozen=True)
class Suspect:
    """A record that is held back by a doubt, as somebody sees it who decides on it."""

    record: Record
    kind: RecordKind
    founder: str
    cells: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return {
            "id": self.record.id,
            "kind": self.kind.value,
            "founder": self.founder,
            "doubt": self.record.held,
            "event_day": self.record.event_date.isoformat(),
            "import": self.record.import_id,
            "values": self.cells,
        }


@dataclass(frozen=True)
class Choice:
    """Which suspect records somebody means: some of one kind, or all that one import brought."""

    kind: RecordKind | None = None
    ids: Collection[int] = ()
    import_id: int | None = None


def list_suspects(
    session: Session, *, import_id: int | None = None, founder: Founder | None = None
) -> list[Suspect]:
    """Records that a doubt holds back, by kind, founder and event day."""
    references = {one.id: one.reference for one in session.scalars(select(Founder))}
    found: list[Suspect] = []
    for kind, table in KINDS.items():
        conditions = _is_suspect(table)
        if import_id is not None:
            conditions.append(table.import_id == import_id)
        if founder is not None:
            conditions.append(table.founder_id == founder.id)
        records = session.scalars(
            select(table).where(*conditions).order_by(table.founder_id, table.event_day, table.id)
        )
        for record in records:
            cells = {k: v for k, v in plain_cells(session, record).items() if k != "founder"}
            found.append(Suspect(record, kind, references[record.founder_id], cells))
    return found


def confirm_suspects(ledger: Ledger, choice: Choice, *, author: str) -> int:
    """Let doubtful records count from now on; each is superseded by a copy without the doubt.

    What is held back with a sale for the same doubt, its refund, counts with it.

    Returns:
        How many records count now.

    Raises:
        NotFoundError: a record is not on file, or the import brought nothing doubtful.
        ConflictError: a record is not suspect, or it rests on a sale that is.
        InputError: the name is missing.
    """
    require_name_and_reason(author, _CONFIRMED)
    confirmed = 0
    for table, ids in _chosen(ledger.session, choice):
        if table is OrderLine:
            _refuse_refunds_of_suspects(ledger.session, ids)
        for some in chunks(ids, KEYS_AT_ONCE):
            records = _frame(ledger.session, table, some)
            supersede_all(
                ledger,
                table,
                list(zip(map(int, records["id"]), records["natural_key"], strict=True)),
                records.drop(columns=[*SET_BY_STORE, "learned_at"]).assign(held=None),
                reason=_CONFIRMED,
                author=author,
            )
        confirmed += len(ids)
    return confirmed


def reject_suspects(ledger: Ledger, choice: Choice, *, reason: str, author: str) -> int:
    """Retract doubtful records: they stay out of scoring for good, and are kept.

    Returns:
        How many records were retracted.

    Raises:
        NotFoundError: a record is not on file, or the import brought nothing doubtful.
        ConflictError: a record is not suspect.
        InputError: name or reason are missing.
    """
    require_name_and_reason(author, reason)
    rejected = 0
    for table, ids in _chosen(ledger.session, choice):
        for some in chunks(ids, KEYS_AT_ONCE):
            gone: list[tuple[int, str | None]] = [(one, None) for one in some]
            supersede_all(ledger, table, gone, pd.DataFrame(), reason=reason, author=author)
        rejected += len(ids)
    return rejected


def _is_suspect(table: type[Record]) -> list[ColumnElement[bool]]:
    return [
        table.superseded_recorded_at.is_(None),
        table.held.is_not(None),
        table.held != HELD,
    ]


def _chosen(session: Session, choice: Choice) -> Iterator[tuple[type[Record], list[int]]]:
    """Ids of the suspect records meant, by table, with the refunds held for the same doubt."""
    if choice.import_id is not None:
        by_table = {
            table: list(
                session.scalars(
                    select(table.id)
                    .where(*_is_suspect(table), table.import_id == choice.import_id)
                    .order_by(table.id)
                )
            )
            for table in KINDS.values()
        }
        by_table = {table: ids for table, ids in by_table.items() if ids}
        if not by_table:
            raise NotFoundError(
                f"Import {choice.import_id} holds no suspect record. See `foothold suspect list`."
            )
    else:
        if choice.kind is None or not choice.ids:
            raise InputError("Say which: a kind and ids of records, or --import N.")
        if choice.kind not in KINDS:
            raise InputError(f"{choice.kind} are kept with sales: say sales.")
        by_table = {KINDS[choice.kind]: _suspect_ids(session, choice.kind, choice.ids)}
    for table, ids in by_table.items():
        resting = _refunds_held_with(session, ids) if table is OrderLine else []
        yield table, list(dict.fromkeys([*ids, *resting]))


def _suspect_ids(session: Session, kind: RecordKind, ids: Collection[int]) -> list[int]:
    wanted = list(dict.fromkeys(ids))
    for record_id in wanted:
        record = session.get(KINDS[kind], record_id)
        if record is None:
            raise NotFoundError(f"There is no record {record_id} of {kind}.")
        if record.superseded_recorded_at is not None:
            raise ConflictError(f"Record {record_id} of {kind} was decided on or corrected before.")
        if record.held == HELD:
            raise ConflictError(
                f"The founder disputes record {record_id} of {kind}; a reviewer decides: "
                "`foothold dispute list`."
            )
        if record.held is None:
            raise ConflictError(f"Record {record_id} of {kind} is not suspect; it counts already.")
    return wanted


def _refunds_held_with(session: Session, ids: Collection[int]) -> list[int]:
    """Refunds that are held back for the doubt that holds their sale."""
    chosen = set(ids)
    held = list(session.scalars(select(OrderLine).where(*_is_suspect(OrderLine))))
    doubts = {_line(one): one.held for one in held if one.id in chosen and one.entry == "sale"}
    return [
        one.id
        for one in held
        if one.entry == "refund" and doubts.get(_line(one)) == one.held and one.id not in chosen
    ]


def _refuse_refunds_of_suspects(session: Session, ids: Collection[int]) -> None:
    chosen = set(ids)
    held = list(session.scalars(select(OrderLine).where(*_is_suspect(OrderLine))))
    waiting = {_line(one): one.id for one in held if one.entry == "sale" and one.id not in chosen}
    for one in held:
        if one.id in chosen and one.entry == "refund" and _line(one) in waiting:
            raise ConflictError(
                f"Record {one.id} of sales gives back sale {waiting[_line(one)]}, which is "
                "suspect itself. Decide on that one; its refund goes with it."
            )


def _line(one: OrderLine) -> tuple[int, str, str, str]:
    return one.founder_id, one.source, one.channel, one.order_line


def _frame(session: Session, table: type[Record], ids: Collection[int]) -> pd.DataFrame:
    names = [column.name for column in table.__table__.columns]
    rows = session.execute(select(table.__table__).where(table.id.in_(ids)))
    return stored_form(pd.DataFrame(rows.all(), columns=names, dtype=object))
