"""Learning curves: every learner on the same random samples of each set, each result kept at once.

A result is one line of `var/benchmarks/learning.jsonl`, named by set, size, sample, learner and a
digest of their source, of libraries and of the set, so that a broken run goes on where it was and a
changed learner or set is measured anew.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from benchmarks import sets
from benchmarks.keeping import (
    KEPT_FOLDER,
    digest,
    keep_line,
    kept_lines,
    learner_versions,
    module_source,
    scorecard_source,
)
from benchmarks.sets import LoanSet, sets_present
from training.challengers import peers
from training.measures import figures
from training.measures.figures import (
    Floats,
    Ints,
    Judged,
    auc,
    brier,
    expected_calibration_error,
    log_loss,
)

SIZES = (50, 100, 200, 500, 1000, 2000, 5000)
SCORECARD = "scorecard"
EXPERT = "expert prior alone"
KEPT = KEPT_FOLDER / "learning.jsonl"
FEWEST_UNSEEN = 140
MEASURES = {"auc": auc, "log_loss": log_loss, "brier": brier, "ece": expected_calibration_error}


@dataclass(frozen=True)
class Result:
    """How one learner did on one sample.

    Attributes:
        set, size, sample, learner: of what; size in loans.
        source: digest of the learner's source and of the set.
        auc, log_loss, brier, ece: on all loans of the set outside the sample.
        fit_and_foretell_seconds: on one thread.
    """

    set: str
    size: int
    sample: int
    learner: str
    source: str
    auc: float
    log_loss: float
    brier: float
    ece: float
    fit_and_foretell_seconds: float

    @property
    def key(self) -> tuple[str, int, int, str, str]:
        """What it is a result of."""
        return (self.set, self.size, self.sample, self.learner, self.source)


Foretell = Callable[[pd.DataFrame, Ints, pd.DataFrame], Floats]


def learning_curves(
    *, sets: Sequence[str], sizes: Sequence[int], samples: int, kept: Path = KEPT
) -> list[Result]:
    """Measure what has not been measured yet; return all results asked for.

    Args:
        sets: names of sets.
        sizes: loans to train on; those that leave too few unseen loans in a set are passed over.
        samples: random samples per set and size.
        kept: the file of results; made where it is missing.
    """
    known = {result.key: result for result in _read(kept)}
    found: list[Result] = []
    present = sets_present()
    for name in sets if sizes else ():
        loans = present[name]()
        learners = _learners(loans)
        for size in sizes:
            if size > len(loans.y) - FEWEST_UNSEEN:
                continue
            for sample in range(samples):
                for learner, (source, foretell) in learners.items():
                    key = (name, size, sample, learner, source)
                    if key not in known:
                        known[key] = _measured(loans, size, sample, learner, source, foretell)
                        keep_line(kept, asdict(known[key]))
                    found.append(known[key])
            print(f"{name}, {size} loans: {samples} samples", file=sys.stderr)
    return found


def _learners(loans: LoanSet) -> dict[str, tuple[str, Foretell]]:
    """By name: digest of source and set, and the learner."""

    def scorecard(X: pd.DataFrame, y: Ints, unseen: pd.DataFrame) -> Floats:  # noqa: N803
        return loans.scorecard().fit(X, y).decision_function(unseen)

    def expert(X: pd.DataFrame, y: Ints, unseen: pd.DataFrame) -> Floats:  # noqa: N803
        del y
        return loans.scorecard().fit(X).decision_function(unseen)

    # What is declared of a set is in its module, and how a learner is judged in this one.
    around = _data(loans) + module_source(sets, figures, sys.modules[__name__]) + learner_versions()
    ours = digest(scorecard_source() + around)
    theirs = digest(module_source(peers) + around)
    found: dict[str, tuple[str, Foretell]] = {SCORECARD: (ours, scorecard), EXPERT: (ours, expert)}
    for peer in peers.benchmark_peers(loans.directions):
        found[peer.name] = (theirs, peer.fit_and_foretell)
    return found


def _data(loans: LoanSet) -> str:
    """What the set is made of, as a digest: features come and go."""
    rows = pd.util.hash_pandas_object(loans.X, index=False).to_numpy().tobytes()
    return digest(f"{list(loans.X)}{dict(loans.directions)}{rows.hex()}{loans.y.tobytes().hex()}")


def _measured(
    loans: LoanSet, size: int, sample: int, learner: str, source: str, foretell: Foretell
) -> Result:
    seen, unseen = train_test_split(
        np.arange(len(loans.y)), train_size=size, stratify=loans.y, random_state=sample
    )
    started = time.perf_counter()
    with threadpool_limits(1):
        log_odds = foretell(loans.X.iloc[seen], loans.y[seen], loans.X.iloc[unseen])
    seconds = time.perf_counter() - started
    judged = Judged(loans.y[unseen], log_odds, unseen.astype(np.int64))
    ones = np.ones((1, unseen.size))
    figures = {name: float(measure(judged, ones)[0]) for name, measure in MEASURES.items()}
    return Result(
        loans.name, size, sample, learner, source, **figures, fit_and_foretell_seconds=seconds
    )


def _read(path: Path) -> Iterator[Result]:
    for line in kept_lines(path):
        try:
            yield Result(**line)
        except TypeError:
            continue  # of an older form
