"""Files written in a test, and what their format's reader makes of them; nothing is stored."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from scoring.intake.extract import Given, Reading
from scoring.intake.recognition.recognising import read_records

TODAY = date(2026, 6, 15)


def reading_of(text: str, *, own: str = "", **said: Any) -> Reading:
    """What a text file means; `own` is an operator's formats.toml, `said` what is told beside."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file.csv"
        path.write_text(text, encoding="utf-8")
        (Path(folder) / "formats.toml").write_text(own, encoding="utf-8")
        given = Given(today=TODAY, **({"founder": "F-A"} | said))
        return read_records(path, given, data_dir=Path(folder))[1]


def cells_of(text: str, *, own: str = "", **said: Any) -> pd.DataFrame:
    """The plain form's rows of the first record kind that a text file tells of."""
    return next(reading_of(text, own=own, **said).extracts()).cells


def statement(*days: str) -> str:
    """A bank statement with a line per day."""
    lines = (f"{day},MARKET,,{1000 + place},0" for place, day in enumerate(days))
    return "\n".join(["Date,Description,Withdrawals,Deposits,Balance", *lines]) + "\n"


def ledger(*rates: str, header: str = "Interest Rate") -> str:
    """A loan ledger with one instalment per rate, each of another loan."""
    lines = (
        f"K-{place},C One,1000000,2026-01-05,2026-02-05,83333,5000,{rate}"
        for place, rate in enumerate(rates)
    )
    head = (
        f"Loan ID,Client Name,Principal,Disbursed On,Due Date,Principal Due,Interest Due,{header}"
    )
    return "\n".join([head, *lines]) + "\n"
