"""A link opens once, for one founder, on a channel that nobody reads along."""

import json

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from api.cli import app
from api.pages.founder.links import is_loopback, make_link
from scoring.base.errors import InputError, NotFoundError
from scoring.store.audit import verify_chain
from scoring.store.tables import AuditEvent
from tests.api.conftest import BASE_URL, FOUNDER, Caller
from tests.conftest import Clock


def link_path(caller: Caller, founder: str = FOUNDER) -> str:
    with caller.database.writing() as ledger:
        link = make_link(caller.database, ledger, founder, base_url=BASE_URL, actor="operator")
    return link.removeprefix(BASE_URL)


def test_a_link_opens_the_page_once(caller: Caller) -> None:
    path = link_path(caller)
    browser = caller.browser()
    opened = browser.post(path)
    assert opened.status_code == 303
    assert opened.headers["Location"] == "/me"
    assert browser.get("/me").status_code == 200
    again = caller.browser().post(path)
    assert again.status_code == 410
    assert "더 열 수 없어요" in again.text
    assert "no longer opens" in again.text
    with caller.database.reading() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == "page.opened"))
        assert [event.actor for event in events] == ["founder"]
        assert verify_chain(session) > 0


CUBOT = (
    "Mozilla/5.0 (Linux; Android 13; CUBOT KINGKONG 9) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Mobile Safari/537.36"
)
SAMSUNG = (
    "Mozilla/5.0 (Linux; Android 14; SM-S911N) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Mobile Safari/537.36;KAKAOTALK 2410960"
)
PREVIEWERS = [
    "facebookexternalhit/1.1; kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "WhatsApp/2.23.20.0",
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    # Those that say of themselves that they are browsers, as mail scanners do.
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Safari/537.36",
    "",
]


@pytest.mark.parametrize("agent", [CUBOT, SAMSUNG])
def test_every_telephone_opens_a_link_whatever_it_calls_itself(caller: Caller, agent: str) -> None:
    browser = caller.browser()
    browser.headers["User-Agent"] = agent
    path = link_path(caller)
    asked = browser.get(path)
    assert asked.status_code == 200
    assert '<form method="post"><button>' in asked.text
    assert browser.post(path).headers["Location"] == "/me"
    assert browser.get("/me").status_code == 200


@pytest.mark.parametrize("agent", PREVIEWERS)
def test_whoever_only_looks_at_a_link_does_not_spend_it(caller: Caller, agent: str) -> None:
    path = link_path(caller)
    previewer = caller.browser()
    previewer.headers["User-Agent"] = agent
    for _ in range(3):
        previewed = previewer.get(path)
        assert previewed.status_code == 200
        assert "set-cookie" not in previewed.headers
        assert previewer.head(path).status_code == 405
    assert previewer.get("/me").status_code == 401
    assert caller.browser().post(path).status_code == 303
    with caller.database.reading() as session:
        opened = select(AuditEvent).where(AuditEvent.action == "page.opened")
        assert len(session.scalars(opened).all()) == 1


def test_a_preview_tells_nothing_of_the_founder(caller: Caller) -> None:
    text = caller.browser().get(link_path(caller)).text
    for secret in (FOUNDER, "L-DEMO", "score", "점수", "loan", "대출"):
        assert secret not in text


def test_the_question_is_in_both_languages_and_each_opens_in_its_own(caller: Caller) -> None:
    text = caller.browser(language="en").get(link_path(caller)).text
    assert text.index("Open my page") < text.index("내 페이지 열기")
    assert '<form method="post" action="?lang=ko">' in text


def test_a_spent_link_says_so_before_anything_is_pressed(caller: Caller) -> None:
    path = link_path(caller)
    assert caller.browser().post(path).status_code == 303
    looked = caller.browser().get(path)
    assert looked.status_code == 410
    assert "<button" not in looked.text


def test_the_language_is_kept_through_the_link(caller: Caller) -> None:
    opened = caller.browser().post(f"{link_path(caller)}?lang=en")
    assert opened.headers["Location"] == "/me?lang=en"


def test_a_link_lives_seven_days(caller: Caller, clock: Clock) -> None:
    early, late = link_path(caller), link_path(caller)
    clock.advance(days=6, hours=23)
    assert caller.browser().post(early).status_code == 303
    clock.advance(hours=2)
    assert caller.browser().post(late).status_code == 410
    assert caller.browser().get(late).status_code == 410


