"""What senders of records say beside a file, and what they get, as /openapi.json describes it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.fields import Day, Reference
from api.records.uploads import FORM
from scoring.intake.day_order import DayOrder
from scoring.intake.formats.declarations import FormatName
from scoring.loans.terms import Product

JSON_LINES = ("application/x-ndjson", "application/jsonl")
JSON = "application/json"
FILES = (
    "text/csv",
    "application/vnd.apache.parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-excel",
    "application/octet-stream",
)
ACCEPTED = frozenset({*JSON_LINES, JSON, *FILES, FORM})

_ROWS = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "description": "One row; its fields are the columns of the kind's plain form.",
        "additionalProperties": {"type": ["string", "number", "null"]},
    },
}
_FILE = {"type": "string", "format": "binary"}
# Routes that read their body as it arrives have to describe it themselves.
BODY: dict[str, Any] = {
    "required": True,
    "description": "Rows of the plain form as JSON, one object per line or a list of objects; or "
    "a file in any format that is read: CSV, Excel, Parquet, of the plain form or as people "
    "have it. A file is known by its content, never by its name.",
    "content": {
        JSON: {"schema": _ROWS},
        FORM: {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": _FILE},
                "additionalProperties": False,
            }
        },
        **{media_type: {"schema": _FILE} for media_type in (*JSON_LINES, *FILES)},
    },
}


class Options(BaseModel):
    """What is said beside a file; nothing else may stand in the query."""

    model_config = ConfigDict(extra="forbid")

    founder: Reference | None = Field(
        None, description="Whose shop or account the file is of; marketplace exports need it."
    )
    format: FormatName | None = Field(
        None, description="Format of the file; recognised by its content when left out."
    )
    source: Reference | None = Field(
        None,
        description="Where the records come from; part of what names a record. For operators "
        "alone: of a lender's records it is `lender:` and its reference.",
    )
    lender: Reference | None = Field(
        None, description="Lender that a ledger is of, where it doesn't say; a lender's own."
    )
    programme: Annotated[str | None, StringConstraints(pattern=r"^[^\s|=+\-@][^\s|]{0,63}$")] = (
        Field(None, description="Programme that an attendance sheet is of.")
    )
    year: int | None = Field(
        None, ge=1990, le=2100, description="Year of days that are written without one."
    )
    dates: DayOrder | None = Field(
        None,
        description="Order of year, month and day in the file, where its days don't show it; "
        "without it such a file is refused.",
    )
    session_hours: float = Field(
        2.0,
        gt=0,
        le=24,
        allow_inf_nan=False,
        description="Length of a session, if untold.",
    )
    learned: Annotated[str, StringConstraints(pattern=r"^(live|[0-9]{1,4})$")] = Field(
        "live",
        description="When such records are learned: `live` (on arrival), or a number of days "
        "after the event day, for a backfill.",
    )
    again_for_another: bool = Field(
        False,
        description="Import a file for this founder, programme, lender or source as well, though "
        "it was imported for another before; without it such a file is refused.",
    )
    product: Product | None = Field(
        None,
        description="How the loans of a ledger by transaction are repaid: their instalments are "
        "then made from each loan's rate and term. Without it they give no label.",
    )
    reported_through: date | None = Field(
        None,
        description="The last day that a file of loans covers: after it nothing is known, and no "
        "arrears grow. The day of the import when left out, never that of its last row.",
    )
    partial: bool = Field(
        False,
        description="The file covers the loans alone that it names; else a file of repayments "
        "covers all loans of its source, those on which nothing was paid among them.",
    )
    filename: str | None = Field(
        None,
        max_length=200,
        description="Name of the file, for messages and the receipt; it is never stored. It "
        "stands in the URL here, so leave it out if it names anybody.",
    )
    dry_run: bool = Field(
        False, description="Answer what the import would come to; nothing is stored."
    )


class ReceiptOut(BaseModel):
    """What an import did; of a dry run, what it would do.

    Each row of the file is accepted, suspect, quarantined, repeated or left out; `added` and
    `corrected` count records, and a row can make several.
    """

    import_id: int | None = Field(description="Number of the receipt; null for a dry run.")
    file: str
    format: FormatName = Field(description="The format that the file was read in.")
    wrapper: str = Field(description="What the file is: csv, json, xlsx, xls, html or parquet.")
    kind: str = Field(description="What it tells of.")
    source: str
    learned: str
    rows: int
    accepted: int = Field(description="Rows that told something new.")
    suspect: int = Field(description="Rows stored, and held back until somebody confirms them.")
    quarantined: int = Field(
        description="Rows that wait for a person, a sale or a loan to be known."
    )
    repeated: int = Field(description="Rows that told nothing new.")
    left_out: dict[str, int] = Field(description="Rows that are no records, by reason.")
    cancelled: int = Field(description="Distinct order lines cancelled, returned or refunded.")
    net_sales: int | None = Field(
        description="Of the other distinct order lines, without shipping, in minor units."
    )
    currency: str | None
    added: int
    corrected: int
    used: dict[str, str] = Field(description="The file's header by column.")
    ignored_columns: list[str] = Field(description="Headers that were neither read nor stored.")
    notes: list[str] = Field(description="What was assumed or noticed.")
    doubts: dict[str, int] = Field(description="Suspect and waiting rows by reason.")
    first_day: Day | None
    last_day: Day | None
