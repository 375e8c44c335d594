"""A founder's word takes a record out of scoring at once; a second person decides."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from scoring.base.errors import ConflictError, FourEyesError, InputError, NotFoundError
from scoring.cli.console import staff_scope
from scoring.notices.reading import Notice, list_notices
from scoring.parties.founders import find_founder
from scoring.records.kinds import RecordKind
from scoring.review.dispute_decisions import (
    Decided,
    Outcome,
    decide_correcting,
    decide_keeping,
    decide_retracting,
)
from scoring.review.disputes import list_disputes, open_dispute
from scoring.score.replay import replay_score
from scoring.store.database import Database
from scoring.store.supersede import supersede_record
from scoring.store.tables import (
    Application,
    AuditEvent,
    Instalment,
    Loan,
    OrderLine,
    Record,
    Repayment,
    Score,
)
from tests.builders import FounderBuilder, a_founder, a_lender, an_expert_model, import_rows
from tests.conftest import Clock

REVIEWER = {"reason": "the marketplace's invoice", "author": "Reviewer Two"}


def contest(
    database: Database,
    record: int,
    kind: RecordKind = RecordKind.SALES,
    *,
    founder: str = "F-TEST000001",
    by: str = "founder",
) -> int:
    with database.writing() as ledger:
        return open_dispute(
            ledger,
            find_founder(ledger.session, founder),
            kind,
            record,
            reason="I never sold this",
            opened_by=by,
        ).id


def keep(database: Database, dispute: int) -> Decided:
    with database.writing() as ledger:
        return decide_keeping(ledger, dispute, **REVIEWER)


def correct(database: Database, dispute: int, **changes: str) -> Decided:
    with database.writing() as ledger:
        return decide_correcting(
            ledger, dispute, changes=changes, zone=database.settings.zone, **REVIEWER
        )


def retract(database: Database, dispute: int) -> Decided:
    with database.writing() as ledger:
        return decide_retracting(ledger, dispute, **REVIEWER)


def standing(database: Database, table: type[Record] = OrderLine) -> list[Any]:
    with database.reading() as session:
        found = select(table).where(table.superseded_recorded_at.is_(None)).order_by(table.id)
        return list(session.scalars(found))


def notices(database: Database) -> list[Notice]:
    with database.reading() as session:
        return list_notices(session, staff_scope())


@pytest.fixture
def founder(database: Database) -> FounderBuilder:
    """Somebody who sells well and can be scored for L-DEMO."""
    a_lender(database)
    an_expert_model(database)
    return a_founder(database).selling(weekly=600_000, weeks=40).consenting(to="L-DEMO")


def a_large_sale(founder: FounderBuilder, *, gross: int = 9_000_000, **cells: object) -> int:
    """One sale beside the usual ones, learned now; its record's id."""
    row: dict[str, object] = {
        "founder": founder.reference,
        "channel": "smartstore",
        "order_line": "LARGE",
        "ordered_on": founder.today - timedelta(days=2),
        "quantity": 1,
        "gross": gross,
        "currency": "KRW",
    }
    import_rows(founder.database, RecordKind.SALES, [row | cells], lag=None)
    found: int = min(r.id for r in standing(founder.database) if r.order_line == "LARGE")
    return found


def _features(score: Score) -> str:
    return score.document.partition('"features"')[2]


def test_a_disputed_sale_leaves_the_score_at_once_and_an_earlier_score_replays(
    founder: FounderBuilder,
) -> None:
    before = founder.scored()
    record = a_large_sale(founder)
    with_it = founder.scored()
    assert _features(with_it) != _features(before)
    contest(founder.database, record)
    without = founder.scored()
    assert _features(without) == _features(before)
    for score in (before, with_it, without):
        assert replay_score(founder.database, score.reference)["equal"] is True


