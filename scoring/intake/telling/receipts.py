"""What an import did, or would do: for the person who imports, and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scoring.intake.batch import Outcome
from scoring.intake.containers import Container
from scoring.intake.extract import Reading
from scoring.intake.telling.tally import Tally
from scoring.store.tables import Import, ImportResult, ImportWithdrawal

_COUNTS = (
    "rows",
    "accepted",
    "suspect",
    "quarantined",
    "repeated",
    "left_out",
    "added",
    "corrected",
)


@dataclass(frozen=True)
class Receipt:
    """What an import did; of a preview, what it would do.

    Rows are those of the file: each is accepted, suspect, quarantined, repeated or left out.
    `added` and `corrected` count records: a row can make several, or none.

    Attributes:
        import_id: number of the receipt; None for a preview.
        file: name of the file; it is not stored.
        format: the format that it was read in.
        wrapper: what the file is: csv, json, xlsx, xls, html, parquet.
        kind: what it tells of.
        source: where the records come from.
        learned: when they are taken as learned.
        rows: rows that hold data.
        accepted: rows that told something new.
        suspect: rows that are stored and held back until somebody confirms them.
        quarantined: rows that wait for a person, a sale or a loan to be known.
        repeated: rows that told nothing new.
        left_out: rows that are no records, by reason.
        cancelled: distinct order lines cancelled, returned or refunded.
        net_sales: of the distinct order lines, less what was given back, without shipping, in
            minor units; None where the file sells nothing.
        added: records appended.
        corrected: records superseded.
        used: the file's header by column of the plain form.
        ignored_columns: headers that were neither read nor stored.
        notes: what was assumed or noticed.
        doubts: suspect rows by reason, waiting rows by reason.
        first_day: of the events.
        last_day: of the events.
    """

    import_id: int | None
    file: str
    format: str
    wrapper: str
    kind: str
    source: str
    learned: str
    rows: int
    accepted: int
    suspect: int
    quarantined: int
    repeated: int
    left_out: Mapping[str, int]
    cancelled: int
    net_sales: int | None
    currency: str | None
    added: int
    corrected: int
    used: Mapping[str, str]
    ignored_columns: tuple[str, ...]
    notes: tuple[str, ...]
    doubts: Mapping[str, int]
    first_day: str | None
    last_day: str | None

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return asdict(self)


def receipt_of(entry: Import, file: Container, reading: Reading, tally: Tally) -> Receipt:
    """The receipt of an import whose rows were stored."""
    counts = tally.counts()
    repeated = counts[Outcome.REPEATED] + reading.repeated
    return Receipt(
        import_id=entry.id,
        file=file.name,
        format=reading.format,
        wrapper=file.wrapper,
        kind=reading.kind,
        source=entry.source,
        learned=entry.learned,
        rows=sum(counts.values()) + reading.repeated + sum(reading.left_out.values()),
        accepted=counts[Outcome.ACCEPTED],
        suspect=counts[Outcome.SUSPECT],
        quarantined=counts[Outcome.QUARANTINED],
        repeated=repeated,
        left_out=dict(reading.left_out),
        cancelled=len(tally.cancelled),
        net_sales=tally.net_sales,
        currency=tally.currency,
        added=tally.added,
        corrected=tally.corrected,
        used=dict(reading.used),
        ignored_columns=reading.ignored,
        notes=(*reading.notes, *tally.notes()),
        doubts=dict(sorted(tally.doubts.items())),
        first_day=tally.first_day,
        last_day=tally.last_day,
    )


def result_of(entry: Import, receipt: Receipt) -> ImportResult:
    """The counts of a receipt, as the store keeps them."""
    return ImportResult(
        import_id=entry.id,
        rows=receipt.rows,
        accepted=receipt.accepted,
        suspect=receipt.suspect,
        quarantined=receipt.quarantined,
        repeated=receipt.repeated,
        left_out=sum(receipt.left_out.values()),
        added=receipt.added,
        corrected=receipt.corrected,
        cancelled=receipt.cancelled,
        net_sales=receipt.net_sales,
        currency=receipt.currency,
        first_day=_day(receipt.first_day),
        last_day=_day(receipt.last_day),
    )


def list_receipts(session: Session) -> list[dict[str, Any]]:
    """Every import with what it came to, and whether it was withdrawn, in order."""
    statement = (
        select(Import, ImportResult, ImportWithdrawal)
        .outerjoin(ImportResult, ImportResult.import_id == Import.id)
        .outerjoin(ImportWithdrawal, ImportWithdrawal.import_id == Import.id)
        .order_by(Import.id)
    )
    return [
        {
            "id": entry.id,
            "format": entry.format,
            "kind": entry.kind,
            "source": entry.source,
            "learned": entry.learned,
            **{name: getattr(result, name, None) for name in _COUNTS},
            "by": entry.author,
            "at": entry.imported_at.isoformat(timespec="seconds"),
            "withdrawn": withdrawal is not None,
            "file_digest": entry.file_digest,
        }
        for entry, result, withdrawal in session.execute(statement)
    ]


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
