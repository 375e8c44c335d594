"""What a founder reads, in both languages, and what never stands there."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from sqlalchemy import select

from api.pages import languages
from api.pages.founder.held import DISPUTED, DOUBTS, MOST_LISTED, held_records
from api.pages.founder.links import read_link
from api.pages.founder.view import of_hundred
from scoring.base.settings import DeploymentProfile
from scoring.features import kinds_for
from scoring.parties.consents import Purpose, withdraw_consent
from scoring.parties.founders import find_founder
from scoring.parties.lenders import find_lender
from scoring.portfolio.engines import Engine
from scoring.portfolio.to_file import score_portfolio_to_file
from scoring.reasons.texts import LANGUAGES, Language
from scoring.records.kinds import RecordKind
from scoring.store.audit import append_event
from scoring.store.database import Database
from scoring.store.supersede import supersede_record
from scoring.store.tables import Attendance, OrderLine, Record
from tests.api.conftest import FOUNDER, QUESTION, Caller
from tests.api.test_links import link_path
from tests.builders import a_founder, import_rows


def page_of(caller: Caller, founder: str = FOUNDER, language: str = "ko") -> str:
    browser = caller.browser()
    browser.post(link_path(caller, founder))
    answer = browser.get(f"/me?lang={language}")
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_the_stored_score_and_points_that_add_up(
    caller: Caller, language: str
) -> None:
    score = caller.lender().post("/v1/scores", json=QUESTION).json()
    text = page_of(caller, language=language)
    assert f'data-score="{score["score"]}"' in text
    base = int(re.search(r'data-base="(\d+)"', text)[1])
    groups = [int(points) for points in re.findall(r'data-group-points="(-?\d+)"', text)]
    features = [int(points) for points in re.findall(r'data-points="(-?\d+)"', text)]
    assert base + sum(groups) == score["score"]
    assert base + sum(features) == score["score"]
    assert score["model"]["id"] in text
    assert "Sample lender" in text


def test_helpful_reasons_come_before_those_that_cost(caller: Caller) -> None:
    caller.lender().post("/v1/scores", json=QUESTION)
    points = [int(p) for p in re.findall(r'data-points="(-?\d+)"', page_of(caller))]
    assert points == sorted(points, key=lambda p: (p < 0, -abs(p)))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "ko",
            [
                "출신 지역",
                "신용점수가 아니에요",
                "누가 보았나요",
                "내가 허락한 것",
                "7일 안에",
                "창업자가 100명",
            ],
        ),
        (
            "en",
            [
                "Region of origin",
                "not a credit bureau",
                "Who looked",
                "What you allow",
                "within 7 days",
                "Of 100 founders",
            ],
        ),
    ],
)
def test_duties_to_the_founder_are_on_the_page(
    caller: Caller, language: str, words: list[str]
) -> None:
    caller.lender().post("/v1/scores", json=QUESTION)
    text = page_of(caller, language=language)
    assert f'<html lang="{language}">' in text
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_on_the_page_tells_who_somebody_is(caller: Caller, language: str) -> None:
    caller.lender().post("/v1/scores", json=QUESTION)
    text = page_of(caller, language=language)
    for secret in (FOUNDER, "P-01", "북한", "탈북", "defector", "refugee", "North"):
        assert secret not in text
    title = re.search(r"<title>(.*)</title>", text)[1]
    assert title in {"내 페이지", "My page"}


def test_the_page_needs_no_script_and_nothing_from_elsewhere(caller: Caller) -> None:
    browser = caller.browser()
    browser.post(link_path(caller))
    answer = browser.get("/me")
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    assert set(re.findall(r'(?:src|href|action)="([^"]+)"', answer.text)) == {
        "/static/style.css",
        "/static/icon.svg",
        "#main",
        "/me?lang=ko",
        "/me?lang=en",
        "/me/close?lang=ko",
    }
    assert browser.get("/static/style.css").headers["Content-Type"].startswith("text/css")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("query", "header", "expected"),
    [
        ("", "", "ko"),
        ("", "en-GB,en;q=0.9,ko;q=0.5", "en"),
        ("", "fr,ko-KR;q=0.8,en;q=0.3", "ko"),
        ("", "fr", "ko"),
        ("", "en;q=0,ko;q=nonsense", "ko"),
        ("", "en; q=0.9, ko; q=0.1", "en"),
        ("", "ko ; q = 0.1 , en ; q = 0.9", "en"),
        ("", "EN-gb;Q=0.9", "en"),
        ("", "en-GB", "en"),
        ("", "ko-KR", "ko"),
        ("", "ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"),
        ("", "en,ko", "en"),
        ("", "ko;q=0.5,en;q=0.5", "ko"),
        ("", "*", "ko"),
        ("", "fr,*;q=0.1", "ko"),
        ("", "ko;q=0,*", "en"),
        ("", "en;q=0.2,*;q=0.1", "en"),
        ("", "en;q=0", "ko"),
        ("", "fr;q=1,en;q=0.001", "en"),
        ("", ";;q=,,=;en q=1;q;*q", "ko"),
        ("", "en;q=nan", "ko"),
        ("", "enormous,kobold", "ko"),
        ("?lang=en", "ko", "en"),
        ("?lang=fr", "en", "en"),
    ],
)
def test_the_language_is_the_one_asked_for(
    caller: Caller, query: str, header: str, expected: str
) -> None:
    answer = caller.browser(language=header).get(f"/me{query}")
    assert answer.status_code == 401
    assert answer.headers["Content-Language"] == expected


def test_without_a_session_the_page_says_how_to_get_one(caller: Caller) -> None:
    answer = caller.browser().get("/me")
    assert answer.status_code == 401
    assert "새 링크를 부탁" in answer.text
    assert "for a new one" in answer.text


def test_a_thin_file_says_so_and_what_would_help(caller: Caller) -> None:
    a_founder(caller.database, "F-THIN").selling(weekly=1000, weeks=2).consenting(to="L-DEMO")
    caller.lender().post("/v1/scores", json=QUESTION | {"founder": "F-THIN"})
    text = page_of(caller, "F-THIN", "en")
    assert "No score yet" in text
    assert "this would narrow it most" in text
    assert "Sales of another shop, or of more months" in text
    assert "Records of a bank account" in text
    assert "data-score" not in text


def test_somebody_never_scored_is_told_so(caller: Caller) -> None:
    a_founder(caller.database, "F-NEW")
    assert "You have not been scored yet" in page_of(caller, "F-NEW", "en")


def test_who_looked_shows_lenders_and_own_visits(caller: Caller) -> None:
    lender = caller.lender()
    lender.get(lender.post("/v1/scores", json=QUESTION).headers["Location"])
    text = page_of(caller, language="en")
    assert "was given the score" in text
    assert "read the score again" in text
    assert "opened this page by your link" in text
    assert "to look at a loan application" in text


def test_who_looked_shows_that_the_score_was_given_in_a_portfolio(
    caller: Caller, tmp_path: Path
) -> None:
    score_portfolio_to_file(
        caller.database,
        tmp_path / "scores.parquet",
        lender_reference="L-DEMO",
        purpose=Purpose.LOAN_APPLICATION,
        engine=Engine.DUCKDB,
        actor="operator",
    )
    assert "reviewed the score beside those of others" in page_of(caller, language="en")


def test_who_looked_shows_that_an_analyst_did(caller: Caller) -> None:
    with caller.database.writing() as ledger:
        append_event(
            ledger,
            actor="Analyst One",
            action="challenger.explained",
            founder_id=find_founder(ledger.session, FOUNDER).id,
            details={"challenger": "C-1", "as_of": "2026-06-15"},
        )
    text = page_of(caller, language="en")
    assert "looked at your records to compare other ways of scoring" in text
    assert "Analyst One" not in text


def test_a_withdrawn_consent_is_gone_from_the_page(caller: Caller) -> None:
    assert "You allow nobody" not in page_of(caller, language="en")
    with caller.database.writing() as ledger:
        withdraw_consent(
            ledger,
            find_founder(ledger.session, FOUNDER),
            lender=find_lender(ledger.session, "L-DEMO"),
            purpose=Purpose.LOAN_APPLICATION,
            actor="founder",
        )
    assert "You allow nobody" in page_of(caller, language="en")


def test_another_founders_score_is_not_shown(caller: Caller) -> None:
    score = caller.lender().post("/v1/scores", json=QUESTION).json()
    a_founder(caller.database, "F-NEW")
    assert score["model"]["id"] not in page_of(caller, "F-NEW")


@pytest.mark.parametrize(
    ("probability", "language", "expected"),
    [
        (0.001, "en", "fewer than 1"),
        (0.126, "en", "13"),
        (0.999, "en", "more than 99"),
        (0.05, "ko", "5명"),
    ],
)
def test_chances_are_people_never_none_and_never_all(
    probability: float, language: Language, expected: str
) -> None:
    assert of_hundred(probability, language) == expected


def test_trouble_is_told_kindly(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = caller.browser()
    browser.post(link_path(caller))

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("api.pages.founder.routes.founder_page", fail)
    answer = browser.get("/me")
    assert answer.status_code == 500
    assert "You did nothing wrong" in answer.text


def test_both_languages_have_the_same_keys_and_the_same_blanks() -> None:
    blanks = []
    for language in LANGUAGES:
        path = languages._LOCALE / language / "LC_MESSAGES" / "messages.po"
        with path.open("rb") as file:
            entries = {m.id: m.string for m in read_po(file, locale=language) if m.id}
        assert all(entries.values())
        blanks.append({k: sorted(re.findall(r"\{(\w+)\}", v)) for k, v in entries.items()})
    assert json.dumps(blanks[0], sort_keys=True) == json.dumps(blanks[1], sort_keys=True)


def _replaced(
    database: Database, table: type[Record], values: dict[str, object], *, count: int
) -> None:
    """So many standing records of the founder, the latest first, with other values."""
    with database.writing() as ledger:
        standing = select(table).where(
            table.founder_id == find_founder(ledger.session, FOUNDER).id,
            table.superseded_recorded_at.is_(None),
            table.held.is_(None),
        )
        for record in ledger.session.scalars(standing.order_by(table.event_day.desc())).all()[
            :count
        ]:
            supersede_record(
                ledger, table, record.id, replacement=values, reason="doubt", author="a reviewer"
            )


def _held_section(text: str) -> str:
    found = re.search(r'<section[^>]*aria-labelledby="held">(.*?)</section>', text, re.DOTALL)
    return found[1] if found else ""


def test_records_that_do_not_count_yet_are_told_by_kind_and_reason(
    caller_on_each: Caller,
) -> None:
    database = caller_on_each.database
    _replaced(database, OrderLine, {"held": "amount_outlier", "gross": 912_345}, count=2)
    _replaced(database, OrderLine, {"held": "disputed"}, count=1)
    _replaced(database, Attendance, {"held": "no_such_session"}, count=1)
    english = _held_section(page_of(caller_on_each, language="en"))
    for words in (
        "2 sales wait for confirmation: the amount is far above your usual one.",
        "1 sale is being reviewed because you said it is wrong.",
        "You said that it is wrong.",
        "1 training record waits for confirmation: no session is known for that day.",
    ):
        assert words in english
    assert english.count("₩912,345") == 2
    assert english.count('class="when"') == 4
    korean = _held_section(page_of(caller_on_each, language="ko"))
    assert "판매 2건이 확인을 기다리고 있어요. 금액이 평소보다 훨씬 커요." in korean
    assert "틀렸다고 하신 판매 1건을 다시 살펴보고 있어요." in korean
    assert "P-01" not in korean + english


def test_a_doubt_without_words_of_its_own_gets_general_ones(caller: Caller) -> None:
    _replaced(caller.database, OrderLine, {"held": "something_new"}, count=1)
    text = _held_section(page_of(caller, language="en"))
    assert "1 sale waits for confirmation: a person has to look first." in text
    assert "something_new" not in text


def test_at_most_twenty_records_are_listed_and_the_rest_is_counted(caller: Caller) -> None:
    _replaced(caller.database, OrderLine, {"held": "status_unknown"}, count=MOST_LISTED + 5)
    text = _held_section(page_of(caller, language="en"))
    assert "25 sales wait for confirmation" in text
    assert text.count('class="when"') == MOST_LISTED
    assert "and 5 more" in text


def test_every_kind_of_record_can_wait(caller: Caller) -> None:
    today = caller.database.today
    founder = a_founder(caller.database, "F-ALL")
    founder.borrowing(3_000_000, loan="N-1", disbursed_on=today, months=1)
    line = {"founder": "F-ALL", "account": "K", "line": "1", "booked_on": today, "currency": "KRW"}
    import_rows(
        caller.database, RecordKind.CASH_FLOW, [{**line, "direction": "out", "amount": 5_000}]
    )
    with caller.database.writing() as ledger:
        founder_id = find_founder(ledger.session, "F-ALL").id
        for table in Record.__subclasses__():
            for record in ledger.session.scalars(
                select(table).where(
                    table.founder_id == founder_id, table.superseded_recorded_at.is_(None)
                )
            ).all():
                supersede_record(
                    ledger, table, record.id, replacement={"held": "x"}, reason="x", author="x"
                )
    text = _held_section(page_of(caller, "F-ALL", "en"))
    for words in ("1 loan waits", "1 instalment waits", "1 line of your account waits", "-₩5,000"):
        assert words in text
    bureau = kinds_for(DeploymentProfile.NONFINANCIAL_CB)
    token = link_path(caller, "F-ALL").rpartition("/")[2]
    scope = read_link(caller.database, token).scope
    with caller.database.reading() as session:
        found = held_records(session, scope, language="en", kinds=bureau).waiting
    assert found is not None
    assert [item.what for item in found.items] == ["Account line"]


def test_somebody_elses_records_and_replaced_ones_are_not_shown(caller: Caller) -> None:
    _replaced(caller.database, OrderLine, {"held": "amount_outlier"}, count=1)
    with caller.database.writing() as ledger:
        held = ledger.session.scalars(select(OrderLine).where(OrderLine.held.is_not(None))).one()
        supersede_record(
            ledger,
            OrderLine,
            held.id,
            replacement={"held": None},
            reason="confirmed",
            author="a reviewer",
        )
    _replaced(caller.database, Attendance, {"held": "no_such_session"}, count=1)
    a_founder(caller.database, "F-NEW")
    assert _held_section(page_of(caller, "F-NEW")) == ""
    assert "sale" not in _held_section(page_of(caller, language="en"))


def test_a_cancellation_without_a_day_says_from_which_day_it_counts(caller: Caller) -> None:
    a_founder(caller.database, "F-BACK").selling(weekly=20_000, weeks=9, refund_every=4)
    with caller.database.writing() as ledger:
        founder_id = find_founder(ledger.session, "F-BACK").id
        refunds = ledger.session.scalars(
            select(OrderLine).where(OrderLine.founder_id == founder_id, OrderLine.entry == "refund")
        ).all()
        for refund in refunds:
            supersede_record(
                ledger,
                OrderLine,
                refund.id,
                replacement={"day_inferred": True},
                reason="no day in the file",
                author="a reviewer",
            )
    text = _held_section(page_of(caller, "F-BACK", "en"))
    assert f"{len(refunds)} refunds or cancellations count from the last day of their file" in text
    assert text.count("₩10,000") == len(refunds)
    assert "do not count yet" not in text


def test_every_doubt_has_words_in_both_languages() -> None:
    for language in LANGUAGES:
        t = languages.words_in(language)
        assert all(t(f"held.why.{code}") for code in (*DOUBTS, DISPUTED, "other"))
    assert DISPUTED not in DOUBTS


@pytest.mark.parametrize(
    ("language", "title", "told", "seen"),
    [
        (
            "en",
            "What a lender is told to ask about",
            "came from one buyer. Ask",
            "60 came from one buyer",
        ),
        ("ko", "금융회사가 물어볼 수 있는 것", "창업자에게 물어보세요", "60건이 한 손님의 주문"),
    ],
)
def test_the_founder_reads_what_the_lender_is_told_and_what_it_rests_on(
    caller: Caller, language: str, title: str, told: str, seen: str
) -> None:
    caller.lender().post("/v1/scores", json=QUESTION)
    assert title not in page_of(caller, language=language)
    _sell_to_one_buyer(caller.database)
    caller.lender().post("/v1/scores", json=QUESTION)
    text = page_of(caller, language=language)
    assert [words for words in (title, told, seen) if words not in text] == []


def _sell_to_one_buyer(database: Database) -> None:
    rows: list[dict[str, object]] = [
        {
            "founder": FOUNDER,
            "channel": "cafe24",
            "order_line": f"O{number}",
            "ordered_on": database.today,
            "quantity": 1,
            "gross": 23_700,
            "currency": "KRW",
            "buyer": "one",
        }
        for number in range(60)
    ]
    import_rows(database, RecordKind.SALES, rows)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_no_words_stand_under_two_meanings(language: str) -> None:
    path = Path(languages.__file__).parent / "locale" / language / "LC_MESSAGES" / "messages.po"
    keys = re.findall(r'^msgid "(.+)"$', path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert [key for key, times in Counter(keys).items() if times > 1] == []
