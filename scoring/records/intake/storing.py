"""Storing what an extract tells: new rows appended, changed ones superseded, unclear ones kept."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import select

from scoring.calendar import microseconds
from scoring.records.bulk import append_frame, standing_frame, supersede_all
from scoring.records.database import Database, Ledger
from scoring.records.intake.doubts import UsualAmounts, doubts_of
from scoring.records.intake.extract import PERSON, Extract
from scoring.records.intake.forms import FORMS, RecordKind
from scoring.records.intake.learning import Learned
from scoring.records.intake.people import owners_of
from scoring.records.intake.quarantine import (
    RESOLVED,
    UNKNOWN_LOAN,
    UNKNOWN_SALE,
    Waiting,
    as_extract,
    end_of_waiting,
    put_in_quarantine,
    waiting_for,
)
from scoring.records.intake.references import (
    founder_ids,
    unknown_founders,
    unknown_references,
)
from scoring.records.intake.refunds import (
    Settled,
    known_refunds,
    listed_refunds,
    refunds_of_sales,
)
from scoring.records.intake.resolving import (
    REFERS_TO,
    TABLES,
    day_numbers,
    natural_keys,
    refer,
    resolve_rows,
)
from scoring.records.intake.standing import (
    Comparison,
    compare,
    later_statement,
    of_another_founder,
)
from scoring.records.intake.task import Task
from scoring.records.intake.validation import Problem, check_cells, raise_first
from scoring.records.tables import Import, OrderLine, QuarantinedRow, Record

DISPUTED = "disputed"
# Marketplaces number their order lines for all their sellers, so a line is one founder's alone.
_NUMBERED_FOR_ALL = {"smartstore", "coupang", "elevenst", "esmplus", "gmarket", "auction"}
_LINES = 5000


class Outcome(IntEnum):
    """What became of a row of a file; of a row that makes several records, the gravest."""

    REPEATED = 0
    ACCEPTED = 1
    SUSPECT = 2
    QUARANTINED = 3


@dataclass
class Tally:
    """What an import comes to.

    Attributes:
        outcomes: by row of the file.
        added, corrected: records appended and superseded.
        gross: of distinct order lines, in minor units, discounts taken off.
        refunded: by natural key of the sale, what was given back.
        cancelled: natural keys of order lines cancelled, returned or refunded.
        currencies: of the sales.
        doubts: rows held back or waiting, by reason.
        first_day, last_day: of the events, as ISO text.
    """

    outcomes: list[pd.Series[int]] = field(default_factory=list)
    added: int = 0
    corrected: int = 0
    gross: int = 0
    sells: bool = False
    refunded: dict[str, int] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    currencies: set[str] = field(default_factory=set)
    doubts: Counter[str] = field(default_factory=Counter)
    first_day: str | None = None
    last_day: str | None = None

    def counts(self) -> dict[Outcome, int]:
        """Rows of the file by outcome."""
        if not self.outcomes:
            return dict.fromkeys(Outcome, 0)
        every = pd.concat(self.outcomes)
        if len(self.outcomes) > 1 and not every.index.is_unique:
            every = every.groupby(level=0).max()
        found = every.value_counts()
        return {outcome: int(found.get(int(outcome), 0)) for outcome in Outcome}

    @property
    def net_sales(self) -> int | None:
        """What the distinct lines came to after refunds; None where the file sells nothing."""
        return self.gross - sum(self.refunded.values()) if self.sells else None

    def see_days(self, days: pd.Series[str]) -> None:
        """Widen the range of days."""
        if len(days):
            first, last = str(days.min()), str(days.max())
            self.first_day = min(self.first_day or first, first)
            self.last_day = max(self.last_day or last, last)


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
    _is_new: dict[type[Record], bool] = field(default_factory=dict)
    _seen: dict[RecordKind, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._usual = UsualAmounts(self.ledger)

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
        outcome = pd.Series(int(Outcome.REPEATED), index=cells.index, dtype="int8")
        cells = self._hashed_accounts(extract.kind, cells)
        task, waiting = self._task(extract, cells)
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

    def _task(self, extract: Extract, cells: pd.DataFrame) -> tuple[Task, list[Waiting]]:
        """The rows whose owners are known, and those that have to wait."""
        kind, waiting = extract.kind, list[Waiting]()
        referred = None
        if kind in REFERS_TO:
            referred, unclear = refer(self.ledger, cells, kind, source=self.source)
            self._refuse(extract, unclear)
            missing = referred["founder_id"].isna()
            name, table = REFERS_TO[kind]
            if missing.any() and not self.may_wait:
                self._refuse(extract, unknown_references(cells[name], missing, table=table))
            waiting = [
                Waiting(int(index), UNKNOWN_LOAN, waits_for=reference)
                for index, reference in cells.loc[missing, name].items()
            ]
            cells, referred = cells[~missing], referred[~missing]
            ids = referred["founder_id"]
        else:
            if any(name in cells for name in PERSON):
                owners = owners_of(
                    self.ledger,
                    cells,
                    source=self.source,
                    key=self.database.settings.secret(),
                    given=self.given_founder,
                )
                waiting = [
                    Waiting(int(index), reason, owners.aliases[index])
                    for index, reason in owners.waiting.items()
                ]
                cells = cells.assign(founder=owners.founders)[owners.founders != ""]
            ids = founder_ids(self.ledger, cells["founder"])
            self._refuse(extract, unknown_founders(cells["founder"], ids))
            if kind is RecordKind.REFUNDS:
                unknown = self._without_sale(extract, cells)
                waiting += unknown
                stays = ~cells.index.isin([entry.index for entry in unknown])
                cells, ids = cells[stays], ids[stays]
        task = Task(
            ledger=self.ledger,
            file=self.file,
            extract=extract,
            cells=cells,
            founder_ids=ids.astype("int64"),
            referred=referred,
            source=self.source,
            secret=self.database.settings.secret(),
        )
        return task, waiting

    def _without_sale(self, extract: Extract, cells: pd.DataFrame) -> list[Waiting]:
        """Refunds of sales that are not on file."""
        keys = natural_keys(cells, extract.kind)
        known = standing_frame(
            self.ledger, OrderLine, source=self.source, keys=keys.unique().tolist()
        )
        unknown = ~keys.isin(known.index) & (cells["of_sale"] != "no")
        return [
            Waiting(int(index), UNKNOWN_SALE, waits_for=key) for index, key in keys[unknown].items()
        ]

    def _take_rows(self, task: Task, outcome: pd.Series[int]) -> None:
        kind, table = task.extract.kind, TABLES[task.extract.kind]
        keys = natural_keys(task.cells, kind)
        again = self._again(kind, keys)
        known = self._known(table, keys, again)
        rows = resolve_rows(task, known)
        column = "founder" if "founder" in FORMS[kind].names else FORMS[kind].key[0]
        task.refuse(of_another_founder(rows, known, column=column))
        if task.extract.is_export:
            self._refuse_lines_of_others(task, rows)
            rows = later_statement(rows, known)
        rows, chosen = self._once(task, rows)
        found = compare(rows, known)
        self._refuse_contradictions(task, found, known)
        rows = rows.assign(held=self._held(task, chosen, rows, known, found))
        self._append(table, rows[found.is_new])
        self._supersede(table, rows[found.is_changed], known)
        self._note(outcome, rows, found)
        if kind is RecordKind.SALES:
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
        self.tally.gross += int((sales["gross"] - sales["discount"]).sum())
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
            found = compare(rows, beside)
            rows = rows.assign(
                held=[
                    DISPUTED if _is_disputed(standing.get(key)) else held
                    for key, held in zip(rows["natural_key"], rows["held"], strict=True)
                ]
            )
            self._append(OrderLine, rows[found.is_new])
            self._supersede(OrderLine, rows[found.is_changed], beside)
            self._note(outcome, rows, found)
        if settled.taken_back:
            gone = list(dict.fromkeys(key for _, key in settled.taken_back if key in standing))
            self._retract(OrderLine, [int(standing[key]["id"]) for key in gone])
            for index, key in settled.taken_back:
                if key in standing:
                    _raise_outcome(outcome, index, Outcome.ACCEPTED)

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

    def _once(self, task: Task, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Each record once: a row that stands there again adds nothing, unless it differs.

        Raises:
            FileError: two rows say different things of one record.
        """
        again = rows["natural_key"].duplicated()
        if not again.any():
            return rows, task.cells
        first = rows.drop_duplicates("natural_key").set_index("natural_key")
        for name in rows.columns.drop(["natural_key", "known_from"]):
            ours = rows.loc[again, name].astype(object).to_numpy()
            theirs = first.loc[rows.loc[again, "natural_key"], name].astype(object).to_numpy()
            differs = ours != theirs
            if differs.any():
                self._refuse_twice(task, rows.index[again.to_numpy()][differs])
        return rows[~again], task.cells[~again.to_numpy()]

    def _refuse_contradictions(self, task: Task, found: Comparison, known: pd.DataFrame) -> None:
        """Refuse rows that differ from an earlier row of the same file."""
        changed = found.rows.loc[found.is_changed, "natural_key"]
        if task.extract.is_export or changed.empty:
            return
        same_file = known.loc[changed, "import_id"].to_numpy() == self.import_id
        if same_file.any():
            self._refuse_twice(task, changed.index[same_file])

    def _refuse_twice(self, task: Task, places: pd.Index[Any]) -> None:
        key = FORMS[task.extract.kind].key
        first = places[0]
        named = ", ".join(f"{name} {task.cells.loc[first, name]}" for name in key)
        raise task.extract.error(
            self.file,
            int(first),
            key[-1],
            f"{named} stands in the file twice, with different values",
            further=len(places) - 1,
        )

    def _refuse_lines_of_others(self, task: Task, rows: pd.DataFrame) -> None:
        """Refuse an export whose orders are on file under another founder: a shop has one."""
        numbered = rows[rows["channel"].isin(_NUMBERED_FOR_ALL)]
        lines = numbered["order_line"].unique().tolist()
        for start in range(0, len(lines), _LINES):
            statement = select(OrderLine.channel, OrderLine.order_line, OrderLine.founder_id).where(
                OrderLine.channel.in_(sorted(_NUMBERED_FOR_ALL)),
                OrderLine.order_line.in_(lines[start : start + _LINES]),
                OrderLine.superseded_recorded_at.is_(None),
            )
            owners = {(c, line): owner for c, line, owner in self.ledger.session.execute(statement)}
            for index, channel, line, founder in numbered[
                ["channel", "order_line", "founder_id"]
            ].itertuples():
                if owners.get((channel, line), founder) != founder:
                    raise task.extract.error(
                        self.file,
                        int(index),
                        "order_line",
                        f'"{line}" is on file under another founder. A shop belongs to one: check '
                        "--founder; if the shop changed hands, withdraw the import that is wrong",
                    )

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

    def _append(self, table: type[Record], rows: pd.DataFrame) -> None:
        if rows.empty:
            return
        now = microseconds(self.ledger.now)
        instants = {
            day: microseconds(self.learned.learned_at(str(day), self.ledger.now, self.database))
            for day in rows["known_from"].unique()
        }
        stored = self._stored(rows).assign(
            learned_at=rows["known_from"].map(instants) if instants else now
        )
        append_frame(self.ledger, table, stored)
        self.tally.added += len(rows)
        if self.progress is not None:
            self.progress(table.__tablename__, self.tally.added)

    def _supersede(self, table: type[Record], rows: pd.DataFrame, known: pd.DataFrame) -> None:
        if rows.empty:
            return
        keys = rows["natural_key"].tolist()
        ids = known.loc[keys, "id"].tolist()
        supersede_all(
            self.ledger,
            table,
            list(zip(map(int, ids), keys, strict=True)),
            self._stored(rows),
            reason=self._reason,
            author=self.author,
        )
        self.tally.corrected += len(rows)

    def _retract(self, table: type[Record], ids: list[int]) -> None:
        supersede_all(
            self.ledger,
            table,
            [(record_id, None) for record_id in ids],
            pd.DataFrame(),
            reason=self._reason,
            author=self.author,
        )
        self.tally.corrected += len(ids)

    @property
    def _reason(self) -> str:
        return f"import {self.import_id}: the source now says otherwise"

    def _stored(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows.drop(columns="known_from").assign(
            event_day=day_numbers(rows["event_date"]).to_numpy(),
            source=self.source,
            import_id=self.import_id,
        )

    def _note(self, outcome: pd.Series[int], rows: pd.DataFrame, found: Comparison) -> None:
        told = found.is_new | found.is_changed
        self.tally.doubts.update(rows.loc[told & rows["held"].notna(), "held"])
        reached = np.where(rows["held"].notna(), int(Outcome.SUSPECT), int(Outcome.ACCEPTED))
        reached = np.where(told, reached, int(Outcome.REPEATED))
        best = pd.Series(reached, index=rows.index).groupby(level=0).max()
        outcome.loc[best.index] = np.maximum(outcome.loc[best.index], best).astype("int8")

    def _refuse(self, extract: Extract, problems: list[Problem]) -> None:
        raise_first(self.file, extract, problems)

    def _release(self, kind: RecordKind, keys: list[str]) -> None:
        """Store the rows of a kind that waited for sales or loans which are on file now."""
        rows = waiting_for(self.ledger, kind, keys, source=self.source)
        for import_id in dict.fromkeys(row.import_id for row in rows):
            self.release([row for row in rows if row.import_id == import_id], founder=None)

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
        own.take(extract, check_cells(self.file, extract, today=self.database.today))
        return own.tally


def _is_disputed(row: Mapping[str, Any] | None) -> bool:
    return row is not None and row["held"] == DISPUTED


def _raise_outcome(outcome: pd.Series[int], index: Hashable, at_least: Outcome) -> None:
    outcome[index] = max(int(outcome[index]), int(at_least))
