"""A batch: rows of one kind from a file, as one stage of the intake hands them to the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

import numpy as np
import pandas as pd

from scoring.intake.extract import Extract
from scoring.intake.problems import Problem, raise_first
from scoring.parties.aliases import Alias
from scoring.records.forms import FORMS
from scoring.records.kinds import RecordKind
from scoring.store.tables import Record

SEPARATOR = "|"  # no reference may hold it


class Outcome(IntEnum):
    """What became of a row of a file; of a row that makes several records, the gravest."""

    REPEATED = 0
    ACCEPTED = 1
    SUSPECT = 2
    QUARANTINED = 3


@dataclass(frozen=True)
class Waiting:
    """A row that has to wait: its place among the cells, why, and for what."""

    index: int
    reason: str
    aliases: tuple[Alias, ...] = ()
    waits_for: str | None = None


@dataclass(frozen=True)
class Changes:
    """What becomes of the records of one table.

    Attributes:
        table: the record kind's table.
        rows: one per natural key, in the stored form, with `known_from` and without the import's
            own columns; the index is that of the cells.
        known: records on file by natural key, in the stored form.
        is_new: by row, whether nothing stands under its natural key.
        is_changed: by row, whether something else stands there.
        retracted: ids of records that are to stand no more.
    """

    table: type[Record]
    rows: pd.DataFrame
    known: pd.DataFrame
    is_new: pd.Series[bool]
    is_changed: pd.Series[bool]
    retracted: tuple[int, ...] = ()

    @classmethod
    def none(cls, table: type[Record], known: pd.DataFrame) -> Changes:
        """No row says anything of the table's records."""
        rows = pd.DataFrame({"natural_key": [], "held": []}, dtype=object)
        nothing: pd.Series[bool] = pd.Series(dtype=bool)
        return cls(table, rows, known, nothing, nothing)

    @property
    def new(self) -> pd.DataFrame:
        """The rows to append."""
        return self.rows[self.is_new]

    @property
    def changed(self) -> pd.DataFrame:
        """The rows to put in the place of known records."""
        return self.rows[self.is_changed]

    def outcomes(self) -> pd.Series[int]:
        """What became of the rows of the file, by their index."""
        reached = np.where(self.rows["held"].notna(), Outcome.SUSPECT, Outcome.ACCEPTED)
        reached = np.where(self.is_new | self.is_changed, reached, Outcome.REPEATED)
        return pd.Series(reached, index=self.rows.index, dtype="int8").groupby(level=0).max()

    def doubts(self) -> pd.Series[Any]:
        """The doubts on new and changed rows."""
        told = self.is_new | self.is_changed
        return self.rows.loc[told & self.rows["held"].notna(), "held"]


@dataclass(frozen=True)
class Sold:
    """What a batch says was sold and given back.

    Attributes:
        gross: of the order lines that the file names for the first time, in minor units,
            discounts taken off.
        currencies: of the sales.
        refunded: by natural key of the sale, what was given back, in minor units.
    """

    gross: int = 0
    currencies: frozenset[str] = frozenset()
    refunded: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Batch:
    """Rows of one kind from one file, and what the stages found of them so far.

    Attributes:
        file: name of the file, for messages.
        extract: what the reader said of the rows; its cells are left out, but for their columns.
        checked: every row, as text in all columns of the kind's form, and the reader's own.
        cells: of these, the rows that go on.
        outcomes: by index of `checked`, what became of each row.
        waiting: rows that don't go on until somebody or something is known.
        waits_now: of these, the rows that did not wait before.
        by_name_only: how many rows were given to a founder by nothing but a name.
        founder_ids: of the rows that go on.
        referred: the loans or applications that these rows refer to; of refunds, the sales on
            file, by natural key.
        session_ids: of attendance, the programme's sessions.
        changes: what becomes of records.
        sold: where the file tells of sales or refunds.
        released: rows of earlier files that waited for these and are stored now.
        blocked: rows of earlier files that contradict what is on file and wait on.
    """

    file: str
    extract: Extract
    checked: pd.DataFrame
    cells: pd.DataFrame
    outcomes: pd.Series[int]
    waiting: tuple[Waiting, ...] = ()
    waits_now: tuple[Waiting, ...] = ()
    by_name_only: int = 0
    founder_ids: pd.Series[int] = field(default_factory=lambda: pd.Series(dtype="int64"))
    referred: pd.DataFrame = field(default_factory=pd.DataFrame)
    session_ids: pd.Series[int] = field(default_factory=lambda: pd.Series(dtype="int64"))
    changes: tuple[Changes, ...] = ()
    sold: Sold | None = None
    released: int = 0
    blocked: int = 0

    @classmethod
    def of(cls, file: str, extract: Extract, checked: pd.DataFrame) -> Batch:
        """A batch at its beginning: every cell is checked, and nothing else is known."""
        return cls(
            file=file,
            extract=replace(extract, cells=extract.cells.iloc[:0]),
            checked=checked,
            cells=checked,
            outcomes=pd.Series(int(Outcome.REPEATED), index=checked.index, dtype="int8"),
        )

    @property
    def kind(self) -> RecordKind:
        """The record kind of all rows."""
        return self.extract.kind

    @property
    def absent(self) -> frozenset[str]:
        """Columns of the form that the file says nothing in."""
        return frozenset(FORMS[self.kind].names) - frozenset(self.extract.cells.columns)

    @property
    def days(self) -> pd.Series[str]:
        """The event days of all rows, as ISO text."""
        return self.checked[FORMS[self.kind].event_day]

    def natural_keys(self) -> pd.Series[str]:
        """What names the record of each row that goes on, within its source."""
        form = FORMS[self.kind]
        first, *others = form.key
        usual = {column.name: column.when_empty for column in form.columns}
        joined = self.cells[first].astype("str")
        for name in others:
            part = self.cells[name].astype("str")
            is_usual = part.isin(["", usual[name]]) if usual[name] else part.isna()
            joined = joined.where(is_usual, joined + SEPARATOR + part)
        return joined

    def refuse(self, problems: list[Problem]) -> None:
        """Refuse the file for its first problem, if there is any.

        Raises:
            FileError: there is one.
        """
        raise_first(self.file, self.extract, problems)

    def without(self, waiting: Sequence[Waiting]) -> Batch:
        """The batch once these rows wait."""
        stays = ~self.cells.index.isin([entry.index for entry in waiting])
        return replace(
            self,
            cells=self.cells[stays],
            founder_ids=self.founder_ids[stays] if len(self.founder_ids) else self.founder_ids,
            waiting=(*self.waiting, *waiting),
        )

    def settled(self, changes: Changes) -> Batch:
        """The batch with what becomes of one more table's records."""
        told = self.reached(changes.outcomes()) if len(changes.rows) else self
        return replace(told, changes=(*self.changes, changes))

    def reached(self, outcomes: pd.Series[int]) -> Batch:
        """The batch once rows reached an outcome; a graver one stays."""
        found = self.outcomes.copy()
        found.loc[outcomes.index] = np.maximum(found.loc[outcomes.index], outcomes).astype("int8")
        return replace(self, outcomes=found)

    def all_reached(self, index: Iterable[int], outcome: Outcome) -> Batch:
        """The batch once each of these rows reached an outcome; a graver one stays."""
        rows = pd.Index(list(dict.fromkeys(index)), dtype="int64")
        return self.reached(pd.Series(int(outcome), index=rows, dtype="int8"))
