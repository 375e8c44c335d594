"""Which natural keys stood in the file before, so that a file of a new source is looked up little.

Keys are compared by 64-bit hashes, so that a file of millions of rows stays small in memory; a
row taken for a repetition by chance is only looked up once more.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sqlalchemy import select

from scoring.intake.current_import import CurrentImport
from scoring.intake.matching.on_file import records_on_file
from scoring.records.kinds import RecordKind
from scoring.store.tables import Record


class Repetitions:
    """The natural keys of an import so far."""

    def __init__(self, current: CurrentImport) -> None:
        self._current = current
        self._seen: dict[RecordKind, np.ndarray] = {}
        self._is_new: dict[type[Record], bool] = {}

    def of(self, kind: RecordKind, keys: pd.Series[str]) -> pd.Series[bool]:
        """Whether each key stood in the file before, in this batch or an earlier one."""
        hashes = pd.util.hash_array(keys.to_numpy(dtype=object), categorize=False)
        seen = self._seen.get(kind, np.array([], dtype="uint64"))
        again = np.isin(hashes, seen) | pd.Series(hashes).duplicated().to_numpy()
        self._seen[kind] = np.concatenate([seen, hashes])
        return pd.Series(again, index=keys.index, dtype=bool)

    def known(
        self, table: type[Record], keys: pd.Series[str], again: pd.Series[bool]
    ) -> pd.DataFrame:
        """Records on file under the keys; of a new source, only what stands in the file twice."""
        if table not in self._is_new:
            on_file = select(table.id).where(
                table.source == self._current.source, table.superseded_recorded_at.is_(None)
            )
            found = self._current.ledger.session.scalar(on_file.limit(1))
            self._is_new[table] = found is None
        wanted = keys[again] if self._is_new[table] else keys
        return records_on_file(self._current, table, wanted)
