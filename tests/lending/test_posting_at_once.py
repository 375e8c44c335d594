"""Two processes post on the same loans at once: nothing is lost, nothing stands twice."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from scoring.base.settings import Settings
from scoring.loans.posting import Received
from scoring.store.database import Database
from scoring.store.tables import Repayment
from scoring.store.verification import verify_store
from tests.builders import a_founder, a_lender
from tests.lending.test_book import LENDER, kept, lend, the_book

LOANS = ("N-1", "N-2")


def _post(settings: Settings, own: str, count: int, today: date) -> None:
    """Post so many payments of one's own on each loan, and as many that both processes post."""
    database = Database(settings)
    for number in range(count):
        for reference in (f"{own}-{number}", f"BOTH-{number}"):
            with the_book(database) as book:
                loan = LOANS[number % len(LOANS)]
                book.repay(loan, Received(reference, today, 100))
    database.engine.dispose()


@pytest.mark.parametrize("each", [25, pytest.param(500, marks=pytest.mark.slow)])
def test_nothing_is_lost_and_nothing_stands_twice(database: Database, each: int) -> None:
    a_lender(database)
    founder = a_founder(database).consenting(to=LENDER)
    for number in LOANS:
        lend(founder, number, ago=40)
    today = database.today - timedelta(days=1)
    spawned = multiprocessing.get_context("spawn")
    workers = [
        spawned.Process(target=_post, args=(database.settings, own, each, today))
        for own in ("A", "B")
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=600)
        assert worker.exitcode == 0
    with database.reading() as session:
        found = Counter(session.scalars(select(Repayment.reference)))
    assert set(found.values()) == {1}, "nothing twice"
    assert len(found) == 3 * each, "nothing lost"
    settled = [kept(database, number).loan.settlement(database.today) for number in LOANS]
    posted = sum(posting.amount for made in settled for posting in made.postings)
    assert posted == 3 * each * 100
    with database.reading() as session:
        verify_store(session)
