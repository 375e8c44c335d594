"""Folds of loans: stratified by outcome, all loans of a founder in one; and jobs over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import joblib
import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from training.measures.figures import Ints

FOLDS = 5
WORKERS: int = min(2, joblib.cpu_count())

Progress = Callable[[str, int, int], None]
Split = tuple[Ints, Ints]


def grouped_folds(y: Ints, founders: Ints, *, seed: int) -> list[Split]:
    """Stratified folds with all loans of a founder in one; none where there are too few.

    There are fewer than five where fewer founders had a bad, or a good, loan.
    """
    holders = [np.unique(founders[y == outcome]).size for outcome in (0, 1)]
    count = min(FOLDS, *holders)
    if count < 2:
        return []
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    splits = splitter.split(np.zeros(y.size), y, founders)
    return [(train.astype(np.int64), test.astype(np.int64)) for train, test in splits]


def followed(
    jobs: Iterable[Any], count: int, *, label: str, progress: Progress | None
) -> list[Any]:
    """Results of joblib's jobs in their order, telling of each one done."""
    found: list[Any] = []
    results = joblib.Parallel(n_jobs=min(WORKERS, max(count, 1)), return_as="generator")(jobs)
    for done, result in enumerate(results, start=1):
        found.append(result)
        if progress is not None:
            progress(label, done, count)
    return found