def test_a_kept_record_comes_back_with_the_value_it_had(founder: FounderBuilder) -> None:
    record = a_large_sale(founder)
    with_it = founder.scored()
    decided = keep(founder.database, contest(founder.database, record))
    assert (decided.outcome, decided.notices) == (Outcome.KEPT, 0)
    kept = standing(founder.database)[-1]
    assert (kept.id, kept.gross, kept.held) == (decided.record, 9_000_000, None)
    assert _features(founder.scored()) == _features(with_it)
    assert notices(founder.database) == []


def test_a_suspect_record_that_is_kept_stays_suspect(founder: FounderBuilder) -> None:
    record = a_large_sale(founder)
    with founder.database.writing() as ledger:
        suspect = supersede_record(
            ledger,
            OrderLine,
            record,
            replacement={"held": "amount_outlier"},
            reason="a doubt",
            author="intake",
        )
    assert suspect is not None
    dispute = contest(founder.database, suspect)
    assert standing(founder.database)[-1].held == "disputed"
    keep(founder.database, dispute)
    assert standing(founder.database)[-1].held == "amount_outlier"


def test_a_corrected_record_counts_from_now_on_and_the_lender_hears(
    founder: FounderBuilder,
) -> None:
    record = a_large_sale(founder)
    score = founder.scored()
    decided = correct(founder.database, contest(founder.database, record), gross="900000")
    assert (decided.outcome, decided.notices) == (Outcome.CORRECTED, 1)
    new = standing(founder.database)[-1]
    assert (new.id, new.gross, new.held) == (decided.record, 900_000, None)
    (notice,) = notices(founder.database)
    assert (notice.lender, notice.founder) == ("L-DEMO", founder.reference)
    assert (notice.scores, notice.kind, notice.outcome) == (
        (score.reference,),
        RecordKind.SALES,
        "corrected",
    )
    told = str(notice.as_dict(founder.database.settings.zone))
    assert "900" not in told.replace(score.reference, "").replace(founder.reference, "")
    assert "LARGE" not in told


def test_a_retracted_record_stands_no_more_and_the_lender_hears(founder: FounderBuilder) -> None:
    record = a_large_sale(founder)
    founder.scored()
    decided = retract(founder.database, contest(founder.database, record))
    assert (decided.outcome, decided.record, decided.notices) == (Outcome.RETRACTED, None, 1)
    assert all(r.order_line != "LARGE" for r in standing(founder.database))


def test_a_lender_who_got_a_score_before_the_record_was_learned_gets_no_notice(
    founder: FounderBuilder,
) -> None:
    founder.scored()
    record = a_large_sale(founder)
    assert retract(founder.database, contest(founder.database, record)).notices == 0


def test_a_lender_who_asked_as_of_a_day_before_it_was_learned_gets_no_notice(
    founder: FounderBuilder, clock: Clock
) -> None:
    clock.advance(days=3)
    record = a_large_sale(founder)
    founder.scored(as_of=founder.today - timedelta(days=1))
    assert retract(founder.database, contest(founder.database, record)).notices == 0


def test_a_lender_who_got_a_score_while_it_was_disputed_gets_no_notice(
    founder: FounderBuilder,
) -> None:
    dispute = contest(founder.database, a_large_sale(founder))
    founder.scored()
    assert retract(founder.database, dispute).notices == 0


def test_after_six_months_no_lender_gets_a_notice(founder: FounderBuilder, clock: Clock) -> None:
    record = a_large_sale(founder)
    founder.scored()
    clock.advance(days=182)
    dispute = contest(founder.database, record)
    clock.advance(days=1, hours=1)
    assert retract(founder.database, dispute).notices == 0


def test_a_record_kept_once_and_then_found_wrong_reaches_who_saw_it_first(
    founder: FounderBuilder,
) -> None:
    record = a_large_sale(founder)
    score = founder.scored()
    kept = keep(founder.database, contest(founder.database, record)).record
    assert kept is not None
    assert retract(founder.database, contest(founder.database, kept)).notices == 1
    assert notices(founder.database)[0].scores == (score.reference,)


