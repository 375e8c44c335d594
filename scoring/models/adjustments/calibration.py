"""Calibration of the PD: an affine map of what was learned, folded into the card before points.

Folded in, the card stays additive, every founder keeps their place in the order, and what is
printed, explained and served stay the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit

from scoring.models.card.binning import Floats
from scoring.models.card.log_odds import Card, CardFeature
from scoring.models.card.uncertainty import Uncertainty

if TYPE_CHECKING:
    from scoring.models.scorecard import MonotoneScorecard

PRIOR_SD = 0.25
"""Doubt that a card needs calibration, in log-odds and in the logarithm of the slope.

Some hundred outcomes, a fifth of them bad, weigh as much: 1 / 0.25^2 = 16 = 100 * 0.2 * 0.8.
"""

_DECIMALS = 6  # the last bits of a search change no model
_FARTHEST = 50.0  # log-odds within which a shift is sought


@dataclass(frozen=True)
class Calibration:
    """`calibrated log-odds = intercept + slope * learned log-odds + log-odds given by hand`.

    Attributes:
        slope: positive; below 1 the fit was too bold.
        intercept: log-odds, the anchor's shift in it.
        labels: outcomes foretold out of fold that it rests on; 0 where the prior's PD is kept.
        bads: how many of them went bad.
        central_tendency: mean PD of the population that it was anchored to; None without.
        by_hand: features whose points were given: the slope leaves them as they are.
        anchor_shift: the part of the intercept that the anchor made, log-odds.
    """

    slope: float = 1.0
    intercept: float = 0.0
    labels: int = 0
    bads: int = 0
    central_tendency: float | None = None
    anchor_shift: float = 0.0
    by_hand: tuple[str, ...] = ()

    def of_log_odds(self, log_odds: Floats, given: Floats | float = 0.0) -> Floats:
        """Return calibrated log-odds, shape (rows,).

        Args:
            log_odds: of the fit, shape (rows,).
            given: the part of them that was given by hand.
        """
        return self.intercept + self.slope * (log_odds - given) + given

    def anchored(
        self, log_odds: Floats, central_tendency: float, given: Floats | float = 0.0
    ) -> Calibration:
        """Return it with a shift that gives a population a mean PD.

        The prior correction of King and Zeng (2001, Logistic regression in rare events data), as
        the exact shift for these rows instead of that of the mean record.

        Args:
            log_odds: of the fit, not calibrated, shape (rows,), at least one.
            central_tendency: above 0 and below 1.
            given: the part of the log-odds that was given by hand.

        Raises:
            ValueError: it is not.
        """
        if not 0.0 < central_tendency < 1.0:
            raise ValueError(f"A central tendency lies between 0 and 1, not {central_tendency!r}.")
        from scipy.optimize import brentq  # slow to load, and not needed to score

        calibrated = self.of_log_odds(log_odds, given)
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
        card, uncertainty = scorecard.card_, scorecard.uncertainty_
        scale = np.full(uncertainty.remainder.size, self.slope)
        for feature, place in zip(card.features, card.places(), strict=True):
            if feature.name in self.by_hand:
                scale[place] = 1.0
        scaled = Uncertainty(
            factor=scale[:, None] * uncertainty.factor, remainder=scale**2 * uncertainty.remainder
        )
        return scorecard.with_card(self._card(card), scaled)

    def scaled(self, features: tuple[CardFeature, ...]) -> tuple[CardFeature, ...]:
        """Return a card's features as served: what was learned is multiplied by the slope."""
        return tuple(
            feature if feature.name in self.by_hand else feature.scaled(self.slope)
            for feature in features
        )

    def _card(self, card: Card) -> Card:
        return Card(self.intercept + self.slope * card.intercept, self.scaled(card.features))

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self) | {"by_hand": list(self.by_hand)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Calibration:
        """Read what `to_dict` wrote."""
        return cls(**{**data, "by_hand": tuple(data["by_hand"])})


def calibrated_to(
    log_odds: Floats, bad: NDArray[np.int64], given: Floats | float = 0.0
) -> Calibration:
    """Return the map that outcomes ask for, pulled towards none by a prior.

    About the mean of the log-odds the shift and the logarithm of the slope have independent normal
    priors of `PRIOR_SD`; this is their posterior mode. So few outcomes move little, and one more
    never makes a jump.

    Args:
        log_odds: foretold out of fold, shape (labels,).
        bad: 1 or 0, shape (labels,).
        given: the part of the log-odds that was given by hand; nothing scales it.
    """
    if log_odds.size == 0:
        return Calibration()
    learned = log_odds - given
    middle = float(learned.mean())
    apart = learned - middle
    sign = np.where(bad == 1, 1.0, -1.0)

    def loss(at: Floats) -> tuple[float, Floats]:
        shift, log_slope = at
        slope = np.exp(log_slope)
        foretold = middle + shift + slope * apart + given
        rest = expit(foretold) - (bad == 1)
        gradient = np.array([rest.sum(), slope * float((rest * apart).sum())])
        value = -float(log_expit(sign * foretold).sum()) + float((at**2).sum()) / (2 * PRIOR_SD**2)
        return value, gradient + at / PRIOR_SD**2

    from scipy.optimize import minimize  # slow to load, and not needed to score

    shift, log_slope = minimize(loss, np.zeros(2), jac=True, method="BFGS", tol=1e-9).x
    slope = round(float(np.exp(log_slope)), _DECIMALS)
    return Calibration(
        slope=slope,
        intercept=round(float(shift) + (1.0 - slope) * middle, _DECIMALS),
        labels=int(bad.size),
        bads=int((bad == 1).sum()),
    )
