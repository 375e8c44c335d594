"""How fast the scorecard fits, scores and explains, as ratios to EBM, LightGBM and `shap`.

Memory is the peak of a program of its own that does the fit alone.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit
from threadpoolctl import threadpool_limits

from benchmarks.figures import figure, median_seconds, peak_mebibytes
from scoring.models.scorecard import MonotoneScorecard
from training.challengers.peers import explainable_boosting

MANY_ROWS = 1_000_000
_QUICK_ROWS = 100_000
_SEED = 11


def invented_rows(rows: int, features: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Invented additive loans: normal features, a tenth missing here and there, 20 % bad."""
    rng = np.random.default_rng(_SEED)
    values = rng.normal(size=(rows, features))
    weights = rng.normal(size=features) / np.sqrt(features)
    log_odds = -1.6 + 1.5 * np.tanh(values) @ weights
    bad = (rng.random(rows) < expit(log_odds)).astype(np.int64)
    values[rng.random(values.shape) < 0.05] = np.nan
    return pd.DataFrame(values, columns=[f"f{j}" for j in range(features)]), bad


def speed_figures(*, quick: bool) -> list[dict[str, object]]:
    """Measure everything on one thread.

    Args:
        quick: a tenth of the rows where there are many.
    """
    many = _QUICK_ROWS if quick else MANY_ROWS
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # shap tells of its changed form of output on every call
        return [
            _fit_over_ebm(),
            _fit_over_lightgbm(many),
            _peak_of_a_fit(many),
            *_explained_over_shap(many),
        ]


def _fit_over_ebm() -> dict[str, object]:
    X, y = invented_rows(5_000, 23)
    directions = dict.fromkeys(X.columns[:12], 1)
    ours = median_seconds(lambda: MonotoneScorecard(directions).fit(X, y), runs=3)
    theirs = median_seconds(lambda: explainable_boosting().fit(X, y), runs=3)
    return figure("seconds to fit 5,000 x 23, over EBM", ours=ours, baseline=theirs, goal=1)


def _fit_over_lightgbm(rows: int) -> dict[str, object]:
    from lightgbm import LGBMClassifier

    X, y = invented_rows(rows, 30)
    directions = dict.fromkeys(X.columns[:15], 1)
    ours = _seconds(lambda: MonotoneScorecard(directions).fit(X, y))
    boosted = LGBMClassifier(n_estimators=80, n_jobs=1, verbose=-1)
    theirs = _seconds(lambda: boosted.fit(X, y))
    name = f"seconds to fit {rows:,} x 30, over LightGBM with 80 trees"
    return figure(name, ours=ours, baseline=theirs, goal=3)


def _peak_of_a_fit(rows: int) -> dict[str, object]:
    X, y = invented_rows(rows, 30)
    with tempfile.TemporaryDirectory() as name:
        np.save(Path(name) / "X.npy", X.to_numpy())
        np.save(Path(name) / "y.npy", y)
        del X, y
        ours, baseline = (_peak_in_own_program(work, Path(name)) for work in (_fit, _read))
    name = f"peak MiB to fit {rows:,} x 30, over a program that only reads the rows"
    return figure(name, ours=ours, baseline=baseline, goal=4)


def _peak_in_own_program(work: Callable[[Path], object], folder: Path) -> float:
    context = multiprocessing.get_context("spawn")
    answers = context.SimpleQueue()
    process = context.Process(target=_tell_peak, args=(work, folder, answers))
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"{work.__name__} failed in a program of its own")
    return float(answers.get())


def _tell_peak(work: Callable[[Path], object], folder: Path, answers) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    with threadpool_limits(1):
        work(folder)
    answers.put(peak_mebibytes())


def _read(folder: Path) -> tuple[pd.DataFrame, np.ndarray]:
    values = np.load(folder / "X.npy")
    frame = pd.DataFrame(values, columns=[f"f{j}" for j in range(values.shape[1])], copy=False)
    return frame, np.load(folder / "y.npy")


def _fit(folder: Path) -> None:
    X, y = _read(folder)
    MonotoneScorecard(dict.fromkeys(X.columns[:15], 1)).fit(X, y)


def _explained_over_shap(rows: int) -> list[dict[str, object]]:
    import shap
    from lightgbm import LGBMClassifier

    X, y = invented_rows(5_000, 23)
    model = MonotoneScorecard(dict.fromkeys(X.columns[:12], 1)).fit(X, y)
    boosted = LGBMClassifier(n_estimators=200, n_jobs=1, verbose=-1).fit(X, y)
    explainer = shap.TreeExplainer(boosted)
    one = X.iloc[[0]]
    record = {str(name): value for name, value in one.iloc[0].to_dict().items()}
    theirs = median_seconds(lambda: explainer.shap_values(X), runs=3)
    theirs_of_one = median_seconds(lambda: explainer.shap_values(one))
    ours = median_seconds(lambda: model.scores_and_contributions(X))
    ours_of_one = median_seconds(lambda: model.card_.look_up(record), runs=200)
    large = invented_rows(rows, 23)[0]
    ours_of_many = median_seconds(lambda: model.scores_and_contributions(large), runs=3)
    return [
        figure(
            "seconds of TreeExplainer on 200 trees for 5,000 rows, over scores and contributions",
            ours=theirs,
            baseline=ours,
            goal=1_000,
            at_most=False,
        ),
        figure(
            "the same for one row, given to the scorecard as a dict",
            ours=theirs_of_one,
            baseline=ours_of_one,
            goal=100,
            at_most=False,
        ),
        figure(
            f"seconds per row of scores and contributions for {rows:,} rows, over those of 5,000",
            ours=ours_of_many / rows,
            baseline=ours / len(X),
            goal=1.5,
        ),
    ]


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
