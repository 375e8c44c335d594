"""The records that stand in the store under the natural keys of a file."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Row, select

from scoring.errors import FileError
from scoring.records.database import Ledger
from scoring.records.intake.forms import Form
from scoring.records.intake.reading import TextFile
from scoring.records.intake.validation import Problem, raise_first
from scoring.records.tables import Record

_CHUNK = 5000  # keys to a statement; SQLite takes 32,766 parameters at most
_BOOKKEEPING = {
    "source",
    "import_id",
    "event_day",
    "learned_at",
    "recorded_at",
    "superseded_learned_at",
    "superseded_recorded_at",
}

Known = dict[str, Row[Any]]


@dataclass(frozen=True)
class Comparison:
    """Rows of a file beside what is known: new ones, changed ones with the id they change."""

    new: pd.DataFrame
    changed: list[tuple[int, dict[str, Any]]]
    repeated: int


def standing_records(
    ledger: Ledger, table: type[Record], *, source: str, keys: Sequence[str]
) -> Known:
    """Records of a source that stand now, by natural key and whoever's they are."""
    columns = [c for c in table.__table__.columns if c.key not in _BOOKKEEPING]
    standing = (table.source == source, table.superseded_recorded_at.is_(None))
    known: Known = {}
    if ledger.session.scalar(select(table.id).where(*standing).limit(1)) is None:
        return known  # a source that is new, as a large backfill's is
    for start in range(0, len(keys), _CHUNK):
        statement = select(*columns).where(
            *standing, table.natural_key.in_(keys[start : start + _CHUNK])
        )
        known.update({row.natural_key: row for row in ledger.session.execute(statement)})
    return known


def completed(rows: pd.DataFrame, known: Known, *, absent: Collection[str]) -> pd.DataFrame:
    """Rows with the known values in the columns that the file does not have.

    A file says nothing in a column that it lacks, so that it can't take back what is known.
    """
    records = [known.get(key) for key in rows["natural_key"]]
    filled = {
        name: pd.Series(
            [
                value if record is None else getattr(record, name)
                for record, value in zip(records, rows[name], strict=True)
            ],
            index=rows.index,
            dtype=rows[name].dtype,
        )
        for name in rows.columns
        if name in absent
    }
    return rows.assign(**filled)


def compare(file: TextFile, form: Form, rows: pd.DataFrame, known: Known) -> Comparison:
    """Split rows into new ones and changed ones, and count the rest.

    Raises:
        FileError: a row's natural key is known under another founder.
    """
    values = [name for name in rows.columns if name not in {"natural_key", "known_from"}]
    is_new, changed, repeated = [], [], 0
    problems: list[Problem] = []
    given = rows[values].astype(object).itertuples(index=False, name=None)
    for place, key, row in zip(rows.index.tolist(), rows["natural_key"], given, strict=True):
        record = known.get(key)
        is_new.append(record is None)
        if record is None:
            continue
        values_given = dict(zip(values, row, strict=True))
        if record.founder_id != values_given["founder_id"]:
            problems.append(_under_another_founder(form, place, key))
        elif all(getattr(record, name) == value for name, value in values_given.items()):
            repeated += 1
        else:
            changed.append((record.id, values_given))
    raise_first(file, problems)
    return Comparison(rows[pd.Series(is_new, index=rows.index, dtype=bool)], changed, repeated)


def refuse_repeated_keys(file: TextFile, cells: pd.DataFrame, key: tuple[str, ...]) -> None:
    """Refuse a file that holds two rows for one record.

    Raises:
        FileError: with the first row that stands there again.
    """
    repeated = cells.duplicated(list(key))
    if repeated.any():
        place = int(repeated.to_numpy().argmax())
        row = int(cells.index[place])
        named = ", ".join(f"{name} {cells[name].tolist()[place]}" for name in key)
        raise FileError(
            file.name,
            f"{named} stands in the file twice",
            row=row,
            column=key[-1],
            further=int(repeated.sum()) - 1,
        )


def _under_another_founder(form: Form, row: int, key: str) -> Problem:
    column = "founder" if "founder" in form.names else form.key[0]
    return Problem(
        row,
        column,
        f'"{key}" is known under another founder; import files of different systems with a '
        "--source each",
    )
