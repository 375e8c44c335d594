"""Putting the report together: figures, pictures and tables into one page."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jinja2 import PackageLoader

from scoring.models.artefact import Artefact
from scoring.published.html import page_environment
from scoring.published.table import scorecard_table
from training.data.dataset import TrainingSet
from training.fit.shaping import ModelKind, Shaping
from training.measures.figures import LEVEL, Figure
from training.validation.hand_beside import changes_by_hand
from training.validation.report.plots import calibration_plot, roc_plot, score_plot, shap_plot
from training.validation.sensitivity import expert_sensitivity
from training.validation.validate import CALIBRATION, Validation

_FIGURES = {
    "auc": ("AUC", "chance that a bad loan scores below a good one; 0.5 is a coin"),
    "gini": ("Gini", "twice the AUC less one"),
    "ks": ("KS", "largest distance between the score distributions of good and bad"),
    "log_loss": ("Log-loss", "lower is better"),
    "brier": ("Brier score", "mean squared error of the PD; lower is better"),
    "calibration_slope": ("Calibration slope", "1 is right; below 1 the PDs are too bold"),
    "calibration_intercept": (
        "Calibration intercept",
        "0 is right; above 0 more loans went bad than foretold",
    ),
    "ece": ("Calibration error", "mean distance of foretold and observed bad rate (ECE)"),
}
_CHECKED_ROWS = 3


@dataclass(frozen=True)
class ReportContent:
    """What a report is about."""

    model: str
    trained_by: str
    trained_at: datetime
    kind: ModelKind
    artefact: Artefact
    data: TrainingSet
    out_of_time: Validation
    cross_validation: Validation
    lineage: Mapping[str, Any]
    without_hand: tuple[Validation, Validation] | None = None
    shaping: Shaping | None = None


def write_report(path: Path, content: ReportContent) -> Path:
    """Write the report as one HTML file that loads nothing from elsewhere; returns its path."""
    environment = page_environment(PackageLoader("training.validation.report", "."))
    environment.filters["figure"] = figure_text
    page = environment.get_template("report.html").render(_page(content))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def figure_text(figure: Figure | None) -> str:
    """A figure with its interval, such as `0.776 (0.680 to 0.860)`."""
    if figure is None or figure.value is None:
        return "not known"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.3f}"
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _page(content: ReportContent) -> dict[str, Any]:
    data, fitted = content.data, content.kind is ModelKind.FITTED
    seen = data.X if fitted else data.population
    shown = _best_validation(content)
    return {
        "content": content,
        "data": data,
        "fitted": fitted,
        "level": round(100 * LEVEL),
        "headline": content.out_of_time.figures["auc"],
        "figures": [
            (*words, content.out_of_time.figures[name], content.cross_validation.figures[name])
            for name, words in _FIGURES.items()
        ],
        "calibration": content.artefact.calibration,
        "calibration_figures": [
            (
                _FIGURES[name][0],
                content.out_of_time.before_calibration.get(name),
                content.out_of_time.figures[name],
                content.cross_validation.before_calibration.get(name),
                content.cross_validation.figures[name],
            )
            for name in CALIBRATION
        ],
        "sensitivity": expert_sensitivity(seen, currency=data.currency, shaping=content.shaping),
        "shown": shown,
        "pictures": _pictures(content, shown),
        "shap": _shap(content, seen),
        "table": scorecard_table(content.artefact, model=content.model, kind=content.kind.value),
        "caps": content.artefact.block_caps,
        "changes": changes_by_hand(content.artefact),
        "beside": _beside(content),
        "lineage": [(_words(key), _plain(value)) for key, value in content.lineage.items()],
    }


def _beside(content: ReportContent) -> list[tuple[str, Figure, Figure, Figure, Figure]]:
    """AUC and log-loss without and with the hand, out of time and cross-validated."""
    if content.without_hand is None:
        return []
    later, crossed = content.without_hand
    return [
        (
            _FIGURES[name][0],
            later.figures[name],
            content.out_of_time.figures[name],
            crossed.figures[name],
            content.cross_validation.figures[name],
        )
        for name in ("auc", "log_loss")
        if crossed.figures[name].value is not None or later.figures[name].value is not None
    ]


def _best_validation(content: ReportContent) -> str:
    """Which validation the pictures show: out of time, where that could be done."""
    if content.out_of_time.figures["auc"].value is not None:
        return "out of time"
    if content.cross_validation.figures["auc"].value is not None:
        return "cross-validation"
    return ""


def _pictures(content: ReportContent, shown: str) -> dict[str, str]:
    if not shown:
        return {}
    curves = {
        label: validation.judged
        for label, validation in (
            ("out of time", content.out_of_time),
            ("cross-validation", content.cross_validation),
        )
        if validation.judged is not None and validation.figures["auc"].value is not None
    }
    scale = content.artefact.points.scale
    return {
        "roc": roc_plot(curves),
        "calibration": calibration_plot(curves[shown]),
        "scores": score_plot(curves[shown], scale),
    }


def _shap(content: ReportContent, seen: pd.DataFrame) -> dict[str, Any] | None:
    """The SHAP picture, and how far the library's own explainer is from the closed form."""
    if seen.empty:
        return None
    scorecard, factor = content.artefact.scorecard, content.artefact.points.scale.factor
    values = seen[list(content.artefact.feature_names)]
    contributions = scorecard.contributions(values, values)
    moved = contributions.columns[contributions.abs().max() > 0]
    if moved.empty:
        return None
    rows = values.iloc[:: max(len(values) // _CHECKED_ROWS, 1)].head(_CHECKED_ROWS)
    return {
        "picture": shap_plot(-factor * contributions[moved], values[moved]),
        "rows": len(rows),
        "difference": f"{_difference_to_library(content, values, rows):.0e}",
    }


def _difference_to_library(
    content: ReportContent, background: pd.DataFrame, rows: pd.DataFrame
) -> float:
    import shap

    scorecard = content.artefact.scorecard

    def log_odds(values: np.ndarray) -> np.ndarray:
        return scorecard.decision_function(pd.DataFrame(values, columns=rows.columns))

    # Kernel SHAP runs none of what the library would compile first, for ten seconds. It draws its
    # samples by chance: twice as many as features were too few to tell all of them apart each time.
    with _without_warnings_of("shap"):  # that the whole background is many rows; it is meant
        explainer = shap.KernelExplainer(log_odds, background.to_numpy())
    samples = 10 * rows.shape[1]
    found = explainer.shap_values(rows.to_numpy(), nsamples=samples, l1_reg=False, silent=True)
    ours = scorecard.contributions(rows, background).to_numpy()
    return float(np.abs(found - ours).max())


@contextmanager
def _without_warnings_of(logger: str) -> Iterator[None]:
    of_library = logging.getLogger(logger)
    before = of_library.level
    of_library.setLevel(logging.ERROR)
    try:
        yield
    finally:
        of_library.setLevel(before)


def _words(key: str) -> str:
    return key.replace("_", " ").capitalize()


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{str(key).replace('_', ' ')} {each}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value)
