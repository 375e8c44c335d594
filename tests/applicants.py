"""Founders who apply to a lender in numbers, and what the lender decides on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from scoring.governance.registry import champion
from scoring.parties.consents import Purpose, grant_consent
from scoring.parties.founders import add_founders
from scoring.parties.lender_policies import Policy, decide_policy
from scoring.parties.lenders import find_lender
from scoring.portfolio.applicants import applicants_in_file
from scoring.records.kinds import RecordKind
from scoring.score.cut_off import store_cut_off_background
from scoring.score.document import ScoreDocument
from scoring.store.database import Database
from scoring.store.tables import CutOffBackground, Score
from tests.builders import a_founder, document_of, import_rows


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
            for order in range(48)
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


def decide(database: Database, policy: Policy, *, lender: str = "L-DEMO") -> None:
    with database.writing() as ledger:
        decide_policy(
            ledger, find_lender(ledger.session, lender), policy, by="A Person", reason="because"
        )


def compute(database: Database, portfolio: Path | None = None) -> CutOffBackground:
    with database.writing() as ledger:
        lender, model = find_lender(ledger.session, "L-DEMO"), champion(ledger.session)
        found = None
        if portfolio is not None:
            found = applicants_in_file(ledger.session, portfolio, lender, model)
        return store_cut_off_background(ledger, lender, model, by="A Person", applicants=found)


def scored(database: Database, reference: str) -> Score:
    return a_founder(database, reference).scored()


def documents_of(database: Database, references: list[str]) -> list[ScoreDocument]:
    return [document_of(scored(database, reference)) for reference in references]
