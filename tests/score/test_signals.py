"""Signs that a lender is told to ask about: each of them, what is none, and that none is points."""

import json
from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from scoring.base.calendar import day_number, start_of
from scoring.base.settings import DeploymentProfile, Settings
from scoring.parties.founders import find_founder
from scoring.reasons.texts import LANGUAGES, signal_seen, texts
from scoring.records.kinds import RecordKind
from scoring.score import scoring as scoring_path
from scoring.score.replay import replay_score
from scoring.score.signals import round_unit
from scoring.score.views import lender_view, staff_view
from scoring.store.append import append_records
from scoring.store.database import Database
from scoring.store.supersede import supersede_record
from scoring.store.tables import Attendance, OrderLine, ProgrammeSession, Score
from tests.builders import (
    FounderBuilder,
    a_founder,
    a_lender,
    an_expert_model,
    document_of,
    import_rows,
)
from tests.conftest import Clock, new_sqlite_store

ODD, ROUND = 23_700, 50_000
CODES = {
    "self_purchases",
    "round_amounts_before_application",
    "refunds_after_application",
    "attendance_marked_in_bulk",
}


def _ready(database: Database, reference: str = "F-TEST000001") -> FounderBuilder:
    """A founder who may be scored by L-DEMO, with an empty file."""
    a_lender(database)
    an_expert_model(database)
    return a_founder(database, reference).consenting(to="L-DEMO")


def _sell(
    founder: FounderBuilder,
    ages: Iterable[int],
    *,
    gross: int = ODD,
    buyer: str = "",
    channel: str = "cafe24",
    refunded_after: int | None = None,
    currency: str = "KRW",
) -> None:
    """One order per age in days; the buyer differs from order to order where none is named."""
    rows: list[dict[str, object]] = []
    for number, age in enumerate(ages):
        day = founder.today - timedelta(days=age)
        row: dict[str, object] = {
            "founder": founder.reference,
            "channel": channel,
            "order_line": f"{channel}-{gross}-{buyer}-{refunded_after}-{age}-{number}",
            "ordered_on": day,
            "quantity": 1,
            "gross": gross,
            "currency": currency,
            "buyer": buyer or f"b-{age}-{number}",
        }
        if refunded_after is not None:
            row |= {"status": "returned", "refunded_on": day + timedelta(days=refunded_after)}
        rows.append(row)
    import_rows(founder.database, RecordKind.SALES, rows)


def _apply(founder: FounderBuilder, age: int, *, lender: str = "L-DEMO") -> None:
    application = {
        "founder": founder.reference,
        "application": f"A-{lender}-{founder.reference}-{age}",
        "lender": lender,
        "applied_on": founder.today - timedelta(days=age),
        "principal": 3_000_000,
        "months": 12,
        "instalment": 260_000,
        "currency": "KRW",
    }
    import_rows(founder.database, RecordKind.APPLICATIONS, [application])


def _mark(
    founder: FounderBuilder,
    ages: Iterable[int],
    *,
    account: str | None = "a" * 32,
    marked: int | None = None,
    learned: date | None = None,
) -> None:
    """Sessions held so many days ago, marked by an account so many days ago, or on the day."""
    database = founder.database
    held = [founder.today - timedelta(days=age) for age in ages]
    names = [f"{account}-{age}" for age in ages]
    import_rows(  # makes the programme's sessions; the marks are appended beside them
        database,
        RecordKind.ATTENDANCE,
        [
            {
                "founder": founder.reference,
                "programme": "P-01",
                "session": name,
                "held_on": day,
                "hours": 2,
                "session_kind": "class",
                "status": "present",
            }
            for name, day in zip(names, held, strict=True)
        ],
        source="sessions",
    )
    with database.writing() as ledger:
        founder_id = find_founder(ledger.session, founder.reference).id
        sessions = dict(
            ledger.session.execute(select(ProgrammeSession.reference, ProgrammeSession.id)).all()
        )
        marked_on = None if marked is None else founder.today - timedelta(days=marked)
        append_records(
            ledger,
            Attendance,
            [
                {
                    "founder_id": founder_id,
                    "source": "marks",
                    "natural_key": f"{founder.reference}|{name}",
                    "event_date": day,
                    "event_day": day_number(day),
                    "learned_at": start_of(learned or day, database.settings.zone),
                    "session_id": sessions[name],
                    "session_kind": "class",
                    "hours": 2.0,
                    "status": "present",
                    "minutes_late": 0,
                    "marked_by": account,
                    "marked_on": marked_on or day,
                }
                for name, day in zip(names, held, strict=True)
            ],
        )


