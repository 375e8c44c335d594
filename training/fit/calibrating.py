"""Calibrating a fit: how bold it is, judged on loans that it was not fitted to.

Inside every part that is validated the same is done anew, so no figure judges a model on loans
that calibrated it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import joblib
import numpy as np
import pandas as pd

from scoring.base.errors import InputError
from scoring.models.adjustments.calibration import Calibration, calibrated_to
from training.data.dataset import TrainingSet
from training.fit.fitting import fit_or_expert
from training.fit.shaping import Fit, Foretelling, ModelKind, Shaping
from training.measures.figures import Ints
from training.measures.folds import Progress, Split, followed, grouped_folds

LABELS_FOR_ALL_FOLDS = 5_000
"""More labels than this: one fold calibrates, for a fifth of them is plenty."""

_BINNINGS = 1
"""Slopes from one binning are those of four within 0.01, for a fifth of the time."""


@dataclass(frozen=True)
class Loans:
    """Loans with what became of them: `X` (rows, features), `y` 1 for bad, `founders` whose."""

    X: pd.DataFrame
    y: Ints
    founders: Ints

    @classmethod
    def of(cls, data: TrainingSet) -> Loans:
        """All labels of a training set."""
        return cls(data.X, data.y, data.rows["founder_id"].to_numpy(dtype=np.int64))

    def at(self, places: Ints) -> Loans:
        """A part of them."""
        return Loans(self.X.iloc[places], self.y[places], self.founders[places])


def calibration_folds(loans: Loans, *, seed: int) -> list[Split]:
    """Folds that calibrate; none where fewer than two founders had a bad, or a good, loan.

    Then the prior's own PD is kept.
    """
    folds = grouped_folds(loans.y, loans.founders, seed=seed)
    return folds[:1] if loans.y.size > LABELS_FOR_ALL_FOLDS else folds


def foretold_out_of_fold(
    loans: Loans, fold: Split, *, currency: str, shaping: Shaping | None = None
) -> Foretelling:
    """Foretell a fold's test part by a card of its train part."""
    train, test = fold
    fit = fit_or_expert(
        loans.X.iloc[train],
        loans.y[train],
        currency=currency,
        shaping=shaping,
        n_binnings=_BINNINGS,
    )
    return fit.foretell(loans.X.iloc[test])


def calibration_from(
    loans: Loans, folds: list[Split], foretold: list[Foretelling], *, by_hand: Sequence[str] = ()
) -> Calibration:
    """The map that the folds' outcomes ask for; none at all without folds."""
    if not folds:
        return Calibration(by_hand=tuple(by_hand))
    found = Foretelling.joined(foretold)
    places = np.concatenate([test for _, test in folds])
    calibration = calibrated_to(found.log_odds, loans.y[places], found.given)
    return replace(calibration, by_hand=tuple(by_hand))


def calibrate(
    data: TrainingSet,
    fit: Fit,
    *,
    seed: int,
    shaping: Shaping | None = None,
    progress: Progress | None = None,
) -> Calibration:
    """The calibration of a fit to all labels, not anchored.

    Args:
        data: what it was fitted on.
        fit: not calibrated.
        seed: of the folds.
        shaping: of the fit, done anew in each fold.
        progress: called with a label, folds done and folds in all.
    """
    loans = Loans.of(data)
    folds = calibration_folds(loans, seed=seed) if fit.kind is ModelKind.FITTED else []
    jobs = (
        joblib.delayed(foretold_out_of_fold)(loans, fold, currency=data.currency, shaping=shaping)
        for fold in folds
    )
    foretold = followed(jobs, len(folds), label="calibrating", progress=progress)
    return calibration_from(loans, folds, foretold, by_hand=fit.by_hand)


def anchored(
    calibration: Calibration, data: TrainingSet, fit: Fit, central_tendency: float | None
) -> Calibration:
    """The calibration with a shift to a mean PD, where one is given.

    The anchor's population are the loans fitted to, or those who allow training where no outcome
    is known; with nobody at all, the average record.

    Args:
        calibration: of the fit.
        data: what it was fitted on.
        fit: not calibrated.
        central_tendency: mean PD that the population shall have.

    Raises:
        InputError: the central tendency is not above 0 and below 1.
    """
    require_tendency(central_tendency)
    if central_tendency is None:
        return calibration
    population = data.X if fit.kind is ModelKind.FITTED else data.population
    if population.empty:
        return calibration.anchored(np.array([fit.scorecard.card_.intercept]), central_tendency)
    found = fit.foretell(population)
    return calibration.anchored(found.log_odds, central_tendency, found.given)


def require_tendency(central_tendency: float | None) -> None:
    """Refuse a mean PD that none can be.

    Raises:
        InputError: it is not above 0 and below 1.
    """
    if central_tendency is not None and not 0.0 < central_tendency < 1.0:
        raise InputError(
            f"The central tendency is a mean PD above 0 and below 1, such as 0.08, "
            f"not {central_tendency:g}."
        )
