"""Which of the expert's weights the score hangs on: each halved, doubled, and taken out.

Without outcomes a feature's steps are its weight times a fixed shape, so another weight scales
them and moves nothing else: the change is exact, without a refit. With outcomes every other weight
answers, so the card is fitted anew for each change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import joblib
import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from scoring.bands import band_of
from scoring.models.card import Card
from scoring.models.evidence import observed_shares
from scoring.models.points import PointsCard, PointsScale
from scoring.models.priors import Priors, read_priors
from training.figures import SEED, Floats, Ints
from training.fit import expert_scorecard, fit_scorecard
from training.folds import Progress, followed

CHANGES = MappingProxyType({"halved": 0.5, "doubled": 2.0, "taken_out": 0.0})
SAMPLED_ROWS = 5_000
_BINNINGS = 1  # both fits of a comparison have one binning: five times as fast


@dataclass(frozen=True)
class Change:
    """What another weight does to the scores of a population.

    Attributes:
        mean_points: mean absolute change, in points.
        band_share: share of founders in another band, 0 to 1.
        rank_correlation: Spearman's, of scores before and after.
    """

    mean_points: float
    band_share: float
    rank_correlation: float


@dataclass(frozen=True)
class Sensitivity:
    """How much the score hangs on the weight of one feature."""

    feature: str
    weight_points: float
    halved: Change
    doubled: Change
    taken_out: Change

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


@dataclass(frozen=True)
class SensitivityReport:
    """All features, those first that move scores most when they are taken out.

    Attributes:
        features: one entry each.
        rows: founders or loans that were scored.
        population: "training_population", or "sample_of_bins" where there was nobody: every
            feature's bins drawn alike and independently.
        method: "exact" or "refit".
    """

    features: tuple[Sensitivity, ...]
    rows: int
    population: str
    method: str

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "rows": self.rows,
            "population": self.population,
            "method": self.method,
            "features": [each.as_dict() for each in self.features],
        }


def expert_sensitivity(
    population: pd.DataFrame, *, currency: str, priors: Priors | None = None
) -> SensitivityReport:
    """The expert's card, exactly.

    Args:
        population: features of founders or loans; with no rows, bins are drawn.
        currency: whose cut points are taken.
        priors: the expert's scorecard; that of `priors.toml` when None.
    """
    priors = priors or read_priors()
    scorecard = expert_scorecard(population, currency=currency, priors=priors).scorecard
    card = scorecard.card_
    if population.empty:
        steps, said = _drawn_steps(card), "sample_of_bins"
    else:
        names = [feature.name for feature in card.features]
        values = population[names].to_numpy(dtype=np.float64)
        steps, said = card.contributions_of_rows(values), "training_population"
    scale = PointsScale()
    points = np.rint(-scale.factor * steps)
    score = round(scale.to_points(card.intercept)) + points.sum(axis=1)
    log_odds = card.intercept + steps.sum(axis=1)
    found = []
    for j, feature in enumerate(card.features):
        changes = {}
        for name, times in CHANGES.items():
            moved = score - points[:, j] + np.rint(-scale.factor * times * steps[:, j])
            changes[name] = _change(score, moved, log_odds, log_odds + (times - 1.0) * steps[:, j])
        weight = priors.features[feature.name].weight_points
        found.append(Sensitivity(feature.name, weight, **changes))
    return SensitivityReport(_ordered(found), len(steps), said, "exact")


def fitted_sensitivity(
    X: pd.DataFrame,  # noqa: N803
    y: Ints,
    *,
    currency: str,
    priors: Priors | None = None,
    progress: Progress | None = None,
) -> SensitivityReport:
    """The card fitted to outcomes, by three refits per feature; minutes for some hundred loans.

    Args:
        X: shape (labels, features).
        y: shape (labels,), 1 for bad; at least one 0.
        currency: of the amounts.
        priors: the expert's scorecard; that of `priors.toml` when None.
        progress: called with a label, fits done and fits in all.
    """
    priors = priors or read_priors()
    names = [str(name) for name in X.columns]
    asked = [priors] + [
        with_weight(priors, name, times) for name in names for times in CHANGES.values()
    ]
    jobs = (joblib.delayed(_fitted_scores)(X, y, each, currency) for each in asked)
    scores = followed(jobs, len(asked), label="refitting", progress=progress)
    (score, log_odds), rest = scores[0], iter(scores[1:])
    found = []
    for name in names:
        changes = {}
        for change in CHANGES:
            moved, log_odds_after = next(rest)
            changes[change] = _change(score, moved, log_odds, log_odds_after)
        found.append(Sensitivity(name, priors.features[name].weight_points, **changes))
    return SensitivityReport(_ordered(found), len(X), "training_population", "refit")


def with_weight(priors: Priors, feature: str, times: float) -> Priors:
    """The expert's scorecard with the weight of one feature multiplied."""
    said = priors.features[feature]
    changed = said.model_copy(update={"weight_points": times * said.weight_points})
    return priors.model_copy(update={"features": {**priors.features, feature: changed}})


def _fitted_scores(
    X: pd.DataFrame,  # noqa: N803
    y: Ints,
    priors: Priors,
    currency: str,
) -> tuple[Floats, Floats]:
    fit = fit_scorecard(X, y, currency=currency, priors=priors, n_binnings=_BINNINGS)
    score = PointsCard.of(fit.scorecard.card_).score_frame(X)
    return np.asarray(score, dtype=np.float64), np.asarray(fit.scorecard.decision_function(X))


def _drawn_steps(card: Card) -> Floats:
    """Contributions of drawn records, shape (rows, features): each bin as likely as its share."""
    rng = np.random.default_rng(SEED)
    columns = [
        rng.choice(np.array(feature.log_odds), size=SAMPLED_ROWS, p=observed_shares(feature))
        for feature in card.features
    ]
    return np.column_stack(columns)


def _change(before: Floats, after: Floats, log_odds: Floats, log_odds_after: Floats) -> Change:
    constant = np.ptp(log_odds) == 0 or np.ptp(log_odds_after) == 0
    rank = 1.0 if constant else float(spearmanr(log_odds, log_odds_after).statistic)
    return Change(
        mean_points=float(np.abs(after - before).mean()),
        band_share=float(np.mean(_bands(before) != _bands(after))),
        rank_correlation=rank,
    )


def _bands(scores: Iterable[float]) -> np.ndarray:
    return np.array([band_of(int(score)) for score in scores])


def _ordered(found: Sequence[Sensitivity]) -> tuple[Sensitivity, ...]:
    return tuple(sorted(found, key=lambda each: (-each.taken_out.mean_points, each.feature)))
