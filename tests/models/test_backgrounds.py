"""Contributions against some founders are SHAP values against them, and a background is its id."""

import numpy as np
import pandas as pd
import pytest
import shap

from scoring.base.errors import IntegrityError
from scoring.models.adjustments.positive_only import positive_only
from scoring.models.backgrounds import Background, BackgroundKind
from scoring.models.card.points import PointsCard
from scoring.models.scorecard import MonotoneScorecard

COLUMNS = [f"f{j}" for j in range(10)]
DIRECTIONS = {"f0": 1, "f1": 1, "f2": -1, "f3": -1}


def _rows(count: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(count, 10)).round(2), columns=COLUMNS)
    return X.mask(rng.random(X.shape) < 0.1)


@pytest.fixture(scope="module")
def model() -> MonotoneScorecard:
    X = _rows(150, 0)
    rng = np.random.default_rng(1)
    risk = X.f0.fillna(0) + X.f1.fillna(0) - X.f2.fillna(0)
    return MonotoneScorecard(DIRECTIONS, n_binnings=1).fit(X, risk + rng.normal(size=150) > 1)


def _background(model: MonotoneScorecard, X: pd.DataFrame) -> Background:
    values = X.to_numpy()
    return Background.over(
        tuple(COLUMNS),
        PointsCard.of(model.card_).points_of_rows(values),
        kind=BackgroundKind.CUT_OFF,
        model="0" * 64,
        positive_only=False,
        chosen={"lender": "L-1"},
    )


def _near_the_cut_off(model: MonotoneScorecard) -> pd.DataFrame:
    X = _rows(400, 2)
    scores = PointsCard.of(model.card_).score_frame(X)
    cut_off = scores.quantile(0.4)
    return X[(scores >= cut_off) & (scores <= cut_off + 20)]


@pytest.mark.parametrize("clipped", [False, True], ids=["plain", "positive_only"])
def test_contributions_are_shap_values_with_the_cut_offs_rows_as_masker(
    model: MonotoneScorecard, clipped: bool
) -> None:
    if clipped:
        model, _ = positive_only(model, PointsCard.of(model.card_), COLUMNS[:6])
    near = _near_the_cut_off(model)
    assert len(near) >= 20
    background = _background(model, near)
    masker = shap.maskers.Independent(near, max_samples=len(near))
    card = PointsCard.of(model.card_)
    explainer = shap.explainers.Exact(
        lambda rows: card.base + card.points_of_rows(np.asarray(rows, dtype=float)).sum(axis=1),
        masker,
    )
    X = _rows(4, 3)
    found, earned = explainer(X), card.points_of_rows(X.to_numpy())
    assert background.founders == len(near)
    means = np.array([background.total_points[name] for name in COLUMNS]) / len(near)
    np.testing.assert_allclose(earned - means, found.values, atol=1e-9)
    np.testing.assert_allclose(found.base_values, card.base + means.sum(), atol=1e-9)
    of_estimator = model.contributions(X, near).sum(axis=1) + model.base(near)
    np.testing.assert_allclose(of_estimator, model.decision_function(X), atol=1e-12)


def test_the_order_of_founders_does_not_matter_and_any_change_makes_another_id(
    model: MonotoneScorecard,
) -> None:
    X = _near_the_cut_off(model)
    background = _background(model, X)
    assert _background(model, X.sample(frac=1, random_state=1)).reference == background.reference
    assert _background(model, X.iloc[1:]).reference != background.reference


def test_a_background_reads_back_and_an_altered_one_is_refused(model: MonotoneScorecard) -> None:
    background = _background(model, _near_the_cut_off(model))
    text, reference = background.to_json(), background.reference
    assert Background.from_json(text, reference=reference) == background
    with pytest.raises(IntegrityError, match=reference):
        Background.from_json(text.replace("L-1", "L-2"), reference=reference)


def test_points_are_summed_whole(model: MonotoneScorecard) -> None:
    X = _near_the_cut_off(model)
    background = _background(model, X)
    points = PointsCard.of(model.card_).points_of_rows(X.to_numpy()).sum(axis=0).tolist()
    assert background.founders == len(X)
    assert background.total_points == dict(zip(COLUMNS, points, strict=True))
