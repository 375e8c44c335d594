"""`foothold train --hand` and `foothold hand` on a store with loans, as an analyst uses them."""

from __future__ import annotations

from pathlib import Path

import pytest

from scoring.base.settings import Settings
from scoring.store.database import Database
from tests.sample_store import fill_with_sample_files
from tests.shell import Shell

HAND = """
[features.attended_share]
weight_points = 9
author = "Analyst Three"
reason = "sessions count double in this programme"

[features.worst_days_past_due_365d]
cuts = [0, 29, 89]
points = [12, 0, -9, -20]
author = "Analyst Three"
reason = "the lender's own classes of arrears"
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A store with the loans of some invented founders, and few blocks so that fits are quick."""
    folder = tmp_path_factory.mktemp("store")
    shell = Shell(folder / "var")
    shell.environment["FOOTHOLD_BLOCKS_OFF"] = "sales,cash_flow"
    database = Database(Settings(data_dir=folder / "var", database_url=None))
    database.migrate()
    fill_with_sample_files(database, founders=40, blocks=("attendance",))
    database.engine.dispose()
    return shell


@pytest.mark.slow
def test_a_model_by_hand_is_made_judged_and_shown_beside_the_free_fit(
    shell: Shell, tmp_path: Path
) -> None:
    path = tmp_path / "hand.toml"
    path.write_text(HAND, encoding="utf-8")
    made = shell.json(
        "train", "--by", "Analyst One", "--hand", str(path), "--attendance-cap", "0.4"
    )
    assert made["kind"] == "fitted"
    assert made["lineage"]["attendance_cap"] == 0.4
    assert made["lineage"]["hand"] == [
        "attended_share: by Analyst Three, sessions count double in this programme",
        "worst_days_past_due_365d: by Analyst Three, the lender's own classes of arrears",
    ]
    told = shell.json("hand", made["model"])
    by_name = {change["name"]: change for change in told["changes"]}
    late = by_name["worst_days_past_due_365d"]
    assert (late["author"], late["reason"]) == (
        "Analyst Three",
        "the lender's own classes of arrears",
    )
    after = {line["label"]: line["after"] for line in late["bins"]}
    assert after["up to 0 days"] - after["90 days or more"] == 32
    assert any(change["author"] is None for change in told["changes"]), "the rest is fitted again"
    (cap,) = told["block_caps"]
    assert cap["block_range"] <= 0.4 * cap["range"]
    crossed = told["figures"]["log_loss cross_validation"]
    assert crossed["with_hand"] == made["figures"]["cross_validation"]["log_loss"]["value"]
    assert crossed["without_hand"] is not None
    assert crossed["without_hand"] != crossed["with_hand"], "the model that is made is judged"

    shown = shell.run("hand", made["model"]).stdout
    assert "Analyst Three: the lender's own classes of arrears" in shown
    assert "without the hand" in shown
    report = Path(made["report"]).read_text(encoding="utf-8")
    assert "Attendance may take 40 % of the range of scores" in report
    assert "Analyst Three" in report
    refused = shell.refused(
        "promote", made["model"], "--by", "analyst three", "--reason", "it is mine"
    )
    assert "second person" in refused


def test_what_can_not_be_used_trains_nothing(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text('[features.attended_share]\ncuts = [0.5]\nauthor = "A"\n', encoding="utf-8")
    before = shell.json("models")
    train = ("train", "--by", "Analyst One")
    assert 'wrong.toml: features."attended_share", reason: is required' in shell.refused(
        *train, "--hand", str(path)
    )
    assert "FOOTHOLD_BLOCKS_OFF" in shell.refused(*train, "--attendance-cap", "0")
    shell.environment["FOOTHOLD_ATTENDANCE_CAP"] = "1.5"
    assert "FOOTHOLD_ATTENDANCE_CAP" in shell.refused(*train)
    del shell.environment["FOOTHOLD_ATTENDANCE_CAP"]
    assert shell.json("models") == before


@pytest.mark.slow
def test_a_fresh_store_takes_a_hand_in_the_experts_scorecard(tmp_path: Path) -> None:
    fresh = Shell(tmp_path / "var")
    fresh.json("init")
    path = tmp_path / "hand.toml"
    path.write_text(HAND, encoding="utf-8")
    plain = fresh.json("train", "--by", "Analyst One")
    made = fresh.json(
        "train", "--by", "Analyst One", "--hand", str(path), "--attendance-cap", "0.05"
    )
    assert made["kind"] == "expert_prior"
    assert made["model"] != plain["model"]
    told = fresh.json("hand", made["model"])
    (cap,) = told["block_caps"]
    assert cap["factor"] < 1
    assert cap["block_range"] <= 0.05 * cap["range"]
    assert "Its steps were scaled by" in Path(made["report"]).read_text(encoding="utf-8")
    assert [change["name"] for change in told["changes"][:2]] == [
        "attended_share",
        "worst_days_past_due_365d",
    ]
    assert fresh.json("hand", plain["model"])["changes"] == []
    assert "Nothing" in fresh.run("hand", plain["model"]).stdout
