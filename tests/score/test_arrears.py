"""What a score says of arrears and default is true: of one loan, one lender, as far as is told."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from scoring.base.settings import DeploymentProfile
from scoring.parties.consents import Purpose, grant_consent
from scoring.parties.founders import find_founder
from scoring.parties.lenders import find_lender
from scoring.records.kinds import RecordKind
from scoring.score.arrears_told import tell_everybody
from scoring.score.document import InDefault, Scored, ScoreDocument
from scoring.score.replay import replay_score
from scoring.score.views import lender_view
from scoring.store.database import Database
from scoring.store.tables import FounderNotice
from tests.builders import (
    FounderBuilder,
    a_founder,
    a_lender,
    an_expert_model,
    document_of,
    import_rows,
)
from tests.conftest import Clock

PRINCIPAL = 12_000_000
DUE = PRINCIPAL // 12


@pytest.fixture
def borrower(sqlite: Database) -> FounderBuilder:
    return _borrower(sqlite)


def _borrower(database: Database) -> FounderBuilder:
    a_lender(database)
    an_expert_model(database)
    founder = a_founder(database).attending(8, of=10).selling(weekly=900_000, weeks=40)
    return founder.consenting(to="L-DEMO")


def _scored(founder: FounderBuilder, lender: str = "L-DEMO") -> ScoreDocument:
    score = founder.scored(lender=lender)
    replay_score(founder.database, score.reference)
    return document_of(score)


def _ago(founder: FounderBuilder, days: int) -> date:
    return founder.today - timedelta(days=days)


def _paying(founder: FounderBuilder, loan: str, name: str, on: date, amount: int) -> None:
    row = {"loan": loan, "repayment": name, "paid_on": on, "amount": amount}
    import_rows(founder.database, RecordKind.REPAYMENTS, [row])


def _event(founder: FounderBuilder, event: str, on: date, **cells: object) -> None:
    row = {"loan": "N-1", "event_id": f"{event}-{on}", "event": event, "happened_on": on, **cells}
    import_rows(founder.database, RecordKind.LOAN_EVENTS, [row])


def test_a_borrower_in_default_gets_the_state_and_no_band(database: Database) -> None:
    founder = _borrower(database)
    before = _scored(founder)
    assert isinstance(before.result, Scored)
    assert before.current_arrears.days is None, "no loan is on file"
    founder.borrowing(20_000_000, loan="N-1", disbursed_on=_ago(founder, 189))
    document = _scored(founder)
    assert isinstance(document.result, InDefault)
    assert document.result.cause == "days_past_due"
    assert document.result.since == _ago(founder, 69)
    assert document.current_arrears.days == document.result.days == 159
    assert document.current_arrears.whose == "own"
    assert document.current_arrears.reported_through == founder.today
    assert document.features["current_days_past_due"] == 159, "features stay"
    view = lender_view(founder.scored())
    assert (view["status"], view["score"]) == ("in_default", None)
    assert not {"band", "pd", "pd_low", "base_points"} & view.keys()
    assert "159" in view["in_default"]["reason"]["en"]
    assert "90" in view["in_default"]["cure"]["ko"]


def test_somebody_in_default_with_a_thin_file_is_in_default(sqlite: Database) -> None:
    a_lender(sqlite)
    an_expert_model(sqlite)
    founder = a_founder(sqlite).consenting(to="L-DEMO")
    founder.borrowing(PRINCIPAL, loan="N-1", disbursed_on=_ago(founder, 200))
    document = _scored(founder)
    assert isinstance(document.result, InDefault)
    assert document.missing == ()


@pytest.mark.parametrize(("days", "is_default"), [(89, False), (90, True)])
def test_default_begins_at_ninety_days(
    borrower: FounderBuilder, days: int, is_default: bool
) -> None:
    borrower.borrowing(PRINCIPAL, loan="N-1", disbursed_on=_ago(borrower, days + 30))
    document = _scored(borrower)
    assert document.current_arrears.days == days
    assert isinstance(document.result, InDefault) is is_default


def test_default_is_cured_by_ninety_clean_days_and_no_fewer(
    borrower: FounderBuilder, clock: Clock
) -> None:
    borrower.borrowing(1_000_000, loan="N-1", months=1, disbursed_on=_ago(borrower, 200))
    _paying(borrower, "N-1", "R", borrower.today, 1_000_000)
    result = _scored(borrower).result
    assert isinstance(result, InDefault)
    assert (result.days, result.clean_days) == (0, 0)
    clock.advance(days=89)
    result = _scored(borrower).result
    assert isinstance(result, InDefault)
    assert result.clean_days == 89
    clock.advance(days=1)
    assert _scored(borrower).result.status == "scored"


def test_silence_is_not_arrears(borrower: FounderBuilder, clock: Clock) -> None:
    borrower.borrowing(PRINCIPAL, loan="N-1", disbursed_on=_ago(borrower, 100), paid=3)
    told_on = borrower.today
    assert _scored(borrower).current_arrears.days == 0
    clock.advance(days=200)
    document = _scored(borrower)
    assert document.current_arrears.days == 0
    assert document.current_arrears.reported_through == told_on
    assert document.features["current_days_past_due"] == 0
    assert document.result.status == "scored"


def test_days_past_due_stand_still_where_reports_end(
    borrower: FounderBuilder, clock: Clock
) -> None:
    borrower.borrowing(PRINCIPAL, loan="N-1", disbursed_on=_ago(borrower, 130))
    told_on = borrower.today
    clock.advance(days=179)
    result = _scored(borrower).result
    assert isinstance(result, InDefault)
    assert (result.days, result.reported_through, result.last_reported) == (100, told_on, None)
    clock.advance(days=1)
    result = _scored(borrower).result
    assert isinstance(result, InDefault)
    assert (result.days, result.last_reported) == (100, told_on), "and proof is asked for"


def test_a_loan_that_nobody_reported_is_in_no_arrears(borrower: FounderBuilder) -> None:
    loan = {"founder": borrower.reference, "loan": "N-9", "lender": "L-DEMO", "currency": "KRW"}
    granted = _ago(borrower, 300)
    import_rows(
        borrower.database, RecordKind.LOANS, [loan | {"principal": DUE, "disbursed_on": granted}]
    )
    due = {"loan": "N-9", "number": 1, "due_on": granted + timedelta(days=30), "principal": DUE}
    import_rows(borrower.database, RecordKind.SCHEDULE, [due | {"interest": 0}])
    arrears = _scored(borrower).current_arrears
    assert (arrears.days, arrears.reported_through) == (0, granted)


def test_an_immaterial_loan_elsewhere_costs_nothing(borrower: FounderBuilder) -> None:
    borrower.borrowing(PRINCIPAL, loan="N-1", disbursed_on=_ago(borrower, 100), paid=3)
    before = _scored(borrower).result
    borrower.borrowing(1, loan="N-2", months=1, disbursed_on=_ago(borrower, 340))
    after = _scored(borrower)
    assert after.current_arrears.days == 0
    assert isinstance(before, Scored)
    assert isinstance(after.result, Scored)
    assert after.result.score >= before.score


def test_a_repayment_that_bounced_was_never_paid(borrower: FounderBuilder) -> None:
    borrower.borrowing(PRINCIPAL, loan="N-1", disbursed_on=_ago(borrower, 75), paid=2)
    assert _scored(borrower).current_arrears.days == 0
    _event(borrower, "reversed", _ago(borrower, 10), repayment="R00", reason="bounced")
    document = _scored(borrower)
    assert document.current_arrears.days == 15, "what is left settles the older first"
    assert document.features["worst_days_past_due_365d"] == 30


def test_early_repayment_is_seen(borrower: FounderBuilder) -> None:
    borrower.borrowing(PRINCIPAL, loan="N-1", disbursed_on=_ago(borrower, 100), paid=3)
    before = _scored(borrower).features
    _paying(borrower, "N-1", "rest", _ago(borrower, 1), PRINCIPAL - 3 * DUE)
    document = _scored(borrower)
    assert (before["loans_repaid"], document.features["loans_repaid"]) == (0, 1)
    assert document.features["outstanding_share"] < before["outstanding_share"]
    assert document.current_arrears.reported_through is None, "no loan runs any more"


def test_a_rescheduling_ends_the_old_schedule_and_keeps_its_past(
    borrower: FounderBuilder,
) -> None:
    borrower.borrowing(PRINCIPAL, loan="N-1", disbursed_on=_ago(borrower, 100), paid=1)
    assert _scored(borrower).current_arrears.days == 40
    _event(borrower, "rescheduled", _ago(borrower, 5), reason="season", schedule=1, amount=11 * DUE)
    rest = [
        {"loan": "N-1", "schedule": 1, "number": number, "principal": DUE, "interest": 0}
        | {"due_on": borrower.today + timedelta(days=30 * number)}
        for number in range(1, 12)
    ]
    import_rows(borrower.database, RecordKind.SCHEDULE, rest)
    document = _scored(borrower)
    assert document.current_arrears.days == 0
    assert document.features["worst_days_past_due_365d"] == 35, "what was past due then stays"
    assert document.result.status == "scored"


@pytest.mark.parametrize(
    ("event", "reason", "cause"),
    [
        ("written_off", "other", "written_off"),
        ("sold", "at_a_loss", "sold_at_a_loss"),
        ("rescheduled", "distress", "rescheduled_in_distress"),
    ],
)
def test_a_loss_or_distress_is_a_default_whatever_the_days(
    borrower: FounderBuilder, event: str, reason: str, cause: str
) -> None:
    borrower.borrowing(PRINCIPAL, loan="N-1", disbursed_on=_ago(borrower, 100), paid=3)
    _event(borrower, event, _ago(borrower, 5), reason=reason, amount=DUE, schedule=1)
    result = _scored(borrower).result
    assert isinstance(result, InDefault)
    assert (result.cause, result.since) == (cause, _ago(borrower, 5))


def test_two_lenders_loans_of_one_number_are_two_loans(borrower: FounderBuilder) -> None:
    database = borrower.database
    borrower.borrowing(PRINCIPAL, loan="7", disbursed_on=_ago(borrower, 100), paid=3)
    one = _scored(borrower).features
    loan = {"founder": borrower.reference, "loan": "7", "lender": "L-OTHER", "currency": "KRW"}
    granted = _ago(borrower, 80)
    other = {"source": "lender:L-OTHER"}
    row = loan | {"principal": DUE, "disbursed_on": granted}
    import_rows(database, RecordKind.LOANS, [row], **other)
    due = {"loan": "7", "number": 1, "due_on": granted + timedelta(days=30), "principal": DUE}
    import_rows(database, RecordKind.SCHEDULE, [due | {"interest": 0}], **other)
    paid = {"loan": "7", "repayment": "R", "paid_on": due["due_on"], "amount": DUE}
    import_rows(database, RecordKind.REPAYMENTS, [paid], **other)
    both = _scored(borrower).features
    assert (one["loans_repaid"], both["loans_repaid"]) == (0, 1)
    assert both["instalments_settled"] == one["instalments_settled"] + 1


def _elsewhere(founder: FounderBuilder, principal: int, days: int) -> None:
    loan = {"founder": founder.reference, "loan": "K-1", "lender": "L-OTHER", "currency": "KRW"}
    granted = _ago(founder, days + 30)
    source = "lender:L-OTHER"
    row = loan | {"principal": principal, "disbursed_on": granted}
    import_rows(founder.database, RecordKind.LOANS, [row], source=source)
    due = {"loan": "K-1", "number": 1, "due_on": granted + timedelta(days=30), "interest": 0}
    import_rows(
        founder.database, RecordKind.SCHEDULE, [due | {"principal": principal}], source=source
    )
    charged = {"loan": "K-1", "event_id": "E", "event": "fee_charged", "happened_on": granted}
    import_rows(founder.database, RecordKind.LOAN_EVENTS, [charged], source=source)


def _told_and_waited(founder: FounderBuilder, clock: Clock) -> None:
    assert tell_everybody(founder.database, actor="test") == 1
    clock.advance(days=7)


def test_others_see_arrears_five_business_days_after_their_borrower_was_told(
    borrower: FounderBuilder, clock: Clock
) -> None:
    _elsewhere(borrower, 3_000_000, 100)
    before = _scored(borrower)
    assert before.result.status == "scored"
    assert before.current_arrears.days == 0
    with borrower.database.reading() as session:
        notice = json.loads(session.scalars(select(FounderNotice.content)).one())
    # Told on Monday, June 15th 2026, when the other lender asked: shown on the Monday after.
    assert notice["shown_from"] == "2026-06-22"
    assert (notice["amount"], notice["days"], notice["lender"]) == (3_000_000, 100, "L-OTHER")
    assert notice["since"] == _ago(borrower, 100).isoformat()
    clock.advance(days=6)
    assert _scored(borrower).current_arrears.days == 0
    clock.advance(days=1)
    after = _scored(borrower)
    assert after.result.status == "in_default"
    assert after.current_arrears.days == 100, "frozen on the last day reported"
    assert tell_everybody(borrower.database, actor="test") == 0, "nothing is told twice"


def test_the_lender_of_the_loan_needs_no_notice(borrower: FounderBuilder) -> None:
    borrower.borrowing(20_000_000, loan="N-1", disbursed_on=_ago(borrower, 189))
    assert _scored(borrower).result.status == "in_default"


def test_of_another_lenders_loan_only_days_bucket_and_day_are_told(
    borrower: FounderBuilder, clock: Clock
) -> None:
    _elsewhere(borrower, 3_000_000, 100)
    _told_and_waited(borrower, clock)
    view = lender_view(borrower.scored())
    assert view["in_default"]["whose"] == view["current_arrears"]["whose"] == "others"
    assert view["current_arrears"]["days"] == 100
    assert view["current_arrears"]["amount"] == "under_500_floors"
    for secret in ("L-OTHER", "K-1", "3000000", "3,000,000"):
        assert secret not in str(view)


def test_a_small_or_young_arrear_elsewhere_is_not_shown(borrower: FounderBuilder) -> None:
    _elsewhere(borrower, 99_000, 100)
    assert tell_everybody(borrower.database, actor="test") == 0
    document = _scored(borrower)
    assert document.current_arrears.days == 0
    assert document.result.status == "scored"


def test_loans_elsewhere_are_not_read_where_the_founder_refuses(
    borrower: FounderBuilder, clock: Clock
) -> None:
    _elsewhere(borrower, 3_000_000, 100)
    _told_and_waited(borrower, clock)
    assert _scored(borrower).result.status == "in_default"
    database = borrower.database
    with database.writing() as ledger:
        grant_consent(
            ledger,
            find_founder(ledger.session, borrower.reference),
            lender=find_lender(ledger.session, "L-DEMO"),
            purpose=Purpose.LOAN_APPLICATION,
            reads_loans_elsewhere=False,
            actor="test",
        )
    document = _scored(borrower)
    assert document.result.status == "scored"
    assert (document.current_arrears.read, document.current_arrears.days) == ("own", None)
    assert document.features["worst_days_past_due_365d"] is None
    assert document.completeness["repayment"].records == 0


def test_where_no_loan_may_be_read_none_is(tmp_path, clock: Clock) -> None:  # type: ignore[no-untyped-def]
    from scoring.base.settings import Settings
    from tests.conftest import new_sqlite_store

    profile = DeploymentProfile.NONFINANCIAL_CB
    settings = Settings(data_dir=tmp_path, deployment_profile=profile)
    founder = _borrower(new_sqlite_store(settings, clock))
    founder.borrowing(PRINCIPAL, loan="N-1", disbursed_on=_ago(founder, 300))
    document = _scored(founder)
    assert document.result.status == "scored"
    assert (document.current_arrears.read, document.current_arrears.days) == ("none", None)


def test_nobody_in_arrears_is_praised_for_the_time_before(borrower: FounderBuilder) -> None:
    borrower.borrowing(PRINCIPAL, loan="N-1", disbursed_on=_ago(borrower, 280), paid=9)
    assert _scored(borrower).features["months_since_late_30d"] == 60
    borrower.borrowing(PRINCIPAL, loan="N-2", disbursed_on=_ago(borrower, 60))
    features = _scored(borrower).features
    assert features["current_days_past_due"] == 30
    assert features["months_since_late_30d"] is None
    assert features["days_past_due_rise"] is None
