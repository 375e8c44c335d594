"""Rows that contradict each other or what is on file, for which a file is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import select

from scoring.intake.batch import Batch, Changes
from scoring.records.forms import FORMS
from scoring.records.kinds import RecordKind
from scoring.store.key_chunks import key_chunks
from scoring.store.ledger import Ledger
from scoring.store.tables import OrderLine

# Marketplaces number their order lines for all their sellers, so a line is one founder's alone.
_NUMBERED_FOR_ALL = {"smartstore", "coupang", "elevenst", "esmplus", "gmarket", "auction"}


def once(batch: Batch, rows: pd.DataFrame) -> pd.DataFrame:
    """Each record once: a row that stands there again adds nothing, unless it differs.

    Raises:
        FileError: two rows say different things of one record.
    """
    again = rows["natural_key"].duplicated()
    if not again.any():
        return rows
    first = rows.drop_duplicates("natural_key").set_index("natural_key")
    for name in rows.columns.drop(["natural_key", "known_from"]):
        ours = rows.loc[again, name].astype(object).to_numpy()
        theirs = first.loc[rows.loc[again, "natural_key"], name].astype(object).to_numpy()
        differs = ours != theirs
        if differs.any():
            _refuse_twice(batch, rows.index[again.to_numpy()][differs])
    return rows[~again]


def refuse_differing_rows(batch: Batch, changes: Changes, *, import_id: int) -> None:
    """Refuse rows that differ from an earlier row of the same file.

    Raises:
        FileError: there is one.
    """
    changed = changes.changed["natural_key"]
    if batch.extract.is_export or changed.empty:
        return
    same_file = changes.known.loc[changed, "import_id"].to_numpy() == import_id
    if same_file.any():
        _refuse_twice(batch, changed.index[same_file])


def refuse_rewritten_dues(batch: Batch, changes: Changes, *, today: date) -> None:
    """Refuse a schedule that changes an instalment whose due day has come.

    Arrears would be gone without a trace; what was agreed anew is a rescheduling, which keeps what
    was past due.

    Raises:
        FileError: there is one.
    """
    if batch.kind is not RecordKind.SCHEDULE or changes.changed.empty:
        return
    known = changes.known.loc[changes.changed["natural_key"]]
    is_past = known["event_date"].to_numpy(dtype=object) <= today.isoformat()
    if is_past.any():
        first = int(changes.changed.index[is_past][0])
        row = known[is_past].iloc[0]
        raise batch.extract.error(
            batch.file,
            first,
            "due_on",
            f"instalment {row['number']} of loan {row['loan']} fell due on {row['event_date']}, "
            "and a schedule sent again can't change what has fallen due. If the loan was "
            "rescheduled, send that as a loan event with the number of its new schedule, and its "
            "instalments under that number; if the first schedule was wrong, correct the record",
            further=int(is_past.sum()) - 1,
        )


def refuse_other_lender(batch: Batch, changes: Changes) -> None:
    """Refuse a loan or application that is on file for another lender: lenders number alike.

    Raises:
        FileError: there is one.
    """
    if "lender" not in changes.changed or changes.changed.empty:
        return
    known = changes.known.loc[changes.changed["natural_key"], "lender"].to_numpy(dtype=object)
    is_other = known != changes.changed["lender"].to_numpy(dtype=object)
    if is_other.any():
        first = int(changes.changed.index[is_other][0])
        raise batch.extract.error(
            batch.file,
            first,
            "lender",
            f"is on file for {known[is_other][0]} from the same source. Two lenders number their "
            "loans alike: import each lender's file with a --source of its own",
            further=int(is_other.sum()) - 1,
        )


def refuse_lines_of_others(ledger: Ledger, batch: Batch, rows: pd.DataFrame) -> None:
    """Refuse an export whose orders are on file under another founder: a shop has one.

    Raises:
        FileError: there is one.
    """
    numbered = rows[rows["channel"].isin(_NUMBERED_FOR_ALL)]
    for lines in key_chunks(numbered["order_line"].unique()):
        statement = select(OrderLine.channel, OrderLine.order_line, OrderLine.founder_id).where(
            OrderLine.channel.in_(sorted(_NUMBERED_FOR_ALL)),
            OrderLine.order_line.in_(lines),
            OrderLine.superseded_recorded_at.is_(None),
        )
        owners = {(c, line): owner for c, line, owner in ledger.session.execute(statement)}
        for index, channel, line, founder in numbered[
            ["channel", "order_line", "founder_id"]
        ].itertuples():
            if owners.get((channel, line), founder) != founder:
                raise batch.extract.error(
                    batch.file,
                    int(index),
                    "order_line",
                    f'"{line}" is on file under another founder. A shop belongs to one: check '
                    "--founder; if the shop changed hands, withdraw the import that is wrong",
                )


def _refuse_twice(batch: Batch, places: pd.Index[Any]) -> None:
    key = FORMS[batch.kind].key
    first = places[0]
    named = ", ".join(f"{name} {batch.cells.loc[first, name]}" for name in key)
    raise batch.extract.error(
        batch.file,
        int(first),
        key[-1],
        f"{named} stands in the file twice, with different values",
        further=len(places) - 1,
    )
