"""Rows that contradict each other or what is on file, for which a file is refused."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import select

from scoring.intake.batch import Task
from scoring.intake.settling.changes import Comparison
from scoring.records.forms import FORMS
from scoring.store.tables import OrderLine

# Marketplaces number their order lines for all their sellers, so a line is one founder's alone.
_NUMBERED_FOR_ALL = {"smartstore", "coupang", "elevenst", "esmplus", "gmarket", "auction"}
_LINES = 5000


def once(task: Task, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each record once: a row that stands there again adds nothing, unless it differs.

    Raises:
        FileError: two rows say different things of one record.
    """
    again = rows["natural_key"].duplicated()
    if not again.any():
        return rows, task.cells
    first = rows.drop_duplicates("natural_key").set_index("natural_key")
    for name in rows.columns.drop(["natural_key", "known_from"]):
        ours = rows.loc[again, name].astype(object).to_numpy()
        theirs = first.loc[rows.loc[again, "natural_key"], name].astype(object).to_numpy()
        differs = ours != theirs
        if differs.any():
            _refuse_twice(task, rows.index[again.to_numpy()][differs])
    return rows[~again], task.cells[~again.to_numpy()]


def refuse_differing_rows(
    task: Task, found: Comparison, known: pd.DataFrame, *, import_id: int
) -> None:
    """Refuse rows that differ from an earlier row of the same file.

    Raises:
        FileError: there is one.
    """
    changed = found.rows.loc[found.is_changed, "natural_key"]
    if task.extract.is_export or changed.empty:
        return
    same_file = known.loc[changed, "import_id"].to_numpy() == import_id
    if same_file.any():
        _refuse_twice(task, changed.index[same_file])


def refuse_lines_of_others(task: Task, rows: pd.DataFrame) -> None:
    """Refuse an export whose orders are on file under another founder: a shop has one.

    Raises:
        FileError: there is one.
    """
    numbered = rows[rows["channel"].isin(_NUMBERED_FOR_ALL)]
    lines = numbered["order_line"].unique().tolist()
    for start in range(0, len(lines), _LINES):
        statement = select(OrderLine.channel, OrderLine.order_line, OrderLine.founder_id).where(
            OrderLine.channel.in_(sorted(_NUMBERED_FOR_ALL)),
            OrderLine.order_line.in_(lines[start : start + _LINES]),
            OrderLine.superseded_recorded_at.is_(None),
        )
        owners = {(c, line): owner for c, line, owner in task.ledger.session.execute(statement)}
        for index, channel, line, founder in numbered[
            ["channel", "order_line", "founder_id"]
        ].itertuples():
            if owners.get((channel, line), founder) != founder:
                raise task.extract.error(
                    task.file,
                    int(index),
                    "order_line",
                    f'"{line}" is on file under another founder. A shop belongs to one: check '
                    "--founder; if the shop changed hands, withdraw the import that is wrong",
                )


def _refuse_twice(task: Task, places: pd.Index[Any]) -> None:
    key = FORMS[task.extract.kind].key
    first = places[0]
    named = ", ".join(f"{name} {task.cells.loc[first, name]}" for name in key)
    raise task.extract.error(
        task.file,
        int(first),
        key[-1],
        f"{named} stands in the file twice, with different values",
        further=len(places) - 1,
    )
