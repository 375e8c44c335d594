"""Straight lines in normal scores: the same rows in fewer numbers, and what they are there for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import log_loss

from scoring.models.learning import members
from scoring.models.learning.coding import CodedRows
from scoring.models.learning.design import Design
from scoring.models.learning.straight import normal_scores, straightened
from scoring.models.scorecard import MonotoneScorecard

FEATURES = 20


@st.composite
def _designs(draw: st.DrawFn) -> Design:
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    rows, features = draw(st.integers(1, 30)), draw(st.integers(1, 4))
    values = rng.integers(0, 6, size=(rows, features)).astype(float)
    values[rng.random(values.shape) < draw(st.sampled_from([0.0, 0.3, 1.0]))] = np.nan
    cuts = [np.arange(0.5, draw(st.integers(0, 5))) for _ in range(features)]
    signs = [draw(st.sampled_from([-1, 1])) for _ in range(features)]
    coded = CodedRows.of(values, np.ones(rows), cuts)
    return Design(coded.on(cuts), cuts, signs, coded.shares())


@given(_designs(), st.integers(0, 10_000))
def test_a_line_and_the_steps_that_it_stands_for_are_the_same_log_odds(
    design: Design, seed: int
) -> None:
    lines, turning = straightened(design)
    slopes = np.random.default_rng(seed).uniform(0.0, 2.0, lines.n_coefficients)
    steps = turning @ slopes
    np.testing.assert_allclose(design.log_odds(steps), lines.log_odds(slopes), atol=1e-12)
    np.testing.assert_allclose(
        lines.gradient(np.ones(design.n_rows)),
        turning.T @ design.gradient(np.ones(design.n_rows)),
        atol=1e-9,
    )
    of_steps = [step for b in design.blocks[:-1] for step in steps[b.coefficients][:-1]]
    assert min(of_steps, default=0.0) >= 0.0, "a slope that is not negative keeps the order"


def _misjudged(rows: int, *, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Loans of which two features tell everything; the expert thinks as much of all twenty."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(rows, FEATURES))).add_prefix("f")  # noqa: N806
    bad = rng.random(rows) < expit(-3.0 + 1.6 * X["f0"] + 1.6 * X["f1"])
    return X, bad.to_numpy().astype(int)


def test_where_the_expert_misjudged_slopes_round_zero_tell_sooner_than_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [f"f{j}" for j in range(FEATURES)]
    unseen, outcome = _misjudged(4_000, seed=99)
    kinds = members._kinds

    def losses() -> np.ndarray:
        found = []
        for seed in range(3):
            X, y = _misjudged(100, seed=seed)  # noqa: N806
            scorecard = MonotoneScorecard(directions=dict.fromkeys(names, 1)).fit(X, y)
            found.append(log_loss(outcome, scorecard.predict_proba(unseen)[:, 1]))
        return np.array(found)

    ours = losses()
    monkeypatch.setattr(
        members, "_kinds", lambda *of: tuple(kind for kind in kinds(*of) if not kind.straight)
    )
    assert ours.mean() < losses().mean() - 0.004


def test_a_line_claims_nothing_beyond_those_who_were_seen() -> None:
    scores = normal_scores(np.array([0.0, 0.0, 0.3, 0.5, 0.0, 0.1]))
    assert scores == pytest.approx([scores[2]] * 3 + [scores[3]] * 2)
    assert scores[2] < 0.0 < scores[3]


def test_lines_are_for_few_loans() -> None:
    X, y = _misjudged(501, seed=1)  # noqa: N806
    scorecard = MonotoneScorecard(directions=dict.fromkeys(X, 1))
    few = scorecard.fit(X[:500], y[:500]).learned_.member_weights
    assert {"straight lines", "expert's line"} <= set(few)
    assert sum(few.values()) == pytest.approx(1.0)
    assert not {"straight lines", "expert's line"} & set(
        scorecard.fit(X, y).learned_.member_weights
    )
