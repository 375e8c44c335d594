"""Importing a file: all of it or nothing, and nothing twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from scoring.calendar import day_number, start_of
from scoring.errors import InputError
from scoring.records.audit import append_event
from scoring.records.database import Database, Ledger
from scoring.records.intake.forms import RecordKind
from scoring.records.intake.reading import read_file, recognise_form
from scoring.records.intake.resolving import TABLES, resolve_rows
from scoring.records.intake.standing import compare, refuse_repeated_keys
from scoring.records.intake.validation import check_cells
from scoring.records.store import append_records, supersede_record
from scoring.records.tables import Import, Record
from scoring.records.texts import require_line

DEFAULT_SOURCE = "plain"
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Learned:
    """When records of a file are taken as learned: on arrival, or a lag after the event day."""

    lag_days: int | None = None

    @classmethod
    def parse(cls, text: str) -> Learned:
        """Read `live`, or a number of days such as `2`.

        Raises:
            InputError: the text is neither.
        """
        if text == "live":
            return cls()
        match = re.fullmatch(r"(?:lag(?:-days)?[-=:]?)?(\d{1,4})(?:d|-days)?", text)
        if match is None:
            raise InputError(
                f'"{text}" is not a way of learning: say "live", or the lag in days after which '
                "such records are known, such as 2."
            )
        return cls(int(match[1]))

    def __str__(self) -> str:
        return "live" if self.lag_days is None else f"lag {self.lag_days} days"

    def learned_at(self, known_from: date, now: datetime, database: Database) -> datetime:
        """The instant at which a record of that day was learned, never later than now."""
        if self.lag_days is None:
            return now
        day = known_from + timedelta(days=self.lag_days)
        return min(now, start_of(day, database.settings.zone))


@dataclass(frozen=True)
class Receipt:
    """What an import did."""

    import_id: int
    file: str
    kind: str
    source: str
    learned: str
    rows: int
    added: int
    repeated: int
    corrected: int
    ignored_columns: tuple[str, ...]
    first_day: str
    last_day: str

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return asdict(self)


def import_file(
    database: Database,
    path: Path,
    *,
    kind: RecordKind | None = None,
    learned: Learned | None = None,
    source: str | None = None,
    author: str = "operator",
    progress: Progress | None = None,
) -> Receipt:
    """Import one file in a plain form; importing it again changes nothing.

    A row whose natural key is known with other values supersedes the known one, learned now;
    a column that the file does not have says nothing.

    Args:
        database: the store.
        path: the CSV or Parquet file.
        kind: the record kind; recognised by its columns when None.
        learned: when its records were learned; live when None.
        source: where the records come from; part of what names them; `plain` when None.
        author: who imports, for the receipt and the audit chain.
        progress: called with a label, rows done and rows in all.

    Raises:
        FileError: the file can't be used; nothing was stored.
        InputError: the source's or the author's name can't be used.
    """
    learned, source = learned or Learned(), source or DEFAULT_SOURCE
    require_line("The source", source, longest=64)
    require_line("The name of who imports", author, longest=120)
    file = read_file(path)
    form = recognise_form(file, kind)
    cells = check_cells(file, form, today=database.today)
    refuse_repeated_keys(file, cells, form.key)
    table = TABLES[form.kind]
    with database.writing() as ledger:
        resolved = resolve_rows(
            ledger, file, cells, form, source=source, buyer_key=database.settings.secret()
        )
        rows = resolved.rows
        found = compare(file, form, rows, resolved.known)
        corrected = len(found.changed) + len(resolved.taken_back)
        entry = Import(
            file_digest=file.digest,
            kind=form.kind.value,
            source=source,
            learned=str(learned),
            rows=len(cells),
            added=len(found.new),
            repeated=found.repeated,
            corrected=corrected,
            author=author,
            imported_at=ledger.now,
            format="plain",
            accepted=len(cells),
            suspect=0,
            quarantined=0,
            left_out=0,
            cancelled=0,
        )
        ledger.session.add(entry)
        ledger.session.flush()
        _append(database, ledger, table, found.new, learned, source, entry.id, progress)
        corrections = [
            (record_id, {**_dated(row), "import_id": entry.id}) for record_id, row in found.changed
        ]
        for record_id, replacement in [*corrections, *((i, None) for i in resolved.taken_back)]:
            supersede_record(
                ledger,
                table,
                record_id,
                replacement=replacement,
                reason=f"import {entry.id}: the source now says otherwise",
                author=author,
            )
        append_event(
            ledger,
            actor=author,
            action="records.imported",
            details={"import": entry.id, "kind": form.kind.value, "rows": len(cells)},
        )
    return Receipt(
        import_id=entry.id,
        file=file.name,
        kind=form.kind.value,
        source=source,
        learned=str(learned),
        rows=len(cells),
        added=len(found.new),
        repeated=found.repeated,
        corrected=corrected,
        ignored_columns=tuple(c for c in file.cells.columns if c not in form.names),
        first_day=str(rows["event_date"].min()),
        last_day=str(rows["event_date"].max()),
    )


def _append(
    database: Database,
    ledger: Ledger,
    table: type[Record],
    rows: pd.DataFrame,
    learned: Learned,
    source: str,
    import_id: int,
    progress: Progress | None,
) -> None:
    instants = {
        day: learned.learned_at(day, ledger.now, database) for day in rows["known_from"].unique()
    }
    records = rows.drop(columns="known_from").astype(object)
    dicts: list[dict[str, Any]] = [
        {**_dated(row), "learned_at": instants[day], "source": source, "import_id": import_id}
        for row, day in zip(records.to_dict("records"), rows["known_from"], strict=True)
    ]
    batch = 20_000
    for start in range(0, len(dicts), batch):
        append_records(ledger, table, dicts[start : start + batch])
        if progress is not None:
            progress(table.__tablename__, min(start + batch, len(dicts)), len(dicts))


def _dated(row: dict[Any, Any]) -> dict[str, Any]:
    return {**row, "event_day": day_number(row["event_date"])}
