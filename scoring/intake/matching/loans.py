"""The founders, loans and applications that rows refer to: found by reference, or missing."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import select

from scoring.intake.checking.cells import Problem, by_index
from scoring.store.database import Ledger
from scoring.store.tables import Application, Founder, Loan


def founder_ids(ledger: Ledger, references: pd.Series[str]) -> pd.Series[float]:
    """The id of each row's founder; missing where nobody is known by the reference."""
    known = {
        reference: founder_id
        for founder_id, reference in ledger.session.execute(select(Founder.id, Founder.reference))
    }
    return references.map(known)


def unknown_founders(references: pd.Series[str], ids: pd.Series[float]) -> list[Problem]:
    """The rows whose founder is not on file."""
    return [
        Problem(index, "founder", f'"{cell}" is not known; add them with `foothold founder add`')
        for index, cell in by_index(references[ids.isna()])
    ]


def referred_records(
    ledger: Ledger,
    references: pd.Series[str],
    *,
    table: type[Loan] | type[Application],
    source: str,
) -> tuple[pd.DataFrame, list[Problem]]:
    """Founder, currency and event date of the loan or application that each row refers to.

    Lenders number their loans alike. Of several standing records under a reference, the one
    from the file's own source is meant; where there is none, nobody can say which.

    Returns:
        One row per reference, cells missing where nothing is on file; and the rows whose
        reference stands for several records.
    """
    columns = ["reference", "founder_id", "currency", "event_date", "source"]
    standing = ledger.session.execute(
        select(*(getattr(table, column) for column in columns)).where(
            table.superseded_recorded_at.is_(None),
            table.reference.in_(references.unique().tolist())
            if len(references) < 1000
            else table.id.is_not(None),
        )
    )
    known = pd.DataFrame([tuple(row) for row in standing], columns=columns)
    known = known.assign(
        is_own=known["source"] == source,
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


def unknown_references(
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
