"""What a store holds of people whom files name, beside what those files meant."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import select

from sample.exports.people import MAPPING
from sample.exports.written import Written
from scoring.base.settings import Settings
from scoring.intake.importing import Request, import_records
from scoring.intake.telling.receipts import Receipt
from scoring.parties.founders import add_founders
from scoring.review.mapping import Mapped, map_people
from scoring.store.database import Database
from scoring.store.tables import (
    Attendance,
    Founder,
    Instalment,
    Loan,
    Programme,
    ProgrammeSession,
    Repayment,
)
from tests.conftest import Clock, new_sqlite_store

Rows = Counter[tuple[Any, ...]]


@contextmanager
def a_store(folder: Path, mapping: Path, *, url: str | None = None) -> Iterator[Database]:
    """A store with the founders of a mapping on file; nobody is mapped yet.

    Where a database is given, it has the schema already.
    """
    settings = Settings(data_dir=folder, database_url=url, secret_key="k" * 40)
    clock = Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC))
    database = new_sqlite_store(settings, clock) if url is None else Database(settings, clock)
    founders = pd.read_csv(mapping / MAPPING, dtype=str, encoding="utf-8-sig")["founder"]
    with database.writing() as ledger:
        add_founders(ledger, founders.tolist(), actor="test")
    yield database
    database.engine.dispose()


def map_all(database: Database, mapping: Path) -> Mapped:
    with database.writing() as ledger:
        return map_people(database, ledger, mapping / MAPPING, source=None, author="Operator One")


def take(database: Database, one: Written, *, source: str | None = None) -> Receipt:
    return import_records(database, one.path, Request(source=source, **one.options))


def stored_attendance(database: Database) -> Rows:
    statement = (
        select(Attendance, Founder.reference, Programme.reference, ProgrammeSession.reference)
        .join(Founder, Founder.id == Attendance.founder_id)
        .join(ProgrammeSession, ProgrammeSession.id == Attendance.session_id)
        .join(Programme, Programme.id == ProgrammeSession.programme_id)
        .where(Attendance.superseded_recorded_at.is_(None))
    )
    with database.reading() as session:
        return Counter(
            (
                *(founder, programme, reference, row.event_date, row.hours, row.session_kind),
                *(row.status, row.minutes_late, row.assignment, row.marked_on),
            )
            for row, founder, programme, reference in session.execute(statement)
        )


def meant_attendance(truth: pd.DataFrame) -> Rows:
    return Counter(
        (
            *(row["founder"], row["programme"], row["session"], row["held_on"], row["hours"]),
            *(row["session_kind"], row["status"], row["minutes_late"], row["assignment"]),
            row.get("marked_on"),
        )
        for row in truth.to_dict("records")
    )


def stored_loans(database: Database) -> Rows:
    statement = (
        select(Loan, Founder.reference)
        .join(Founder, Founder.id == Loan.founder_id)
        .where(Loan.superseded_recorded_at.is_(None))
    )
    with database.reading() as session:
        return Counter(
            (
                *(founder, row.reference, row.lender, row.principal, row.currency),
                *(round(row.annual_rate, 6), row.months, row.grace_months),
                *(row.schedule_kind, row.event_date),
            )
            for row, founder in session.execute(statement)
        )


def meant_loans(truth: pd.DataFrame) -> Rows:
    return Counter(
        (
            *(row["founder"], row["loan"], row["lender"], row["principal"], row["currency"]),
            *(round(row["annual_rate"], 6), row["months"], row["grace_months"]),
            *(row["schedule_kind"], row["disbursed_on"]),
        )
        for row in truth.to_dict("records")
    )


def stored_schedule(database: Database) -> Rows:
    with database.reading() as session:
        standing = select(Instalment).where(Instalment.superseded_recorded_at.is_(None))
        return Counter(
            (row.loan, row.number, row.event_date, row.principal, row.interest)
            for row in session.scalars(standing)
        )


def stored_repayments(database: Database, *, named: bool = True) -> Rows:
    with database.reading() as session:
        standing = select(Repayment).where(Repayment.superseded_recorded_at.is_(None))
        return Counter(
            (row.loan, *([row.reference] if named else []), row.event_date, row.amount)
            for row in session.scalars(standing)
        )


def meant(truth: pd.DataFrame, *columns: str) -> Rows:
    return Counter(truth[list(columns)].itertuples(index=False, name=None))


def bytes_of(database: Database) -> bytes:
    """Everything that lies in the data directory, the database and its journals among it."""
    database.engine.dispose()
    return b"".join(p.read_bytes() for p in database.settings.data_dir.rglob("*") if p.is_file())


def found_in(content: bytes, words: Iterable[str]) -> set[str]:
    """Which of the words stand there, in whatever encoding."""
    return {
        word
        for word in words
        for form in ("NFC", "NFD")
        for written in [unicodedata.normalize(form, word)]
        for codec in ("utf-8", "utf-16-le", "cp949", "unicode-escape")
        if written.encode(codec, errors="ignore") and _stands(written, codec, content)
    }


def _stands(word: str, codec: str, content: bytes) -> bool:
    try:
        return word.encode(codec) in content
    except UnicodeEncodeError:
        return False


def day(text: str) -> date:
    return date.fromisoformat(text)
