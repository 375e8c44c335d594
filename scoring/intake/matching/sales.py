"""The sale that a refund is of; a refund whose sale is not on file waits for it."""

from __future__ import annotations

from dataclasses import replace

from scoring.intake.batch import Batch, Waiting
from scoring.intake.current_import import CurrentImport
from scoring.intake.matching.on_file import records_on_file
from scoring.intake.matching.quarantine import UNKNOWN_SALE
from scoring.intake.problems import by_index
from scoring.records.kinds import RecordKind
from scoring.store.tables import OrderLine


class MatchSales:
    """Refunds find the sales that they are of."""

    def __init__(self, current: CurrentImport) -> None:
        self._current = current

    def __call__(self, batch: Batch) -> Batch:
        """The batch of refunds with their sales; of other kinds, as it is."""
        if batch.kind is not RecordKind.REFUNDS:
            return batch
        keys = batch.natural_keys()
        sales = records_on_file(self._current, OrderLine, keys)
        unknown = ~keys.astype(object).isin(sales.index) & (batch.cells["of_sale"] != "no")
        waiting = [
            Waiting(index, UNKNOWN_SALE, waits_for=key) for index, key in by_index(keys[unknown])
        ]
        return replace(batch.without(waiting), referred=sales)
