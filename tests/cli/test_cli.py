"""The command line as a person uses it: a fresh store without any loan, walked to a score."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.shell import Shell, ShellOfProcesses


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A process for every command, as in an installation."""
    return ShellOfProcesses(tmp_path / "data")


@pytest.fixture
def here(tmp_path: Path) -> Shell:
    """The same data directory, in this process: quicker, where nothing is to last."""
    return Shell(tmp_path / "data")


def _sales_file(path: Path, founder: str) -> Path:
    today = date.today()
    lines = ["founder,channel,order_line,ordered_on,quantity,gross,currency"]
    lines += [
        f"{founder},smartstore,O{number},{today - timedelta(days=3 + 4 * number)},1,35000,KRW"
        for number in range(60)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_fresh_store_without_any_loan_gives_a_score_with_a_wide_interval(
    shell: Shell, here: Shell, tmp_path: Path
) -> None:
    assert "foothold init" in shell.refused("models")
    shell.json("init")
    founder = here.json("founder", "add")["founders"][0]
    here.json("lender", "add", "L-1", "--name", "First Lender")
    assert here.json("key", "issue", "L-1")["key"].startswith("fh_")
    receipt = shell.json(
        "import", str(_sales_file(tmp_path / "sales.csv", founder)), "--learned", "2"
    )
    assert (receipt["kind"], receipt["added"]) == ("sales", 60)
    for_lender = ("--lender", "L-1", "--purpose", "loan_application")
    assert "--purpose" in here.refused("score", founder, "--lender", "L-1")
    assert "no valid consent" in here.refused("score", founder, *for_lender)
    here.json("consent", "grant", founder, "--purpose", "loan_application", "--lender", "L-1")
    assert "No model has been promoted" in here.refused("score", founder, *for_lender)

    trained = here.json("train", "--by", "Analyst One")
    assert trained["kind"] == "expert_prior"
    assert Path(trained["report"]).exists()
    reason = ("--reason", "first model")
    refused = here.refused("promote", trained["model"], "--by", "analyst one", *reason)
    assert "second person" in refused
    here.json("promote", trained["model"], "--by", "Analyst Two", *reason)

    score = shell.json("score", founder, *for_lender)
    assert score["score"] == score["base_points"] + sum(p["points"] for p in score["points"])
    assert score["pd_high"] - score["pd_low"] > 0.2, "without outcomes the doubt is large"
    assert score["model"]["id"] == trained["model"]
    assert shell.json("replay", score["id"])["equal"] is True
    assert shell.json("audit", "verify")["intact"] is True

    here.json("consent", "withdraw", founder, "--purpose", "loan_application", "--lender", "L-1")
    assert "no valid consent" in here.refused("score", founder, *for_lender)


def test_a_bad_file_is_refused_with_a_message(shell: Shell, tmp_path: Path) -> None:
    shell.json("init")
    shell.json("founder", "add", "F-1")
    path = tmp_path / "attendance.csv"
    path.write_text(
        "founder,programme,session,held_on,hours,session_kind,status\n"
        "F-1,P-1,S1,2026-03-02,2,class,prsent\n"
    )
    message = shell.refused("import", str(path))
    assert 'attendance.csv, row 2, column "status": "prsent" is not one of' in message
    assert shell.json("imports")["imports"] == []


def test_help_is_quick_to_load_and_lists_every_command() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "foothold", "--help"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    for command in ("init", "import", "train", "promote", "score", "serve", "founder-link"):
        assert f"  {command} " in done.stdout
    loaded = done.stderr
    for heavy in ("pandas", "ibis", "fastapi", "matplotlib", "sklearn"):
        assert f" {heavy}\n" not in loaded


@pytest.mark.parametrize(
    "command", [("serve", "--help"), ("founder-link", "--help")], ids=["serve", "founder-link"]
)
def test_serving_never_loads_what_only_training_needs(command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "foothold", *command],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    for heavy in ("matplotlib", "shap", "lightgbm", "training"):
        assert f" {heavy}\n" not in done.stderr


@pytest.mark.parametrize("reference", ["010-0000-0000", "900101-1000000", "two words"])
def test_what_looks_like_a_number_of_a_person_is_no_reference(here: Shell, reference: str) -> None:
    here.json("init")
    assert "never use a name" in here.refused("founder", "add", reference)
