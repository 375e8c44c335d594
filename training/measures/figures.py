"""Validation figures with bootstrap intervals: founders are drawn, not loans.

All figures are computed for all draws at once: a draw is a row of weights, and each figure maps a
matrix of weights, shape (draws, labels), to one number per draw.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SEED = 20261101  # of every draw in training: folds, bootstrap, peers
LEVEL = 0.95
DRAWS = 1000
FEWEST_OF_A_CLASS = 2
_MOST_CELLS = 20_000_000  # of weights held at once: many loans need fewer draws
_FEWEST_DRAWS = 100
_ECE_BINS = 10
_NEWTON_STEPS = 30
_STEEPEST = 50.0


@dataclass(frozen=True)
class Figure:
    """A figure with its interval; None with the reason where it can't be told."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain data, without NaN."""
        shown: dict[str, Any] = {"value": self.value, "low": self.low, "high": self.high}
        return shown | ({"reason": self.reason} if self.reason else {})


@dataclass(frozen=True)
class Judged:
    """What was foretold and what came: shape (labels,) each.

    Attributes:
        y: 1 for bad.
        log_odds: foretold log-odds of bad.
        founders: whose loan; drawn together.
    """

    y: Ints
    log_odds: Floats
    founders: Ints

    @property
    def bads(self) -> int:
        """How many went bad."""
        return int(self.y.sum())


def bootstrap_weights(founders: Ints, *, seed: int, draws: int = DRAWS) -> Floats:
    """How often each label counts in each draw, shape (1 + draws, labels); the first row is 1."""
    who, where = np.unique(founders, return_inverse=True)
    rng = np.random.default_rng(seed)
    times = rng.multinomial(who.size, np.full(who.size, 1 / max(who.size, 1)), size=draws)
    return np.vstack([np.ones(founders.size), times[:, where]]).astype(np.float64)


def too_few(y: Ints) -> str | None:
    """Why no figure can be told, or None where it can."""
    bads, goods = int(y.sum()), int((y == 0).sum())
    if min(bads, goods) >= FEWEST_OF_A_CLASS:
        return None
    return f"{bads} bad and {goods} good; at least {FEWEST_OF_A_CLASS} of each are needed"


