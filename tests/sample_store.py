"""The invented portfolio in a store, as an operator would have it: agreed to and imported."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from sample.simulate import write_sample_portfolio
from scoring.base.settings import BLOCKS, Settings
from scoring.intake.importing import import_file
from scoring.intake.learned_at import Learned
from scoring.parties.consents import Purpose, grant_consent
from scoring.parties.founders import add_founders
from scoring.parties.lenders import add_lender
from scoring.store.database import Database
from tests.conftest import new_sqlite_store

UNTIL = date(2026, 6, 14)
LENDER = "L-DEMO"
FOR_TRAINING: Mapping[Purpose, str | None] = {Purpose.MODEL_TRAINING: None}


@contextmanager
def a_sample_store(
    folder: Path, now: datetime, *, founders: int = 120, blocks: Collection[str] = BLOCKS
) -> Iterator[Database]:
    """A new store with the sample of so many founders, who allow training.

    Args:
        folder: where it lies, under `var`.
        now: what its clock says.
        founders: how many.
        blocks: that are imported and used; without sales and cash flow a fit is quick, and
            attendance has no cap.
    """
    off = tuple(block for block in BLOCKS if block not in (*blocks, "repayment"))
    settings = Settings(data_dir=folder / "var", database_url=None, blocks_off=off)
    if "sales" not in blocks and "cash_flow" not in blocks:
        # Attendance would be more than its share of so few, and each fit be made anew to hold it.
        settings.attendance_cap = 1.0
    database = new_sqlite_store(settings, lambda: now)
    fill_with_sample_files(database, founders=founders, blocks=blocks)
    yield database
    database.engine.dispose()


def fill_with_sample_files(
    database: Database,
    *,
    founders: int,
    until: date = UNTIL,
    blocks: Collection[str] = BLOCKS,
    consents: Mapping[Purpose, str | None] = FOR_TRAINING,
) -> None:
    """Write the sample of so many founders, and import what the blocks are computed from.

    Args:
        database: with its schema, and without any of these founders.
        founders: how many.
        until: the last day of their records.
        blocks: of `scoring.base.settings.BLOCKS`; loans and repayments are always imported.
        consents: what each founder agrees to, and towards which lender; None where it is nobody's.
    """
    with tempfile.TemporaryDirectory() as folder:
        files = write_sample_portfolio(Path(folder), until=until, founders=founders)
        _agreed(database, pd.read_csv(files.founders)["founder"].tolist(), consents)
        of_block = {
            "attendance": [files.attendance],
            "sales": list(files.sales.values()),
            "cash_flow": [files.cash_flow],
        }
        wanted = [path for block, paths in of_block.items() if block in blocks for path in paths]
        for path in (*wanted, files.applications, files.loans, files.schedule, files.repayments):
            import_file(database, path, learned=Learned(1), source="sample", author="test")


def _agreed(
    database: Database, references: list[str], consents: Mapping[Purpose, str | None]
) -> None:
    with database.writing() as ledger:
        lenders = {
            name: add_lender(ledger, name, name="Sample lender", actor="test")
            for name in sorted({name for name in consents.values() if name is not None})
        }
        for founder in add_founders(ledger, references, actor="test"):
            for purpose, name in consents.items():
                lender = None if name is None else lenders[name]
                grant_consent(ledger, founder, lender=lender, purpose=purpose, actor="test")
