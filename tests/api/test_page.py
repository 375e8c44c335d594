"""What a founder reads, in both languages, and what never stands there."""

import json
import re

import pytest
from babel.messages.pofile import read_po

from api.pages import languages
from api.pages.view import of_hundred
from scoring.reasons.texts import LANGUAGES, Language
from scoring.records.consents import Purpose, withdraw_consent
from scoring.records.parties import find_founder, find_lender
from tests.api.conftest import FOUNDER, QUESTION, Caller
from tests.api.test_links import link_path
from tests.builders import a_founder


def _page(caller: Caller, founder: str = FOUNDER, language: str = "ko") -> str:
    browser = caller.browser()
    browser.get(link_path(caller, founder))
    answer = browser.get(f"/me?lang={language}")
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_the_stored_score_and_points_that_add_up(
    caller: Caller, language: str
) -> None:
    score = caller.lender().post("/v1/scores", json=QUESTION).json()
    text = _page(caller, language=language)
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
    points = [int(p) for p in re.findall(r'data-points="(-?\d+)"', _page(caller))]
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
    text = _page(caller, language=language)
    assert f'<html lang="{language}">' in text
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_on_the_page_tells_who_somebody_is(caller: Caller, language: str) -> None:
    caller.lender().post("/v1/scores", json=QUESTION)
    text = _page(caller, language=language)
    for secret in (FOUNDER, "P-01", "북한", "탈북", "defector", "refugee", "North"):
        assert secret not in text
    title = re.search(r"<title>(.*)</title>", text)[1]
    assert title in {"내 페이지", "My page"}


def test_the_page_needs_no_script_and_nothing_from_elsewhere(caller: Caller) -> None:
    browser = caller.browser()
    browser.get(link_path(caller))
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
    text = _page(caller, "F-THIN", "en")
    assert "No score yet" in text
    assert "at least 10 orders" in text
    assert "data-score" not in text


def test_somebody_never_scored_is_told_so(caller: Caller) -> None:
    a_founder(caller.database, "F-NEW")
    assert "You have not been scored yet" in _page(caller, "F-NEW", "en")


def test_who_looked_shows_lenders_and_own_visits(caller: Caller) -> None:
    lender = caller.lender()
    lender.get(lender.post("/v1/scores", json=QUESTION).headers["Location"])
    text = _page(caller, language="en")
    assert "was given the score" in text
    assert "read the score again" in text
    assert "opened this page by your link" in text
    assert "to look at a loan application" in text


def test_a_withdrawn_consent_is_gone_from_the_page(caller: Caller) -> None:
    assert "You allow nobody" not in _page(caller, language="en")
    with caller.database.writing() as ledger:
        withdraw_consent(
            ledger,
            find_founder(ledger.session, FOUNDER),
            lender=find_lender(ledger.session, "L-DEMO"),
            purpose=Purpose.LOAN_APPLICATION,
            actor="founder",
        )
    assert "You allow nobody" in _page(caller, language="en")


def test_another_founders_score_is_not_shown(caller: Caller) -> None:
    score = caller.lender().post("/v1/scores", json=QUESTION).json()
    a_founder(caller.database, "F-NEW")
    assert score["model"]["id"] not in _page(caller, "F-NEW")


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
    browser.get(link_path(caller))

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("api.pages.routes.founder_page", fail)
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
