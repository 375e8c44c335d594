"""`foothold challengers train`: fit each on the same loans, judge all on the same splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from scipy.special import logit

from scoring.base.errors import InputError
from scoring.features import all_features
from scoring.store.database import Database
from training.challengers.challenger import Challenger, Learner
from training.challengers.kept import KeptChallenger, keep
from training.data.dataset import TrainingSet, training_set_on_file
from training.fit.shaping import Shaping
from training.measures.figures import (
    SEED,
    Figure,
    Floats,
    Judged,
    auc,
    bootstrap_weights,
    log_loss,
    too_few,
    with_interval,
)
from training.measures.folds import WORKERS, Progress, Split, grouped_folds
from training.validation.validate import Validation, foretell, out_of_time_split, validation_of


@dataclass(frozen=True)
class Compared:
    """One way of learning beside the scorecard.

    Attributes:
        name: "scorecard", or the learner.
        reference: of the challenger; None for the scorecard.
        out_of_time: on the latest loans; None where there can be no such split.
        cross_validation: over folds.
        auc_lead: the scorecard's AUC less this one's, cross-validated, with its interval; None for
            the scorecard.
        log_loss_lead: this one's log-loss less the scorecard's, so that more is better for the
            scorecard too.
    """

    name: str
    reference: str | None
    out_of_time: Validation | None
    cross_validation: Validation
    auc_lead: Figure | None = None
    log_loss_lead: Figure | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        shown = {
            "name": self.name,
            "challenger": self.reference,
            "out_of_time": None if self.out_of_time is None else self.out_of_time.as_dict(),
            "cross_validation": self.cross_validation.as_dict(),
        }
        if self.auc_lead is not None and self.log_loss_lead is not None:
            shown["scorecard_lead"] = {
                "auc": self.auc_lead.as_dict(),
                "log_loss": self.log_loss_lead.as_dict(),
            }
        return shown


def train_challengers(
    database: Database,
    learners: Sequence[Learner],
    *,
    by: str,
    snapshot: Path | None = None,
    progress: Progress | None = None,
) -> list[Compared]:
    """Train and keep challengers, each judged on the splits that judge the scorecard.

    Args:
        database: the store.
        learners: which.
        by: who trains.
        snapshot: folder of a snapshot to take the records from.
        progress: called with a label, steps done and steps in all.

    Returns:
        The scorecard first.

    Raises:
        InputError: a learner's package is not installed, or outcomes are too few to learn from.
    """
    for learner in learners:
        learner.require()
    data = training_set_on_file(database, snapshot=snapshot)
    reason = too_few(data.y)
    folds = grouped_folds(data.y, data.rows["founder_id"].to_numpy(), seed=SEED)
    if reason or not folds:
        raise InputError(
            "Challengers learn from outcomes alone, and there are too few: "
            f"{reason or 'all bad or all good loans are of one founder'}. The expert's scorecard "
            "needs none: `foothold train`."
        )
    later = out_of_time_split(data)
    splits = [*([later] if later else []), *folds]
    judge = _Judge(data, splits, later is not None)
    shaping = Shaping(database.settings.attendance_cap)
    foretold = foretell(data, splits, shaping=shaping, progress=progress)
    scorecard = judge.compared("scorecard", foretold)
    found = [scorecard]
    for number, learner in enumerate(learners):
        if progress is not None:
            progress("training challengers", number, len(learners))
        foretold = joblib.Parallel(n_jobs=WORKERS)(
            joblib.delayed(_fit_and_foretell)(learner, data, split) for split in splits
        )
        judged = judge.compared(learner.value, foretold, beside=scorecard)
        kept = KeptChallenger(
            Challenger.fit(learner, data.X, data.y, all_features()),
            currency=data.currency,
            deployment_profile=data.profile,
            blocks_off=data.blocks_off,
            constants=dict(data.constants),
        )
        with database.writing() as ledger:
            reference = keep(
                ledger, database.settings.data_dir, kept, figures=_headline(judged), by=by
            )
        found.append(replace(judged, reference=reference))
    if progress is not None:
        progress("training challengers", len(learners), len(learners))
    return found


@dataclass(frozen=True)
class _Judge:
    data: TrainingSet
    splits: list[Split]
    has_later: bool

    def compared(
        self, name: str, foretold: list[Floats], *, beside: Compared | None = None
    ) -> Compared:
        first = 1 if self.has_later else 0
        later = None
        if self.has_later:
            later = validation_of(self.data, self.splits[:1], foretold[:1], SEED)
        folds = validation_of(self.data, self.splits[first:], foretold[first:], SEED)
        if beside is None:
            return Compared(name, None, later, folds)
        ours, theirs = _judged(beside.cross_validation), _judged(folds)
        weights = bootstrap_weights(ours.founders, seed=SEED)
        return Compared(
            name,
            None,
            later,
            folds,
            with_interval(auc(ours, weights) - auc(theirs, weights)),
            with_interval(log_loss(theirs, weights) - log_loss(ours, weights)),
        )


def _judged(validation: Validation) -> Judged:
    assert validation.judged is not None  # there are folds
    return validation.judged


def _fit_and_foretell(learner: Learner, data: TrainingSet, split: Split) -> Floats:
    train, test = split
    X, y = data.X.iloc[train], data.y[train]  # noqa: N806
    if np.unique(y).size < 2:
        # Nothing can be learned from one class but how common it is, a priori half (Jeffreys).
        return np.full(test.size, logit((y.sum() + 0.5) / (y.size + 1.0)))
    return Challenger.fit(learner, X, y, all_features()).log_odds(data.X.iloc[test])


def _headline(compared: Compared) -> dict[str, Any]:
    folds = compared.cross_validation.figures
    later = None if compared.out_of_time is None else compared.out_of_time.figures["auc"].value
    return {
        "auc": folds["auc"].value,
        "log_loss": folds["log_loss"].value,
        "auc_out_of_time": later,
    }
