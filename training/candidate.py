"""The whole of `foothold train`: from the records on file to a candidate with its report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from scoring.governance.registry import store_model
from scoring.models.adjustments.calibration import Calibration
from scoring.models.artefact import Artefact
from scoring.models.card.bin_outcomes import BinOutcomes
from scoring.store.database import Database
from training.data.dataset import TrainingSet, has_outcomes, training_set_on_file
from training.data.labels import OutcomeDefinition
from training.fit.calibrating import anchored, calibrate, require_tendency
from training.fit.fitting import expert_scorecard, fit_scorecard
from training.fit.hand.applying import apply_hand, check_served
from training.fit.hand.file import read_hand
from training.fit.outcome_counts import outcomes_by_bin
from training.fit.shaping import Fit, ModelKind, Shaping
from training.lineage import lineage_of
from training.measures.figures import SEED
from training.measures.folds import Progress
from training.validation.hand_beside import (
    figures_without_hand,
    hand_record,
    validation_without_hand,
)
from training.validation.report.html import ReportContent, write_report
from training.validation.validate import Validation, validate

_STEPS = 5


@dataclass(frozen=True)
class Candidate:
    """A model that was trained and may be promoted by somebody else.

    Attributes:
        reference: of the model.
        kind: `fitted` or `expert_prior`.
        currency: of all amounts.
        known: whether an equal model was there before; what follows is then of its first training.
        trained_by: who trained it first.
        figures: validation figures, plain data, as kept in the registry.
        lineage: what it was trained on and with, plain data, as kept in the registry.
        report: the HTML report.
    """

    reference: str
    kind: str
    currency: str
    known: bool
    trained_by: str
    figures: Mapping[str, Any]
    lineage: Mapping[str, Any]
    report: Path

    @property
    def auc_out_of_time(self) -> float | None:
        """The headline figure; None where there are too few outcomes."""
        value = self.figures["out_of_time"]["auc"]["value"]
        return None if value is None else float(value)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for `--json`."""
        return {
            "model": self.reference,
            "kind": self.kind,
            "currency": self.currency,
            "known": self.known,
            "trained_by": self.trained_by,
            "auc_out_of_time": self.auc_out_of_time,
            "figures": dict(self.figures),
            "lineage": dict(self.lineage),
            "report": str(self.report),
        }


