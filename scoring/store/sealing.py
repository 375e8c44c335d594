"""The last event of a transaction: digests of all rows that it wrote, table by table.

So no row can be added, changed or removed without the audit chain telling, whoever wrote it and
by whichever door. What was written is noticed at the database's cursor.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from scoring.base.calendar import microseconds
from scoring.store.audit import append_event
from scoring.store.coverage import DATED, NUMBERED, place_of_position, position_of, rows_within
from scoring.store.ledger import Ledger
from scoring.store.tables import Base

ROWS_WRITTEN = "rows.written"
WRITER = "store"
"""Who acts in that event: nobody but the store itself."""

AT_ONCE = 5000
_HIGHEST = 2**63 - 1
_NOTED = "foothold_written"
_INSERT = re.compile(r'\s*INSERT\s+(?:OR\s+\w+\s+)?INTO\s+"?(\w+)"?', re.IGNORECASE)
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


@dataclass
class RowsDigest:
    """The digest of rows as they come, however they are cut into pieces."""

    rows: int = 0
    last: int | None = None
    _sha: Any = field(default_factory=hashlib.sha256)

    def add(self, rows: Sequence[tuple[Any, ...]], *, place: int) -> None:
        """Take in rows in their order; `place` is where their position stands."""
        if rows:
            self._sha.update(_encode(rows)[1:-1].encode() + b",")
            self.rows += len(rows)
            self.last = int(rows[-1][place])

    def told(self) -> dict[str, Any]:
        """What the event says of the rows."""
        return {"last": self.last, "rows": self.rows, "digest": self._sha.hexdigest()}


@contextmanager
def noting_what_is_written(session: Session) -> Iterator[None]:
    """Note into which tables rows go, and after which position, until the end."""
    information = session.connection().info
    information[_NOTED] = {}
    try:
        yield
    finally:
        information.pop(_NOTED, None)


def note_statement(connection: Connection, _: Any, statement: str, *__: Any) -> None:
    """Before a statement is executed: note the table that it adds rows to."""
    if _NOTED in connection.info and (found := _INSERT.match(statement)):
        note_table(connection, found[1])


def note_table(connection: Connection, name: str) -> None:
    """Note that rows are about to be added to a table; for doors that execute no statement."""
    noted = connection.info.get(_NOTED)
    if noted is None or name in noted or name not in (NUMBERED | DATED):
        return
    noted[name] = None
    if name in NUMBERED:
        table = Base.metadata.tables[name]
        noted[name] = connection.scalar(select(func.max(position_of(table))))


def has_written(session: Session) -> bool:
    """Whether the transaction added rows that the chain answers for."""
    return bool(session.connection().info.get(_NOTED))


def seal(ledger: Ledger) -> None:
    """Append the event that answers for the transaction's rows; nothing where there are none."""
    ledger.session.flush()
    noted: dict[str, int | None] = ledger.session.connection().info.get(_NOTED, {})
    told = {}
    for name, mark in sorted(noted.items()):
        after = microseconds(ledger.now) - 1 if name in DATED else mark
        found = _digest_after(ledger.session, name, after)
        if found.rows:
            told[name] = found.told()
    if told:
        append_event(ledger, actor=WRITER, action=ROWS_WRITTEN, details=told)


def rows_in_pieces(
    session: Session, name: str, after: int | None, until: int
) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a table within two positions, in their order, never all at once."""
    found = session.execute(
        rows_within(name, after, until), execution_options={"yield_per": AT_ONCE}
    )
    for piece in found.partitions():
        yield [tuple(row) for row in piece]


def _digest_after(session: Session, name: str, after: int | None) -> RowsDigest:
    digest, place = RowsDigest(), place_of_position(name)
    for piece in rows_in_pieces(session, name, after, _HIGHEST):
        digest.add(piece, place=place)
    return digest
