"""Records on file under the natural keys of a batch's rows."""

from __future__ import annotations

import pandas as pd

from scoring.intake.current_import import CurrentImport
from scoring.store.bulk import standing_frame
from scoring.store.tables import Record


def records_on_file(
    current: CurrentImport, table: type[Record], keys: pd.Series[str]
) -> pd.DataFrame:
    """The records of the import's source that count under natural keys, in the stored form.

    Returns:
        One row per record, indexed by natural key.
    """
    return standing_frame(current.ledger, table, source=current.source, keys=keys.unique().tolist())
