"""A founder opens the page in a real browser, without JavaScript, on a telephone."""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select

from api.app import create_app
from api.pages.founder.links import make_link
from scoring.store.database import Database
from scoring.store.supersede import supersede_record
from scoring.store.tables import OrderLine, Score
from tests.builders import a_founder, a_lender, an_expert_model

FOUNDER = "F-TEST000001"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def score(sqlite: Database) -> Score:
    """A score of a founder with some records of each kind, some of which wait to count."""
    a_lender(sqlite)
    an_expert_model(sqlite)
    founder = a_founder(sqlite, FOUNDER).attending(6, of=10)
    founder.selling(weekly=600_000, weeks=40, refund_every=6)
    founder.selling(weekly=600_000, weeks=3, channel="events")
    with sqlite.writing() as ledger:
        lines = select(OrderLine).where(OrderLine.channel == "events").order_by(OrderLine.event_day)
        held = zip(
            ledger.session.scalars(lines).all(),
            ("amount_outlier", "amount_outlier", "disputed", "something_new"),
            strict=False,
        )
        for line, doubt in held:
            supersede_record(
                ledger,
                OrderLine,
                line.id,
                replacement={"held": doubt, "gross": 123_456_789_000},
                reason="doubt",
                author="a reviewer",
            )
    return founder.consenting(to="L-DEMO").scored()


@pytest.fixture
def address(sqlite: Database, score: Score) -> Iterator[str]:
    """A running server on a free port of this machine."""
    server = uvicorn.Server(
        uvicorn.Config(create_app(sqlite), host="127.0.0.1", port=0, log_level="warning")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine, else Playwright's own."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=list(_OPTIONS))
        yield started
        started.close()


def _phone(browser: Browser, *, width: int = 390) -> Page:
    return browser.new_context(
        java_script_enabled=False, viewport={"width": width, "height": 844}, locale="ko-KR"
    ).new_page()


def _link(database: Database, address: str) -> str:
    with database.writing() as ledger:
        return make_link(database, ledger, FOUNDER, base_url=address, actor="operator")


def _open(page: Page, link: str) -> None:
    """Follow a link and press the button that opens the page."""
    answer = page.goto(link)
    assert answer is not None
    assert answer.status == 200
    page.get_by_role("button", name="내 페이지 열기").click()
    page.wait_for_url(re.compile("/me$"))


def _whole(text: str) -> int:
    return int(text.strip().replace("−", "-"))


def test_a_founder_reads_the_score_and_how_it_adds_up(
    sqlite: Database, score: Score, address: str, browser: Browser
) -> None:
    page = _phone(browser)
    _open(page, _link(sqlite, address))
    assert page.url == f"{address}/me"
    for language, name in (("ko", "한국어"), ("en", "English")):
        page.get_by_role("link", name=name).click()
        assert page.locator("html").get_attribute("lang") == language
        shown = _whole(page.locator(".number span").first.inner_text())
        assert shown == score.score
        rows = page.locator("table.picture tbody tr:not(.total) td.points").all_inner_texts()
        assert sum(map(_whole, rows)) == shown
        total = page.locator("table.picture .total td.points").inner_text()
        assert _whole(total) == shown
        bars = page.locator("table.picture svg").count()
        assert bars == len(rows) - 1  # all but the starting points
        assert page.get_by_role("table").first.is_visible()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_scrolls_sideways_and_targets_are_large_enough(
    sqlite: Database, address: str, browser: Browser, width: int
) -> None:
    page = _phone(browser, width=width)
    _open(page, _link(sqlite, address))
    for language in ("ko", "en"):
        page.goto(f"{address}/me?lang={language}")
        for summary in page.locator("summary").all():
            summary.click()
        for box in page.locator("body *:visible").evaluate_all(
            "all => all.filter(e => !e.closest('.skip, .hidden, svg'))"
            ".map(e => [e.tagName, e.getBoundingClientRect()])"
            ".map(([tag, box]) => [tag, box.left, box.right])"
        ):
            assert box[1] >= -0.5, box
            assert box[2] <= width + 0.5, box
        for target in page.locator("nav a:visible, button:visible, summary:visible").all():
            size = target.bounding_box()
            assert size is not None
            assert min(size["width"], size["height"]) >= 24


def test_a_founder_sees_which_records_wait_and_why(
    sqlite: Database, address: str, browser: Browser
) -> None:
    page = _phone(browser)
    _open(page, _link(sqlite, address))
    page.goto(f"{address}/me?lang=en")
    waiting = page.get_by_role("region", name="Records that wait")
    assert waiting.get_by_text("2 sales wait for confirmation").is_visible()
    assert waiting.get_by_text("1 sale is being reviewed because you said").is_visible()
    assert not waiting.get_by_text("₩123,456,789,000").first.is_visible()
    waiting.locator("summary").click()
    assert waiting.get_by_text("₩123,456,789,000").count() == 4
    assert waiting.get_by_text("₩123,456,789,000").first.is_visible()


def test_a_link_opens_once_and_closing_leaves_nothing(
    sqlite: Database, address: str, browser: Browser
) -> None:
    link = _link(sqlite, address)
    page = _phone(browser)
    _open(page, link)
    page.get_by_role("button", name="바로 닫기").click()
    page.wait_for_url(f"{address}/me/closed?lang=ko")
    closed = page.goto(f"{address}/me")
    assert closed is not None
    assert closed.status == 401
    assert "data-score" not in page.content()
    again = _phone(browser)
    answer = again.goto(link)
    assert answer is not None
    assert answer.status == 410
    assert again.get_by_role("heading", name="This link no longer opens").is_visible()
    assert re.search("한 번만", again.content())
