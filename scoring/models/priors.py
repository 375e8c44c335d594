"""The expert's scorecard as read from `priors.toml`, turned into settings of the estimator."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, PositiveFloat, ValidationError

from scoring.base.errors import ModelError
from scoring.features.catalogue import Feature, Unit
from scoring.models.card.points import PointsScale
from scoring.models.scorecard import MonotoneScorecard

PRIORS_PATH = Path(__file__).with_name("priors.toml")
_DOUBT = {"high": 0.25, "medium": 0.45, "low": 0.7}  # log-odds, one standard deviation


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BaseRate(_Strict):
    """Parameters of the Beta distribution of the share of bad."""

    bad: PositiveFloat
    good: PositiveFloat


class FeaturePrior(_Strict):
    """What the expert says of one feature."""

    weight_points: float
    confidence: Literal["high", "medium", "low"]
    cuts: list[float] | dict[str, list[float]]
    why: str
    typical: float | None = None

    def cuts_in(self, currency: str) -> list[float] | None:
        """Cut points for a currency; None where the expert gave none in it."""
        return self.cuts.get(currency) if isinstance(self.cuts, dict) else self.cuts


class Priors(_Strict):
    """The expert's scorecard."""

    version: str
    who: str
    base_rate: BaseRate
    features: dict[str, FeaturePrior]


def read_priors(path: Path = PRIORS_PATH) -> Priors:
    """Read the expert's scorecard.

    Raises:
        ModelError: the file is not well formed; names the entry.
    """
    try:
        return Priors.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ModelError(f"{path.name} can't be used: {error}") from error


def unfitted_scorecard(
    features: Mapping[str, Feature],
    priors: Priors,
    *,
    currency: str,
    scale: PointsScale | None = None,
) -> MonotoneScorecard:
    """The estimator with the directions, weights, doubts, cut points and missing rules declared.

    Args:
        features: what the model is made of.
        priors: the expert's scorecard.
        currency: which money its cut points are in.
        scale: of the weights' points.

    Raises:
        ModelError: the expert says nothing of a feature.
    """
    scale = scale or PointsScale()
    silent = [name for name in features if name not in priors.features]
    if silent:
        raise ModelError(f"priors.toml says nothing of {', '.join(silent)}. Add an entry for each.")
    said = {name: priors.features[name] for name in features}
    cuts = {name: prior.cuts_in(currency) for name, prior in said.items()}
    return MonotoneScorecard(
        directions={name: int(f.direction) for name, f in features.items()},
        weights={name: prior.weight_points / scale.factor for name, prior in said.items()},
        weight_sd={name: _DOUBT[prior.confidence] for name, prior in said.items()},
        cuts={name: found for name, found in cuts.items() if found is not None},
        when_missing={name: f.when_missing.value for name, f in features.items()},
        base_rate=(priors.base_rate.bad, priors.base_rate.good),
    )


def typical_constants(features: Mapping[str, Feature], priors: Priors) -> dict[str, float]:
    """To what ratios are shrunk, by the expert's word.

    Raises:
        ModelError: the expert gave none for a ratio.
    """
    found = {}
    for name, feature in features.items():
        if feature.shrinkage is None:
            continue
        prior = priors.features.get(name)
        if prior is None or prior.typical is None:
            raise ModelError(f"priors.toml gives no typical value of {name}, which is a ratio.")
        found[name] = prior.typical
    return found


def without_cuts(features: Mapping[str, Feature], priors: Priors, *, currency: str) -> list[str]:
    """Features of money that the expert gave no cut points for in a currency."""
    return [
        name
        for name, feature in features.items()
        if feature.unit is Unit.MONEY and priors.features[name].cuts_in(currency) is None
    ]
