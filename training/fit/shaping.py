"""How a card is shaped beyond its free fit: blocks are capped, and an analyst may have a hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from scoring.base.canonical import canonical_json, digest
from scoring.base.errors import InputError
from scoring.base.settings import DEFAULT_ATTENDANCE_CAP
from scoring.features import all_features
from scoring.features.catalogue import Kind
from scoring.models.adjustments.calibration import Calibration
from scoring.models.adjustments.capping import BlockCap, cap_block
from scoring.models.card.log_odds import Card
from scoring.models.card.points import PointsCard
from scoring.models.scorecard import MonotoneScorecard
from training.fit.hand.applying import AppliedHand


@dataclass(frozen=True)
class Shaping:
    """What is done to every card, in each fold of a validation as on all loans.

    Attributes:
        attendance_cap: share of the score range that attendance may have; 1 for no cap.
        hand: the analyst's; None for none.
        slope: what the log-odds learned are multiplied by before they are served, where the card is
            calibrated: caps hold on the card as served.

    Raises:
        InputError: the cap is no such share.
    """

    attendance_cap: float = DEFAULT_ATTENDANCE_CAP
    hand: AppliedHand | None = None
    slope: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 < self.attendance_cap <= 1.0:
            raise InputError(
                "The attendance cap is a share of the score range, above 0 up to 1, not "
                f"{self.attendance_cap:g}. To leave attendance out, set "
                "FOOTHOLD_BLOCKS_OFF=attendance."
            )

    @property
    def by_hand(self) -> tuple[str, ...]:
        """Features whose points are given: no calibration scales them."""
        return () if self.hand is None else self.hand.in_points

    def lineage(self) -> dict[str, Any]:
        """What the registry keeps of it."""
        entries = {} if self.hand is None else self.hand.entries()
        return {
            "attendance_cap": self.attendance_cap,
            "hand": [
                f"{name}: by {entry['author']}, {entry['reason']}"
                for name, entry in entries.items()
            ],
            "hand_digest": digest(canonical_json(entries)) if entries else None,
        }


@dataclass(frozen=True)
class Shaped:
    """A card and how it came about.

    Attributes:
        scorecard: as served.
        caps: of blocks.
    """

    scorecard: MonotoneScorecard
    caps: tuple[BlockCap, ...]


def fit_shaped(
    unfitted: MonotoneScorecard,
    X: pd.DataFrame,  # noqa: N803
    y: NDArray[np.int64] | None,
    shaping: Shaping,
) -> Shaped:
    """Fit, cap, and where there is a hand fit again round it.

    Shapes that the hand takes from the free fit come from these rows alone.

    Args:
        unfitted: with all that is declared of the features.
        X: shape (rows, features), in the card's order.
        y: shape (rows,), 1 for bad; None for the expert's scorecard.
        shaping: what is done to it.
    """
    fit = _Fitting(unfitted, X, y, shaping)
    free, cap = fit.capped({})
    hand = shaping.hand
    if hand is None:
        return Shaped(free, (cap,))
    rebinned = fit.holding(hand.held_cuts(free)) if hand.reshaped else free
    held = hand.held(free, rebinned)
    scorecard, cap = fit.capped(held, whole=hand.in_points)
    return Shaped(scorecard, (cap,))


@dataclass(frozen=True)
class _Fitting:
    """The rows, to fit to again and again."""

    unfitted: MonotoneScorecard
    X: pd.DataFrame
    y: NDArray[np.int64] | None
    shaping: Shaping

    def holding(self, held: Mapping[str, Any]) -> MonotoneScorecard:
        """Fit with more or less held."""
        scorecard: MonotoneScorecard = clone(self.unfitted).set_params(held=dict(held) or None)
        scorecard.fit(self.X, self.y)
        return scorecard

    def capped(
        self, held: Mapping[str, Any], *, whole: tuple[str, ...] = ()
    ) -> tuple[MonotoneScorecard, BlockCap]:
        """Fit, and again with attendance scaled down where it takes more than its share."""
        catalogue = all_features()
        attendance = [n for n in map(str, self.X.columns) if catalogue[n].kind is Kind.ATTENDANCE]
        return cap_block(
            self.holding(held),
            lambda capped: self.holding({**held, **capped}),
            block=Kind.ATTENDANCE.value,
            features=attendance,
            share=self.shaping.attendance_cap,
            points_of=partial(_served, slope=self.shaping.slope, whole=whole),
        )


def _served(card: Card, *, slope: float, whole: tuple[str, ...]) -> PointsCard:
    """Points as served; calibration moves the base as well, which no range depends on."""
    features = Calibration(slope=slope, by_hand=whole).scaled(card.features)
    return PointsCard.of(Card(card.intercept, features), whole=whole)
