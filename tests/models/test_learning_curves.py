"""Promises of the benchmark: nothing measured is lost, nothing measured twice, all told."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import learning
from benchmarks.coverage import DIRECTIONS, founders
from benchmarks.curves import as_markdown, draw, shortfalls, summary
from benchmarks.learning import EXPERT, SCORECARD, Result, learning_curves
from benchmarks.sets import LoanSet
from scoring.models.scorecard import MonotoneScorecard
from training.measures.figures import Floats


@pytest.fixture
def small_set(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Two quick learners on one simulated set; returns how often the second was asked."""
    X, _, y = founders(400, np.random.default_rng(1))
    loans = LoanSet("small", X, y, lambda: MonotoneScorecard(dict(DIRECTIONS)), DIRECTIONS)
    asked: list[int] = []

    def guess(X: object, y: object, unseen: object) -> Floats:
        del X, y
        asked.append(1)
        return np.asarray(np.random.default_rng(0).normal(size=len(unseen)))  # type: ignore[arg-type]

    def ours(X: object, y: object, unseen: object) -> Floats:
        return loans.scorecard().fit(X, y).decision_function(unseen)

    monkeypatch.setattr(learning, "sets_present", lambda: {"small": lambda: loans})
    monkeypatch.setattr(
        learning, "_learners", lambda _: {SCORECARD: ("a", ours), "guess": ("b", guess)}
    )
    return asked


def test_an_interrupted_run_goes_on_where_it_was(small_set: list[int], tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    first = learning_curves(sets=["small"], sizes=[50], samples=2, kept=kept)
    with kept.open("a") as file:
        file.write('{"set": "small", "si')  # cut short
    again = learning_curves(sets=["small"], sizes=[50, 100], samples=2, kept=kept)
    assert again[: len(first)] == first
    assert len(again) == 2 * len(first)
    assert len(small_set) == 4
    assert learning_curves(sets=["small"], sizes=[50, 100], samples=2, kept=kept) == again
    assert len(small_set) == 4


def test_sizes_that_leave_too_few_unseen_loans_are_passed_over(
    small_set: list[int], tmp_path: Path
) -> None:
    found = learning_curves(sets=["small"], sizes=[300], samples=1, kept=tmp_path / "kept.jsonl")
    assert found == []


def a_result(learner: str, sample: int, auc: float, *, size: int = 50) -> Result:
    return Result("small", size, sample, learner, "x", auc, 0.5, 0.2, 0.05, 1.0)


def test_a_better_rival_is_named_and_a_worse_one_is_not(tmp_path: Path) -> None:
    results = [
        *(a_result(SCORECARD, k, 0.70 + 0.001 * k) for k in range(4)),
        *(a_result("EBM", k, 0.75 + 0.002 * k) for k in range(4)),
        *(a_result(EXPERT, k, 0.60) for k in range(4)),
    ]
    table = summary(results)
    assert shortfalls(table)["learner"].tolist() == ["EBM"]
    text = as_markdown(table)
    assert "| small | 50 | EBM | -0.0515" in text
    draw(table, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 10_000


def test_black_boxes_are_rivals_on_few_loans_only() -> None:
    results = [
        a_result(learner, k, auc + 0.001 * k, size=size)
        for learner, auc in ((SCORECARD, 0.7), ("LightGBM", 0.8))
        for size in (200, 500)
        for k in range(3)
    ]
    table = summary([replace(r, auc=r.auc + 0.0001 * r.sample**2) for r in results])
    assert shortfalls(table)["size"].tolist() == [200]