def test_each_lender_hears_of_its_own_scores_only(founder: FounderBuilder) -> None:
    a_lender(founder.database, "L-OTHER")
    founder.consenting(to="L-OTHER")
    record = a_large_sale(founder)
    own = founder.scored()
    others = [founder.scored(lender="L-OTHER").reference for _ in range(2)]
    assert retract(founder.database, contest(founder.database, record)).notices == 2
    assert {n.lender: n.scores for n in notices(founder.database)} == {
        "L-DEMO": (own.reference,),
        "L-OTHER": tuple(others),
    }


def test_no_lender_hears_of_an_application_to_another(founder: FounderBuilder) -> None:
    a_lender(founder.database, "L-OTHER")
    founder.consenting(to="L-OTHER")
    row: dict[str, object] = {
        "founder": founder.reference,
        "application": "A-1",
        "lender": "L-OTHER",
        "applied_on": founder.today,
        "principal": 1_000_000,
        "months": 12,
        "instalment": 85_000,
        "currency": "KRW",
    }
    import_rows(founder.database, RecordKind.APPLICATIONS, [row])
    founder.scored()
    founder.scored(lender="L-OTHER")
    retract(founder.database, contest(founder.database, 1, RecordKind.APPLICATIONS))
    assert standing(founder.database, Application) == []
    assert [n.lender for n in notices(founder.database)] == ["L-OTHER"]


def test_the_refund_of_a_disputed_sale_leaves_with_it_and_comes_back(
    founder: FounderBuilder,
) -> None:
    before = founder.scored()
    record = a_large_sale(founder, status="returned", refunded_on=founder.today)
    dispute = contest(founder.database, record)
    assert _features(founder.scored()) == _features(before)
    keep(founder.database, dispute)
    large = [r for r in standing(founder.database) if r.order_line == "LARGE"]
    assert {(r.entry, r.held) for r in large} == {("sale", None), ("refund", None)}


@pytest.mark.parametrize(("decide", "left"), [(keep, 1), (retract, 0)])
def test_a_disputed_loan_takes_its_instalments_out_of_scoring(
    decide: Callable[[Database, int], Decided], left: int, founder: FounderBuilder
) -> None:
    founder.borrowing(1_200_000, loan="N-1", disbursed_on=date(2026, 1, 5), months=12, paid=2)
    database = founder.database
    dispute = contest(database, 1, RecordKind.LOANS)
    tables: tuple[type[Record], ...] = (Loan, Instalment, Repayment)
    for table in tables:
        assert {r.held for r in standing(database, table)} == {"disputed"}
    with pytest.raises(ConflictError, match="or what it rests on, is disputed already"):
        contest(database, standing(database, Repayment)[0].id, RecordKind.REPAYMENTS)
    decide(database, dispute)
    for table, count in zip(tables, (1, 12, 2), strict=True):
        assert [r.held for r in standing(database, table)] == [None] * count * left


def test_a_repayment_disputed_by_itself_waits_for_its_loan_too(founder: FounderBuilder) -> None:
    founder.borrowing(1_200_000, loan="N-1", disbursed_on=date(2026, 1, 5), months=12, paid=1)
    database = founder.database
    of_repayment = contest(database, 1, RecordKind.REPAYMENTS)
    of_loan = contest(database, 1, RecordKind.LOANS)
    keep(database, of_repayment)
    assert [r.held for r in standing(database, Repayment)] == ["disputed"]
    keep(database, of_loan)
    assert [r.held for r in standing(database, Repayment)] == [None]


@pytest.mark.parametrize("by", ["Helper One", "helper  ONE.", "HELPER-ONE"])
def test_who_opened_a_dispute_for_the_founder_may_not_decide_it(
    by: str, founder: FounderBuilder
) -> None:
    dispute = contest(founder.database, 1, by="Helper One")
    with pytest.raises(FourEyesError, match="second person"), founder.database.writing() as ledger:
        decide_keeping(ledger, dispute, reason="fine", author=by)
    with founder.database.reading() as session:
        (entry,) = list_disputes(session, day=founder.today, zone=founder.database.settings.zone)
    assert entry.decision is None


