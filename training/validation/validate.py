"""Validation: out of time first, cross-validation second; each figure with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from math import ceil
from typing import Any

import joblib
import numpy as np
import pandas as pd

from training.data.dataset import TrainingSet, has_outcomes
from training.fit.calibrating import (
    Loans,
    calibration_folds,
    calibration_from,
    foretold_out_of_fold,
)
from training.fit.fitting import fit_or_expert
from training.fit.shaping import Foretelling, Shaping
from training.measures.figures import SEED, Figure, Floats, Ints, Judged, figures_of, too_few
from training.measures.folds import Progress, Split, followed, grouped_folds

OUT_OF_TIME_SHARE = 0.3
CALIBRATION = ("calibration_slope", "calibration_intercept", "ece")


@dataclass(frozen=True)
class Validation:
    """How well a model foretold what it was not fitted on.

    Attributes:
        judged: what was foretold and what came; None where nothing could be.
        figures: by name, as in `training.measures.figures`.
        fitted_on: how many labels the model (or each of them) was fitted on, on average.
        first_day: first day of a loan that was foretold.
        last_day: the last.
        before_calibration: the figures of `CALIBRATION` of what was fitted, not calibrated; none
            where nothing was calibrated.
    """

    judged: Judged | None
    figures: dict[str, Figure]
    fitted_on: int = 0
    first_day: date | None = None
    last_day: date | None = None
    before_calibration: Mapping[str, Figure] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for the registry."""
        return {
            "labels": 0 if self.judged is None else len(self.judged.y),
            "bads": 0 if self.judged is None else self.judged.bads,
            "fitted_on": self.fitted_on,
            "first_day": None if self.first_day is None else self.first_day.isoformat(),
            "last_day": None if self.last_day is None else self.last_day.isoformat(),
            **{name: figure.as_dict() for name, figure in self.figures.items()},
            "before_calibration": {
                name: figure.as_dict() for name, figure in self.before_calibration.items()
            },
        }


def validate(
    data: TrainingSet,
    *,
    shaping: Shaping | None = None,
    seed: int = SEED,
    label: str = "validating",
    progress: Progress | None = None,
) -> tuple[Validation, Validation]:
    """Out of time and cross-validated, in this order; cards are shaped as the one that is made.

    Out of time: the latest 30 % of labels, whole days, foretold by a model fitted on the earlier
    ones. Cross-validation: five folds, stratified, all loans of a founder in one fold.
    """
    later = out_of_time_split(data)
    folds = grouped_folds(data.y, data.rows["founder_id"].to_numpy(), seed=seed)
    splits = [*([later] if later else []), *folds]
    foretold = foretell_both(data, splits, shaping=shaping, label=label, progress=progress)
    first = len(splits) - len(folds)
    return (
        _before_and_after(data, splits[:1], foretold[:1], seed) if later else _nothing(data),
        _before_and_after(data, folds, foretold[first:], seed),
    )


def out_of_time_split(data: TrainingSet) -> Split | None:
    """Places of the earlier and of the latest labels; None where one of them would be empty."""
    days = data.rows["as_of"].to_numpy()
    if days.size == 0:
        return None
    first = days[min(ceil(days.size * (1 - OUT_OF_TIME_SHARE)), days.size - 1)]
    places = np.arange(days.size)
    earlier, later = places[days < first], places[days >= first]
    return (earlier, later) if earlier.size and later.size else None


@dataclass(frozen=True)
class Foretold:
    """Log-odds of bad of a split's test part: as fitted, and calibrated as served."""

    fitted: Floats
    calibrated: Floats


def foretell(
    data: TrainingSet,
    splits: list[Split],
    *,
    shaping: Shaping | None = None,
    progress: Progress | None = None,
) -> list[Floats]:
    """Log-odds of the test part of each split, by what `train` would serve from its train part."""
    found = foretell_both(data, splits, shaping=shaping, progress=progress)
    return [each.calibrated for each in found]


def foretell_both(
    data: TrainingSet,
    splits: list[Split],
    *,
    shaping: Shaping | None = None,
    label: str = "validating",
    progress: Progress | None = None,
) -> list[Foretold]:
    """The same before and after calibration, which is fitted inside each train part."""
    loans = Loans.of(data)
    parts = [loans.at(train) for train, _ in splits]
    folds = [calibration_folds(part, seed=SEED) if has_outcomes(part.y) else [] for part in parts]
    fits = (
        joblib.delayed(_fit_and_foretell)(
            part.X, part.y, data.X.iloc[test], currency=data.currency, shaping=shaping
        )
        for part, (_, test) in zip(parts, splits, strict=True)
    )
    inner = (
        joblib.delayed(foretold_out_of_fold)(part, fold, currency=data.currency, shaping=shaping)
        for part, of_part in zip(parts, folds, strict=True)
        for fold in of_part
    )
    count = len(splits) + sum(map(len, folds))
    found = followed(chain(fits, inner), count, label=label, progress=progress)
    fitted, rest = found[: len(splits)], iter(found[len(splits) :])
    return [
        Foretold(
            each.log_odds,
            calibration_from(part, of_part, [next(rest) for _ in of_part]).of_log_odds(
                each.log_odds, each.given
            ),
        )
        for each, part, of_part in zip(fitted, parts, folds, strict=True)
    ]


def fit_and_foretell(
    X: pd.DataFrame,  # noqa: N803
    y: Ints,
    unseen: pd.DataFrame,
    *,
    currency: str,
    shaping: Shaping | None = None,
) -> Floats:
    """Log-odds of bad of unseen rows, by the scorecard that `train` would fit, not calibrated."""
    return _fit_and_foretell(X, y, unseen, currency=currency, shaping=shaping).log_odds


def _fit_and_foretell(
    X: pd.DataFrame,  # noqa: N803
    y: Ints,
    unseen: pd.DataFrame,
    *,
    currency: str,
    shaping: Shaping | None,
) -> Foretelling:
    return fit_or_expert(X, y, currency=currency, shaping=shaping).foretell(unseen)


def _before_and_after(
    data: TrainingSet, splits: list[Split], foretold: list[Foretold], seed: int
) -> Validation:
    found = validation_of(data, splits, [each.calibrated for each in foretold], seed)
    before = validation_of(data, splits, [each.fitted for each in foretold], seed)
    return replace(found, before_calibration={name: before.figures[name] for name in CALIBRATION})


def validation_of(
    data: TrainingSet, splits: list[Split], foretold: list[Floats], seed: int
) -> Validation:
    """What came of foretelling the test parts of splits, shape (labels of each part,) each."""
    if not splits:
        return _nothing(data)
    places = np.concatenate([test for _, test in splits])
    judged = Judged(
        y=data.y[places],
        log_odds=np.concatenate(foretold),
        founders=data.rows["founder_id"].to_numpy(dtype=np.int64)[places],
    )
    days = data.rows["as_of"].iloc[places]
    return Validation(
        judged=judged,
        figures=figures_of(judged, seed=seed),
        fitted_on=round(float(np.mean([train.size for train, _ in splits]))),
        first_day=days.min(),
        last_day=days.max(),
    )


def _nothing(data: TrainingSet) -> Validation:
    nobody = Judged(data.y, np.zeros(len(data.y)), np.zeros(len(data.y), dtype=np.int64))
    reason = too_few(nobody.y) or "all loans are of one day or one founder"
    figures = {name: Figure(None, reason=reason) for name in figures_of(_EMPTY, seed=0)}
    return Validation(judged=None, figures=figures)


_EMPTY = Judged(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0, dtype=np.int64))
