"""What a file repeats and changes of the records on file; doubtful rows are marked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from scoring.intake.batch import Batch, Changes, Sold
from scoring.intake.current_import import CurrentImport
from scoring.intake.settling.changes import compare, later_statement, of_another_founder
from scoring.intake.settling.contradictions import (
    once,
    refuse_differing_rows,
    refuse_lines_of_others,
    refuse_other_lender,
    refuse_rewritten_dues,
)
from scoring.intake.settling.decisions import (
    DECIDED_BEFORE,
    DISPUTED,
    PastDecisions,
    respecting_decisions,
)
from scoring.intake.settling.doubts import UsualAmounts, doubts_of
from scoring.intake.settling.repetitions import Repetitions
from scoring.intake.settling.stored_rows import TABLES, stored_rows
from scoring.records.forms import FORMS
from scoring.records.kinds import RecordKind


class SettleRecords:
    """Rows of every kind but refunds are compared with the records on file."""

    def __init__(self, current: CurrentImport, decisions: PastDecisions) -> None:
        self._current, self._decisions = current, decisions
        self._usual = UsualAmounts(current.ledger)
        self._repetitions = Repetitions(current)

    def __call__(self, batch: Batch) -> Batch:
        """The batch with what becomes of its kind's records; its cells are those of the rows left.

        Raises:
            FileError: the rows contradict what is on file, or each other.
        """
        if batch.kind is RecordKind.REFUNDS or batch.cells.empty:
            return batch
        keys = batch.natural_keys()
        again = self._repetitions.of(batch.kind, keys)
        known = self._repetitions.known(TABLES[batch.kind], keys, again)
        changes, is_third = self._compared(batch, known)
        rows = changes.rows
        cells = batch.cells.loc[rows.index]
        doubts = doubts_of(self._current.ledger, batch.kind, cells, rows, self._usual)
        held = _held(changes, doubts)
        held = held.where(~is_third | (held == DISPUTED), DECIDED_BEFORE)
        settled = replace(batch, cells=cells, founder_ids=rows["founder_id"]).settled(
            replace(changes, rows=rows.assign(held=held))
        )
        if batch.kind is RecordKind.SALES:
            settled = replace(settled, sold=_sold(rows, again[rows.index]))
        return settled

    def _compared(self, batch: Batch, known: pd.DataFrame) -> tuple[Changes, pd.Series[bool]]:
        """What the rows change, and which say a third thing beside a decision."""
        table = TABLES[batch.kind]
        rows = stored_rows(batch, known, secret=self._current.secret)
        batch.refuse(of_another_founder(rows, known, column=_owner_column(batch.kind)))
        if batch.extract.is_export:
            refuse_lines_of_others(self._current.ledger, batch, rows)
            rows = later_statement(rows, known)
        rows = once(batch, rows)
        decided = respecting_decisions(rows, known, self._decisions.of(table, rows["natural_key"]))
        rows = decided.rows[~decided.is_taken_back]
        changes = compare(table, rows, known)
        refuse_differing_rows(batch, changes, import_id=self._current.import_id)
        refuse_other_lender(batch, changes)
        refuse_rewritten_dues(batch, changes, today=self._current.database.today)
        return changes, decided.is_third_statement[rows.index]


def _owner_column(kind: RecordKind) -> str:
    return "founder" if "founder" in FORMS[kind].names else FORMS[kind].key[0]


def _held(changes: Changes, doubts: pd.Series[Any]) -> pd.Series[Any]:
    """Why each row is held back: as known where nothing changed, else by new doubts."""
    if changes.known.empty:
        return doubts
    before = changes.rows["natural_key"].map(changes.known["held"].to_dict())
    keeps = ~(changes.is_new | changes.is_changed) | (before == DISPUTED)
    held = doubts.where(~keeps, before)
    return held.astype(object).where(held.notna(), None)


def _sold(rows: pd.DataFrame, again: pd.Series[bool]) -> Sold:
    first_told = rows[~again]
    return Sold(
        gross=int((first_told["gross"] - first_told["discount"]).sum()),
        currencies=frozenset(rows["currency"].unique()),
    )
