"""Few loans and many features: one answer whichever way it is computed, and no timid one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from scoring.models.learning import ascent
from scoring.models.scorecard import MonotoneScorecard

FEATURES = 15


def _loans(rows: int, *, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Loans of which each of many features tells a little, a fifth of the values missing."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.uniform(size=(rows, FEATURES))).add_prefix("f")  # noqa: N806
    log_odds = -2.5 + 0.15 * X.sum(axis=1) + 1.5 * (X["f0"] + X["f1"])
    y = (rng.random(rows) < expit(log_odds)).astype(int).to_numpy()
    return X.mask(rng.random(X.shape) < 0.2), y


def _expert(**settings: object) -> MonotoneScorecard:
    names = [f"f{j}" for j in range(FEATURES)]
    weights = dict.fromkeys(names, 0.15) | {"f0": 1.65, "f1": 1.65}
    return MonotoneScorecard(directions=dict.fromkeys(names, 1), weights=weights, **settings)


@pytest.mark.parametrize("when_missing", ["learned", "never_better_than_average", "neutral"])
def test_solving_in_rows_gives_the_card_that_solving_in_coefficients_gives(
    when_missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = _loans(40, seed=1)  # noqa: N806
    weights = np.random.default_rng(2).integers(1, 3, len(y)).astype(float)
    unseen, _ = _loans(200, seed=3)
    in_rows = _expert(when_missing=when_missing).fit(X, y, sample_weight=weights)
    monkeypatch.setattr(ascent, "ROWS_PER_COEFFICIENT", 0.0)
    in_coefficients = _expert(when_missing=when_missing).fit(X, y, sample_weight=weights)
    assert in_rows.decision_function(unseen) == pytest.approx(
        in_coefficients.decision_function(unseen), abs=1e-6
    )
    # Covariances are kept to four digits.
    low, high = in_rows.interval(unseen).to_numpy().T
    assert low == pytest.approx(in_coefficients.interval(unseen)["low"].to_numpy(), abs=1e-4)
    assert high == pytest.approx(in_coefficients.interval(unseen)["high"].to_numpy(), abs=1e-4)


def test_an_expert_who_says_nothing_does_not_make_probabilities_timid() -> None:
    X, benign = load_breast_cancer(as_frame=True, return_X_y=True)  # noqa: N806
    y = 1 - benign
    losses = []
    for sample in range(3):
        seen, unseen = train_test_split(
            np.arange(len(y)), train_size=50, stratify=y, random_state=sample
        )
        fitted = MonotoneScorecard().fit(X.iloc[seen], y.iloc[seen])
        losses.append(log_loss(y.iloc[unseen], fitted.predict_proba(X.iloc[unseen])[:, 1]))
    assert np.mean(losses) < 0.179, "0.184 where how far doubts go is not learned"
