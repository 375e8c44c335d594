"""Storing what an extract tells: new rows appended, changed ones superseded, unclear ones kept."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import select

from scoring.base.errors import FileError
from scoring.intake.batch import Task
from scoring.intake.checking.cells import check_cells
from scoring.intake.extract import Extract
from scoring.intake.learned_at import Learned
from scoring.intake.matching.quarantine import (
    RESOLVED,
    as_extract,
    end_of_waiting,
    put_in_quarantine,
    waiting_for,
)
from scoring.intake.matching.sales import sort_rows
from scoring.intake.settling.changes import Comparison, compare, later_statement, of_another_founder
from scoring.intake.settling.contradictions import (
    once,
    refuse_differing_rows,
    refuse_lines_of_others,
)
from scoring.intake.settling.decisions import (
    DECIDED_BEFORE,
    any_decision,
    past_decisions,
    respecting_decisions,
)
from scoring.intake.settling.doubts import UsualAmounts, doubts_of
from scoring.intake.settling.refunds import Settled, known_refunds, listed_refunds, refunds_of_sales
from scoring.intake.settling.stored_rows import TABLES, natural_keys, resolve_rows
from scoring.intake.storing.writing import Writer
from scoring.intake.telling.tally import Outcome, Tally
from scoring.records.forms import FORMS
from scoring.records.kinds import RecordKind
from scoring.store.bulk import standing_frame
from scoring.store.database import Database, Ledger
from scoring.store.tables import Import, OrderLine, QuarantinedRow, Record

DISPUTED = "disputed"


@dataclass
class OpenImport:
    """An import under way, in its transaction.

    Attributes:
        may_wait: whether rows that refer to a sale or loan that is not on file wait for it; in
            our plain form they are refused, since whoever wrote it can put things in order.
        given_founder: whom the operator named for the file.
    """

    database: Database
    ledger: Ledger
    file: str
    import_id: int
    source: str
    learned: Learned
    author: str
    may_wait: bool
    given_founder: str | None = None
    progress: Callable[[str, int], None] | None = None
    tally: Tally = field(default_factory=Tally)
    _usual: UsualAmounts = field(init=False)
    _writer: Writer = field(init=False)
    _is_new: dict[type[Record], bool] = field(default_factory=dict)
    _is_decided: dict[type[Record], bool] = field(default_factory=dict)
    _seen: dict[RecordKind, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._usual = UsualAmounts(self.ledger)
        self._writer = Writer(
            database=self.database,
            ledger=self.ledger,
            import_id=self.import_id,
            source=self.source,
            learned=self.learned,
            author=self.author,
            tally=self.tally,
            progress=self.progress,
        )

    def take(self, extract: Extract, cells: pd.DataFrame) -> pd.Series[int]:
        """Store what an extract tells.

        Args:
            extract: what was read.
            cells: its cells, checked.

        Returns:
            What became of each row, by the cells' index.

        Raises:
            FileError: the rows contradict what is on file, or each other.
        """
        return self._take(extract, self._hashed_accounts(extract.kind, cells))

    def _take(self, extract: Extract, cells: pd.DataFrame) -> pd.Series[int]:
        outcome = pd.Series(int(Outcome.REPEATED), index=cells.index, dtype="int8")
        task, waiting = sort_rows(
            self.ledger,
            self.file,
            extract,
            cells,
            source=self.source,
            secret=self.database.settings.secret(),
            may_wait=self.may_wait,
            given_founder=self.given_founder,
        )
        waits_already = put_in_quarantine(
            self.ledger,
            extract,
            cells,
            waiting,
            source=self.source,
            import_id=self.import_id,
        )
        for entry in waiting:
            if entry.index not in waits_already:
                outcome[entry.index] = int(Outcome.QUARANTINED)
                self.tally.doubts[entry.reason] += 1
        if extract.kind is RecordKind.REFUNDS:
            self.tally.cancelled.update(w.waits_for for w in waiting if w.waits_for)
            self._see(extract.kind, cells)
            if len(task.cells):
                self._take_refunds(task, outcome)
        else:
            self._see(extract.kind, cells)
            if len(task.cells):
                self._take_rows(task, outcome)
        self.tally.outcomes.append(outcome)
        return outcome

    def _see(self, kind: RecordKind, cells: pd.DataFrame) -> None:
        if kind is RecordKind.REFUNDS and self.tally.first_day is not None:
            return  # a file of sales is of the days of its orders
        self.tally.see_days(cells[FORMS[kind].event_day])

    def _hashed_accounts(self, kind: RecordKind, cells: pd.DataFrame) -> pd.DataFrame:
        """Accounts that marked attendance, hashed before anything of the row can wait."""
        if kind is not RecordKind.ATTENDANCE:
            return cells
        secret = self.database.settings.secret()
        hashes = {
            account: hmac.new(secret, f"account:{account}".encode(), hashlib.sha256).hexdigest()
            for account in cells["marked_by"].unique()
            if account
        }
        return cells.assign(marked_by=cells["marked_by"].map({"": ""} | hashes).astype("str"))

    def _take_rows(self, task: Task, outcome: pd.Series[int]) -> None:
        kind, table = task.extract.kind, TABLES[task.extract.kind]
        keys = natural_keys(task.cells, kind)
        again = self._again(kind, keys)
        known = self._known(table, keys, again)
        rows = resolve_rows(task, known)
        column = "founder" if "founder" in FORMS[kind].names else FORMS[kind].key[0]
        task.refuse(of_another_founder(rows, known, column=column))
        if task.extract.is_export:
            refuse_lines_of_others(task, rows)
            rows = later_statement(rows, known)
        rows, chosen = once(task, rows)
        rows, gone, third = respecting_decisions(rows, known, self._decisions(table, rows))
        rows, chosen, third = rows[~gone], chosen[~gone.to_numpy()], third[~gone]
        found = compare(rows, known)
        refuse_differing_rows(task, found, known, import_id=self.import_id)
        held = self._held(task, chosen, rows, known, found)
        rows = rows.assign(held=held.where(~third | (held == DISPUTED), DECIDED_BEFORE))
        self._writer.append(table, rows[found.is_new])
        self._writer.supersede(table, rows[found.is_changed], known)
        self._note(outcome, rows, found)
        if kind is RecordKind.SALES:
            first_told = rows[~pd.Series(again, index=keys.index)[rows.index]]
            self.tally.gross += int((first_told["gross"] - first_told["discount"]).sum())
            self._take_refunds_of(task, chosen, rows, known, outcome)
            self._release(RecordKind.REFUNDS, rows.loc[found.is_new, "natural_key"].tolist())
        if kind is RecordKind.LOANS:
            loans = rows.loc[found.is_new, "natural_key"].tolist()
            self._release(RecordKind.SCHEDULE, loans)
            self._release(RecordKind.REPAYMENTS, loans)

    def _take_refunds_of(
        self,
        task: Task,
        cells: pd.DataFrame,
        sales: pd.DataFrame,
        known_sales: pd.DataFrame,
        outcome: pd.Series[int],
    ) -> None:
        self.tally.sells = True
        self.tally.currencies.update(sales["currency"].unique())
        before = sales[sales["natural_key"].isin(known_sales.index)]
        known = known_refunds(self.ledger, before, source=self.source)
        narrowed = Task(**{**vars(task), "cells": cells, "founder_ids": sales["founder_id"]})
        settled = refunds_of_sales(narrowed, sales, known, known_sales)
        self._settle(settled, known, outcome)

    def _take_refunds(self, task: Task, outcome: pd.Series[int]) -> None:
        keys = natural_keys(task.cells, task.extract.kind)
        sales = standing_frame(
            self.ledger, OrderLine, source=self.source, keys=keys.unique().tolist()
        )
        lines = task.cells[["channel", "order_line"]].assign(natural_key=keys)
        known = known_refunds(self.ledger, lines, source=self.source)
        self.tally.sells = True
        self._settle(listed_refunds(task, sales, known), known, outcome)

    def _settle(
        self,
        settled: Settled,
        known: Mapping[str, Mapping[str, dict[str, Any]]],
        outcome: pd.Series[int],
    ) -> None:
        for key, amount in settled.told.items():
            self.tally.refunded[key] = max(self.tally.refunded.get(key, 0), amount)
        self.tally.cancelled.update(settled.told)
        standing = {name: row for of_line in known.values() for name, row in of_line.items()}
        beside = pd.DataFrame(list(standing.values()), index=list(standing), dtype=object)
        rows = settled.frame()
        if len(rows):
            rows, undone, again = respecting_decisions(
                rows, beside, self._decisions(OrderLine, rows)
            )
            rows = rows.assign(held=rows["held"].where(~again, DECIDED_BEFORE))[~undone]
        if len(rows):
            found = compare(rows, beside)
            rows = rows.assign(
                held=[
                    DISPUTED if _is_disputed(standing.get(key)) else held
                    for key, held in zip(rows["natural_key"], rows["held"], strict=True)
                ]
            )
            self._writer.append(OrderLine, rows[found.is_new])
            self._writer.supersede(OrderLine, rows[found.is_changed], beside)
            self._note(outcome, rows, found)
        if settled.taken_back:
            gone = list(dict.fromkeys(key for _, key in settled.taken_back if key in standing))
            self._writer.retract(OrderLine, [int(standing[key]["id"]) for key in gone])
            for index, key in settled.taken_back:
                if key in standing:
                    _raise_outcome(outcome, index, Outcome.ACCEPTED)

    def _decisions(
        self, table: type[Record], rows: pd.DataFrame
    ) -> dict[str, list[dict[str, Any]]]:
        """What people decided about the records of these rows."""
        if table not in self._is_decided:
            self._is_decided[table] = any_decision(self.ledger, table, source=self.source)
        if not self._is_decided[table]:
            return {}
        keys = rows["natural_key"].tolist()
        return past_decisions(self.ledger, table, keys, source=self.source)

    def _again(self, kind: RecordKind, keys: pd.Series[str]) -> np.ndarray:
        """Whether each key stood in the file before, in this piece or an earlier one.

        Keys are compared by 64-bit hashes, so that a file of millions of rows stays small in
        memory; a row taken for a repetition by chance is only looked up once more.
        """
        hashes = pd.util.hash_array(keys.to_numpy(dtype=object), categorize=False)
        seen = self._seen.get(kind, np.array([], dtype="uint64"))
        again = np.isin(hashes, seen) | pd.Series(hashes).duplicated().to_numpy()
        self._seen[kind] = np.concatenate([seen, hashes])
        return again

    def _known(self, table: type[Record], keys: pd.Series[str], again: np.ndarray) -> pd.DataFrame:
        """Standing records under the keys; of a new source, only what stands in the file twice."""
        if table not in self._is_new:
            standing = select(table.id).where(
                table.source == self.source, table.superseded_recorded_at.is_(None)
            )
            self._is_new[table] = self.ledger.session.scalar(standing.limit(1)) is None
        wanted = keys[again] if self._is_new[table] else keys
        return standing_frame(self.ledger, table, source=self.source, keys=wanted.unique().tolist())

    def _held(
        self,
        task: Task,
        cells: pd.DataFrame,
        rows: pd.DataFrame,
        known: pd.DataFrame,
        found: Comparison,
    ) -> pd.Series[Any]:
        """Why each row is held back: as known where nothing changed, else by new doubts."""
        doubts = doubts_of(self.ledger, task.extract.kind, cells, rows, self._usual)
        if known.empty:
            return doubts
        before = rows["natural_key"].map(known["held"].to_dict())
        keeps = ~(found.is_new | found.is_changed) | (before == DISPUTED)
        held = doubts.where(~keeps, before)
        return held.astype(object).where(held.notna(), None)

    def _note(self, outcome: pd.Series[int], rows: pd.DataFrame, found: Comparison) -> None:
        told = found.is_new | found.is_changed
        self.tally.doubts.update(rows.loc[told & rows["held"].notna(), "held"])
        reached = np.where(rows["held"].notna(), int(Outcome.SUSPECT), int(Outcome.ACCEPTED))
        reached = np.where(told, reached, int(Outcome.REPEATED))
        best = pd.Series(reached, index=rows.index).groupby(level=0).max()
        outcome.loc[best.index] = np.maximum(outcome.loc[best.index], best).astype("int8")

    def _release(self, kind: RecordKind, keys: list[str]) -> None:
        """Store the rows of a kind that waited for sales or loans which are on file now."""
        rows = waiting_for(self.ledger, kind, keys, source=self.source)
        for import_id in dict.fromkeys(row.import_id for row in rows):
            own = [row for row in rows if row.import_id == import_id]
            try:
                with self.ledger.session.begin_nested():
                    self.release(own, founder=None)
            except FileError:  # what is wrong with another file's rows is no fault of this one
                self.tally.blocked += len(own)
            else:
                self.tally.released += len(own)

    def release(self, rows: list[QuarantinedRow], *, founder: str | None) -> Tally:
        """Store rows of one kind and import that waited, in the name of their own import.

        Args:
            rows: what waited.
            founder: whose they are, where that is what they waited for.
        """
        end_of_waiting(
            self.ledger,
            rows,
            outcome=RESOLVED,
            reason="what it waited for is known",
            author=self.author,
        )
        entry = self.ledger.session.get_one(Import, rows[0].import_id)
        own = OpenImport(
            database=self.database,
            ledger=self.ledger,
            file=self.file,
            import_id=entry.id,
            source=entry.source,
            learned=Learned.parse(entry.learned),
            author=self.author,
            may_wait=True,
        )
        extract = as_extract(rows, founder)
        # Accounts were hashed when the rows came.
        own._take(extract, check_cells(self.file, extract, today=self.database.today))
        return own.tally


def _is_disputed(row: Mapping[str, Any] | None) -> bool:
    return row is not None and row["held"] == DISPUTED


def _raise_outcome(outcome: pd.Series[int], index: int, at_least: Outcome) -> None:
    outcome[index] = max(int(outcome[index]), int(at_least))
