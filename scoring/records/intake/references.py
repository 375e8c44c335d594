"""The founders, loans and applications that rows refer to: found by reference, or refused."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import select

from scoring.records.database import Ledger
from scoring.records.intake.reading import TextFile
from scoring.records.intake.validation import Problem, raise_first
from scoring.records.tables import Application, Founder, Loan


def founder_ids(ledger: Ledger, file: TextFile, references: pd.Series[str]) -> pd.Series[int]:
    """The id of each row's founder.

    Raises:
        FileError: a founder is not on file.
    """
    known = {
        reference: founder_id
        for founder_id, reference in ledger.session.execute(select(Founder.id, Founder.reference))
    }
    founders = references.map(known)
    unknown = references[founders.isna()]
    _refuse(file, unknown, "founder", "is not known; add them with `foothold founder add`")
    return founders.astype(int)


def referred_records(
    ledger: Ledger,
    file: TextFile,
    references: pd.Series[str],
    *,
    table: type[Loan] | type[Application],
    source: str,
) -> pd.DataFrame:
    """Founder, currency and event date of the loan or application that each row refers to.

    Lenders number their loans alike. Of several standing records under a reference, the one
    from the file's own source is meant; where there is none, nobody can say which.

    Raises:
        FileError: a reference is not on file, or stands for several records.
    """
    name = str(references.name)
    columns = ["reference", "founder_id", "currency", "event_date", "source"]
    standing = ledger.session.execute(
        select(*(getattr(table, column) for column in columns)).where(
            table.superseded_recorded_at.is_(None)
        )
    )
    known = pd.DataFrame([tuple(row) for row in standing], columns=columns)
    known = known.assign(is_own=known["source"] == source).sort_values("is_own", kind="stable")
    unknown = references[~references.isin(known["reference"])]
    _refuse(file, unknown, name, f"is not known; import the {table.__tablename__} first")
    several = known.loc[known["reference"].duplicated(keep=False), "reference"]
    own = known.loc[known["is_own"], "reference"]
    unclear = references[references.isin(several) & ~references.isin(own)]
    _refuse(
        file,
        unclear,
        name,
        f"stands for several {table.__tablename__}; import the file with the --source that the "
        "one meant was imported with",
    )
    found = known.drop_duplicates("reference", keep="last").set_index("reference")
    return found.reindex(references).set_axis(references.index)


def _refuse(file: TextFile, cells: pd.Series[str], column: str, words: str) -> None:
    raise_first(
        file,
        [
            Problem(row, column, f'"{cell}" {words}')
            for row, cell in zip(cells.index.tolist(), cells, strict=True)
        ],
    )
