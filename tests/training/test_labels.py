"""A loan is judged at the end of its window, by all that is known, and never before."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from scoring.base.errors import InputError
from scoring.features.engines.lake import Lake
from scoring.parties.founders import find_founder
from scoring.records.kinds import RecordKind
from scoring.store.database import Database
from tests.builders import a_founder, import_rows
from tests.conftest import Clock
from training.data.labels import OutcomeDefinition, labels_known

PAID_OUT = date(2025, 1, 10)
FIRST_DUE = PAID_OUT + timedelta(days=30)
WINDOW_END = FIRST_DUE + timedelta(days=365)


def known_labels(
    database: Database, *, at: datetime | None = None, definition: OutcomeDefinition | None = None
) -> pd.DataFrame:
    with database.reading() as session:
        founder = find_founder(session, "F-TEST000001")
        return labels_known(
            Lake(session, [founder.id]),
            known_at=at or database.clock(),
            zone=database.settings.zone,
            definition=definition,
        )


def outcome_of(database: Database, **options: object) -> str:
    labels = known_labels(database, **options)  # type: ignore[arg-type]
    assert len(labels) == 1
    return str(labels["outcome"].iloc[0])


@pytest.mark.parametrize(
    ("late_days", "outcome"),
    [
        (0, "good"),
        (29, "good"),
        (30, "indeterminate"),
        (89, "indeterminate"),
        (90, "bad"),
        (150, "bad"),
    ],
)
def test_days_past_due_within_the_window_decide_the_outcome(
    sqlite: Database, late_days: int, outcome: str
) -> None:
    a_founder(sqlite).borrowing(
        1_200_000, loan="N1", disbursed_on=PAID_OUT, paid=12, late_days=late_days
    )
    labels = known_labels(sqlite)
    assert labels["outcome"].tolist() == [outcome]
    assert labels["as_of"].tolist() == [PAID_OUT - timedelta(days=1)]
    assert labels["reference"].tolist() == ["N1"]


def test_a_loan_that_was_never_paid_is_bad(sqlite: Database) -> None:
    a_founder(sqlite).borrowing(1_200_000, loan="N1", disbursed_on=PAID_OUT)
    assert outcome_of(sqlite) == "bad"


def test_what_falls_due_after_the_window_does_not_count(sqlite: Database) -> None:
    a_founder(sqlite).borrowing(2_400_000, loan="N1", disbursed_on=PAID_OUT, months=24, paid=13)
    assert outcome_of(sqlite) == "good"


def outcomes_by_loan(database: Database) -> dict[str, str]:
    labels = known_labels(database)
    return dict(zip(labels["reference"], labels["outcome"], strict=True))


def test_one_bad_loan_makes_the_borrower_bad(sqlite: Database) -> None:
    borrower = a_founder(sqlite).borrowing(1_200_000, loan="N1", disbursed_on=PAID_OUT, paid=12)
    assert outcomes_by_loan(sqlite) == {"N1": "good"}
    borrower.borrowing(600_000, loan="N2", disbursed_on=PAID_OUT + timedelta(days=60))
    assert outcomes_by_loan(sqlite) == {"N1": "bad", "N2": "bad"}


def test_somebody_elses_bad_loan_makes_nobody_bad(sqlite: Database) -> None:
    a_founder(sqlite).borrowing(1_200_000, loan="N1", disbursed_on=PAID_OUT, paid=12)
    a_founder(sqlite, "F-TEST000002").borrowing(600_000, loan="N3", disbursed_on=PAID_OUT)
    with sqlite.reading() as session:
        labels = labels_known(
            Lake(session), known_at=sqlite.clock(), zone=sqlite.settings.zone
        ).set_index("reference")
    assert labels["outcome"].to_dict() == {"N1": "good", "N3": "bad"}


@pytest.mark.parametrize(("days_after_the_end", "outcome"), [(0, "bad"), (1, "good")])
def test_a_loan_that_goes_bad_after_the_window_of_another_leaves_it_good(
    sqlite: Database, clock: Clock, days_after_the_end: int, outcome: str
) -> None:
    bad_from = WINDOW_END + timedelta(days=days_after_the_end)
    borrower = a_founder(sqlite).borrowing(1_200_000, loan="N1", disbursed_on=PAID_OUT, paid=12)
    borrower.borrowing(600_000, loan="N2", disbursed_on=bad_from - timedelta(days=30 + 90))
    clock.advance(days=365)
    borrower.reported()
    assert outcomes_by_loan(sqlite) == {"N1": outcome, "N2": "bad"}


@pytest.mark.parametrize(("days_before_the_start", "outcome"), [(0, "bad"), (1, "good")])
def test_a_loan_that_went_bad_before_the_window_of_another_leaves_it_good(
    sqlite: Database, days_before_the_start: int, outcome: str
) -> None:
    bad_from = FIRST_DUE - timedelta(days=days_before_the_start)
    a_founder(sqlite).borrowing(
        600_000, loan="N0", months=1, disbursed_on=bad_from - timedelta(days=30 + 90)
    ).borrowing(1_200_000, loan="N1", disbursed_on=PAID_OUT, paid=12)
    assert outcomes_by_loan(sqlite) == {"N0": "bad", "N1": outcome}


def test_a_late_loan_leaves_the_borrowers_other_loans_good(sqlite: Database) -> None:
    a_founder(sqlite).borrowing(1_200_000, loan="N1", disbursed_on=PAID_OUT, paid=12).borrowing(
        600_000, loan="N2", disbursed_on=PAID_OUT, paid=12, late_days=89
    )
    assert outcomes_by_loan(sqlite) == {"N1": "good", "N2": "indeterminate"}


def test_an_open_window_has_no_label_even_when_long_past_due(
    sqlite: Database, clock: Clock
) -> None:
    borrower = a_founder(sqlite).borrowing(
        1_200_000, loan="N1", disbursed_on=sqlite.today - timedelta(days=200)
    )
    assert outcome_of(sqlite) == "open"
    clock.advance(days=365)
    assert outcome_of(sqlite) == "unreported"
    borrower.reported()
    assert outcome_of(sqlite) == "bad"


def test_a_window_closes_with_the_end_of_its_last_day(sqlite: Database, clock: Clock) -> None:
    clock.now = datetime(2025, 1, 20, 3, 0, tzinfo=UTC)
    borrower = a_founder(sqlite).borrowing(1_200_000, loan="N1", disbursed_on=PAID_OUT)
    clock.now = datetime(WINDOW_END.year, WINDOW_END.month, WINDOW_END.day, 14, 59, tzinfo=UTC)
    assert sqlite.today == WINDOW_END
    borrower.reported()
    assert outcome_of(sqlite) == "open"
    clock.advance(minutes=2)  # midnight in Seoul
    assert outcome_of(sqlite) == "bad"


def test_a_repayment_that_is_reported_late_corrects_the_label_from_then_on(
    sqlite: Database,
) -> None:
    a_founder(sqlite).borrowing(1_200_000, loan="N1", disbursed_on=PAID_OUT)
    before = sqlite.clock()
    rows: list[dict[str, object]] = [
        {
            "loan": "N1",
            "repayment": f"R{number}",
            "paid_on": FIRST_DUE + timedelta(days=30 * number),
            "amount": 100_000,
        }
        for number in range(12)
    ]
    import_rows(sqlite, RecordKind.REPAYMENTS, rows, lag=None)
    assert outcome_of(sqlite) == "good"
    assert outcome_of(sqlite, at=before) == "bad"


def test_the_definition_can_be_changed(sqlite: Database) -> None:
    a_founder(sqlite).borrowing(1_200_000, loan="N1", disbursed_on=PAID_OUT, paid=12, late_days=45)
    strict = OutcomeDefinition(bad_days_past_due=45, indeterminate_days_past_due=10)
    short = OutcomeDefinition(performance_window_days=20)
    assert outcome_of(sqlite, definition=strict) == "bad"
    assert outcome_of(sqlite, definition=short) == "good"


def test_a_definition_by_which_no_loan_could_be_bad_is_refused() -> None:
    assert OutcomeDefinition.of() == OutcomeDefinition()
    assert OutcomeDefinition.of(bad_days=15, window_months=6) == OutcomeDefinition(15, 15, 182)
    with pytest.raises(InputError, match="Within a window of 61 days no loan gets 90 days"):
        OutcomeDefinition.of(bad_days=90, window_months=2)


@pytest.mark.parametrize(
    ("days_to_the_loan", "lender", "kinds"),
    [
        (0, "L-DEMO", ["loan"]),
        (60, "L-DEMO", ["loan"]),
        (61, "L-DEMO", ["application", "loan"]),
        (-1, "L-DEMO", ["application", "loan"]),
        (10, "L-OTHER", ["application", "loan"]),
    ],
)
def test_a_loan_that_is_in_the_ledger_and_declared_counts_once(
    sqlite: Database, days_to_the_loan: int, lender: str, kinds: list[str]
) -> None:
    a_founder(sqlite).borrowing(1_200_000, loan="N1", disbursed_on=PAID_OUT, paid=12)
    application = {
        "founder": "F-TEST000001",
        "application": "A1",
        "lender": lender,
        "applied_on": PAID_OUT - timedelta(days=days_to_the_loan),
        "principal": 1_200_000,
        "months": 12,
        "instalment": 100_000,
        "currency": "KRW",
    }
    import_rows(sqlite, RecordKind.APPLICATIONS, [application])
    declared = {"application": "A1", "outcome": "bad", "declared_on": "2026-03-02"}
    import_rows(sqlite, RecordKind.OUTCOMES, [declared])
    labels = known_labels(sqlite).set_index("kind")
    assert sorted(labels.index) == kinds
    assert labels.at["loan", "outcome"] == "good"


def test_a_declared_outcome_is_a_label_as_of_the_day_of_the_application(sqlite: Database) -> None:
    a_founder(sqlite)
    applied_on = date(2025, 3, 1)
    application = {
        "founder": "F-TEST000001",
        "application": "A1",
        "lender": "L-DEMO",
        "applied_on": applied_on,
        "principal": 900_000,
        "months": 12,
        "instalment": 80_000,
        "currency": "KRW",
    }
    import_rows(sqlite, RecordKind.APPLICATIONS, [application])
    assert known_labels(sqlite).empty
    declared = {"application": "A1", "outcome": "good", "declared_on": "2026-03-02"}
    import_rows(sqlite, RecordKind.OUTCOMES, [declared])
    first = sqlite.clock()
    import_rows(sqlite, RecordKind.OUTCOMES, [{**declared, "outcome": "bad"}])
    labels = known_labels(sqlite)
    assert labels["kind"].tolist() == ["application"]
    assert labels["as_of"].tolist() == [applied_on]
    assert labels["outcome"].tolist() == ["bad"]
    assert outcome_of(sqlite, at=first) == "good"


def an_event(database: Database, event: str, **cells: object) -> None:
    row = {"loan": "N1", "event_id": f"E-{event}", "event": event, **cells}
    import_rows(database, RecordKind.LOAN_EVENTS, [row])


@pytest.mark.parametrize(
    ("event", "reason", "outcome"),
    [
        ("written_off", "other", "bad"),
        ("rescheduled", "distress", "bad"),
        ("rescheduled", "request", "good"),
        ("rescheduled", "disaster", "disaster"),
        ("rescheduled", "platform_failure", "platform_failure"),
        ("closed", "fraud", "victim_of_fraud"),
        ("withdrawn", "request", "withdrawn"),
    ],
)
def test_events_of_a_loan_decide_its_label_whatever_is_paid_after(
    sqlite: Database, event: str, reason: str, outcome: str
) -> None:
    a_founder(sqlite).borrowing(1_200_000, loan="N1", disbursed_on=PAID_OUT, paid=12)
    day = PAID_OUT + timedelta(days=10 if event == "withdrawn" else 200)
    an_event(sqlite, event, reason=reason, happened_on=day, amount=600_000, schedule=1)
    if event == "rescheduled":
        rest = [
            {
                "loan": "N1",
                "schedule": 1,
                "number": number,
                "due_on": PAID_OUT + timedelta(days=30 * (number + 6)),
                "principal": 100_000,
                "interest": 0,
            }
            for number in range(1, 7)
        ]
        import_rows(sqlite, RecordKind.SCHEDULE, rest)
    assert outcome_of(sqlite) == outcome


def test_a_loan_that_was_repaid_before_six_dues_says_nothing(sqlite: Database) -> None:
    borrower = a_founder(sqlite).borrowing(1_200_000, loan="N1", disbursed_on=PAID_OUT, paid=3)
    rest = {"loan": "N1", "repayment": "rest", "amount": 900_000}
    day = PAID_OUT + timedelta(days=100)
    import_rows(sqlite, RecordKind.REPAYMENTS, [rest | {"paid_on": day}])
    assert outcome_of(sqlite) == "indeterminate"
    borrower.borrowing(100_000, loan="N2", disbursed_on=PAID_OUT, months=1, paid=1)
    assert outcomes_by_loan(sqlite)["N2"] == "good", "what ends in its time is not prepaid"


def test_a_loan_that_was_granted_in_default_is_counted_and_not_fitted(sqlite: Database) -> None:
    borrower = a_founder(sqlite).borrowing(600_000, loan="N0", disbursed_on=PAID_OUT)
    borrower.borrowing(
        600_000, loan="N1", disbursed_on=PAID_OUT + timedelta(days=130), months=6, paid=6
    )
    assert outcomes_by_loan(sqlite) == {"N0": "bad", "N1": "granted_in_default"}


def test_a_loan_without_a_schedule_is_counted(sqlite: Database) -> None:
    borrower = a_founder(sqlite)
    loan = {"founder": borrower.reference, "loan": "N1", "lender": "L-DEMO", "currency": "KRW"}
    loan |= {"principal": 100_000, "disbursed_on": PAID_OUT}
    import_rows(sqlite, RecordKind.LOANS, [loan])
    assert outcome_of(sqlite) == "no_schedule"


def test_two_lenders_loans_of_one_number_give_two_labels(sqlite: Database) -> None:
    borrower = a_founder(sqlite).borrowing(1_200_000, loan="7", disbursed_on=PAID_OUT, paid=12)
    other = {"founder": borrower.reference, "loan": "7", "lender": "L-OTHER", "currency": "KRW"}
    other |= {"principal": 600_000, "disbursed_on": PAID_OUT + timedelta(days=500)}
    due = {"loan": "7", "number": 1, "principal": 600_000, "interest": 0}
    due |= {"due_on": PAID_OUT + timedelta(days=510)}
    import_rows(sqlite, RecordKind.LOANS, [other], source="lender:L-OTHER")
    import_rows(sqlite, RecordKind.SCHEDULE, [due], source="lender:L-OTHER")
    labels = known_labels(sqlite)
    assert labels[["lender", "outcome"]].to_numpy().tolist() == [
        ["L-DEMO", "good"],
        ["L-OTHER", "open"],
    ]
