"""What a format's reader hands on: rows of the plain form, and where in the file they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from scoring.base.errors import FileError
from scoring.intake.day_order import DayOrder
from scoring.loans.terms import Product
from scoring.records.kinds import RecordKind

Place = tuple[int, str | None]

# Columns that a reader may add to those of the plain form. All are text, empty where unsaid.
SUSPECT = "suspect"  # code of a doubt: the row is stored, and held back until somebody confirms it
DAY_INFERRED = "day_inferred"  # "yes": a refund without a day of its own, dated by the reader
PERSON_ID, PERSON_NAME, PERSON_PHONE = "person_id", "person_name", "person_phone"
PERSON = (PERSON_ID, PERSON_NAME, PERSON_PHONE)  # instead of `founder`, where a file names people


@dataclass(frozen=True)
class Given:
    """What whoever imports says beside the file.

    Attributes:
        founder: reference of the founder whose shop or account the file is of, if told.
        lender: reference of the lender that a ledger is of, if told.
        product: how the loans of a ledger are repaid that tells no instalments, if told.
        programme: reference of the programme that an attendance sheet is of.
        year: of days that are written without one; the latest that fits when None.
        dates: order of year, month and day in the file, where the days don't show it; None: untold.
        session_hours: length of a session where the file does not say.
        today: the current day in the installation's zone; later days are refused.
        secret: the installation's, for what is kept as a keyed hash alone.
    """

    today: date
    secret: bytes = b""
    founder: str | None = None
    lender: str | None = None
    product: Product | None = None
    programme: str | None = None
    year: int | None = None
    dates: DayOrder | None = None
    session_hours: float = 2.0


@dataclass(frozen=True)
class Extract:
    """Rows of one record kind, as text in the columns of its plain form.

    Attributes:
        kind: the record kind of all rows.
        cells: columns of the kind's form that the file tells of (others are left out: the file
            says nothing in them), and any of the columns named in this module. The index is the
            row's number in the file; where one row of the file makes several rows here, any
            integers that are unique in the extract, and `locate` says where they stand.
        headers: the file's own header for a column of the form, for messages.
        locate: row and column in the file of an index value and a column of the form.
        is_export: whether it is a state of orders that changes from export to export, so that
            of two statements on a line the later rules and nothing given back is taken back.
        stated_on: the last day of the export.
    """

    kind: RecordKind
    cells: pd.DataFrame
    headers: Mapping[str, str] = field(default_factory=dict)
    locate: Callable[[int, str], Place] | None = None
    is_export: bool = False
    stated_on: date | None = None

    def place(self, index: int, column: str) -> Place:
        """Row and column header of a cell in the file."""
        if self.locate is not None:
            return self.locate(index, column)
        return index, self.headers.get(column, column)

    def error(
        self, file: str, index: int, column: str, problem: str, further: int = 0
    ) -> FileError:
        """A refusal of the file for one cell."""
        row, header = self.place(index, column)
        return FileError(file, problem, row=row, column=header, further=further)


@dataclass(frozen=True)
class Reading:
    """A file as one format understands it.

    Attributes:
        format: name of the format.
        kind: what the file tells of, for people: sales, attendance, loans, cash_flow, …
        sheet: name of the worksheet, empty where there is none.
        header_row: row of the file that the header stands in.
        used: the file's header by field, for the preview.
        ignored: headers that were neither read nor stored.
        notes: what was assumed or noticed, one sentence each.
        extracts: a fresh iterator of extracts at each call. What others refer to comes first:
            loans before their instalments, sales before refunds.
        left_out: rows that are no record, by reason (`shipping`, `unpaid`, `total`, …).
        repeated: rows that tell nothing beyond another row of the same file.
    """

    format: str
    kind: str
    sheet: str
    header_row: int
    used: Mapping[str, str]
    ignored: tuple[str, ...]
    extracts: Callable[[], Iterator[Extract]]
    notes: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    repeated: int = 0
