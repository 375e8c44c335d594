"""A schedule is that of the textbook, to the currency's unit, and its principal adds up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy_financial as npf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.base.errors import InputError
from scoring.loans.due_days import Convention, Frequency, adjusted
from scoring.loans.rate_cap import refuse_above_cap
from scoring.loans.schedule import Schedule
from scoring.loans.terms import DayCount, Grace, Product, Terms
from tests.shell import Shell

TERMS = Terms(
    product=Product.ANNUITY,
    principal=10_000_000,
    annual_rate=Decimal("0.12"),
    instalments=12,
    disbursed_on=date(2026, 1, 15),
)


def made(**changes: object) -> Schedule:
    return Schedule.of(replace(TERMS, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("rate", ["0.055", "0.12", "0.199"])
@pytest.mark.parametrize("instalments", [2, 12, 36])
@pytest.mark.parametrize("principal", [1_000_000, 20_000_000])
def test_an_annuity_is_that_of_numpy_financial(rate: str, instalments: int, principal: int) -> None:
    schedule = made(annual_rate=Decimal(rate), instalments=instalments, principal=principal)
    payment = -npf.pmt(float(rate) / 12, instalments, principal)
    assert {due.amount for due in schedule.dues[:-1]} == {int(payment + 0.5)}
    assert abs(schedule.dues[-1].amount - payment) <= instalments
    interest = -npf.ipmt(float(rate) / 12, list(range(1, instalments + 1)), instalments, principal)
    for due, exact in zip(schedule.dues, interest, strict=True):
        assert abs(due.interest - exact) <= 1 + instalments / 12


def test_without_interest_an_annuity_is_the_principal_in_equal_parts() -> None:
    dues = made(annual_rate=Decimal(0), principal=1000, instalments=3).dues
    assert [(due.principal, due.interest) for due in dues] == [(333, 0), (333, 0), (334, 0)]


def test_equal_principal_by_hand() -> None:
    dues = made(product=Product.EQUAL_PRINCIPAL, principal=1_200_000, instalments=3).dues
    assert [(due.principal, due.interest) for due in dues] == [
        (400_000, 12_000),
        (400_000, 8_000),
        (400_000, 4_000),
    ]


def test_a_bullet_by_hand() -> None:
    dues = made(product=Product.BULLET, principal=1_200_000, instalments=3).dues
    assert [(due.principal, due.interest) for due in dues] == [
        (0, 12_000),
        (0, 12_000),
        (1_200_000, 12_000),
    ]


def test_grace_by_hand() -> None:
    graced = {"product": Product.EQUAL_PRINCIPAL, "principal": 1_200_000, "instalments": 4}
    dues = made(**graced, grace_periods=2).dues
    assert [(d.principal, d.interest) for d in dues] == [
        (0, 12_000),
        (0, 12_000),
        (600_000, 12_000),
        (600_000, 6_000),
    ]
    dues = made(**graced, grace_periods=2, grace=Grace.ALL).dues
    assert [(d.principal, d.interest) for d in dues] == [
        (0, 0),
        (0, 0),
        (600_000, 36_000),
        (600_000, 6_000),
    ]


def test_instalments_step_up_by_the_share_agreed() -> None:
    dues = made(product=Product.STEP_UP, step_share=Decimal("0.1"), step_every=6).dues
    assert len({due.amount for due in dues[:6]}) == 1
    assert dues[6].amount == pytest.approx(1.1 * dues[0].amount, abs=1)


def test_a_season_without_weight_is_interest_only() -> None:
    season = (0, 0, 1, 1, 1, 0, 0, 0, 2, 2, 2, 1)
    dues = made(product=Product.SEASONAL, season=season).dues
    idle = [due for due in dues[:-1] if season[due.due_on.month - 1] == 0]
    assert idle
    assert {due.principal for due in idle} == {0}
    assert sum(due.principal for due in dues) == 10_000_000


def test_actual_days_count_over_365() -> None:
    first = made(product=Product.BULLET, day_count=DayCount.ACTUAL_365).dues[0]
    assert first.interest == round(10_000_000 * 0.12 * 31 / 365)


def test_a_month_has_its_last_day_and_no_day_drifts() -> None:
    days = [due.due_on for due in made(disbursed_on=date(2026, 1, 31), instalments=3).dues]
    assert days == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]


@pytest.mark.parametrize(
    ("convention", "day"),
    [
        (Convention.UNADJUSTED, date(2026, 2, 17)),
        (Convention.FOLLOWING, date(2026, 2, 19)),
        (Convention.PRECEDING, date(2026, 2, 13)),
    ],
)
def test_due_days_move_off_the_lunar_new_year(convention: Convention, day: date) -> None:
    assert adjusted(date(2026, 2, 17), convention, country="KR") == day


def test_modified_following_stays_within_the_month() -> None:
    sunday = date(2026, 5, 31)
    assert adjusted(sunday, Convention.MODIFIED_FOLLOWING, country="KR") == date(2026, 5, 29)


def test_effective_and_simple_rates() -> None:
    assert made().effective_annual_rate == pytest.approx(1.01**12 - 1, abs=0.001)
    assert float(made().simple_annual_rate) == pytest.approx(0.12, abs=0.001)
    assert made(upfront_fee=300_000).effective_annual_rate > made().effective_annual_rate


def test_the_cap_counts_fees_as_interest_and_compounds_nothing() -> None:
    dear = made(annual_rate=Decimal("0.195"))
    assert dear.effective_annual_rate > 0.20
    refuse_above_cap(dear)
    with pytest.raises(InputError, match=r"simple, and the cap is 20%"):
        refuse_above_cap(made(annual_rate=Decimal("0.195"), upfront_fee=100_000))


def _check_adding_up(
    product: Product, principal: int, rate: int, instalments: int, grace: int, kind: Grace
) -> None:
    schedule = made(
        product=product,
        principal=principal,
        annual_rate=Decimal(rate) / 10_000,
        instalments=instalments,
        grace_periods=min(grace, instalments - 1),
        grace=kind,
        frequency=list(Frequency)[principal % 3],
        day_count=list(DayCount)[instalments % 2],
    )
    assert sum(due.principal for due in schedule.dues) == principal
    assert min(min(due.principal, due.interest) for due in schedule.dues) >= 0
    days = [due.due_on for due in schedule.dues]
    assert days == sorted(set(days))
    assert days[0] > TERMS.disbursed_on + timedelta(days=6)


any_loan = given(
    product=st.sampled_from(Product),
    principal=st.integers(1, 10**9),
    rate=st.integers(0, 2000),
    instalments=st.integers(1, 60),
    grace=st.integers(0, 12),
    kind=st.sampled_from(Grace),
)


@settings(max_examples=100, deadline=None)
@any_loan
def test_principal_adds_up_for_any_loan(**loan: object) -> None:
    _check_adding_up(**loan)  # type: ignore[arg-type]


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@any_loan
def test_principal_adds_up_for_ten_thousand_loans(**loan: object) -> None:
    _check_adding_up(**loan)  # type: ignore[arg-type]


COMMAND = (
    *("loan", "schedule", "--product", "annuity", "--principal", "10000000"),
    *("--annual-rate", "0.12", "--months", "12", "--disbursed", "2026-01-15"),
)


def test_the_command_prints_the_schedule(tmp_path: Path) -> None:
    run = Shell(tmp_path).run
    told = json.loads(run(*COMMAND, "--json").stdout)
    assert set(told) == {"instalments", "total", "effective_annual_rate"}
    assert told["instalments"][0] == {
        "due_on": "2026-02-15",
        "principal": 788_488,
        "interest": 100_000,
        "fee": 0,
    }
    assert told["total"] == sum(
        due["principal"] + due["interest"] + due["fee"] for due in told["instalments"]
    )
    assert "within the cap of 20%" in run(*COMMAND).stdout


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    failed = Shell(tmp_path).run(*(part for part in COMMAND if part not in ("--months", "12")))
    assert failed.returncode != 0
    assert "--months" in failed.stderr