def _signals(score: Score) -> dict[str, dict[str, int]]:
    found = document_of(score).signals
    assert [signal.code for signal in found] == sorted(signal.code for signal in found)
    return {signal.code: dict(signal.seen) for signal in found}


def test_an_ordinary_file_shows_no_sign(database: Database) -> None:
    founder = _ready(database).attending(9, of=10)
    founder.selling(weekly=600_000, weeks=40, refund_every=9)
    _apply(founder, 60)
    assert _signals(founder.scored()) == {}


def test_most_orders_from_one_buyer_are_a_sign(database: Database) -> None:
    founder = _ready(database)
    _sell(founder, range(0, 60, 10), buyer="one")
    _sell(founder, range(5, 50, 10))
    seen = {"orders_with_known_buyer": 11, "from_one_buyer": 6}
    assert _signals(founder.scored()) == {"self_purchases": seen}


@pytest.mark.parametrize(
    ("from_one", "others"),
    [
        (range(0, 50, 10), range(5, 50, 10)),  # just half of them
        (range(0, 80, 10), range(5, 15, 10)),  # nine orders
        (range(180, 260, 10), range(0, 60, 10)),  # more than half a year ago
    ],
)
def test_half_of_the_orders_too_few_or_old_ones_from_one_buyer_are_none(
    sqlite: Database, from_one: range, others: range
) -> None:
    founder = _ready(sqlite)
    _sell(founder, from_one, buyer="one")
    _sell(founder, others)
    assert _signals(founder.scored()) == {}


def test_unknown_buyers_count_on_neither_side(sqlite: Database) -> None:
    founder = _ready(sqlite)
    _sell(founder, range(0, 100, 10), buyer="one")
    unknown = {
        "founder": founder.reference,
        "channel": "events",
        "ordered_on": founder.today,
        "quantity": 1,
        "gross": ODD,
        "currency": "KRW",
    }
    import_rows(sqlite, RecordKind.SALES, [{**unknown, "order_line": f"E{n}"} for n in range(40)])
    assert _signals(founder.scored())["self_purchases"] == {
        "orders_with_known_buyer": 10,
        "from_one_buyer": 10,
    }


def test_a_burst_of_round_orders_before_the_application_is_a_sign(database: Database) -> None:
    founder = _ready(database)
    _sell(founder, range(45, 225, 15))  # two a month, none round
    _apply(founder, 10)
    _sell(founder, range(12, 36, 4), gross=ROUND)
    _sell(founder, (14, 18))
    seen = {"orders": 8, "round": 6, "orders_before": 12, "round_before": 0}
    assert _signals(founder.scored()) == {"round_amounts_before_application": seen}


def test_without_an_application_the_last_thirty_days_are_looked_at(sqlite: Database) -> None:
    founder = _ready(sqlite)
    _sell(founder, range(45, 205, 15))
    _sell(founder, range(0, 30, 3), gross=ROUND)
    assert "round_amounts_before_application" in _signals(founder.scored())


