"""Through which day loans were reported: kept with each report, so that silence is no arrears."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime

import pandas as pd
from sqlalchemy import ColumnElement, select

from scoring.base.calendar import day_number, microseconds
from scoring.store.bulk import append_frame
from scoring.store.key_chunks import key_chunks
from scoring.store.ledger import Ledger
from scoring.store.tables import Loan, LoanReport


def report_loans(
    ledger: Ledger,
    *,
    source: str,
    through: date,
    lag_days: int = 0,
    learned_at: Callable[[date], datetime] | None = None,
    import_id: int | None = None,
    loans: Collection[str] | None = None,
) -> int:
    """Keep that the standing loans of a source were reported through a day.

    A report that says what one on file says already is not kept again. Loans disbursed after the
    day are left out: nothing was said of them.

    Args:
        ledger: the open transaction.
        source: whose loans.
        through: what happened up to and with this day was told.
        lag_days: how many days after it happened each thing is taken as told; 0 for a live report.
        learned_at: when what happened on a day was learned; now when None.
        import_id: number of the receipt, where a file said so.
        loans: numbers of the loans that were reported; all of the source when None.

    Returns:
        How many loans the report speaks for.
    """
    if loans is None:
        rows = _standing(ledger, source, through)
    else:
        rows = []
        for some in key_chunks(set(loans)):
            rows += _standing(ledger, source, through, Loan.reference.in_(some))
    keys = {f"{row.reference}|{through}|{lag_days}": row for row in rows}
    known: set[str] = set()
    for some in key_chunks(keys):
        known |= set(
            ledger.session.scalars(
                select(LoanReport.natural_key).where(
                    LoanReport.source == source,
                    LoanReport.natural_key.in_(some),
                    LoanReport.superseded_recorded_at.is_(None),
                )
            )
        )
    told = learned_at or (lambda _: ledger.now)
    new = [(key, row) for key, row in keys.items() if key not in known]
    append_frame(
        ledger,
        LoanReport,
        pd.DataFrame(
            [
                {
                    "founder_id": row.founder_id,
                    "source": source,
                    "natural_key": key,
                    "import_id": import_id,
                    "event_date": row.event_date.isoformat(),
                    "event_day": row.event_day,
                    "learned_at": microseconds(told(row.event_date)),
                    "loan": row.reference,
                    "reported_through": through.isoformat(),
                    "through_day": day_number(through),
                    "lag_days": lag_days,
                }
                for key, row in new
            ]
        ),
    )
    return len(keys)


def _standing(
    ledger: Ledger, source: str, through: date, chosen: ColumnElement[bool] | None = None
) -> list[Loan]:
    statement = select(Loan).where(
        Loan.source == source,
        Loan.superseded_recorded_at.is_(None),
        Loan.event_day <= day_number(through),
    )
    if chosen is not None:
        statement = statement.where(chosen)
    return list(ledger.session.scalars(statement.order_by(Loan.id)))
