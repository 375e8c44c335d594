"""Through which day a file tells of loans: kept with it, and said, since silence is no arrears."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from scoring.base.errors import FileError
from scoring.intake.current_import import CurrentImport
from scoring.intake.telling.tally import REPORTING, Tally
from scoring.records.kinds import RecordKind
from scoring.records.loan_reports import report_loans
from scoring.store.tables import Loan

_OF_LOANS = REPORTING | {RecordKind.LOANS, RecordKind.SCHEDULE}


@dataclass(frozen=True)
class Report:
    """What whoever sends a file says of the days that it covers.

    Attributes:
        through: the last day; that of the import when None, never that of the last row.
        is_partial: whether it covers the loans that it names alone. Else a file of what was paid
            covers all loans of its source: one on which nothing was paid is not in it.
    """

    through: date | None
    is_partial: bool

    def keep(self, current: CurrentImport, tally: Tally) -> list[str]:
        """Keep the report of an import whose rows were stored; what to say of it.

        Raises:
            FileError: the day has not come, a row is of a later day, or the file is of no loans.
        """
        if not tally.kinds & (REPORTING if self.through is None else _OF_LOANS):
            if self.through is not None or self.is_partial:
                raise FileError(
                    current.file,
                    "tells of no loans, so it is not reported through any day",
                    remedy="Leave --reported-through and --partial out.",
                )
            return []
        database = current.database
        through = self.through or database.today
        if through > database.today:
            raise FileError(
                current.file,
                f"can't be reported through {through}, which has not come (today is "
                f"{database.today})",
                remedy="Name the last day that the file covers.",
            )
        if tally.last_told > through.isoformat():
            raise FileError(
                current.file,
                f"holds a row of {tally.last_told}, later than the day that it is reported "
                f"through ({through})",
                remedy="Name a later day with --reported-through, or leave the row out.",
            )
        learned = current.learned
        count = report_loans(
            current.ledger,
            source=current.source,
            through=through,
            lag_days=learned.lag_days or 0,
            learned_at=lambda day: learned.learned_at(
                day.isoformat(), current.ledger.now, database
            ),
            import_id=current.import_id,
            loans=tally.loans if self.is_partial else None,
        )
        lenders = " and ".join(self._lenders(current)) or "nobody"
        which = f"the {count} loans named" if self.is_partial else f"all {count} loans on file"
        return [
            f"Taken as complete for {lenders}'s loans through {through}: {which}. Name another "
            "day with --reported-through; say --partial if it covers some loans alone."
        ]

    def _lenders(self, current: CurrentImport) -> list[str]:
        found = current.ledger.session.scalars(
            select(Loan.lender)
            .where(Loan.source == current.source, Loan.superseded_recorded_at.is_(None))
            .distinct()
            .order_by(Loan.lender)
        )
        return list(found)
