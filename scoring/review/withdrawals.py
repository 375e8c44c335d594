"""Withdrawing an import whole: its records stand no more, and what they superseded stands again.

Nothing is removed. The file can be imported again later, as if for the first time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from scoring.base.calendar import microseconds
from scoring.base.chunks import chunks
from scoring.base.errors import ConflictError, NotFoundError
from scoring.intake.matching.quarantine import WITHDRAWN, end_of_waiting, waiting_rows
from scoring.intake.superseding import superseding_reason
from scoring.notices.queueing import Cause, queue_notices_of_step
from scoring.parties.persons import require_name_and_reason
from scoring.records.plain_columns import KINDS
from scoring.review.disputes import HELD
from scoring.store.audit import append_event
from scoring.store.bulk import append_frame, stored_form
from scoring.store.key_chunks import KEYS_AT_ONCE
from scoring.store.ledger import Ledger
from scoring.store.supersede_many import supersede_all
from scoring.store.tables import (
    Application,
    DeclaredOutcome,
    Import,
    ImportWithdrawal,
    Instalment,
    Loan,
    LoanEvent,
    LoanReport,
    OrderLine,
    QuarantinedRow,
    Record,
    Repayment,
    Supersession,
)
from scoring.store.tables.bookkeeping import SET_BY_STORE


@dataclass(frozen=True)
class Withdrawn:
    """What a withdrawal did.

    Attributes:
        import_id: the import that stands no more.
        retracted: records without anything in their place.
        restored: records that the import had superseded and that stand again.
        no_longer_waiting: rows of the file that waited in quarantine.
    """

    import_id: int
    retracted: int
    restored: int
    no_longer_waiting: int


def withdraw_import(ledger: Ledger, import_id: int, *, reason: str, author: str) -> Withdrawn:
    """Let all that an import brought stand no more, from now on.

    A record that a later import changed is that import's, and stays. What the import superseded
    stands again, unless that came from an import which was withdrawn too. What another import
    merely repeated is gone with this one: import that file again.

    Args:
        ledger: the open transaction.
        import_id: number of the receipt.
        reason: why, for the founder and an auditor to read.
        author: who says so.

    Raises:
        NotFoundError: there is no such import.
        ConflictError: it was withdrawn before, a record of it is disputed, or records of other
            imports rest on it (refunds on its sales, instalments on its loans).
        InputError: name or reason are missing.
    """
    require_name_and_reason(author, reason)
    session = ledger.session
    if session.get(Import, import_id) is None:
        raise NotFoundError(f"There is no import {import_id}. See `foothold imports`.")
    if session.get(ImportWithdrawal, import_id) is not None:
        raise ConflictError(f"Import {import_id} was withdrawn before.")
    gone = {import_id, *session.scalars(select(ImportWithdrawal.import_id))}
    _refuse_disputed(ledger, import_id)
    tables: tuple[type[Record], ...] = (*KINDS.values(), LoanReport)
    steps = {table: _steps(ledger, table, import_id, gone) for table in tables}
    _refuse_resting(ledger, import_id, steps)
    retracted = restored = 0
    for table, step in steps.items():
        _apply(ledger, table, step, reason=reason, author=author)
        restored += len(step.restored) + len(step.given_up)
        retracted += len(step.standing) - len(step.restored)
    waiting = waiting_rows(session, QuarantinedRow.import_id == import_id)
    if waiting:
        end_of_waiting(ledger, waiting, outcome=WITHDRAWN, reason=reason, author=author)
    session.add(
        ImportWithdrawal(import_id=import_id, reason=reason, author=author, withdrawn_at=ledger.now)
    )
    session.flush()
    queue_notices_of_step(ledger, Cause.WITHDRAWAL)
    append_event(
        ledger,
        actor=author,
        action="import.withdrawn",
        details={"import": import_id, "retracted": retracted, "restored": restored},
    )
    return Withdrawn(import_id, retracted, restored, len(waiting))


@dataclass(frozen=True)
class _Steps:
    """What withdrawing an import means for one table.

    Attributes:
        standing: id and natural key of the import's records that stand.
        restored: id of the record to restore by the natural key that it shares with one of them.
        given_up: ids of records that the import retracted with nothing in their place.
    """

    standing: list[tuple[int, str]]
    restored: dict[str, int]
    given_up: list[int]


def _steps(ledger: Ledger, table: type[Record], import_id: int, gone: set[int]) -> _Steps:
    session = ledger.session
    standing = [
        (record_id, key)
        for record_id, key in session.execute(
            select(table.id, table.natural_key)
            .where(table.import_id == import_id, table.superseded_recorded_at.is_(None))
            .order_by(table.id)
        )
    ]
    restored = _predecessors(ledger, table, standing, gone)
    statement = (
        select(table.id, table.source, table.natural_key)
        .join(Supersession, Supersession.superseded_id == table.id)
        .where(
            Supersession.table_name == table.__tablename__,
            Supersession.replacement_id.is_(None),
            Supersession.reason == superseding_reason(import_id),
            table.import_id.is_(None) | table.import_id.not_in(gone),
        )
        .order_by(table.id)
    )
    given_up = [
        record_id
        for record_id, source, key in session.execute(statement)
        if not _stands(ledger, table, source, key)
    ]
    return _Steps(standing, restored, given_up)


def _stands(ledger: Ledger, table: type[Record], source: str, key: str) -> bool:
    found = ledger.session.scalar(
        select(table.id).where(
            table.source == source,
            table.natural_key == key,
            table.superseded_recorded_at.is_(None),
        )
    )
    return found is not None


def _predecessors(
    ledger: Ledger, table: type[Record], standing: Sequence[tuple[int, str]], gone: set[int]
) -> dict[str, int]:
    """For each record the latest one before it that came from an import which stands."""
    found: dict[str, int] = {}
    frontier = dict(standing)
    while frontier:
        earlier: dict[int, str] = {}
        for ids in chunks(list(frontier), KEYS_AT_ONCE):
            statement = (
                select(Supersession.replacement_id, table.id, table.import_id)
                .join(table, table.id == Supersession.superseded_id)
                .where(
                    Supersession.table_name == table.__tablename__,
                    Supersession.replacement_id.in_(ids),
                )
            )
            for replacement, record_id, of_import in ledger.session.execute(statement):
                assert replacement is not None  # it is one of the frontier
                key = frontier[replacement]
                if of_import in gone:
                    earlier[record_id] = key
                else:
                    found[key] = record_id
        frontier = earlier
    return found


def _apply(ledger: Ledger, table: type[Record], step: _Steps, *, reason: str, author: str) -> None:
    for part in chunks(step.standing, KEYS_AT_ONCE):
        pairs = [(record_id, key if key in step.restored else None) for record_id, key in part]
        again = [step.restored[key] for _, key in part if key in step.restored]
        supersede_all(
            ledger, table, pairs, _copies(ledger, table, again), reason=reason, author=author
        )
    for ids in chunks(step.given_up, KEYS_AT_ONCE):
        copies = _copies(ledger, table, ids).assign(learned_at=microseconds(ledger.now))
        append_frame(ledger, table, copies)


def _copies(ledger: Ledger, table: type[Record], ids: Sequence[int]) -> pd.DataFrame:
    """Records as new rows; a dispute that held one was decided since."""
    names = [column.name for column in table.__table__.columns]
    rows = ledger.session.execute(select(table.__table__).where(table.id.in_(ids))) if ids else ()
    frame = stored_form(pd.DataFrame(list(rows), columns=names, dtype=object))
    held = frame["held"].where(frame["held"] != HELD, None)
    return frame.drop(columns=[*SET_BY_STORE, "learned_at"]).assign(held=held)


def _refuse_disputed(ledger: Ledger, import_id: int) -> None:
    for kind, table in KINDS.items():
        disputed = ledger.session.scalar(
            select(func.count()).where(
                table.import_id == import_id,
                table.held == HELD,
                table.superseded_recorded_at.is_(None),
            )
        )
        if disputed:
            raise ConflictError(
                f"Import {import_id} brought {disputed} records of {kind} that a founder "
                "disputes. Decide on those first: `foothold dispute list --open`."
            )


def _refuse_resting(ledger: Ledger, import_id: int, steps: dict[type[Record], _Steps]) -> None:
    """Refuse to take away sales or loans that records of other imports rest on."""
    refund = aliased(OrderLine)
    of_sale = (refund.channel == OrderLine.channel) & (refund.order_line == OrderLine.order_line)
    rests: list[tuple[type[Record], Any, ColumnElement[bool]]] = [
        (OrderLine, refund, of_sale & (refund.entry == "refund") & (OrderLine.entry == "sale")),
        (Loan, Instalment, Instalment.loan == Loan.reference),
        (Loan, Repayment, Repayment.loan == Loan.reference),
        (Loan, LoanEvent, LoanEvent.loan == Loan.reference),
        (Application, DeclaredOutcome, DeclaredOutcome.application == Application.reference),
    ]
    others: set[int] = set()
    for table, resting, is_on in rests:
        goes = [one for one, key in steps[table].standing if key not in steps[table].restored]
        for ids in chunks(goes, KEYS_AT_ONCE):
            statement = (
                select(resting.import_id)
                .join(table, is_on)
                .where(
                    table.id.in_(ids),
                    resting.founder_id == table.founder_id,
                    resting.source == table.source,
                    resting.superseded_recorded_at.is_(None),
                    resting.import_id != import_id,
                )
            )
            others.update(ledger.session.scalars(statement.distinct()))
    if others:
        raise ConflictError(
            f"Records of import {', '.join(map(str, sorted(others)))} rest on import {import_id} "
            "(refunds on its sales, instalments on its loans). Withdraw those first."
        )
