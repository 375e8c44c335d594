"""A lender's loans from the terminal: paid out, repaid, rescheduled, and the book on a day."""

from __future__ import annotations

import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.shell import FOOTHOLD, Shell

BY = ("--by", "Officer One")
TODAY = date.today()
GRANTED = TODAY - timedelta(days=70)
TERMS = ("--product", "equal_principal", "--principal", "1200000", "--annual-rate", "0.12")
TERMS = (*TERMS, "--months", "6", "--disbursed", GRANTED.isoformat())


@pytest.fixture
def here(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


@pytest.fixture
def founder(here: Shell) -> str:
    here.json("init")
    here.json("lender", "add", "L-1", "--name", "First Lender")
    reference: str = here.json("founder", "add")["founders"][0]
    for_lender = ("--purpose", "loan_application", "--lender", "L-1")
    here.json("consent", "grant", reference, *for_lender)
    return reference


def test_a_loan_from_disbursement_to_rescheduling(
    here: Shell, founder: str, tmp_path: Path
) -> None:
    made = here.json("loan", "disburse", "L-1", founder, "K-1", *TERMS, *BY)
    late = made["standing"]["days_past_due"]
    assert late > 0
    on = ("--on", TODAY.isoformat())
    paid = here.json("loan", "repay", "L-1", "K-1", "212000", *on, "--repayment", "R-1", *BY)
    assert paid["standing"]["days_past_due"] < late
    again = here.json("loan", "repay", "L-1", "K-1", "212000", *on, "--repayment", "R-1", *BY)
    assert (again["is_new"], len(again["repayments"])) == (False, 1)
    bounced = ("--repayment", "R-1", "--reason", "bounced", "--event-id", "E-1")
    back = here.json("loan", "event", "L-1", "K-1", "reversed", *bounced, *on, *BY)
    assert back["standing"]["days_past_due"] == late

    new = tmp_path / "new.csv"
    due = TODAY + timedelta(days=30)
    new.write_text(f"number,due_on,principal,interest\n1,{due},1200000,9000\n", encoding="utf-8")
    agreed = ("--reason", "distress", "--event-id", "E-2")
    again = here.json("loan", "reschedule", "L-1", "K-1", str(new), *on, *agreed, *BY)
    assert again["standing"]["days_past_due"] == 0
    assert again["events"][-1]["days_past_due"] == late
    shown = here.run("loan", "show", "L-1", "K-1").stdout
    assert "pays it off" in shown
    assert "₩1,200,000" in shown


def test_a_step_is_kept_though_nobody_reads_the_answer(here: Shell, founder: str) -> None:
    command = [*FOOTHOLD, "loan", "disburse", "L-1", founder, "K-1", *TERMS, *BY]
    with subprocess.Popen(
        command, env=here.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as reader_gone:
        assert reader_gone.stdout is not None
        reader_gone.stdout.close()
    assert here.json("loan", "show", "L-1", "K-1")["loan"] == "K-1"


def test_a_bad_row_of_new_instalments_is_named(here: Shell, founder: str, tmp_path: Path) -> None:
    here.json("loan", "disburse", "L-1", founder, "K-1", *TERMS, *BY)
    new = tmp_path / "new.csv"
    new.write_text("number,due_on,principal,interest\n1,soon,1200000,9000\n", encoding="utf-8")
    agreed = ("--on", TODAY.isoformat(), "--reason", "request", "--event-id", "E-1")
    refused = here.refused("loan", "reschedule", "L-1", "K-1", str(new), *agreed, *BY)
    assert 'new.csv, row 2, column "due_on"' in refused


def test_the_book_in_the_terminal_and_as_a_page(here: Shell, founder: str, tmp_path: Path) -> None:
    here.json("loan", "disburse", "L-1", founder, "K-1", *TERMS, *BY)
    page = tmp_path / "book.html"
    text = here.run("book", "L-1", "--out", str(page)).stdout
    assert "Arrears, the latest first" in text
    assert "K-1" in text
    assert "PAR30" in page.read_text(encoding="utf-8")
    assert "is there already" in here.refused("book", "L-1", "--out", str(page))
    assert here.json("loan", "tell") == {"notices": 1}


def test_what_a_loan_would_weigh_is_unknown_without_costs(here: Shell, founder: str) -> None:
    asked = ("--principal", "5000000", "--months", "12", "--annual-rate", "0.12")
    found = here.json("affordability", "L-1", founder, *asked)
    assert found["instalment"] == 444_244
    assert found["worst_three_months"]["colour"] is None
    assert "nobody knows what is left" in here.run("affordability", "L-1", founder, *asked).stdout


def test_a_decision_from_the_terminal(here: Shell, founder: str, tmp_path: Path) -> None:
    path = tmp_path / "applications.csv"
    path.write_text(
        "founder,application,lender,applied_on,principal,months,instalment,currency\n"
        f"{founder},A-1,L-1,{TODAY},5000000,12,444244,KRW\n",
        encoding="utf-8",
    )
    here.json("import", str(path))
    decide = ("application", "decide", "L-1", "A-1", "decline", *BY)
    assert "A score alone never declines" in here.refused(*decide)
    here.json(*decide, "--reason", "outside_policy")
    listed = here.json("application", "list", "L-1")["applications"]
    assert [(one["application"], one["decision"]) for one in listed] == [("A-1", "decline")]
