"""Which rows can be stored now, and which wait for a person, a sale or a loan to be known."""

from __future__ import annotations

import pandas as pd

from scoring.intake.batch import Task
from scoring.intake.checking.cells import by_index, raise_first
from scoring.intake.extract import PERSON, Extract
from scoring.intake.matching.loans import founder_ids, unknown_founders, unknown_references
from scoring.intake.matching.people import owners_of
from scoring.intake.matching.quarantine import UNKNOWN_LOAN, UNKNOWN_SALE, Waiting
from scoring.intake.settling.stored_rows import REFERS_TO, natural_keys, refer
from scoring.records.kinds import RecordKind
from scoring.store.bulk import standing_frame
from scoring.store.database import Ledger
from scoring.store.tables import OrderLine


def sort_rows(
    ledger: Ledger,
    file: str,
    extract: Extract,
    cells: pd.DataFrame,
    *,
    source: str,
    secret: bytes,
    may_wait: bool,
    given_founder: str | None,
) -> tuple[Task, list[Waiting]]:
    """The rows that can be stored, and those that have to wait.

    Args:
        ledger: the open transaction.
        file: name of the file, for messages.
        extract: where the cells are from.
        cells: checked.
        source: where the records come from.
        secret: the installation's, for hashes.
        may_wait: whether rows that refer to a loan which is not on file wait for it; else the
            file is refused.
        given_founder: whom the operator named for the file.

    Raises:
        FileError: a founder or a loan is not on file, or a reference stands for several loans.
    """
    kind, waiting = extract.kind, list[Waiting]()
    referred = None
    if kind in REFERS_TO:
        referred, unclear = refer(ledger, cells, kind, source=source)
        raise_first(file, extract, unclear)
        missing = referred["founder_id"].isna()
        name, table = REFERS_TO[kind]
        if missing.any() and not may_wait:
            raise_first(file, extract, unknown_references(cells[name], missing, table=table))
        waiting = [
            Waiting(index, UNKNOWN_LOAN, waits_for=reference)
            for index, reference in by_index(cells.loc[missing, name])
        ]
        cells, referred = cells[~missing], referred[~missing]
        ids = referred["founder_id"]
    else:
        if any(name in cells for name in PERSON):
            owners = owners_of(
                ledger,
                cells,
                source=source,
                key=secret,
                given=given_founder,
            )
            waiting = [
                Waiting(int(index), reason, owners.aliases[index])
                for index, reason in owners.waiting.items()
            ]
            cells = cells.assign(founder=owners.founders)[owners.founders != ""]
        ids = founder_ids(ledger, cells["founder"])
        raise_first(file, extract, unknown_founders(cells["founder"], ids))
        if kind is RecordKind.REFUNDS:
            unknown = _without_sale(ledger, extract, cells, source)
            waiting += unknown
            stays = ~cells.index.isin([entry.index for entry in unknown])
            cells, ids = cells[stays], ids[stays]
    task = Task(
        ledger=ledger,
        file=file,
        extract=extract,
        cells=cells,
        founder_ids=ids.astype("int64"),
        referred=referred,
        source=source,
        secret=secret,
    )
    return task, waiting


def _without_sale(
    ledger: Ledger, extract: Extract, cells: pd.DataFrame, source: str
) -> list[Waiting]:
    """Refunds of sales that are not on file."""
    keys = natural_keys(cells, extract.kind)
    known = standing_frame(ledger, OrderLine, source=source, keys=keys.unique().tolist())
    unknown = ~keys.astype(object).isin(known.index) & (cells["of_sale"] != "no")
    return [Waiting(index, UNKNOWN_SALE, waits_for=key) for index, key in by_index(keys[unknown])]
