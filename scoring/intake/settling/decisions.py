"""What people decided about records, which a file that says the old thing again can't undo."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import select

from scoring.intake.settling.changes import BOOKKEEPING
from scoring.intake.storing.writing import IMPORT_REASON
from scoring.store.bulk import stored_form
from scoring.store.database import Ledger
from scoring.store.tables import ImportWithdrawal, Record, Supersession

DECIDED_BEFORE = "decided_before"
_KEYS = 5000


def any_decision(ledger: Ledger, table: type[Record], *, source: str) -> bool:
    """Whether people decided about any record of a source; most sources have none."""
    statement = (
        select(table.id)
        .join(Supersession, Supersession.superseded_id == table.id)
        .where(
            Supersession.table_name == table.__tablename__,
            Supersession.reason.not_like(IMPORT_REASON),
            table.source == source,
        )
        .limit(1)
    )
    return ledger.session.scalar(statement) is not None


def past_decisions(
    ledger: Ledger, table: type[Record], keys: list[str], *, source: str
) -> dict[str, list[dict[str, Any]]]:
    """Records that people took back or corrected, by natural key, in the stored form.

    What an import superseded, and what a withdrawn import had brought, is no decision about a
    record; nor is what was put in its own place with the same values (a dispute, a confirmation).
    """
    if not keys:
        return {}
    names = [column.name for column in table.__table__.columns]
    withdrawn = select(ImportWithdrawal.import_id)
    rows: list[Any] = []
    replacements: list[int | None] = []
    for start in range(0, len(keys), _KEYS):
        statement = (
            select(Supersession.replacement_id, table.__table__)
            .join(Supersession, Supersession.superseded_id == table.id)
            .where(
                Supersession.table_name == table.__tablename__,
                Supersession.reason.not_like(IMPORT_REASON),
                table.source == source,
                table.natural_key.in_(keys[start : start + _KEYS]),
                table.import_id.is_(None) | table.import_id.not_in(withdrawn),
            )
        )
        for replacement, *values in ledger.session.execute(statement):
            replacements.append(replacement)
            rows.append(values)
    before = stored_form(pd.DataFrame(rows, columns=names, dtype=object)).to_dict("records")
    after = _by_id(ledger, table, [number for number in replacements if number is not None])
    found: dict[str, list[dict[str, Any]]] = {}
    for number, row in zip(replacements, before, strict=True):
        decided = {str(name): value for name, value in row.items()}
        if number is None or not _same(decided, after[number], names):
            found.setdefault(str(decided["natural_key"]), []).append(decided)
    return found


def respecting_decisions(
    rows: pd.DataFrame, known: pd.DataFrame, decisions: dict[str, list[dict[str, Any]]]
) -> tuple[pd.DataFrame, pd.Series[bool], pd.Series[bool]]:
    """Rows beside what people decided about the records of their natural keys.

    Args:
        rows: one per natural key, in the stored form.
        known: standing records by natural key.
        decisions: from `past_decisions`.

    Returns:
        The rows, those that say again what was decided against as the record stands now; which
        of them say it of a record that was taken back, and add nothing; which say a third thing,
        so that somebody has to decide again.
    """
    gone = pd.Series(False, index=rows.index)
    third = pd.Series(False, index=rows.index)
    concerned = rows[rows["natural_key"].isin(list(decisions))]
    names = [name for name in rows.columns if name not in BOOKKEEPING]
    for index, row in zip(concerned.index, concerned.to_dict("records"), strict=True):
        key = str(row["natural_key"])
        stands = known.loc[key].to_dict() if key in known.index else None
        if stands is not None and _same(row, stands, names):
            continue
        if not any(_same(row, before, names) for before in decisions[key]):
            third[index] = True
        elif stands is None:
            gone[index] = True
        else:
            for name in [*names, "stated_on"]:
                if name in rows.columns:
                    rows[name] = rows[name].astype(object)
                    rows.at[index, name] = stands[name]
    return rows, gone, third


def _by_id(ledger: Ledger, table: type[Record], ids: list[int]) -> dict[int, dict[str, Any]]:
    names = [column.name for column in table.__table__.columns]
    rows: list[Any] = []
    for start in range(0, len(ids), _KEYS):
        rows += ledger.session.execute(
            select(table.__table__).where(table.id.in_(ids[start : start + _KEYS]))
        ).all()
    frame = stored_form(pd.DataFrame(rows, columns=names, dtype=object))
    return {int(row["id"]): {str(k): v for k, v in row.items()} for row in frame.to_dict("records")}


_OF_THE_STORE = {
    *("id", "import_id", "learned_at", "recorded_at"),
    *("superseded_learned_at", "superseded_recorded_at"),
}


def _same(one: dict[Any, Any], other: dict[Any, Any], names: list[str]) -> bool:
    return all(
        one[name] == other[name]
        for name in names
        if name not in BOOKKEEPING and name not in _OF_THE_STORE and name in other
    )
