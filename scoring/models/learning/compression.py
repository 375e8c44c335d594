"""From many fine bins to a dozen: the segmentation that loses least, and what it loses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from scoring.models.card.binning import Floats

SAME = 1e-9
"""Neighbouring bins closer than this, in log-odds, are one bin."""


def segments(values: Floats, mass: Floats, most: int) -> NDArray[np.intp]:
    """Cut a step function into at most `most` runs, least squared loss, by dynamic programming.

    A run's value is the weighted mean of its bins, so a monotone function stays monotone.

    Args:
        values: one per fine bin.
        mass: weight of each fine bin, positive.
        most: runs allowed, 1 or more.

    Returns:
        The run of each fine bin, ascending from 0.
    """
    size = values.size
    same = np.concatenate([[0], np.cumsum(np.abs(np.diff(values)) > SAME)]).astype(np.intp)
    if same[-1] < most:
        return same
    total = np.concatenate([[0.0], np.cumsum(mass)])
    first = np.concatenate([[0.0], np.cumsum(mass * values)])
    second = np.concatenate([[0.0], np.cumsum(mass * values**2)])
    inside = total[None, :] - total[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = (second[None, :] - second[:, None]) - (first[None, :] - first[:, None]) ** 2 / inside
    loss = np.where(np.triu(np.ones_like(loss), 1) > 0, np.maximum(loss, 0.0), np.inf)
    best = loss[0].copy()
    came_from = np.zeros((most, size + 1), dtype=np.intp)
    for run in range(1, most):
        options = best[:, None] + loss
        came_from[run] = np.argmin(options, axis=0)
        best = options[came_from[run], np.arange(size + 1)]
    ends = [size]
    for run in range(most - 1, 0, -1):
        ends.append(int(came_from[run, ends[-1]]))
    found = np.zeros(size, dtype=np.intp)
    for start in set(ends[1:]):
        found[start:] += 1
    return found


@dataclass(frozen=True)
class CompressionLoss:
    """What the card loses against the average that it stands for, on the rows fitted to.

    Attributes:
        auc: AUC of the average less that of the card.
        log_loss: log-loss of the card less that of the average, nats.
    """

    auc: float
    log_loss: float


def compression_loss(
    card: Floats, average: Floats, bad: Floats, weights: Floats
) -> CompressionLoss:
    """Compare two sets of log-odds of the same rows, all of shape (rows,).

    Where only one class was seen there is no AUC to lose: its loss is 0.
    """

    def loss(log_odds: Floats) -> float:
        return float(np.average(np.logaddexp(0.0, log_odds) - bad * log_odds, weights=weights))

    ranks = 0.0
    if 0 < bad.sum() < bad.size:
        ranks = float(
            roc_auc_score(bad, average, sample_weight=weights)
            - roc_auc_score(bad, card, sample_weight=weights)
        )
    return CompressionLoss(auc=ranks, log_loss=loss(card) - loss(average))
