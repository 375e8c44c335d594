"""Calibration of the PD: an affine map of the log-odds, folded into the card before points.

Folded in, the card stays additive, every founder keeps their place in the order, and what is
printed, explained and served stay the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize
from scipy.special import expit, log_expit

from scoring.models.binning import Floats
from scoring.models.card import Card
from scoring.models.scorecard import MonotoneScorecard
from scoring.models.uncertainty import Uncertainty

PRIOR_SD = 0.25
"""Doubt that a card needs calibration, in log-odds and in the logarithm of the slope.

Some hundred outcomes, a fifth of them bad, weigh as much: 1 / 0.25^2 = 16 = 100 * 0.2 * 0.8.
"""

_DECIMALS = 6  # the last bits of a search change no model
_FARTHEST = 50.0  # log-odds within which a shift is sought


@dataclass(frozen=True)
class Calibration:
    """`calibrated log-odds = intercept + slope * log-odds of the fit`.

    Attributes:
        slope: positive; below 1 the fit was too bold.
        intercept: log-odds, the anchor's shift in it.
        labels: outcomes foretold out of fold that it rests on; 0 where the prior's PD is kept.
        bads: how many of them went bad.
        central_tendency: mean PD of the population that it was anchored to; None without.
        anchor_shift: the part of the intercept that the anchor made, log-odds.
    """

    slope: float = 1.0
    intercept: float = 0.0
    labels: int = 0
    bads: int = 0
    central_tendency: float | None = None
    anchor_shift: float = 0.0

    def of_log_odds(self, log_odds: Floats) -> Floats:
        """Return calibrated log-odds, shape (rows,)."""
        return self.intercept + self.slope * log_odds

    def anchored(self, log_odds: Floats, central_tendency: float) -> Calibration:
        """Return it with a shift that gives a population a mean PD.

        The prior correction of King and Zeng (2001, Logistic regression in rare events data), as
        the exact shift for these rows instead of that of the mean record.

        Args:
            log_odds: of the fit, not calibrated, shape (rows,), at least one.
            central_tendency: above 0 and below 1.

        Raises:
            ValueError: it is not.
        """
        if not 0.0 < central_tendency < 1.0:
            raise ValueError(f"A central tendency lies between 0 and 1, not {central_tendency!r}.")
        calibrated = self.of_log_odds(log_odds)
        far = _FARTHEST + float(np.abs(calibrated).max())
        shift = brentq(
            lambda by: float(expit(calibrated + by).mean()) - central_tendency, -far, far
        )
        shift = round(float(shift), _DECIMALS)
        return replace(
            self,
            intercept=round(self.intercept + shift, _DECIMALS),
            central_tendency=central_tendency,
            anchor_shift=shift,
        )

    def applied_to(self, scorecard: MonotoneScorecard) -> MonotoneScorecard:
        """Return a fitted scorecard with its card and uncertainty calibrated; the other stays."""
        calibrated = copy(scorecard)
        calibrated.card_ = self._card(scorecard.card_)
        calibrated.base_log_odds_ = calibrated.card_.intercept
        calibrated.uncertainty_ = Uncertainty(
            factor=self.slope * scorecard.uncertainty_.factor,
            remainder=self.slope**2 * scorecard.uncertainty_.remainder,
        )
        return calibrated

    def _card(self, card: Card) -> Card:
        return Card(
            intercept=self.intercept + self.slope * card.intercept,
            features=tuple(
                replace(
                    feature,
                    log_odds=tuple(self.slope * step for step in feature.log_odds),
                    missing_log_odds=self.slope * feature.missing_log_odds,
                )
                for feature in card.features
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Calibration:
        """Read what `to_dict` wrote."""
        return cls(**data)


def calibrated_to(log_odds: Floats, bad: NDArray[np.int64]) -> Calibration:
    """Return the map that outcomes ask for, held towards none by a prior.

    About the mean of the log-odds the shift and the logarithm of the slope have independent normal
    priors of `PRIOR_SD`; this is their posterior mode. So few outcomes move little, and one more
    never makes a jump.

    Args:
        log_odds: foretold out of fold, shape (labels,).
        bad: 1 or 0, shape (labels,).
    """
    if log_odds.size == 0:
        return Calibration()
    middle = float(log_odds.mean())
    apart = log_odds - middle
    sign = np.where(bad == 1, 1.0, -1.0)

    def loss(at: Floats) -> tuple[float, Floats]:
        shift, log_slope = at
        slope = np.exp(log_slope)
        foretold = middle + shift + slope * apart
        rest = expit(foretold) - (bad == 1)
        gradient = np.array([rest.sum(), slope * float((rest * apart).sum())])
        value = -float(log_expit(sign * foretold).sum()) + float((at**2).sum()) / (2 * PRIOR_SD**2)
        return value, gradient + at / PRIOR_SD**2

    shift, log_slope = minimize(loss, np.zeros(2), jac=True, method="BFGS", tol=1e-9).x
    slope = round(float(np.exp(log_slope)), _DECIMALS)
    return Calibration(
        slope=slope,
        intercept=round(float(shift) + (1.0 - slope) * middle, _DECIMALS),
        labels=int(bad.size),
        bads=int((bad == 1).sum()),
    )