def train_candidate(
    database: Database,
    *,
    by: str,
    progress: Progress | None = None,
    currency: str | None = None,
    known_at: datetime | None = None,
    definition: OutcomeDefinition | None = None,
    snapshot: Path | None = None,
    attendance_cap: float | None = None,
    hand: Path | None = None,
    central_tendency: float | None = None,
) -> Candidate:
    """Train on what is on file, validate, store the candidate and write its report.

    The same records give the same model, which keeps the figures, lineage and report of its first
    training. Without any outcome the expert's scorecard is the model.

    Args:
        database: the store.
        by: who trains; may not promote the model.
        progress: called with a label, steps done and steps in all.
        currency: of the model where no record on file says it.
        known_at: only what was recorded by then counts; the last event on file when None. The same
            instant gives the same training set, less those who have ended their consent.
        definition: when a loan is bad.
        snapshot: folder of a snapshot to take the records from; `known_at` is then its moment,
            unless an earlier one is given.
        attendance_cap: share of the score range that attendance may have; that of the settings
            when None.
        hand: file of what an analyst sets by hand.
        central_tendency: mean PD that the training population is anchored to; its own when None.

    Raises:
        NotFoundError: there is no such snapshot.
        IntegrityError: it was changed after it was written.
        InputError: the currency is none of ISO 4217, the central tendency not a probability, or the
            hand can't be used.
        ModelError: amounts are in more than one currency.
    """
    require_tendency(central_tendency)
    tell = progress or _say_nothing
    settings = database.settings
    written = None if hand is None else read_hand(hand)
    share = settings.attendance_cap if attendance_cap is None else attendance_cap
    shaping = Shaping(share)
    tell("reading the records", 0, _STEPS)
    data = training_set_on_file(
        database,
        known_at=known_at,
        currency=currency,
        definition=definition,
        snapshot=snapshot,
    )
    tell("fitting on all loans", 1, _STEPS)
    fit, calibration = free, _ = fit_as_served(
        data, shaping, central_tendency=central_tendency, progress=progress
    )
    if written is not None and hand is not None:
        # Bins are numbered as on the card of the free fit that a report prints.
        card = free.scorecard.card_
        applied = apply_hand(written, card, currency=data.currency, file=hand.name)
        shaping = replace(shaping, hand=applied)
        fit, calibration = fit_as_served(
            data, shaping, central_tendency=central_tendency, progress=progress
        )
        check_served(applied, fit.scorecard.card_)
    tell("validating", 2, _STEPS)
    out_of_time, cross_validation = validate(data, shaping=shaping, progress=progress)
    without_hand = validation_without_hand(data, shaping, progress=progress)
    artefact = Artefact.of(
        fit.scorecard,
        currency=data.currency,
        deployment_profile=data.profile,
        shrinkage_constants=data.constants,
        blocks_off=data.blocks_off,
        bin_outcomes=bin_outcomes(data, fit),
        block_caps=fit.caps,
        hand=hand_record(free, shaping),
        population=data.X if fit.kind is ModelKind.FITTED else data.population,
        calibration=calibration,
    )
    lineage = lineage_of(data, fit, calibration) | shaping.lineage()
    tell("storing the candidate", 3, _STEPS)
    with database.writing() as ledger:
        model = store_model(
            ledger,
            artefact,
            kind=fit.kind.value,
            figures=figures_for(data, out_of_time, cross_validation, calibration)
            | figures_without_hand(without_hand),
            lineage=lineage,
            trained_by=by,
        )
        known = model.trained_at != ledger.now  # no two transactions share an instant
        trained_at = ledger.now
    tell("writing the report", 4, _STEPS)
    report = settings.data_dir / "reports" / f"{model.reference}.html"
    if not (known and report.exists()):
        write_report(
            report,
            ReportContent(
                model=model.reference,
                trained_by=by,
                trained_at=trained_at,
                kind=fit.kind,
                artefact=artefact,
                data=data,
                out_of_time=out_of_time,
                cross_validation=cross_validation,
                lineage=lineage,
                without_hand=without_hand,
                shaping=shaping,
            ),
        )
    tell("done", _STEPS, _STEPS)
    return Candidate(
        reference=model.reference,
        kind=model.kind,
        currency=model.currency,
        known=known,
        trained_by=model.trained_by,
        figures=json.loads(model.figures),
        lineage=json.loads(model.lineage),
        report=report,
    )


def fit_as_served(
    data: TrainingSet,
    shaping: Shaping,
    *,
    central_tendency: float | None = None,
    progress: Progress | None = None,
) -> tuple[Fit, Calibration]:
    """Fit to all labels, calibrated and anchored; the calibration is folded into the card.

    Caps hold on the card as served, so the fit is made again once it is known how calibration will
    scale it. Points given by hand are not scaled.
    """
    fit = fit_on_all(data, shaping)
    calibration = calibrate(data, fit, seed=SEED, shaping=shaping, progress=progress)
    if calibration.slope != 1.0:
        fit = fit_on_all(data, replace(shaping, slope=calibration.slope))
    calibration = anchored(calibration, data, fit, central_tendency)
    return replace(fit, scorecard=calibration.applied_to(fit.scorecard)), calibration


def fit_on_all(data: TrainingSet, shaping: Shaping | None = None) -> Fit:
    """Fit to all labels, or take the expert's word where there are none, or only bad ones."""
    if has_outcomes(data.y):
        return fit_scorecard(data.X, data.y, currency=data.currency, shaping=shaping)
    return expert_scorecard(data.population, currency=data.currency, shaping=shaping)


def bin_outcomes(data: TrainingSet, fit: Fit) -> Mapping[str, BinOutcomes]:
    """What became of the loans in each bin; nothing where the model is the expert's word."""
    if fit.kind is not ModelKind.FITTED:
        return {}
    founders = data.rows["founder_id"].to_numpy(dtype=np.int64)
    return outcomes_by_bin(fit.scorecard.card_, data.X, data.y, founders)


def figures_for(
    data: TrainingSet,
    out_of_time: Validation,
    cross_validation: Validation,
    calibration: Calibration,
) -> dict[str, Any]:
    """What the registry keeps of the validation.

    It judges the calibrated card without the anchor: that is a word on other loans than these.
    """
    return {
        "labels": len(data.y),
        "bads": data.bads,
        "out_of_time": out_of_time.as_dict(),
        "cross_validation": cross_validation.as_dict(),
        "calibration": calibration.to_dict(),
    }


def _say_nothing(label: str, done: int, total: int) -> None:
    del label, done, total
