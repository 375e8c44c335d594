"""One file that was written, what it is and what it tells: for the guide and for the tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import pandas as pd

from scoring.intake.formats.declarations import FormatName
from scoring.records.kinds import RecordKind

LAST_DAY: Final = date(2026, 5, 31)
"""The last day in every export, whatever today is: the same seed gives the same records."""


@dataclass(frozen=True)
class Written:
    """A file as somebody would have sent it.

    Attributes:
        path: of the file.
        format_name: the format it is in, which a reader must find by its content.
        founder: reference of the one whose shop or account it is of; None where the file names
            its people itself.
        options: what has to be said when importing it, as fields of
            `scoring.intake.importing.Request`: password, programme, lender, year.
        truth: what the file means: a row per record, in columns of the plain form.
        kind: the record kind that `truth` is of.
        expected: figures of the receipt, by name, such as net_sales and cancelled.
        about: one line for people: what is in it, and what is awkward about it.
        follows: name, without its ending, of the file to import before it, for these figures to
            hold; None where it stands alone.
    """

    path: Path
    format_name: FormatName
    founder: str | None
    options: dict[str, Any]
    truth: pd.DataFrame
    kind: RecordKind
    expected: dict[str, int] = field(default_factory=dict)
    about: str = ""
    follows: str | None = None