@pytest.mark.parametrize(
    ("usual", "burst_round", "burst_odd"),
    [
        ([(range(45, 205, 15), ODD)], range(0, 28, 4), range(0)),  # seven orders
        ([(range(45, 205, 15), ODD)], range(0, 24, 4), range(1, 17, 4)),  # just three in five
        ([(range(31, 205, 6), ODD)], range(0, 27, 3), range(0)),  # not twice the usual pace
        ([(range(45, 120, 15), ODD)], range(0, 30, 3), range(0)),  # hardly an earlier order
        ([(range(45, 205, 30), ROUND), (range(60, 205, 30), ODD)], range(0, 28, 3), range(2, 3)),
        ([(range(230, 400, 9), ODD)], range(0, 30, 3), range(0)),  # nothing in the half year before
    ],
)
def test_too_few_too_mixed_or_too_usual_orders_are_no_burst(
    sqlite: Database,
    usual: list[tuple[range, int]],
    burst_round: range,
    burst_odd: range,
) -> None:
    founder = _ready(sqlite)
    for ages, gross in usual:
        _sell(founder, ages, gross=gross, channel=f"usual-{gross}")
    _sell(founder, burst_round, gross=ROUND)
    if burst_odd:
        _sell(founder, burst_odd)
    assert _signals(founder.scored()) == {}


@pytest.mark.parametrize("every", [15, 25])
def test_who_always_prices_in_round_numbers_is_never_flagged(sqlite: Database, every: int) -> None:
    founder = _ready(sqlite)
    _sell(founder, range(35, 215, every), gross=ROUND)
    _sell(founder, range(0, 30), gross=ROUND)
    _apply(founder, 0)
    assert _signals(founder.scored()) == {}


def test_a_new_shop_is_compared_with_the_days_that_it_was_open(sqlite: Database) -> None:
    founder = _ready(sqlite)
    _sell(founder, range(30, 60, 4))  # eight orders in its first month
    _sell(founder, range(0, 30, 3), gross=ROUND)  # ten in its second
    _sell(founder, (200,), channel="older", gross=ODD)
    # One order half a year ago makes the shop an old one, and the pace of its half year a slow one.
    assert "round_amounts_before_application" in _signals(founder.scored())
    new = a_founder(sqlite, "F-NEW").consenting(to="L-DEMO")
    _sell(new, range(30, 60, 4))
    _sell(new, range(0, 30, 3), gross=ROUND)
    assert _signals(new.scored()) == {}


@pytest.mark.parametrize(
    ("currency", "unit"), [("KRW", 10_000), ("USD", 10_000), ("JPY", 10_000), ("KWD", 100_000)]
)
def test_what_is_round_depends_on_the_minor_unit(currency: str, unit: int) -> None:
    assert round_unit(currency) == unit


def _refunded(founder: FounderBuilder, *, kept: int, given_back: int, after: int = 40) -> None:
    """Orders in the month before an application 90 days ago, some given back so much later."""
    _sell(founder, range(95, 95 + kept))
    _sell(founder, range(100, 100 + given_back), refunded_after=after)
    _apply(founder, 90)


def test_refunds_just_after_an_application_are_a_sign(database: Database) -> None:
    founder = _ready(database)
    _refunded(founder, kept=11, given_back=5, after=20)
    seen = {"orders": 16, "orders_refunded": 5, "refunded_percent": 31}
    assert _signals(founder.scored()) == {"refunds_after_application": seen}


@pytest.mark.parametrize(
    ("kept", "given_back", "after"),
    [
        (2, 4, 20),  # four orders
        (14, 6, 20),  # just three tenths
        (3, 6, 2),  # before the application
        (3, 6, 45),  # more than thirty days after it
    ],
)
def test_few_small_early_or_late_refunds_are_none(
    sqlite: Database, kept: int, given_back: int, after: int
) -> None:
    founder = _ready(sqlite)
    _refunded(founder, kept=kept, given_back=given_back, after=after)
    assert _signals(founder.scored()) == {}


