"""Founders who apply to a lender in numbers, as a background of its reasons needs them."""

from __future__ import annotations

from datetime import timedelta

from scoring.records.consents import Purpose, grant_consent
from scoring.records.database import Database
from scoring.records.intake.forms import RecordKind
from scoring.records.parties import add_founders, find_lender
from tests.builders import import_rows


def applicants(
    database: Database,
    count: int,
    *,
    lender: str = "L-DEMO",
    purpose: Purpose = Purpose.LOAN_APPLICATION,
) -> list[str]:
    """References of founders with sales of all sizes, some with training, who consent."""
    references = [f"F-APPLICANT{number:03d}" for number in range(count)]
    with database.writing() as ledger:
        founders = add_founders(ledger, references, actor="test")
        for founder in founders:
            grant_consent(
                ledger,
                founder,
                lender=find_lender(ledger.session, lender),
                purpose=purpose,
                actor="test",
            )
    last = database.today - timedelta(days=1)
    import_rows(
        database,
        RecordKind.SALES,
        [
            {
                "founder": reference,
                "channel": "cafe24",
                "order_line": f"O{number}-{order}",
                "ordered_on": last - timedelta(days=(5 + number % 4) * order),
                "quantity": 1,
                "gross": 20_000 * (1 + number) + 9_000 * (order % 3),
                "currency": "KRW",
                "buyer": f"b{order % (3 + number % 9)}",
            }
            for number, reference in enumerate(references)
            for order in range(24)
        ],
    )
    import_rows(
        database,
        RecordKind.ATTENDANCE,
        [
            {
                "founder": reference,
                "programme": "P-02",
                "session": f"S{session:02d}",
                "held_on": last - timedelta(days=150 - 3 * session),
                "hours": 2,
                "session_kind": "class",
                "status": "absent" if (session * (number % 5)) % 7 > 3 else "present",
            }
            for number, reference in enumerate(references)
            if number % 3
            for session in range(10)
        ],
    )
    return references
