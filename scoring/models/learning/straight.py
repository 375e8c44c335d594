"""Straight lines in normal scores: one slope per feature, as a ridge regression has.

Where a few features carry everything and what experts said of them does not fit, a handful of bads
tells a slope each sooner than some dozen steps. Bins are laid out by the normal score of their
place in the background, so that tails count for more than the crowded middle; a slope of a feature
with a declared direction can't be negative, and missing values keep their own coefficient.
"""

import numpy as np
from scipy.special import ndtri

from scoring.models.card.binning import Floats
from scoring.models.learning.design import Design


def straightened(design: Design) -> tuple[Design, Floats]:
    """Return the same rows with one slope per feature, and the steps that slopes stand for.

    Returns:
        The design, whose coefficients are a feature's slope (none where it has no steps) and its
        coefficient of missing, then the intercept; and the matrix that turns these coefficients
        into the given design's, shape (coefficients given, coefficients).
    """
    bases: list[Floats] = []
    turning = np.zeros((design.n_coefficients, design.n_coefficients))
    column = 0
    for block, share in zip(design.blocks[:-1], design.shares, strict=True):
        steps = np.diff(normal_scores(share))
        start, last = block.coefficients.start, block.coefficients.stop - 1
        line = block.basis[:, :-1] @ steps[:, None] if steps.size else block.basis[:, :0]
        bases.append(np.hstack([line, block.basis[:, -1:]]))
        turning[start:last, column] = steps
        column += line.shape[1]
        turning[last, column] = 1.0
        column += 1
    turning[-1, column] = 1.0
    return design.on_bases(bases), turning[:, : column + 1]


def normal_scores(shares: Floats) -> Floats:
    """Return the normal score of each bin's middle, shape (bins,).

    Bins beyond those that anybody is in have the score of the outermost that somebody is in: a
    line that lies round zero claims nothing there.

    Args:
        shares: of the bins, then of missing, shape (bins + 1,).
    """
    observed = shares[:-1]
    if observed.sum() <= 0:
        return np.zeros(observed.size)
    place = (np.cumsum(observed) - 0.5 * observed) / observed.sum()
    middles = place[observed > 0]
    return np.asarray(ndtri(np.clip(place, middles[0], middles[-1])))
