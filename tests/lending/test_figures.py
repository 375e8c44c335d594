"""The figures of a book are those that a slow and obvious count of its loans gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import select

from scoring.base.calendar import day_number, day_of, end_of
from scoring.base.errors import NotFoundError
from scoring.features.engines.lake import Lake
from scoring.lending.book import Book, loans_of
from scoring.lending.book_page import book_html
from scoring.lending.figures import AGEING, book_figures, figures_of
from scoring.loans.codes import LoanEventCode, LoanEventReason
from scoring.loans.events import Event
from scoring.loans.loan import Loan
from scoring.loans.posting import Received
from scoring.parties.lenders import find_lender
from scoring.store.database import Database
from scoring.store.tables import Instalment, LoanReport, Repayment
from tests.builders import a_founder, a_lender
from tests.conftest import Clock
from tests.lending.test_book import LENDER, lend, the_book
from tests.sample_store import a_sample_store

NOW = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with a_sample_store(tmp_path_factory.mktemp("book"), NOW, founders=150) as database:
        a_lender(database)
        yield database


def _as_known(database: Database, day: date) -> pd.DataFrame:
    """One row per loan of the book, from its own object, told what was learned by the day."""
    zone = database.settings.zone
    end = end_of(day, zone)
    rows: list[dict[str, Any]] = []
    with database.writing() as ledger:
        lender = find_lender(ledger.session, LENDER)
        book = Book(ledger, database.settings, lender, "test")

        def known(table: Any, number: str) -> list[Any]:
            found = ledger.session.scalars(
                select(table).where(
                    table.loan == number,
                    table.learned_at < end,
                    table.superseded_recorded_at.is_(None),
                    table.held.is_(None),
                )
            )
            return list(found)

        for row in loans_of(ledger.session, lender):
            if row.learned_at >= end or row.event_date > day:
                continue
            kept = book.find(row.reference).loan
            paid = {one.reference for one in known(Repayment, row.reference)}
            dues = {due.number for due in known(Instalment, row.reference)}
            loan = replace(
                kept,
                received=[one for one in kept.received if one.reference in paid],
                schedules={0: tuple(due for due in kept.schedules[0] if due.number in dues)},
            )
            through = max(
                [
                    min(report.through_day, day_number(day) - report.lag_days)
                    for report in known(LoanReport, row.reference)
                ],
                default=day_number(row.event_date),
            )
            last = day_of(max(through, day_number(row.event_date)))
            rows.append(_row(loan, day, last))
    return pd.DataFrame(rows)


def _row(loan: Loan, day: date, last: date) -> dict[str, Any]:
    """How a loan stands: what falls due after the last day reported is not known yet."""
    told = replace(
        loan,
        schedules={0: tuple(due for due in loan.schedules[0] if due.due_on <= last)},
    )
    standing = told.standing(day)
    late = told.days_past_due(last) if told.closed_on(day) is None else 0
    due = sum(one.amount for one in told.schedules[0])
    received = sum(one.amount for one in told.received if one.paid_on <= day)
    first_90 = [
        probe
        for probe in pd.date_range(loan.disbursed_on, last)
        if told.days_past_due(probe.date()) >= 90
    ]
    return {
        "loan": loan.number,
        "month": f"{loan.disbursed_on:%Y-%m}",
        "principal": loan.principal,
        "outstanding": standing.outstanding,
        "days": late,
        "due": due,
        "paid": min(due, received),
        "ever_90": bool(first_90),
    }


@pytest.mark.parametrize("step", [12, pytest.param(1, marks=pytest.mark.slow)])
def test_month_ends_of_the_sample_are_as_a_slow_count_has_them(sample: Database, step: int) -> None:
    zone, compared = sample.settings.zone, 0
    later = NOW + timedelta(hours=1)  # the clock of the sample stands still
    with sample.reading() as session:
        lender = find_lender(session, LENDER)
        rows = loans_of(session, lender)
        borrowers = sorted({row.founder_id for row in rows})
        first = min(row.event_date for row in rows)
        lake = Lake(session, borrowers)
        for day in _month_ends(first, sample.today - timedelta(days=1))[::-step]:
            slow = _as_known(sample, day)
            if slow.empty:
                continue
            found = figures_of(
                lake, session, lender, borrowers, on=day, known_at=later, zone=zone
            ).as_dict()["currencies"][0]
            outstanding = slow["outstanding"].sum()
            assert found["loans"] == len(slow)
            assert found["outstanding_principal"] == outstanding
            for name, days in (("par30", 30), ("par90", 90)):
                at_risk = slow.loc[slow["days"] > days, "outstanding"].sum()
                assert found[name] == (at_risk / outstanding if outstanding else None)
            paid, due = slow["paid"].sum(), slow["due"].sum()
            assert found["repayment_rate"] == (paid / due if due else None)
            assert [bucket["loans"] for bucket in found["ageing"]] == _ageing(slow)
            assert {loan["loan"]: loan["days_past_due"] for loan in found["arrears"]} == dict(
                slow.loc[slow["days"] > 0, ["loan", "days"]].itertuples(index=False)
            )
            _compare_vintages(found["vintages"], slow)
            compared += 1
    assert compared > 24 // step


def _month_ends(first: date, last: date) -> list[date]:
    return [day.date() for day in pd.date_range(first, last, freq="ME")]


def _ageing(slow: pd.DataFrame) -> list[int]:
    running = slow[slow["outstanding"] > 0]
    return [
        int(
            (
                (running["days"] >= first) & (running["days"] <= (10**6 if last is None else last))
            ).sum()
        )
        for first, last in AGEING
    ]


def _compare_vintages(found: list[dict[str, Any]], slow: pd.DataFrame) -> None:
    for vintage, (month, own) in zip(found, slow.groupby("month"), strict=True):
        assert (vintage["month"], vintage["loans"]) == (month, len(own))
        ever = own.loc[own["ever_90"], "principal"].sum() / own["principal"].sum()
        assert vintage["ever_90_days"] == ever


def test_rescheduled_and_lost_loans_stand_apart(sqlite: Database, clock: Clock) -> None:
    a_lender(sqlite)
    founder = a_founder(sqlite).consenting(to=LENDER)
    for number in ("N-1", "N-2", "N-3"):
        lend(founder, number, ago=150)
    today = sqlite.today
    with the_book(sqlite) as book:
        book.repay("N-1", Received("R-1", today, 836_000))
        book.record("N-2", Event("E-1", today, LoanEventCode.WRITTEN_OFF, amount=1_200_000))
        dues = book.find("N-3").loan.schedules[0]
        later = [replace(due, due_on=due.due_on + timedelta(days=200)) for due in dues]
        book.reschedule("N-3", later, on=today, reference="E-1", reason=LoanEventReason.DISTRESS)
    with sqlite.reading() as session:
        found = book_figures(
            session,
            find_lender(session, LENDER),
            on=today,
            known_at=sqlite.clock(),
            zone=sqlite.settings.zone,
        ).as_dict()
    part = found["currencies"][0]
    assert part["outstanding_principal"] == 400_000 + 1_200_000
    assert (part["par30"], part["par90"]) == (0, 0)
    assert part["par30_with_rescheduled"] == 1_200_000 / 1_600_000
    assert part["par30_contractual"] == 1_200_000 / 1_600_000
    assert part["write_off_ratio"] == 1 / 3
    page = book_html(found)
    assert "PAR30" in page
    assert "://" not in page, "it loads nothing from elsewhere"


def test_a_lender_without_loans_is_told_so(sqlite: Database) -> None:
    a_lender(sqlite)
    with sqlite.reading() as session, pytest.raises(NotFoundError, match="no loans on file"):
        book_figures(
            session,
            find_lender(session, LENDER),
            on=sqlite.today,
            known_at=sqlite.clock(),
            zone=sqlite.settings.zone,
        )
