"""Stores for comparing engines: the sample portfolio and the Berka loans, with troubles added."""

from __future__ import annotations

import random
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import pandas as pd
from sqlalchemy import insert, select

from scoring.circumstances.interruptions import (
    PlatformEventKind,
    declare_pause,
    declare_platform_event,
)
from scoring.intake.importing import import_file
from scoring.intake.learned_at import Learned
from scoring.parties.consents import Purpose, grant_consent
from scoring.parties.founders import add_founders
from scoring.parties.lenders import add_lender
from scoring.records.kinds import RecordKind
from scoring.review.corrections import correct_record, retract_record
from scoring.store.database import Database
from scoring.store.tables import Base, Founder, OrderLine
from tests.builders import import_rows
from tests.sample_store import LENDER, fill_with_sample_files
from training.backtest.berka import read_accounts, write_plain_files

BERKA = Path(__file__).parents[2] / "data" / "berka"


def fill_with_sample(database: Database, *, founders: int) -> None:
    """The invented portfolio, with a pause, a failed channel, a correction and a retraction."""
    fill_with_sample_files(
        database,
        founders=founders,
        until=database.today - timedelta(days=1),
        consents={Purpose.PORTFOLIO_REVIEW: LENDER},
    )
    zone = database.settings.zone
    with database.writing() as ledger:
        session = ledger.session
        people = session.scalars(select(Founder).order_by(Founder.id).limit(20)).all()
        for number, founder in enumerate(people):
            declare_pause(
                ledger,
                founder,
                first_day=database.today - timedelta(days=20 + 17 * number),
                last_day=database.today - timedelta(days=1 + 10 * number),
                author="test",
                zone=zone,
            )
        for channel in session.scalars(select(OrderLine.channel).distinct()).all()[:2]:
            declare_platform_event(
                ledger,
                channel,
                PlatformEventKind.PAYOUT_STOPPED,
                first_day=database.today - timedelta(days=60),
                last_day=database.today - timedelta(days=41),
                author="test",
                zone=zone,
            )
        sales = session.scalars(
            select(OrderLine.id).where(OrderLine.entry == "sale").order_by(OrderLine.id).limit(8)
        ).all()
        for sale in sales[:4]:
            correct_record(
                ledger,
                RecordKind.SALES,
                sale,
                changes={"gross": "1"},
                reason="the invoice",
                author="test",
                zone=zone,
            )
        for sale in sales[4:]:
            retract_record(ledger, RecordKind.SALES, sale, reason="a test order", author="test")

    _add_accounts(database, [founder.reference for founder in people])


def _add_accounts(database: Database, references: list[str]) -> None:
    """Further accounts of one name from another source: several lines a day, some without one."""
    chance = random.Random(11)
    for source in ("another bank", "a third"):
        rows: list[dict[str, object]] = []
        for number in range(400):
            moved = chance.randrange(-400_000, 400_000)
            rows.append(
                {
                    "founder": chance.choice(references),
                    "account": chance.choice(["main", "savings"]),
                    "line": f"T{number}",
                    "booked_on": database.today - timedelta(days=chance.randrange(1, 330)),
                    "direction": "in" if moved > 0 else "out",
                    "amount": abs(moved),
                    "currency": "KRW",
                    "balance": chance.choice(["", moved, 0, 100_000]),
                }
            )
        import_rows(database, RecordKind.CASH_FLOW, rows, source=source)


def fill_with_berka(database: Database, *, loans: int) -> None:
    """So many of the Berka loans, with all lines of their accounts."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "berka"
        source.mkdir()
        chosen = pd.read_parquet(BERKA / "loans.parquet").sort_values("loan_id").head(loans)
        chosen.to_parquet(source / "loans.parquet", index=False)
        shutil.copy(BERKA / "accounts.parquet", source)
        lines = pd.read_parquet(BERKA / "transactions.parquet")
        lines[lines["account_id"].isin(chosen["account_id"])].to_parquet(
            source / "transactions.parquet", index=False
        )
        _add(database, read_accounts(source))
        for kind, path in write_plain_files(source, Path(folder) / "plain").items():
            import_file(database, path, kind=kind, learned=Learned(0), author="test")


def copy_store(source: Database, target: Database) -> None:
    """Every row of one store into an empty one, as it is, on whatever database."""
    with source.engine.connect() as reading, target.engine.begin() as writing:
        for table in Base.metadata.sorted_tables:
            rows = reading.execute(select(table)).mappings().all()
            for start in range(0, len(rows), 5000):
                writing.execute(insert(table), [dict(row) for row in rows[start : start + 5000]])


def _add(database: Database, references: list[str]) -> None:
    with database.writing() as ledger:
        lender = add_lender(ledger, LENDER, name="Sample lender", actor="test")
        for founder in add_founders(ledger, references, actor="test"):
            grant_consent(
                ledger, founder, lender=lender, purpose=Purpose.PORTFOLIO_REVIEW, actor="test"
            )