def test_a_tampered_link_opens_nothing(caller: Caller) -> None:
    path = link_path(caller)
    for wrong in (path[:-2], path + "A", "/me/open/nonsense", path.replace(".", "A", 1)):
        for answer in (caller.browser().get(wrong), caller.browser().post(wrong)):
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers
    assert caller.browser().post(path).status_code == 303


def test_the_session_is_hidden_from_scripts_and_ends_after_half_an_hour(
    caller: Caller, clock: Clock
) -> None:
    browser = caller.browser()
    cookie = browser.post(link_path(caller)).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Max-Age=1800" in cookie
    assert "Secure" not in cookie
    clock.advance(minutes=29)
    assert browser.get("/me").status_code == 200
    clock.advance(minutes=2)
    assert browser.get("/me").status_code == 401


def test_over_https_the_cookie_is_secure(caller: Caller) -> None:
    browser = caller.browser(base_url="https://scores.example.org", peer="203.0.113.9")
    assert "Secure" in browser.post(link_path(caller)).headers["Set-Cookie"]
    assert browser.get("/me").status_code == 200


def test_closing_ends_the_session_even_for_a_kept_cookie(caller: Caller) -> None:
    browser = caller.browser()
    browser.post(link_path(caller))
    kept = browser.cookies["visit"]
    closed = browser.post("/me/close?lang=en")
    assert closed.status_code == 303
    assert closed.headers["Location"] == "/me/closed?lang=en"
    other = caller.browser()
    other.cookies.set("visit", kept)
    assert other.get("/me").status_code == 401


def test_a_link_is_no_session_and_a_session_no_link(caller: Caller) -> None:
    path = link_path(caller)
    browser = caller.browser()
    browser.cookies.set("visit", path.rpartition("/")[2])
    assert browser.get("/me").status_code == 401
    opened = caller.browser()
    opened.post(path)
    assert caller.browser().post(f"/me/open/{opened.cookies['visit']}").status_code == 403


@pytest.mark.parametrize(
    ("base_url", "peer"),
    [
        ("http://127.0.0.1:8000", "192.0.2.7"),
        ("http://scores.example.org", "127.0.0.1"),
        ("http://scores.example.org", "192.0.2.7"),
    ],
)
def test_over_plain_http_only_this_machine_by_its_own_name(
    caller: Caller, base_url: str, peer: str
) -> None:
    path = link_path(caller)
    away = caller.browser(base_url=base_url, peer=peer)
    for answer in (away.get(path), away.post(path), away.get("/me"), away.post("/me/close")):
        assert answer.status_code == 403
    assert caller.browser().post(path).status_code == 303  # and the link was not spent


def test_a_link_goes_to_https_or_this_machine_only(caller: Caller) -> None:
    for base in (
        "http://scores.example.org",
        "http://192.168.0.4:8000",
        "ftp://127.0.0.1",
        "127.0.0.1:8000",
        "https://user:word@example.org",
        "http://127.0.0.1:port",
    ):
        with caller.database.writing() as ledger, pytest.raises(InputError):
            make_link(caller.database, ledger, FOUNDER, base_url=base, actor="operator")
    with caller.database.writing() as ledger:
        for base in ("https://scores.example.org/", "http://localhost:1", "http://[::1]:8000"):
            link = make_link(caller.database, ledger, FOUNDER, base_url=base, actor="operator")
            assert link.startswith(f"{base.rstrip('/')}/me/open/")
        with pytest.raises(NotFoundError):
            make_link(caller.database, ledger, "F-NOBODY", base_url=BASE_URL, actor="operator")


def test_the_command_prints_the_link_and_nothing_else(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.cli.open_database", lambda: caller.database)
    result = CliRunner().invoke(app, ["founder-link", FOUNDER, "--base-url", BASE_URL])
    assert result.exit_code == 0
    assert result.output.startswith(f"{BASE_URL}/me/open/")
    assert result.output.count("\n") == 1
    path = result.output.strip().removeprefix(BASE_URL)
    assert caller.browser().post(path).status_code == 303
    with caller.database.reading() as session:
        made = session.scalars(select(AuditEvent).where(AuditEvent.action == "link.made")).one()
    assert json.loads(made.details) == {}


def test_loopback_is_known_by_name_and_number() -> None:
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.9.9.9", "::1")))
    assert not any(map(is_loopback, ("", "0.0.0.0", "localhost.example.org", "10.0.0.1")))
