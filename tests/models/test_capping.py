"""A capped block never moves a score by more than its share, exactly as the card is printed."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from scoring.models.adjustments.capping import BlockCap, cap_block, range_of
from scoring.models.card.points import PointsCard
from scoring.models.scorecard import MonotoneScorecard
from tests.models.test_scorecard import CUTS, DIRECTIONS, founders

BLOCK = ("attendance", "refunds")


def fitted_and_capped(
    rows: int, seed: int, share: float, *, outcomes: bool = True, **settings: Any
) -> tuple[MonotoneScorecard, MonotoneScorecard, BlockCap]:
    X, y = founders(rows, seed)
    used = y if outcomes and 0 in y else None
    unfitted = MonotoneScorecard(DIRECTIONS, cuts=CUTS, n_binnings=1, **settings)
    free = clone(unfitted).fit(X, used)

    def refit(fixed: dict[str, Any]) -> MonotoneScorecard:
        return clone(unfitted).set_params(fixed=fixed).fit(X, used)

    return free, *cap_block(free, refit, block="block", features=BLOCK, share=share)


@given(
    rows=st.sampled_from([0, 15, 40, 120]),
    seed=st.integers(0, 999),
    share=st.floats(0.005, 0.6),
    outcomes=st.booleans(),
)
@settings(deadline=None, max_examples=25)
def test_a_cap_holds_on_any_card_which_stays_additive_and_monotone(
    rows: int, seed: int, share: float, outcomes: bool
) -> None:
    free, card, cap = fitted_and_capped(rows, seed, share, outcomes=outcomes)
    points = PointsCard.of(card.card_)
    assert cap.block_range == range_of(points, BLOCK)
    assert cap.range == range_of(points)
    assert cap.block_range <= share * cap.range + 1e-9
    assert 0 <= cap.factor <= 1
    for before, after in zip(free.card_.features, card.card_.features, strict=True):
        assert np.all(np.diff(after.log_odds) * DIRECTIONS[after.name] >= 0)
        if after.name in BLOCK:
            expected = cap.factor * before.table()
            np.testing.assert_allclose(after.table(), expected, rtol=0, atol=1e-12)
    X = founders(50, seed + 1)[0]
    total = card.base() + card.contributions(X).sum(axis=1)
    np.testing.assert_allclose(total, card.decision_function(X), rtol=0, atol=1e-12)
    if rows >= 40:
        own = card.contributions(founders(rows, seed)[0])
        np.testing.assert_allclose(own.mean(), 0.0, atol=1e-12)


def test_where_it_does_not_bind_the_card_is_the_very_same() -> None:
    free, card, cap = fitted_and_capped(120, 1, 1.0)
    assert card is free
    assert cap.factor == 1.0
    assert not cap.binds
    assert (cap.block_range, cap.range) == (cap.block_range_before, cap.range_before)


def test_it_uses_what_the_share_allows_to_a_point() -> None:
    for seed in range(3):
        _, _, cap = fitted_and_capped(200, seed, 0.15)
        assert cap.binds
        rest = cap.range - cap.block_range
        # Two features, each rounded at both ends: a little more would be too much.
        assert cap.block_range + 4 >= 0.15 / 0.85 * rest


def test_the_rest_is_fitted_round_the_capped_block() -> None:
    free, card, cap = fitted_and_capped(400, 2, 0.05)
    assert cap.range - cap.block_range != cap.range_before - cap.block_range_before
    sales = [next(f for f in each.card_.features if f.name == "sales") for each in (free, card)]
    assert sales[0].log_odds != sales[1].log_odds


def test_the_doubt_of_a_capped_block_is_that_of_the_free_fit_scaled() -> None:
    free, card, cap = fitted_and_capped(200, 3, 0.1)
    places = {}
    for model in (free, card):
        start = 1
        for feature in model.card_.features:
            size = len(feature.cuts) + 2
            places[id(model), feature.name] = np.arange(start, start + size)
            start += size

    def deviations(model: MonotoneScorecard) -> np.ndarray:
        at = places[id(model), "attendance"]
        return model.uncertainty_.standard_deviations(at[:, None])

    np.testing.assert_allclose(deviations(card), cap.factor * deviations(free), rtol=1e-3)
    assert np.all(deviations(card) > 0)


def test_a_block_alone_on_a_card_may_not_move_it_at_all() -> None:
    X, y = founders(100, 4)
    X = X[list(BLOCK)]
    unfitted = MonotoneScorecard({name: DIRECTIONS[name] for name in BLOCK}, n_binnings=1)

    def refit(fixed: dict[str, Any]) -> MonotoneScorecard:
        return clone(unfitted).set_params(fixed=fixed).fit(X, y)

    card, cap = cap_block(refit({}), refit, block="block", features=BLOCK, share=0.2)
    assert cap.range == 0
    assert np.ptp(card.decision_function(X)) < 0.1


def test_neutral_missing_values_stay_neutral() -> None:
    _, card, cap = fitted_and_capped(150, 5, 0.1, when_missing="neutral")
    assert cap.binds
    assert all(abs(each.missing_log_odds) < 1e-12 for each in card.card_.features)


def test_the_same_loans_give_the_same_bits() -> None:
    one, other = (fitted_and_capped(100, 6, 0.1)[1] for _ in range(2))
    assert one.to_dict() == other.to_dict()
    assert MonotoneScorecard.from_dict(one.to_dict()).to_dict() == one.to_dict()


@pytest.mark.parametrize("share", [0.0, -0.1, 1.5])
def test_a_share_is_above_nothing_and_up_to_all(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        fitted_and_capped(0, 0, share)
