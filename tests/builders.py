"""Builders that read like a story: a founder, what they sold, what they paid back.

a_founder(database).attending(8, of=10).selling(weekly=300_000, weeks=30).applying(...)
"""

from __future__ import annotations

import csv
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Self

import pandas as pd

from scoring.features import features_for
from scoring.governance.registry import promote_model, store_model
from scoring.intake.importing import DEFAULT_SOURCE, Request, import_records
from scoring.intake.learned_at import Learned
from scoring.intake.telling.receipts import Receipt
from scoring.models.artefact import Artefact
from scoring.models.priors import read_priors, typical_constants, unfitted_scorecard
from scoring.parties.consents import Purpose, grant_consent, withdraw_consent
from scoring.parties.founders import add_founders, find_founder
from scoring.parties.lenders import add_lender, find_lender
from scoring.records.forms import FORMS
from scoring.records.kinds import RecordKind
from scoring.records.loan_reports import report_loans
from scoring.score.document import ScoreDocument
from scoring.score.scoring import score_founder
from scoring.store.database import Database
from scoring.store.tables import Score


def import_rows(
    database: Database,
    kind: RecordKind,
    rows: list[dict[str, object]],
    *,
    lag: int | None = 0,
    source: str | None = None,
    again_for_another: bool = False,
) -> Receipt:
    """Write rows as a plain CSV file and import it as a person would."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{kind.value}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=FORMS[kind].names, restval="")
            writer.writeheader()
            writer.writerows(rows)
        request = Request(
            kind=kind,
            learned=Learned(lag),
            source=source,
            again_for_another=again_for_another,
        )
        return import_records(database, path, request)


class FounderBuilder:
    """One founder's file; each method imports records through the real intake."""

    def __init__(self, database: Database, reference: str) -> None:
        self.database, self.reference = database, reference
        with database.writing() as ledger:
            add_founders(ledger, [reference], actor="test")

    @property
    def today(self) -> date:
        return self.database.today

    def attending(self, attended: int, *, of: int, excused: int = 0) -> Self:
        statuses = ["present"] * attended + ["absent"] * (of - attended - excused)
        statuses += ["excused"] * excused
        first = self.today - timedelta(days=200)
        import_rows(
            self.database,
            RecordKind.ATTENDANCE,
            [
                {
                    "founder": self.reference,
                    "programme": "P-01",
                    "session": f"S{number:02d}",
                    "held_on": first + timedelta(days=3 * number),
                    "hours": 2,
                    "session_kind": "class",
                    "status": status,
                    "assignment": {"present": "on_time", "absent": "missing"}.get(status, ""),
                }
                for number, status in enumerate(statuses)
            ],
        )
        return self

    def selling(
        self,
        *,
        weekly: int,
        weeks: int,
        channel: str = "smartstore",
        until: date | None = None,
        refund_every: int = 0,
        currency: str = "KRW",
    ) -> Self:
        last = until or self.today - timedelta(days=1)
        rows: list[dict[str, object]] = []
        for week in range(weeks):
            for order in range(2):
                day = last - timedelta(days=7 * week + 3 * order)
                number = 2 * week + order
                row: dict[str, object] = {
                    "founder": self.reference,
                    "channel": channel,
                    "order_line": f"{channel}-{day}-{number}",
                    "ordered_on": day,
                    "quantity": 1,
                    "gross": weekly // 2,
                    "currency": currency,
                    "buyer": f"b{number % 17}",
                }
                if refund_every and number % refund_every == 0 and day < last:
                    row |= {
                        "status": "returned",
                        "refunded_on": day + timedelta(days=1),
                        "refund_cause": "seller",
                    }
                rows.append(row)
        import_rows(self.database, RecordKind.SALES, rows)
        return self

    def borrowing(
        self,
        principal: int,
        *,
        loan: str,
        disbursed_on: date,
        months: int = 12,
        paid: int = 0,
        late_days: int = 0,
    ) -> Self:
        """A loan with equal monthly instalments, the first `paid` of them paid `late_days` late.

        Its lender has reported it through today, whether or not anything was paid.
        """
        import_rows(
            self.database,
            RecordKind.LOANS,
            [
                {
                    "founder": self.reference,
                    "loan": loan,
                    "lender": "L-DEMO",
                    "principal": principal,
                    "currency": "KRW",
                    "annual_rate": 0.06,
                    "months": months,
                    "disbursed_on": disbursed_on,
                }
            ],
        )
        due = [disbursed_on + timedelta(days=30 * (number + 1)) for number in range(months)]
        import_rows(
            self.database,
            RecordKind.SCHEDULE,
            [
                {
                    "loan": loan,
                    "number": number + 1,
                    "due_on": day,
                    "principal": principal // months,
                    "interest": 0,
                }
                for number, day in enumerate(due)
            ],
        )
        if paid:
            import_rows(
                self.database,
                RecordKind.REPAYMENTS,
                [
                    {
                        "loan": loan,
                        "repayment": f"R{number:02d}",
                        "paid_on": day + timedelta(days=late_days),
                        "amount": principal // months,
                    }
                    for number, day in enumerate(due[:paid])
                ],
            )
        return self if paid else self.reported(loan)

    def reported(self, *loans: str) -> Self:
        """These loans reported through today, all without a name: nothing else was paid."""
        with self.database.writing() as ledger:
            report_loans(
                ledger,
                source=DEFAULT_SOURCE,
                through=self.today,
                learned_at=lambda day: Learned(0).learned_at(
                    day.isoformat(), ledger.now, self.database
                ),
                loans=loans or None,
            )
        return self

    def consenting(self, *, to: str | None, purpose: Purpose = Purpose.LOAN_APPLICATION) -> Self:
        with self.database.writing() as ledger:
            grant_consent(
                ledger,
                find_founder(ledger.session, self.reference),
                lender=find_lender(ledger.session, to) if to else None,
                purpose=purpose,
                actor="test",
            )
        return self

    def withdrawing(self, *, from_lender: str | None) -> Self:
        with self.database.writing() as ledger:
            withdraw_consent(
                ledger,
                find_founder(ledger.session, self.reference),
                lender=None if from_lender is None else find_lender(ledger.session, from_lender),
                purpose=Purpose.LOAN_APPLICATION,
                actor="founder",
            )
        return self

    def scored(self, *, lender: str = "L-DEMO", as_of: date | None = None) -> Score:
        with self.database.writing() as ledger:
            return score_founder(
                ledger,
                self.database.settings,
                self.reference,
                lender=find_lender(ledger.session, lender),
                purpose=Purpose.LOAN_APPLICATION,
                as_of=as_of,
                actor="test",
            )


def document_of(score: Score) -> ScoreDocument:
    """What a score says, read from the store's text."""
    return ScoreDocument.from_canonical(score.document)


def a_founder(database: Database, reference: str = "F-TEST000001") -> FounderBuilder:
    """A founder with an empty file."""
    return FounderBuilder(database, reference)


def a_lender(database: Database, reference: str = "L-DEMO") -> str:
    """A lender to consent to."""
    with database.writing() as ledger:
        add_lender(ledger, reference, name="Sample lender", actor="test")
    return reference


def an_expert_model(database: Database) -> str:
    """The expert prior, trained by one person and promoted by another."""
    profile = database.settings.deployment_profile
    features = features_for(profile)
    scorecard = unfitted_scorecard(features, read_priors(), currency="KRW")
    scorecard.fit(pd.DataFrame(columns=list(features), dtype=float))
    artefact = Artefact.of(
        scorecard,
        currency="KRW",
        deployment_profile=profile,
        shrinkage_constants=typical_constants(features, read_priors()),
    )
    with database.writing() as ledger:
        model = store_model(
            ledger, artefact, kind="expert_prior", figures={}, lineage={}, trained_by="an analyst"
        )
        promote_model(ledger, model.reference, by="a reviewer", reason="first model")
    return model.reference
