"""Which of the expert's weights the score hangs on: each halved, doubled, and taken out.

Without outcomes a feature's steps are its weight times a fixed shape, so another weight scales
them and moves nothing else: the change is exact, without a refit. Where a block's cap binds, the
block answers, and with outcomes every other weight does, so the card is fitted anew for each
change. A feature whose points are given by hand has no weight to change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import joblib
import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from scoring.features import all_features
from scoring.models.adjustments.capping import range_of
from scoring.models.card.log_odds import Card, CardFeature
from scoring.models.card.points import PointsCard
from scoring.models.evidence import observed_shares
from scoring.models.priors import Priors, read_priors
from scoring.score.bands import band_of
from training.fit.fitting import expert_scorecard, fit_scorecard
from training.fit.shaping import Fit, Shaping
from training.measures.figures import SEED, Floats, Ints
from training.measures.folds import Progress, followed

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


_UNMOVED = Change(mean_points=0.0, band_share=0.0, rank_correlation=1.0)


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
        method: "exact", by scaling steps, or "refit".
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
    population: pd.DataFrame,
    *,
    currency: str,
    priors: Priors | None = None,
    shaping: Shaping | None = None,
    progress: Progress | None = None,
) -> SensitivityReport:
    """The expert's card, exactly; in seconds, or minutes where a cap binds at a weight tried.

    Args:
        population: features of founders or loans; with no rows, bins are drawn.
        currency: whose cut points are taken.
        priors: the expert's scorecard; that of `priors.toml` when None.
        shaping: caps and the analyst's hand; the default caps when None.
        progress: called with a label, fits done and fits in all, where there are any.
    """
    priors, shaping = priors or read_priors(), shaping or Shaping()
    fit_to = partial(expert_scorecard, population, currency=currency, shaping=shaping)
    fit = fit_to(priors=priors)
    card = fit.scorecard.card_
    rows, said = population, "training_population"
    if population.empty:
        rows, said = _drawn_rows(card), "sample_of_bins"
    if _a_cap_would_bind(fit, shaping):
        names = [feature.name for feature in card.features]
        found, method = _by_refits(fit_to, rows, names, priors, shaping, progress), "refit"
    else:
        found, method = _by_scaling(fit, rows, priors), "exact"
    return SensitivityReport(_ordered(found), len(rows), said, method)


def fitted_sensitivity(
    X: pd.DataFrame,  # noqa: N803
    y: Ints,
    *,
    currency: str,
    priors: Priors | None = None,
    shaping: Shaping | None = None,
    progress: Progress | None = None,
) -> SensitivityReport:
    """The card fitted to outcomes, by three refits per feature; minutes for some hundred loans.

    Args:
        X: shape (labels, features).
        y: shape (labels,), 1 for bad; at least one 0.
        currency: of the amounts.
        priors: the expert's scorecard; that of `priors.toml` when None.
        shaping: caps and the analyst's hand; the default caps when None.
        progress: called with a label, fits done and fits in all.
    """
    priors, shaping = priors or read_priors(), shaping or Shaping()
    fit_to = partial(fit_scorecard, X, y, currency=currency, shaping=shaping, n_binnings=_BINNINGS)
    found = _by_refits(fit_to, X, list(map(str, X.columns)), priors, shaping, progress)
    return SensitivityReport(_ordered(found), len(X), "training_population", "refit")


def with_weight(priors: Priors, feature: str, times: float) -> Priors:
    """The expert's scorecard with the weight of one feature multiplied."""
    said = priors.features[feature]
    changed = said.model_copy(update={"weight_points": times * said.weight_points})
    return priors.model_copy(update={"features": {**priors.features, feature: changed}})


def _by_scaling(fit: Fit, rows: pd.DataFrame, priors: Priors) -> list[Sensitivity]:
    card = fit.scorecard.card_
    score, log_odds = _scores(fit, rows)
    found = []
    for feature in card.features:
        steps = feature.look_up_all(rows[feature.name].to_numpy(dtype=np.float64))
        changes = {}
        for name, times in CHANGES.items():
            if feature.name in fit.by_hand:
                changes[name] = _UNMOVED
                continue
            features = [each.scaled(times) if each is feature else each for each in card.features]
            other = PointsCard.of(Card(card.intercept, tuple(features)), whole=fit.by_hand)
            moved = np.asarray(other.score_frame(rows), dtype=np.float64)
            changes[name] = _change(score, moved, log_odds, log_odds + (times - 1.0) * steps)
        weight = priors.features[feature.name].weight_points
        found.append(Sensitivity(feature.name, weight, **changes))
    return found


def _by_refits(
    fit_to: Callable[..., Fit],
    rows: pd.DataFrame,
    names: Sequence[str],
    priors: Priors,
    shaping: Shaping,
    progress: Progress | None,
) -> list[Sensitivity]:
    free = [name for name in names if name not in shaping.by_hand]
    asked = [priors] + [
        with_weight(priors, name, times) for name in free for times in CHANGES.values()
    ]
    jobs = (joblib.delayed(_refitted_scores)(fit_to, each, rows) for each in asked)
    scores = followed(jobs, len(asked), label="refitting", progress=progress)
    before, rest = scores[0], iter(scores[1:])
    found = []
    for name in names:
        changes = dict.fromkeys(CHANGES, _UNMOVED)
        if name in free:
            for change in CHANGES:
                after = next(rest)
                changes[change] = _change(before[0], after[0], before[1], after[1])
        found.append(Sensitivity(name, priors.features[name].weight_points, **changes))
    return found


def _refitted_scores(
    fit_to: Callable[..., Fit], priors: Priors, rows: pd.DataFrame
) -> tuple[Floats, Floats]:
    return _scores(fit_to(priors=priors), rows)


def _scores(fit: Fit, rows: pd.DataFrame) -> tuple[Floats, Floats]:
    """Points and log-odds of bad, shape (rows,) each."""
    rows = rows[list(fit.scorecard.feature_names_in_)]
    points = PointsCard.of(fit.scorecard.card_, whole=fit.by_hand).score_frame(rows)
    return np.asarray(points, dtype=np.float64), np.asarray(fit.scorecard.decision_function(rows))


def _a_cap_would_bind(fit: Fit, shaping: Shaping) -> bool:
    """Whether any cap binds at a weight tried; the log-odds served must be those learned."""
    if shaping.slope != 1.0 or any(cap.binds for cap in fit.caps):
        return True
    features, catalogue = fit.scorecard.card_.features, all_features()
    ranges = {each.name: _range(each, fit) for each in features}
    for cap in fit.caps:
        own = {name for name in ranges if catalogue[name].kind.value == cap.block}
        for feature in features:
            for times in CHANGES.values():
                if feature.name in fit.by_hand:
                    continue
                tried = ranges | {feature.name: _range(feature.scaled(times), fit)}
                if sum(tried[name] for name in own) > cap.share * sum(tried.values()):
                    return True
    return False


def _range(feature: CardFeature, fit: Fit) -> int:
    return range_of(PointsCard.of(Card(0.0, (feature,)), whole=fit.by_hand))


def _drawn_rows(card: Card) -> pd.DataFrame:
    """Drawn records, shape (rows, features): each bin of a feature as likely as its share."""
    rng = np.random.default_rng(SEED)
    columns = {}
    for feature in card.features:
        of_bins = np.array([*feature.cuts, feature.cuts[-1] + 1.0 if feature.cuts else 0.0])
        columns[feature.name] = rng.choice(of_bins, size=SAMPLED_ROWS, p=observed_shares(feature))
    return pd.DataFrame(columns)


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
