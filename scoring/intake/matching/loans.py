"""The loan or application that a row is of: found by reference; else the row waits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
from sqlalchemy import select

from scoring.intake.batch import Batch, Waiting
from scoring.intake.current_import import CurrentImport
from scoring.intake.matching.quarantine import UNKNOWN_LOAN
from scoring.intake.problems import Problem, by_index
from scoring.records.kinds import RecordKind
from scoring.store.key_chunks import key_chunks
from scoring.store.tables import Application, Loan

REFERS_TO: dict[RecordKind, tuple[str, type[Loan] | type[Application]]] = {
    RecordKind.SCHEDULE: ("loan", Loan),
    RecordKind.REPAYMENTS: ("loan", Loan),
    RecordKind.LOAN_EVENTS: ("loan", Loan),
    RecordKind.OUTCOMES: ("application", Application),
}
_COLUMNS = ["reference", "founder_id", "currency", "event_date", "source"]


class MatchLoans:
    """Instalments, repayments and outcomes find the loan or application that they are of."""

    def __init__(self, current: CurrentImport) -> None:
        self._current = current

    def __call__(self, batch: Batch) -> Batch:
        """The batch with what each row refers to; of other kinds, as it is.

        Raises:
            FileError: nothing is on file under a reference and the rows may not wait, or several
                records are.
        """
        if batch.kind not in REFERS_TO:
            return batch
        name, table = REFERS_TO[batch.kind]
        references = batch.cells[name]
        referred, unclear = self._referred(references, table)
        batch.refuse(unclear)
        missing = referred["founder_id"].isna()
        if missing.any() and not self._current.may_wait:
            batch.refuse(_unknown(references, missing, table=table))
        waiting = [
            Waiting(index, UNKNOWN_LOAN, waits_for=reference)
            for index, reference in by_index(references[missing])
        ]
        referred = referred[~missing]
        return replace(
            batch.without(waiting),
            referred=referred,
            founder_ids=referred["founder_id"].astype("int64"),
        )

    def _referred(
        self, references: pd.Series[str], table: type[Loan] | type[Application]
    ) -> tuple[pd.DataFrame, list[Problem]]:
        """Founder, currency and event date of the loan or application that each row refers to.

        Lenders number their loans alike. Of several records on file under a reference, the one
        from the file's own source is meant; where there is none, nobody can say which.

        Returns:
            One row per reference, cells missing where nothing is on file; and the rows whose
            reference stands for several records.
        """
        known = pd.DataFrame(self._on_file(references, table), columns=_COLUMNS)
        known = known.assign(
            is_own=known["source"] == self._current.source,
            event_date=[day.isoformat() for day in known["event_date"]],
        ).sort_values("is_own", kind="stable")
        several = known.loc[known["reference"].duplicated(keep=False), "reference"]
        own = known.loc[known["is_own"], "reference"]
        unclear = references[references.isin(several) & ~references.isin(own)]
        problems = [
            Problem(
                index,
                str(references.name),
                f'"{cell}" stands for several {table.__tablename__}; import the file with the '
                "--source that the one meant was imported with",
            )
            for index, cell in by_index(unclear)
        ]
        found = known.drop_duplicates("reference", keep="last").set_index("reference")
        return found.reindex(references).set_axis(references.index), problems

    def _on_file(
        self, references: pd.Series[str], table: type[Loan] | type[Application]
    ) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        for keys in key_chunks(references.unique()):
            statement = (
                select(*(getattr(table, column) for column in _COLUMNS))
                .where(
                    table.superseded_recorded_at.is_(None),
                    table.reference.in_(keys),
                )
                .order_by(table.id)
            )
            rows += map(tuple, self._current.ledger.session.execute(statement))
        return rows


def _unknown(
    references: pd.Series[str], missing: pd.Series[bool], *, table: type[Loan] | type[Application]
) -> list[Problem]:
    """The rows that refer to something that is not on file."""
    return [
        Problem(
            index,
            str(references.name),
            f'"{cell}" is not known; import the {table.__tablename__} first',
        )
        for index, cell in by_index(references[missing])
    ]
