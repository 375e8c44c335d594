"""What people decided about records, which a file that says the old thing again can't undo."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Select, select

from scoring.intake.current_import import CurrentImport
from scoring.intake.settling.changes import NOT_COMPARED
from scoring.intake.superseding import IMPORT_REASON
from scoring.store.bulk import stored_form
from scoring.store.key_chunks import key_chunks
from scoring.store.tables import ImportWithdrawal, Record, Supersession
from scoring.store.tables.bookkeeping import SET_BY_STORE

DECIDED_BEFORE = "decided_before"
DISPUTED = "disputed"
Decisions = dict[str, list[dict[str, Any]]]
"""Records that people decided against, by natural key, in the stored form."""


class PastDecisions:
    """What people decided about records of one source; most sources have no decision."""

    def __init__(self, current: CurrentImport) -> None:
        self._ledger, self._source = current.ledger, current.source
        self._is_any: dict[type[Record], bool] = {}

    def of(self, table: type[Record], keys: Iterable[str]) -> Decisions:
        """Records that people took back or corrected, by natural key, in the stored form.

        What an import superseded, and what a withdrawn import had brought, is no decision about a
        record; nor is what was put in its own place with the same values (a dispute, a
        confirmation).
        """
        if table not in self._is_any:
            first = self._by_people(table, select(table.id)).limit(1)
            self._is_any[table] = self._ledger.session.scalar(first) is not None
        if not self._is_any[table]:
            return {}
        names = [column.name for column in table.__table__.columns]
        withdrawn = select(ImportWithdrawal.import_id)
        rows: list[Any] = []
        replacements: list[int | None] = []
        for some in key_chunks(keys):
            statement = self._by_people(
                table, select(Supersession.replacement_id, table.__table__)
            ).where(
                table.natural_key.in_(some),
                table.import_id.is_(None) | table.import_id.not_in(withdrawn),
            )
            for replacement, *values in self._ledger.session.execute(statement):
                replacements.append(replacement)
                rows.append(values)
        before = stored_form(pd.DataFrame(rows, columns=names, dtype=object)).to_dict("records")
        after = self._by_id(table, [number for number in replacements if number is not None])
        found: Decisions = {}
        for number, row in zip(replacements, before, strict=True):
            decided = {str(name): value for name, value in row.items()}
            if number is None or not _same(decided, after[number], names):
                found.setdefault(str(decided["natural_key"]), []).append(decided)
        return found

    def _by_people(self, table: type[Record], chosen: Select[Any]) -> Select[Any]:
        return chosen.join(Supersession, Supersession.superseded_id == table.id).where(
            Supersession.table_name == table.__tablename__,
            Supersession.reason.not_like(IMPORT_REASON),
            table.source == self._source,
        )

    def _by_id(self, table: type[Record], ids: list[int]) -> dict[int, dict[str, Any]]:
        names = [column.name for column in table.__table__.columns]
        rows: list[Any] = []
        for some in key_chunks(ids):
            chosen = select(table.__table__).where(table.id.in_(some))
            rows += self._ledger.session.execute(chosen).all()
        frame = stored_form(pd.DataFrame(rows, columns=names, dtype=object))
        return {
            int(row["id"]): {str(k): v for k, v in row.items()} for row in frame.to_dict("records")
        }


@dataclass(frozen=True)
class Respecting:
    """Rows beside what people decided about their records. All share the index of the rows.

    Attributes:
        rows: those that say again what was decided against as the record is now.
        is_taken_back: the row says again what was taken back, and adds nothing.
        is_third_statement: the row says a third thing, so that somebody has to decide again.
    """

    rows: pd.DataFrame
    is_taken_back: pd.Series[bool]
    is_third_statement: pd.Series[bool]


def respecting_decisions(
    rows: pd.DataFrame, known: pd.DataFrame, decisions: Decisions
) -> Respecting:
    """Rows that undo no decision.

    Args:
        rows: one per natural key, in the stored form.
        known: records on file by natural key.
        decisions: from `PastDecisions`.
    """
    taken_back = pd.Series(False, index=rows.index)
    third = pd.Series(False, index=rows.index)
    concerned = rows[rows["natural_key"].isin(list(decisions))]
    names = [name for name in rows.columns if name not in NOT_COMPARED]
    told = [name for name in [*names, "stated_on"] if name in rows.columns]
    if not concerned.empty:
        rows = rows.assign(**{name: rows[name].astype(object) for name in told})
    for index, row in zip(concerned.index, concerned.to_dict("records"), strict=True):
        key = str(row["natural_key"])
        on_file = known.loc[key].to_dict() if key in known.index else None
        if on_file is not None and _same(row, on_file, names):
            continue
        if not any(_same(row, before, names) for before in decisions[key]):
            third[index] = True
        elif on_file is None:
            taken_back[index] = True
        else:
            for name in told:
                rows.at[index, name] = on_file[name]
    return Respecting(rows, taken_back, third)


_OF_THE_STORE = SET_BY_STORE | {"import_id", "learned_at"}


def _same(one: dict[Any, Any], other: dict[Any, Any], names: list[str]) -> bool:
    return all(
        one[name] == other[name]
        for name in names
        if name not in NOT_COMPARED and name not in _OF_THE_STORE and name in other
    )
