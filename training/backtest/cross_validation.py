"""The Berka loans through the product's own intake, features and training, beside peers.

Nothing of it stays: the store is a temporary one, and no score is given. The folds, repeats and
seeds are fixed, and every learner sees the same ones.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from sklearn.model_selection import RepeatedStratifiedKFold

from scoring.base.settings import Settings
from scoring.intake.importing import import_file
from scoring.intake.learned_at import Learned
from scoring.parties.consents import Purpose, grant_consent
from scoring.parties.founders import add_founders
from scoring.store.database import Database
from training.backtest.berka import CURRENCY, read_accounts, write_plain_files
from training.challengers.peers import Peer, all_peers
from training.data.dataset import TrainingSet, build_training_set
from training.measures.figures import (
    SEED,
    Figure,
    Floats,
    Ints,
    Judged,
    auc,
    bootstrap_weights,
    brier,
    figures_of,
    log_loss,
    mean_of_parts,
    with_interval,
)
from training.measures.folds import Progress, Split, followed
from training.validation.validate import fit_and_foretell

REPEATS = 10
FOLDS = 5
SPLIT_DAY = date(1998, 1, 1)
SCORECARD = "scorecard"
_AUTHOR = "backtest"


@dataclass(frozen=True)
class LearnerResult:
    """How one learner did.

    Attributes:
        name: of the learner.
        auc: mean over all folds of all repeats; so are the next two.
        log_loss: in nats.
        brier: mean squared error of the probability.
        out_of_time: AUC of 1998 after 1997; a handful of bads, no claim.
        difference: AUC less the scorecard's, with its bootstrap interval; None for itself.
        standard_error: of that difference over the folds, corrected for shared training rows.
        standard_error_of_mean: the same as if folds were independent: smaller, and stricter.
    """

    name: str
    auc: Figure
    log_loss: Figure
    brier: Figure
    out_of_time: Figure
    difference: Figure | None = None
    standard_error: float | None = None
    standard_error_of_mean: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        shown: dict[str, Any] = {
            "name": self.name,
            "auc": self.auc.as_dict(),
            "log_loss": self.log_loss.as_dict(),
            "brier": self.brier.as_dict(),
            "auc_1998_after_1997": self.out_of_time.as_dict(),
        }
        if self.difference is not None:
            shown |= {
                "auc_difference": self.difference.as_dict(),
                "standard_error": self.standard_error,
                "standard_error_of_mean": self.standard_error_of_mean,
            }
        return shown


@dataclass(frozen=True)
class BacktestResult:
    """What came of it; the scorecard is the first learner.

    Attributes:
        learners: the scorecard, then its peers.
        loans: how many, and how many of them bad.
        bads: of all loans.
        bads_out_of_time: among the loans of 1998.
        loans_out_of_time: of 1998.
        features: those with any value.
        repeats: of the cross-validation.
        folds: in each.
    """

    learners: tuple[LearnerResult, ...]
    loans: int
    bads: int
    loans_out_of_time: int
    bads_out_of_time: int
    features: tuple[str, ...]
    repeats: int
    folds: int

    @property
    def berka_auc(self) -> float:
        """Mean AUC of the scorecard over all folds."""
        value = self.learners[0].auc.value
        assert value is not None
        return value

    @property
    def better_peers(self) -> list[str]:
        """Peers better than the scorecard by more than one (the stricter) standard error."""
        return [
            peer.name
            for peer in self.learners[1:]
            if peer.difference is not None
            and (peer.difference.value or 0.0) > (peer.standard_error_of_mean or 0.0)
        ]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return {
            "berka_auc": self.berka_auc,
            "better_peers": self.better_peers,
            "loans": self.loans,
            "bads": self.bads,
            "loans_1998": self.loans_out_of_time,
            "bads_1998": self.bads_out_of_time,
            "repeats": self.repeats,
            "folds": self.folds,
            "features": list(self.features),
            "learners": [learner.as_dict() for learner in self.learners],
        }


Foretell = Callable[[pd.DataFrame, Ints, pd.DataFrame], Floats]


def backtest_berka(
    directory: Path, *, repeats: int = REPEATS, folds: int = FOLDS, progress: Progress | None = None
) -> BacktestResult:
    """Cross-validate the scorecard on the Berka loans, and train on 1997 to foretell 1998.

    Args:
        directory: the folder with the Berka files.
        repeats: how often all loans are dealt into folds anew.
        folds: in each repeat.
        progress: called with a label, steps done and steps in all.

    Raises:
        FileError: a file is missing or not as it should be.
    """
    data = berka_training_set(directory, progress=progress)
    return _measured(data, (), repeats, folds, progress)


def backtest_berka_beside_peers(
    directory: Path, *, repeats: int = REPEATS, folds: int = FOLDS, progress: Progress | None = None
) -> BacktestResult:
    """The same, beside logistic regression, LightGBM and EBM on the same folds and features."""
    data = berka_training_set(directory, progress=progress)
    return _measured(data, all_peers(), repeats, folds, progress)


def berka_training_set(directory: Path, *, progress: Progress | None = None) -> TrainingSet:
    """The Berka loans as a training set, by way of a temporary store.

    Raises:
        FileError: a file is missing or not as it should be.
    """
    with tempfile.TemporaryDirectory(prefix="foothold-backtest-") as folder:
        settings = Settings(data_dir=Path(folder), database_url=None)
        database = Database(settings)
        try:
            _fill(database, directory, Path(folder) / "plain", progress)
            with database.reading() as session:
                return build_training_set(
                    session,
                    known_at=database.clock(),
                    zone=settings.zone,
                    profile=settings.deployment_profile,
                    currency=CURRENCY,
                )
        finally:
            database.engine.dispose()


def _fill(database: Database, source: Path, plain: Path, progress: Progress | None) -> None:
    files = write_plain_files(source, plain)
    database.migrate()
    with database.writing() as ledger:
        for founder in add_founders(ledger, read_accounts(source), actor=_AUTHOR):
            grant_consent(
                ledger, founder, lender=None, purpose=Purpose.MODEL_TRAINING, actor=_AUTHOR
            )
    for done, (kind, path) in enumerate(files.items(), start=1):
        # The files end with each loan's grant: everything was known on its own day.
        import_file(database, path, kind=kind, learned=Learned(0), author=_AUTHOR)
        if progress is not None:
            progress("importing", done, len(files))


def _measured(
    data: TrainingSet,
    peers: tuple[Peer, ...],
    repeats: int,
    folds: int,
    progress: Progress | None,
) -> BacktestResult:
    splitter = RepeatedStratifiedKFold(n_splits=folds, n_repeats=repeats, random_state=SEED)
    splits = [
        (train.astype(np.int64), test.astype(np.int64))
        for train, test in splitter.split(data.X, data.y)
    ]
    later = data.rows["as_of"].to_numpy() >= SPLIT_DAY
    by_year = (np.flatnonzero(~later), np.flatnonzero(later))
    learners: dict[str, Foretell] = {SCORECARD: _Scorecard(data)}
    learners |= {peer.name: peer.fit_and_foretell for peer in peers}
    foretold = _foretold(data, learners, [*splits, by_year], progress)
    founders = data.rows["founder_id"].to_numpy(dtype=np.int64)
    weights = bootstrap_weights(founders, seed=SEED)
    results: list[LearnerResult] = []
    ours: tuple[Floats, Floats] | None = None
    for name, of_splits in foretold.items():
        measured = _fold_measures(data, founders, weights, splits, of_splits[:-1])
        last = Judged(data.y[by_year[1]], of_splits[-1], founders[by_year[1]])
        drawn, of_folds = measured["auc"]
        ours = ours or measured["auc"]
        is_peer = name != SCORECARD
        corrected, naive = _standard_errors(of_folds - ours[1], folds)
        results.append(
            LearnerResult(
                name=name,
                auc=with_interval(drawn),
                log_loss=with_interval(measured["log_loss"][0]),
                brier=with_interval(measured["brier"][0]),
                out_of_time=figures_of(last, seed=SEED)["auc"],
                difference=with_interval(drawn - ours[0]) if is_peer else None,
                standard_error=corrected if is_peer else None,
                standard_error_of_mean=naive if is_peer else None,
            )
        )
    return BacktestResult(
        learners=tuple(results),
        loans=len(data.y),
        bads=data.bads,
        loans_out_of_time=int(later.sum()),
        bads_out_of_time=int(data.y[later].sum()),
        features=tuple(name for name in data.X.columns if data.X[name].notna().any()),
        repeats=repeats,
        folds=folds,
    )


@dataclass(frozen=True)
class _Scorecard:
    """The scorecard as `train` fits it, behind the peers' interface."""

    data: TrainingSet

    def __call__(self, X: pd.DataFrame, y: Ints, unseen: pd.DataFrame) -> Floats:  # noqa: N803
        return fit_and_foretell(X, y, unseen, currency=self.data.currency)