def figures_of(judged: Judged, *, seed: int, draws: int = DRAWS) -> dict[str, Figure]:
    """All figures with their intervals; each is None with the reason where classes are too few."""
    reason = too_few(judged.y)
    if reason:
        return {name: Figure(None, reason=reason) for name in FIGURES}
    draws = min(draws, max(_FEWEST_DRAWS, _MOST_CELLS // len(judged.y)))
    weights = bootstrap_weights(judged.founders, seed=seed, draws=draws)
    return {
        name: _without_interval(measure(judged, weights[:1]))
        if name in WITHOUT_INTERVAL
        else with_interval(measure(judged, weights))
        for name, measure in FIGURES.items()
    }


def _without_interval(drawn: Floats) -> Figure:
    figure = with_interval(drawn)
    if figure.value is None:
        return figure
    return replace(figure, reason="no interval: loans drawn again only make it larger")


def with_interval(drawn: Floats, *, level: float = LEVEL) -> Figure:
    """The first number as the value, the percentiles of the others (NaN left out) as interval."""
    value, others = float(drawn[0]), drawn[1:][np.isfinite(drawn[1:])]
    if not np.isfinite(value):
        return Figure(None, reason="can't be told from these data")
    if others.size == 0:
        return Figure(value, reason="no interval: every draw lacks bad or good loans")
    low, high = np.quantile(others, [(1 - level) / 2, (1 + level) / 2])
    return Figure(value, float(low), float(high))


def auc(judged: Judged, weights: Floats) -> Floats:
    """Chance that a bad loan was foretold worse than a good one, ties counting half."""
    bad, good = _by_rank(judged, weights)
    below = np.cumsum(good, axis=1) - good
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(
            (bad * (below + good / 2)).sum(axis=1) / (bad.sum(axis=1) * good.sum(axis=1))
        )


def gini(judged: Judged, weights: Floats) -> Floats:
    """Twice the AUC less one."""
    return 2 * auc(judged, weights) - 1


def ks(judged: Judged, weights: Floats) -> Floats:
    """Largest distance between the distributions of bad and good (Kolmogorov-Smirnov)."""
    bad, good = _by_rank(judged, weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.cumsum(bad, axis=1) / bad.sum(axis=1, keepdims=True)
        apart = apart - np.cumsum(good, axis=1) / good.sum(axis=1, keepdims=True)
    return np.asarray(np.abs(apart).max(axis=1))


def log_loss(judged: Judged, weights: Floats) -> Floats:
    """Mean negative log-likelihood, in nats."""
    signed = np.where(judged.y == 1, judged.log_odds, -judged.log_odds)
    return _mean(-log_expit(signed), weights)


def brier(judged: Judged, weights: Floats) -> Floats:
    """Mean squared difference of the probability and what came."""
    return _mean((expit(judged.log_odds) - judged.y) ** 2, weights)


def calibration_slope(judged: Judged, weights: Floats) -> Floats:
    """Slope of a logistic regression of what came on the log-odds; 1 is right, below is bold."""
    x, y = judged.log_odds, judged.y
    a, b = calibration_intercept(judged, weights), np.ones(weights.shape[0])
    for _ in range(_NEWTON_STEPS):
        p = expit(a[:, None] + b[:, None] * x)
        curve, slope = weights * p * (1 - p), weights * (y - p)
        h00, h01, h11 = curve.sum(axis=1), curve @ x, curve @ x**2
        g0, g1 = slope.sum(axis=1), slope @ x
        determinant = h00 * h11 - h01**2
        with np.errstate(invalid="ignore", divide="ignore"):
            a = a + np.clip((h11 * g0 - h01 * g1) / determinant, -2, 2)
            b = b + np.clip((h00 * g1 - h01 * g0) / determinant, -2, 2)
    return np.where(np.abs(b) < _STEEPEST, b, np.nan)


def calibration_intercept(judged: Judged, weights: Floats) -> Floats:
    """What must be added to all log-odds to foretell as many bads as came; 0 is right."""
    a = np.zeros(weights.shape[0])
    for _ in range(_NEWTON_STEPS):
        p = expit(a[:, None] + judged.log_odds)
        gradient = (weights * (judged.y - p)).sum(axis=1)
        curvature = (weights * p * (1 - p)).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            a = a + np.clip(gradient / curvature, -2, 2)
    return np.where(np.abs(a) < _STEEPEST, a, np.nan)


def expected_calibration_error(judged: Judged, weights: Floats) -> Floats:
    """Mean distance of foretold and observed share of bad over tenths of the ranking."""
    parts = np.array_split(np.argsort(judged.log_odds, kind="stable"), _ECE_BINS)
    difference = judged.y - expit(judged.log_odds)
    apart = [np.abs(weights[:, part] @ difference[part]) for part in parts if part.size]
    return np.asarray(np.sum(apart, axis=0) / weights.sum(axis=1))


WITHOUT_INTERVAL = frozenset({"ece"})
"""Figures that drawing loans again makes larger, so that draws would not hold the value itself."""

FIGURES: dict[str, Callable[[Judged, Floats], Floats]] = {
    "auc": auc,
    "gini": gini,
    "ks": ks,
    "log_loss": log_loss,
    "brier": brier,
    "calibration_slope": calibration_slope,
    "calibration_intercept": calibration_intercept,
    "ece": expected_calibration_error,
}


def mean_of_parts(parts: Sequence[Floats]) -> Floats:
    """Mean over folds, draw by draw, folds without both classes left out."""
    stacked = np.array(parts)
    told = np.isfinite(stacked)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(told, stacked, 0.0).sum(axis=0) / told.sum(axis=0))


def _by_rank(judged: Judged, weights: Floats) -> tuple[Floats, Floats]:
    """Weight of bad and of good at each distinct log-odds, ascending: (draws, distinct)."""
    order = np.argsort(judged.log_odds, kind="stable")
    ranked = judged.log_odds[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    bad = np.add.reduceat((weights * judged.y)[:, order], starts, axis=1)
    good = np.add.reduceat((weights * (1 - judged.y))[:, order], starts, axis=1)
    return bad, good


def _mean(values: Floats, weights: Floats) -> Floats:
    return np.asarray((weights @ values) / weights.sum(axis=1))
