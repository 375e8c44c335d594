"""Write-offs and recoveries in a ledger by transaction, as events of their loans."""

from __future__ import annotations

import pandas as pd

from scoring.intake.extract import Extract
from scoring.intake.formats.tables import Table
from scoring.loans.codes import LoanEventCode
from scoring.records.kinds import RecordKind

EVENTS = {"write_off": LoanEventCode.WRITTEN_OFF, "recovery": LoanEventCode.RECOVERED}


def loan_events(table: Table, rows: pd.DataFrame, kind: pd.Series[str]) -> Extract:
    """The rows of a ledger that say what became of a loan beside its repayments."""
    chosen = rows[kind.isin(list(EVENTS))]
    kinds = kind[chosen.index]
    place = chosen.groupby([chosen["loan"], kinds, chosen["booked_on"]]).cumcount() + 1
    cells = pd.DataFrame(
        {
            "loan": chosen["loan"],
            "event_id": (kinds + "-" + chosen["booked_on"] + "-" + place.astype(str)).astype("str"),
            "happened_on": chosen["booked_on"],
            "event": kinds.map({word: code.value for word, code in EVENTS.items()}).astype("str"),
            "amount": chosen["amount"],
        }
    )
    return Extract(
        RecordKind.LOAN_EVENTS,
        cells,
        headers={**table.used, "happened_on": table.used["booked_on"]},
    )
