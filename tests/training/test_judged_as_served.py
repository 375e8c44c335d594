"""The model that is judged is the model that is served: calibrated, capped, with a hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.candidate import fit_as_served
from training.data.dataset import TrainingSet
from training.data.labels import OutcomeDefinition
from training.fit.hand.applying import apply_hand
from training.fit.hand.file import read_hand
from training.fit.shaping import Shaping
from training.validation.validate import foretell

SIGNED = '\nauthor = "Analyst One"\nreason = "as agreed"\n'
BY_HAND = {
    "a shape": "[features.refund_share_365d]\ncuts = [0.02, 0.1]\npoints = [30, 0, -60]" + SIGNED,
    "a weight": "[features.worst_days_past_due_365d]\nweight_points = 70" + SIGNED,
}


def _training_set() -> TrainingSet:
    rng = np.random.default_rng(3)
    rows = 160
    X = pd.DataFrame(  # noqa: N806
        {
            "attended_share": np.round(rng.beta(6, 2, rows), 3),
            "refund_share_365d": np.round(rng.beta(1, 12, rows), 3),
            "worst_days_past_due_365d": rng.geometric(0.1, rows) - 1.0,
        }
    )
    odds = -1.5 - 6 * (X.attended_share - 0.75) + 0.1 * (X.worst_days_past_due_365d - 9)
    y = (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(np.int64)
    whose = pd.DataFrame(
        {
            "founder_id": np.arange(rows),
            "founder": [f"F-{n}" for n in range(rows)],
            "kind": "loan",
            "reference": [f"L-{n}" for n in range(rows)],
            "lender": "L-FIRST",
            "origin": "lender",
            "as_of": date(2026, 1, 1),
        }
    )
    return TrainingSet(
        X=X,
        y=y,
        rows=whose,
        population=X.iloc[:0],
        currency="KRW",
        counts={},
        founders=rows,
        known_at=datetime(2026, 6, 1, tzinfo=UTC),
        definition=OutcomeDefinition(),
    )


DATA = _training_set()
TRAIN, TEST = np.arange(120), np.arange(120, 160)
EARLIER = replace(DATA, X=DATA.X.iloc[TRAIN], y=DATA.y[TRAIN], rows=DATA.rows.iloc[TRAIN])


def _shaping(folder: Path, text: str, cap: float) -> Shaping:
    shaping = Shaping(cap)
    if not text:
        return shaping
    path = folder / "hand.toml"
    path.write_text(text, encoding="utf-8")
    free, _ = fit_as_served(EARLIER, shaping)
    applied = apply_hand(read_hand(path), free.scorecard.card_, currency="KRW", file=path.name)
    return replace(shaping, hand=applied)


@pytest.mark.parametrize(
    "by_hand",
    ["", *(pytest.param(one, marks=pytest.mark.slow) for one in ("a shape", "a weight"))],
)
def test_a_validation_judges_the_card_that_training_would_serve(
    tmp_path: Path, by_hand: str
) -> None:
    shaping = _shaping(tmp_path, BY_HAND.get(by_hand, ""), cap=1.0)
    (judged,) = foretell(DATA, [(TRAIN, TEST)], shaping=shaping)
    fit, calibration = fit_as_served(EARLIER, shaping)
    assert calibration.slope != 1.0
    served = fit.scorecard.decision_function(DATA.X.iloc[TEST])
    assert np.abs(judged - served).max() < 1e-9


@pytest.mark.slow
def test_a_cap_that_binds_is_judged_within_what_rounding_can_move(tmp_path: Path) -> None:
    shaping = _shaping(tmp_path, "", cap=0.1)
    (judged,) = foretell(DATA, [(TRAIN, TEST)], shaping=shaping)
    fit, _ = fit_as_served(EARLIER, shaping)
    assert fit.caps[0].binds
    served = fit.scorecard.decision_function(DATA.X.iloc[TEST])
    a_point = np.log(2) / 20
    assert np.abs(judged - served).max() < a_point
