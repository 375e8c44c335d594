"""Benchmarks write numbers only; what could not be measured is named and left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import figures
from benchmarks.figures import figure, write_figures


def test_a_figure_is_the_ratio_of_ours_to_the_baseline() -> None:
    assert figure("time", ours=1.0, baseline=2.0, goal=0.5)["holds"] is True
    found = figure("AUC", ours=0.9, baseline=1.0, goal=0.95, at_most=False)
    assert (found["ratio"], found["holds"]) == (0.9, False)


def test_what_could_not_be_measured_is_named_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(figures, "RESULTS", tmp_path)
    write_figures(
        "some",
        [
            figure("measured", ours=1.0, baseline=2.0, goal=1.0),
            figure("no baseline", ours=1.0, baseline=None, goal=1.0),
            figure("nothing to divide by", ours=1.0, baseline=0.0, goal=1.0),
            figure("not a number", ours=float("nan"), baseline=1.0, goal=1.0),
        ],
    )
    shown = capsys.readouterr()
    lines = (tmp_path / "some.jsonl").read_text().splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["measured"]
    assert "NaN" not in shown.out
    for name in ("no baseline", "nothing to divide by", "not a number"):
        assert name in shown.err