def test_a_dispute_is_overdue_after_seven_days_until_decided(
    founder: FounderBuilder, clock: Clock
) -> None:
    database = founder.database
    dispute = contest(database, 1)
    opened = database.today

    def listed() -> tuple[date, bool]:
        with database.reading() as session:
            (entry,) = list_disputes(session, day=database.today, zone=database.settings.zone)
        return entry.decide_by, entry.is_overdue

    assert listed() == (opened + timedelta(days=7), False)
    clock.advance(days=7)
    assert listed()[1] is False
    clock.advance(days=1)
    assert listed()[1] is True
    keep(database, dispute)
    assert listed()[1] is False


def test_a_record_can_be_disputed_once_at_a_time_and_decided_once(founder: FounderBuilder) -> None:
    dispute = contest(founder.database, 1)
    held = standing(founder.database)[-1]
    with pytest.raises(ConflictError, match="is disputed already"):
        contest(founder.database, held.id)
    keep(founder.database, dispute)
    with pytest.raises(ConflictError, match="decided before"):
        keep(founder.database, dispute)
    assert contest(founder.database, standing(founder.database)[-1].id) == 2


def test_a_founder_disputes_own_records_only(founder: FounderBuilder) -> None:
    a_founder(founder.database, "F-OTHER")
    with pytest.raises(NotFoundError, match="F-OTHER has no record 1"):
        contest(founder.database, 1, founder="F-OTHER")
    with pytest.raises(NotFoundError, match="no dispute 7"):
        keep(founder.database, 7)


def test_a_correction_that_an_import_would_refuse_leaves_the_dispute_open(
    founder: FounderBuilder,
) -> None:
    dispute = contest(founder.database, 1)
    with pytest.raises(InputError, match="is not an amount"):
        correct(founder.database, dispute, gross="much")
    assert standing(founder.database)[-1].held == "disputed"
    assert correct(founder.database, dispute, gross="1").outcome is Outcome.CORRECTED


def test_a_reimport_of_the_same_file_leaves_a_disputed_record_disputed(
    founder: FounderBuilder,
) -> None:
    dispute = contest(founder.database, a_large_sale(founder))
    a_large_sale(founder)
    assert standing(founder.database)[-1].held == "disputed"
    assert keep(founder.database, dispute).outcome is Outcome.KEPT


def test_a_record_that_its_source_corrects_meanwhile_stays_disputed_and_is_found(
    founder: FounderBuilder,
) -> None:
    record = a_large_sale(founder)
    founder.scored()
    dispute = contest(founder.database, record)
    a_large_sale(founder, gross=900_000)
    assert standing(founder.database)[-1].held == "disputed"
    decided = keep(founder.database, dispute)
    assert (decided.outcome, decided.notices) == (Outcome.CORRECTED, 1)
    assert [(r.gross, r.held) for r in standing(founder.database)][-1] == (900_000, None)


def test_a_record_that_its_source_takes_back_meanwhile_is_retracted(
    founder: FounderBuilder,
) -> None:
    record = a_large_sale(founder)
    founder.scored()
    dispute = contest(founder.database, record)
    with founder.database.writing() as ledger:
        held = standing(founder.database)[-1].id
        supersede_record(
            ledger, OrderLine, held, replacement=None, reason="import withdrawn", author="x"
        )
    with pytest.raises(ConflictError, match="took it back"):
        correct(founder.database, dispute, gross="1")
    decided = keep(founder.database, dispute)
    assert (decided.outcome, decided.notices) == (Outcome.RETRACTED, 1)


def test_opening_and_deciding_are_one_event_each(founder: FounderBuilder) -> None:
    retract(founder.database, contest(founder.database, 1))
    with founder.database.reading() as session:
        events = session.scalars(
            select(AuditEvent).where(AuditEvent.action.like("dispute.%")).order_by("sequence")
        ).all()
    assert [(e.actor, e.action) for e in events] == [
        ("founder", "dispute.opened"),
        ("Reviewer Two", "dispute.decided"),
    ]
    assert all(e.founder_id == 1 and "sold" not in e.details for e in events)
