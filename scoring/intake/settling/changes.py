"""What a file says beside what is known: new rows, changed ones, and those that add nothing."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from scoring.intake.batch import Changes
from scoring.intake.problems import Problem
from scoring.store.tables import Record

# What a row says of itself, not of the event: of no weight when two rows are compared.
NOT_COMPARED = {"natural_key", "known_from", "stated_on", "held"}


def completed(rows: pd.DataFrame, known: pd.DataFrame, *, absent: Collection[str]) -> pd.DataFrame:
    """Rows with the known values in the columns that the file does not have.

    A file says nothing in a column that it lacks, so that it can't take back what is known.
    """
    is_known = _is_known(rows, known).to_numpy()
    columns = [name for name in rows.columns if name in absent and name in known.columns]
    if not columns or not is_known.any():
        return rows
    beside = known.loc[rows["natural_key"][is_known]]
    filled = {}
    for name in columns:
        values = rows[name].astype(object).to_numpy(copy=True)
        values[is_known] = beside[name].to_numpy()
        filled[name] = pd.Series(values, index=rows.index, dtype=object)
    return rows.assign(**filled)


def later_statement(rows: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Order lines as the later of two exports states them, each filling what the other leaves out.

    So that exports give the same records in whichever order they come. An older export changes
    nothing but what nobody knew: empty cells, and amounts of zero. A statement without a day (a
    settlement, which repeats sales) is older than any. Of two that are equally old, the one with
    the smaller net amount rules.
    """
    is_known = _is_known(rows, known).to_numpy()
    if not is_known.any():
        return rows
    beside = known.loc[rows["natural_key"][is_known]]
    ours = rows["stated_on"][is_known].to_numpy(dtype=object)
    theirs = beside["stated_on"].to_numpy(dtype=object)
    told = [name for name in rows.columns if name not in NOT_COMPARED and name in beside.columns]
    our_rows, their_rows = _in_order(rows.loc[is_known, told]), _in_order(beside[told])
    is_later = np.array(
        [
            our_row <= their_row if on == theirs_on else _is_later(on, theirs_on)
            for on, theirs_on, our_row, their_row in zip(
                ours, theirs, our_rows, their_rows, strict=True
            )
        ],
        dtype=bool,
    )
    merged = {}
    for name in rows.columns:
        if name in NOT_COMPARED - {"stated_on"} or name == "founder_id":
            continue
        values = rows[name].astype(object).to_numpy(copy=True)
        ahead = np.where(is_later, values[is_known], beside[name].to_numpy())
        behind = np.where(is_later, beside[name].to_numpy(), values[is_known])
        says_nothing = np.array([value is None or value == 0 for value in ahead])
        values[is_known] = np.where(says_nothing, behind, ahead)
        merged[name] = pd.Series(values, index=rows.index, dtype=object)
    return rows.assign(**merged)


def _is_known(rows: pd.DataFrame, known: pd.DataFrame) -> pd.Series[bool]:
    # As objects: pandas would turn every known key into a scalar of Arrow's, each time.
    return rows["natural_key"].astype(object).isin(known.index)


def _is_later(ours: str | None, theirs: str | None) -> bool:
    """Whether a statement of one day is later than another's; one without a day is older."""
    return theirs is None or (ours is not None and ours > theirs)


def _in_order(rows: pd.DataFrame) -> list[tuple[int, str]]:
    """What rows are put in order by where nothing else tells: their net amount, then all of it."""
    net = [int(gross) - int(discount) for gross, discount in rows[["gross", "discount"]].to_numpy()]
    return list(zip(net, map(str, rows.to_numpy(dtype=object).tolist()), strict=True))


def compare(table: type[Record], rows: pd.DataFrame, known: pd.DataFrame) -> Changes:
    """Tell new rows from changed ones and from those that add nothing.

    Args:
        table: the record kind's table.
        rows: one per natural key, in the stored form.
        known: records on file by natural key.
    """
    is_known = _is_known(rows, known)
    differs = np.zeros(len(rows), dtype=bool)
    places = np.flatnonzero(is_known.to_numpy())
    if len(places):
        beside = known.loc[rows["natural_key"][is_known]]
        for name in rows.columns:
            if name not in NOT_COMPARED:
                ours = rows[name][is_known].astype(object).to_numpy()
                differs[places] |= ours != beside[name].to_numpy()
    changed: pd.Series[bool] = pd.Series(differs, index=rows.index, dtype=bool)
    return Changes(table, rows, known, ~is_known, changed)


def of_another_founder(rows: pd.DataFrame, known: pd.DataFrame, *, column: str) -> list[Problem]:
    """Rows whose natural key is known under another founder."""
    is_known = _is_known(rows, known)
    if not is_known.any():
        return []
    owners = known.loc[rows["natural_key"][is_known], "founder_id"].to_numpy()
    other = rows["founder_id"][is_known].to_numpy() != owners
    return [
        Problem(
            int(index),
            column,
            f'"{key}" is known under another founder; import files of different systems with a '
            "--source each",
        )
        for index, key in rows.loc[is_known, "natural_key"][other].items()
    ]