def test_refunds_after_another_lenders_application_are_no_business_of_this_one(
    sqlite: Database,
) -> None:
    a_lender(sqlite, "L-OTHER")
    founder = _ready(sqlite).consenting(to="L-OTHER")
    _sell(founder, range(100, 110), refunded_after=20)
    _apply(founder, 90, lender="L-OTHER")
    before = founder.scored()
    assert _signals(before) == {}
    assert "refunds_after_application" in _signals(founder.scored(lender="L-OTHER"))


def test_refunds_whose_day_is_not_known_say_nothing_of_when(sqlite: Database) -> None:
    founder = _ready(sqlite)
    _refunded(founder, kept=3, given_back=6, after=20)
    with sqlite.writing() as ledger:
        for refund in ledger.session.scalars(select(OrderLine).where(OrderLine.entry == "refund")):
            supersede_record(
                ledger,
                OrderLine,
                refund.id,
                replacement={"day_inferred": True},
                reason="no day in the file",
                author="a reviewer",
            )
    assert _signals(founder.scored()) == {}


def test_attendance_marked_in_bulk_is_a_sign(database: Database) -> None:
    founder = _ready(database)
    _mark(founder, range(58, 90, 4), marked=30)
    _mark(founder, range(40, 48, 4), account="b" * 32)
    seen = {"sessions": 8, "sessions_marked": 10}
    assert _signals(founder.scored()) == {"attendance_marked_in_bulk": seen}


@pytest.mark.parametrize(
    ("in_bulk", "marked", "on_the_day"),
    [
        (range(58, 86, 4), 30, 0),  # seven sessions
        (range(58, 90, 4), 30, 3),  # less than four in five
        (range(30, 38), 30, 0),  # seven days after the first
    ],
)
def test_few_prompt_or_scattered_marks_are_none(
    sqlite: Database, in_bulk: range, marked: int, on_the_day: int
) -> None:
    founder = _ready(sqlite)
    _mark(founder, in_bulk, marked=marked)
    if on_the_day:
        _mark(founder, range(10, 10 + on_the_day), account="b" * 32)
    assert _signals(founder.scored()) == {}


def test_marks_without_an_account_or_by_several_are_no_sign(sqlite: Database) -> None:
    founder = _ready(sqlite)
    _mark(founder, range(58, 90, 4), account=None, marked=30)
    for number in range(2):
        _mark(
            founder, range(100 + 50 * number, 132 + 50 * number, 4), account=f"{number}", marked=9
        )
    assert _signals(founder.scored()) == {}


def test_a_mark_made_later_is_not_seen_in_an_earlier_view(sqlite: Database) -> None:
    founder = _ready(sqlite)
    _mark(founder, range(58, 90, 4), marked=30)
    earlier = founder.today - timedelta(days=31)
    assert _signals(founder.scored(as_of=earlier)) == {}
    assert "attendance_marked_in_bulk" in _signals(founder.scored())


def _with_every_sign(founder: FounderBuilder) -> FounderBuilder:
    _refunded(founder, kept=3, given_back=12, after=20)
    _sell(founder, range(150, 205, 4))
    _sell(founder, range(0, 30), gross=ROUND, buyer="one")
    _sell(founder, range(0, 30), gross=ROUND, buyer="one", channel="11st")
    _apply(founder, 0)
    _mark(founder, range(58, 90, 4), marked=30)
    return founder


def test_every_sign_is_replayed_to_the_byte_and_told_in_both_languages(database: Database) -> None:
    score = _with_every_sign(_ready(database)).scored()
    found = _signals(score)
    assert set(found) == CODES == set(texts().signals)
    assert replay_score(database, score.reference)["equal"] is True
    for code, seen in found.items():
        for language in LANGUAGES:
            written = signal_seen(code, seen, language)
            assert all(str(count) in written for count in seen.values())


