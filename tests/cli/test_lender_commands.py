"""A lender's policy from the command line, as the person who runs the installation uses it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from foothold.cli import app
from scoring.base.errors import ConflictError, InputError
from scoring.store.database import Database
from tests.applicants import applicants
from tests.builders import a_founder, a_lender, an_expert_model

WHY = ("--by", "A Person", "--reason", "the board decided")
Run = Callable[..., Result]


@pytest.fixture
def run(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> Run:
    a_lender(sqlite)
    monkeypatch.setenv("FOOTHOLD_DATA_DIR", str(sqlite.settings.data_dir))
    return lambda *given: CliRunner().invoke(app, ["lender", *given])


def _shown(run: Run) -> dict[str, object]:
    done = run("show", "L-DEMO", "--json")
    assert done.exit_code == 0, done.output
    shown: dict[str, object] = json.loads(done.stdout)
    return shown


def test_what_is_left_out_stays_as_it_was(run: Run) -> None:
    assert _shown(run)["by"] is None
    assert run("policy", "L-DEMO", "--cut-off", "180", "--margin", "20", *WHY).exit_code == 0
    assert run("policy", "L-DEMO", "--positive-only", *WHY).exit_code == 0
    assert run("policy", "L-DEMO", "--margin", "30", *WHY).exit_code == 0
    shown = _shown(run)
    assert (shown["cut_off"], shown["margin"], shown["positive_only"]) == (180, 30, True)
    assert (shown["by"], shown["reason"]) == ("A Person", "the board decided")
    assert run("policy", "L-DEMO", "--no-cut-off", "--no-positive-only", *WHY).exit_code == 0
    shown = _shown(run)
    assert (shown["cut_off"], shown["margin"], shown["positive_only"]) == (None, None, False)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((), "Say what to change"),
        (("--cut-off", "180"), "goes with a margin"),
        (("--margin", "20"), "goes with a margin"),
        (("--no-cut-off", "--margin", "20"), "goes with neither"),
    ],
)
def test_a_policy_that_says_too_little_is_refused(
    run: Run, given: tuple[str, ...], says: str
) -> None:
    done = run("policy", "L-DEMO", *given, *WHY)
    assert isinstance(done.exception, InputError)
    assert says in str(done.exception)
    assert _shown(run)["by"] is None


def test_a_policy_by_nobody_is_no_policy(run: Run) -> None:
    assert run("policy", "L-DEMO", "--positive-only", "--reason", "because").exit_code == 2
    assert run("policy", "L-DEMO", "--positive-only", "--by", "A Person").exit_code == 2


def test_show_says_what_is_missing_until_there_is_a_background(run: Run, sqlite: Database) -> None:
    run("policy", "L-DEMO", "--cut-off", "0", "--margin", "1000", *WHY)
    assert _shown(run)["missing"] == ["no model has been promoted yet"]
    model = an_expert_model(sqlite)
    assert "has no background for this policy yet" in run("show", "L-DEMO").stdout
    done = run("background", "L-DEMO", "--by", "A Person")
    assert isinstance(done.exception, ConflictError)
    for reference in applicants(sqlite, 21):
        a_founder(sqlite, reference).scored()
    computed = json.loads(run("background", "L-DEMO", "--by", "A Person", "--json").stdout)
    assert (computed["founders"], computed["model"]) == (21, model)
    shown = _shown(run)
    assert shown["missing"] == []
    assert (shown["background"], shown["background_founders"]) == (computed["background"], 21)
    listed = json.loads(run("list", "--json").stdout)["lenders"]
    assert [entry["background"] for entry in listed] == [computed["background"]]
    assert computed["background"] in run("list").stdout
    run("policy", "L-DEMO", "--margin", "900", *WHY)
    assert _shown(run)["background"] is None


def test_show_says_by_how_much_positive_only_raises_the_base(run: Run, sqlite: Database) -> None:
    an_expert_model(sqlite)
    run("policy", "L-DEMO", "--positive-only", *WHY)
    raised = _shown(run)["base_points_raised"]
    assert isinstance(raised, int)
    assert raised > 0
    assert f"rises by {raised} points" in run("show", "L-DEMO").stdout


def test_before_any_outcome_reasons_compare_with_the_experts_reference(
    run: Run, sqlite: Database
) -> None:
    an_expert_model(sqlite)
    told = run("show", "L-DEMO").stdout
    assert "Reasons compare with the expert's reference" in told
    assert "training population" not in told
