"""How a card is shaped beyond its free fit: blocks are capped, and an analyst may have a hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
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


class ModelKind(StrEnum):
    """Where a model's points come from."""

    EXPERT_PRIOR = "expert_prior"
    FITTED = "fitted"


@dataclass(frozen=True)
class Fit:
    """A scorecard as it was shaped.

    Attributes:
        scorecard: fitted, or the expert's.
        caps: what was done to keep blocks within their share of the range.
        by_hand: features whose points were given by hand.
    """

    scorecard: MonotoneScorecard
    caps: tuple[BlockCap, ...]
    by_hand: tuple[str, ...] = ()

    @property
    def kind(self) -> ModelKind:
        """Where its points come from."""
        fitted = self.scorecard.is_fitted_to_outcomes_
        return ModelKind.FITTED if fitted else ModelKind.EXPERT_PRIOR

    def foretell(self, X: pd.DataFrame) -> Foretelling:  # noqa: N803
        """Log-odds of bad of rows; X has the scorecard's columns, and may have more."""
        X = X[list(self.scorecard.feature_names_in_)]  # noqa: N806
        log_odds, parts = self.scorecard.scores_and_contributions(X)
        return Foretelling(log_odds, parts[list(self.by_hand)].to_numpy().sum(axis=1))


@dataclass(frozen=True)
class Foretelling:
    """Log-odds of bad, not calibrated, and the part of them given by hand, shape (rows,) each."""

    log_odds: NDArray[np.float64]
    given: NDArray[np.float64]

    @classmethod
    def joined(cls, parts: Sequence[Foretelling]) -> Foretelling:
        """The parts' rows one after the other."""
        return cls(
            np.concatenate([part.log_odds for part in parts]),
            np.concatenate([part.given for part in parts]),
        )


def fit_shaped(
    unfitted: MonotoneScorecard,
    X: pd.DataFrame,  # noqa: N803
    y: NDArray[np.int64] | None,
    shaping: Shaping,
) -> Fit:
    """Fit, cap, and where there is a hand fit again round it.

    Shapes that the hand takes from the free fit come from these rows alone.

    Args:
        unfitted: with all that is declared of the features.
        X: shape (rows, features), in the card's order.
        y: shape (rows,), 1 for bad; None for the expert's scorecard.
        shaping: what is done to it.
    """
    rows = _Rows(unfitted, X, y, shaping)
    free, cap = rows.capped({})
    hand = shaping.hand
    if hand is None:
        return Fit(free, (cap,))
    rebinned = rows.fitted_round(hand.fixed_cuts(free)) if hand.reshaped else free
    fixed = hand.fixed(free, rebinned)
    scorecard, cap = rows.capped(fixed, whole=hand.in_points)
    return Fit(scorecard, (cap,), tuple(name for name in shaping.by_hand if name in X.columns))


@dataclass(frozen=True)
class _Rows:
    """The rows, to fit to again and again."""

    unfitted: MonotoneScorecard
    X: pd.DataFrame
    y: NDArray[np.int64] | None
    shaping: Shaping

    def fitted_round(self, fixed: Mapping[str, Any]) -> MonotoneScorecard:
        """Fit with more or less fixed."""
        scorecard: MonotoneScorecard = clone(self.unfitted).set_params(fixed=dict(fixed) or None)
        scorecard.fit(self.X, self.y)
        return scorecard

    def capped(
        self, fixed: Mapping[str, Any], *, whole: tuple[str, ...] = ()
    ) -> tuple[MonotoneScorecard, BlockCap]:
        """Fit, and again with attendance scaled down where it takes more than its share."""
        catalogue = all_features()
        attendance = [n for n in map(str, self.X.columns) if catalogue[n].kind is Kind.ATTENDANCE]
        return cap_block(
            self.fitted_round(fixed),
            lambda capped: self.fitted_round({**fixed, **capped}),
            block=Kind.ATTENDANCE.value,
            features=attendance,
            share=self.shaping.attendance_cap,
            points_of=partial(_served, slope=self.shaping.slope, whole=whole),
        )


def _served(card: Card, *, slope: float, whole: tuple[str, ...]) -> PointsCard:
    """Points as served; calibration moves the base as well, which no range depends on."""
    features = Calibration(slope=slope, by_hand=whole).scaled(card.features)
    return PointsCard.of(Card(card.intercept, features), whole=whole)
