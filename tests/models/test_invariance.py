"""What can't matter to a fit doesn't: columns that tell nothing, how rows are written down."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from scoring.models.card.binning import bin_of
from scoring.models.learning import joining, members
from scoring.models.learning.declarations import WhenMissing
from scoring.models.scorecard import MonotoneScorecard


def _loans(rows: int, *, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Loans whose first feature tells something, as does its being missing."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(rows, 2)), columns=["a", "b"])  # noqa: N806
    missing = rng.random(rows) < 0.3
    bad = rng.random(rows) < expit(-1.5 + 0.8 * X["a"] * ~missing + 1.2 * missing)
    return X.assign(a=X["a"].mask(missing)), bad.to_numpy().astype(int)


@given(
    st.lists(st.integers(-40, 40), max_size=30, unique=True),
    st.lists(st.sampled_from([-np.inf, np.inf, np.nan, *np.arange(-42, 42, 0.5)]), max_size=20),
)
def test_a_values_bin_is_the_number_of_cuts_below_it(cuts: list[int], values: list[float]) -> None:
    found = bin_of(np.array(values, dtype=float), np.sort(np.array(cuts, dtype=float)))
    expected = [
        len(cuts) + 1 if np.isnan(value) else sum(cut < value for cut in cuts) for value in values
    ]
    assert found.tolist() == expected


@pytest.mark.parametrize("when_missing", ["learned", "never_better_than_average"])
def test_columns_that_say_nothing_change_no_score(when_missing: WhenMissing) -> None:
    X, y = _loans(120, seed=1)  # noqa: N806
    padded = X.assign(**{f"always_one_{j}": 1.0 for j in range(20)})
    alone = MonotoneScorecard({"a": 1, "b": 1}, when_missing=when_missing).fit(X, y)
    among = MonotoneScorecard({"a": 1, "b": 1}, when_missing=when_missing).fit(padded, y)
    np.testing.assert_allclose(
        among.decision_function(padded), alone.decision_function(X), atol=1e-3
    )


@pytest.mark.parametrize("direction", [1, -1])
def test_who_withholds_what_nobody_gave_yet_counts_as_average(direction: int) -> None:
    X, y = _loans(60, seed=2)  # noqa: N806
    X["new"] = np.nan
    model = MonotoneScorecard(
        {"a": 1, "new": direction},
        {"a": 0.5, "new": 1.0},
        cuts={"new": [1.0, 2.0, 3.0]},
        when_missing="never_better_than_average",
    ).fit(X, y)
    asked = pd.DataFrame({"a": 0.0, "b": 0.0, "new": [0.5, 1.5, 2.5, 3.5, np.nan]})
    *given, withheld = model.predict_proba(asked)[:, 1]
    assert min(given) < withheld < max(given)
    assert model.decision_function(asked[-1:])[0] == pytest.approx(
        np.mean(model.decision_function(asked[:-1])), abs=0.05
    )


def test_weights_may_add_up_to_one() -> None:
    X, y = _loans(9_000, seed=3)  # noqa: N806
    model = MonotoneScorecard({"a": 1}).fit(X, y, sample_weight=np.full(len(y), 1 / len(y)))
    assert np.isfinite(model.decision_function(X)).all()


def test_weights_are_repeated_rows_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "CANONICAL_ROWS", 100)  # as beyond 100,000 rows
    monkeypatch.setattr(members, "ROWS_FOR_AVERAGE", 1_000)
    X, y = _loans(400, seed=4)  # noqa: N806
    weighted = MonotoneScorecard({"a": 1}).fit(X, y, sample_weight=np.full(len(y), 3.0))
    thrice = MonotoneScorecard({"a": 1}).fit(pd.concat([X] * 3), np.tile(y, 3))
    assert weighted.learned_.member_weights.keys() == thrice.learned_.member_weights.keys()
    np.testing.assert_allclose(
        weighted.decision_function(X), thrice.decision_function(X), atol=1e-6
    )