def test_a_lender_gets_codes_and_neutral_texts_and_no_counts(sqlite: Database) -> None:
    score = _with_every_sign(_ready(sqlite)).scored()
    told = lender_view(score)["integrity_signals"]
    assert {entry["code"] for entry in told} == CODES
    assert all(set(entry) == {"code", "text"} for entry in told)
    text = json.dumps(lender_view(score), ensure_ascii=False)
    for secret in ("P-01", "seen", "sessions_marked", "programme", "fraud", "fake", "허위", "조작"):
        assert secret not in text
    assert "seen" in staff_view(score)["integrity_signals"][0]


def test_a_thin_file_shows_its_signs_as_well(sqlite: Database) -> None:
    founder = _ready(sqlite)
    _mark(founder, range(58, 90, 4), marked=30)
    score = founder.scored()
    assert score.score is None
    assert [entry["code"] for entry in lender_view(score)["integrity_signals"]] == [
        "attendance_marked_in_bulk"
    ]


def test_what_is_learned_later_or_held_back_changes_no_earlier_document(
    database: Database, clock: Clock
) -> None:
    founder = _ready(database)
    _sell(founder, range(0, 110, 10))
    yesterday = founder.today
    first = founder.scored()
    clock.advance(days=1)
    rows = [
        {
            "founder": founder.reference,
            "channel": "late",
            "order_line": f"L{number}",
            "ordered_on": yesterday,
            "quantity": 1,
            "gross": ROUND,
            "currency": "KRW",
            "buyer": "one",
        }
        for number in range(30)
    ]
    import_rows(database, RecordKind.SALES, rows, lag=None)
    assert founder.scored(as_of=yesterday).document == first.document
    assert replay_score(database, first.reference)["equal"] is True
    flagged = founder.scored()
    assert set(_signals(flagged)) == {"self_purchases", "round_amounts_before_application"}
    with database.writing() as ledger:
        for line in ledger.session.scalars(select(OrderLine).where(OrderLine.channel == "late")):
            supersede_record(
                ledger,
                OrderLine,
                line.id,
                replacement={"held": "disputed"},
                reason="disputed",
                author="a reviewer",
            )
    assert _signals(founder.scored()) == {}
    assert replay_score(database, flagged.reference)["equal"] is True


def test_a_bureau_without_repayments_sees_the_same_signs(sqlite: Database) -> None:
    profile = DeploymentProfile.NONFINANCIAL_CB
    data_dir = sqlite.settings.data_dir
    bureau = Database(Settings(data_dir=data_dir, deployment_profile=profile), sqlite.clock)
    score = _with_every_sign(_ready(bureau)).scored()
    assert set(_signals(score)) == CODES
    bureau.engine.dispose()


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A store with a lender and a champion that all examples share."""
    from datetime import UTC, datetime

    clock = Clock(datetime(2026, 6, 15, 3, 0, tzinfo=UTC))
    made = new_sqlite_store(Settings(data_dir=tmp_path_factory.mktemp("store")), clock)
    a_lender(made)
    an_expert_model(made)
    return made


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    one=st.integers(0, 30),
    others=st.integers(0, 30),
    gross=st.sampled_from([ODD, ROUND]),
    given_back=st.integers(0, 12),
    number=st.integers(1, 10**9),
)
def test_signs_never_change_a_score_points_or_probability(
    shared_store: Database, one: int, others: int, gross: int, given_back: int, number: int
) -> None:
    founder = a_founder(shared_store, f"F-{number}-{one}-{others}-{gross}-{given_back}")
    founder.consenting(to="L-DEMO").selling(weekly=300_000, weeks=20)
    for count, buyer in ((one, "one"), (others, "")):
        if count:
            _sell(founder, range(count), gross=gross, buyer=buyer)
    if given_back:
        _refunded(founder, kept=2, given_back=given_back, after=20)
    document = document_of(founder.scored())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring_path, "find_signals", lambda *_, **__: ())
        without = document_of(founder.scored())
    assert document.model_copy(update={"signals": ()}) == without