def _foretold(
    data: TrainingSet,
    learners: dict[str, Foretell],
    splits: list[Split],
    progress: Progress | None,
) -> dict[str, list[Floats]]:
    found = {}
    for name, foretell in learners.items():
        jobs = (
            joblib.delayed(foretell)(data.X.iloc[train], data.y[train], data.X.iloc[test])
            for train, test in splits
        )
        found[name] = followed(jobs, len(splits), label=f"backtest: {name}", progress=progress)
    return found


def _fold_measures(
    data: TrainingSet,
    founders: Ints,
    weights: Floats,
    splits: list[Split],
    foretold: list[Floats],
) -> dict[str, tuple[Floats, Floats]]:
    """By measure: the mean over folds in each draw, and each fold's value in the first."""
    measures = {"auc": auc, "log_loss": log_loss, "brier": brier}
    parts: dict[str, list[Floats]] = {name: [] for name in measures}
    for (_, test), log_odds in zip(splits, foretold, strict=True):
        judged = Judged(data.y[test], log_odds, founders[test])
        for name, measure in measures.items():
            parts[name].append(measure(judged, weights[:, test]))
    return {
        name: (mean_of_parts(found), np.array([part[0] for part in found]))
        for name, found in parts.items()
    }


def _standard_errors(differences: Floats, folds: int) -> tuple[float, float]:
    """Of the mean difference: corrected for overlap (Nadeau and Bengio, 2003), and naive."""
    variance = float(np.var(differences, ddof=1))
    overlap = 1 / (folds - 1)  # test rows over training rows
    return (
        float(np.sqrt(variance * (1 / differences.size + overlap))),
        float(np.sqrt(variance / differences.size)),
    )
