"""The report's pictures, each as a data URI that stands in the page itself."""

from __future__ import annotations

import base64
import io
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from scipy.special import expit

from scoring.models.card.points import PointsScale
from training.measures.figures import Floats, Judged

GOOD, BAD, INK, QUIET = "#2f6f8f", "#b5532a", "#22272b", "#9aa3a9"
_CALIBRATION_GROUPS = 8
_FEWEST_IN_A_GROUP = 20
_STYLE: Any = {  # matplotlib types its settings by literal keys
    "font.family": "sans-serif",
    "font.size": 9.5,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.fonttype": "none",
    "svg.hashsalt": "foothold",
}


def roc_plot(curves: dict[str, Judged]) -> str:
    """Share of bads found over share of goods refused, a curve per validation."""
    with mpl.rc_context(_STYLE):
        canvas, axes = _canvas(4.2, 3.9)
        for (label, judged), colour in zip(curves.items(), (GOOD, BAD), strict=False):
            refused, found = _roc(judged)
            axes.step(refused, found, where="post", color=colour, linewidth=1.6, label=label)
        axes.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8, linestyle="--")
        axes.set(xlabel="share of good loans refused", ylabel="share of bad loans found")
        axes.set(xlim=(0, 1), ylim=(0, 1.01), aspect="equal")
        axes.legend(frameon=False, loc="lower right")
        return _svg(canvas)


def calibration_plot(judged: Judged) -> str:
    """Observed against foretold share of bad in groups of equal size, with counts."""
    with mpl.rc_context(_STYLE):
        canvas, axes = _canvas(4.2, 3.9)
        groups = calibration_groups(judged)
        most = min(1.05, 1.12 * max(groups[["foretold", "observed", "high"]].max()))
        axes.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8, linestyle="--")
        axes.vlines(groups["foretold"], groups["low"], groups["high"], color=GOOD, alpha=0.35)
        axes.plot(groups["foretold"], groups["observed"], "o", color=GOOD, markersize=5)
        for place, row in enumerate(groups.itertuples()):
            axes.annotate(
                f"{row.bads}/{row.loans}",
                (row.foretold, row.high),
                xytext=(0, 3 + 10 * (place % 2)),
                textcoords="offset points",
                ha="center",
                fontsize=8,
            )
        axes.set(xlabel="foretold share of bad", ylabel="observed share of bad")
        axes.set(xlim=(0, most), ylim=(-0.015, most))
        return _svg(canvas)


def calibration_groups(judged: Judged) -> pd.DataFrame:
    """Columns foretold, observed, low, high (95 %, Wilson), loans, bads; a row per group."""
    count = int(np.clip(len(judged.y) // _FEWEST_IN_A_GROUP, 1, _CALIBRATION_GROUPS))
    rows = []
    for part in np.array_split(np.argsort(judged.log_odds, kind="stable"), count):
        bads, loans = int(judged.y[part].sum()), int(part.size)
        low, high = _wilson(bads, loans)
        foretold = float(expit(judged.log_odds[part]).mean())
        rows.append((foretold, bads / loans, low, high, loans, bads))
    return pd.DataFrame(rows, columns=["foretold", "observed", "low", "high", "loans", "bads"])


def score_plot(judged: Judged, scale: PointsScale) -> str:
    """How scores of good and of bad loans are spread."""
    with mpl.rc_context(_STYLE):
        canvas, axes = _canvas(8.6, 2.8)
        scores = scale.offset - scale.factor * judged.log_odds
        edges = np.linspace(scores.min(), scores.max(), 21)
        for outcome, label, colour in ((0, "good", GOOD), (1, "bad", BAD)):
            of_it = scores[judged.y == outcome]
            axes.hist(
                of_it,
                bins=edges.tolist(),
                weights=np.full(of_it.size, 100 / max(of_it.size, 1)),
                color=colour,
                alpha=0.55,
                label=f"{label} ({of_it.size})",
            )
        axes.set(xlabel="score (points; higher is safer)", ylabel="% of loans of the outcome")
        axes.legend(frameon=False)
        return _svg(canvas)


def shap_plot(points: pd.DataFrame, values: pd.DataFrame, *, most: int = 14) -> str:
    """SHAP values in points, a dot per loan and feature, by the `shap` library.

    Args:
        points: shape (loans, features), what each value gave or cost.
        values: the values themselves, same shape.
        most: features shown.
    """
    mpl.use("Agg")
    import shap
    from matplotlib import pyplot as plt

    explanation = shap.Explanation(
        values=points.to_numpy(),
        data=values.to_numpy(),
        feature_names=[str(name) for name in points.columns],
    )
    with mpl.rc_context(_STYLE):
        axes = shap.plots.beeswarm(
            explanation, max_display=most, show=False, plot_size=(8.8, 0.36 * most + 1.2), s=10
        )
        axes.set_xlabel("points given (right) or taken (left)", fontsize=9.5)
        axes.tick_params(labelsize=9)
        figure = plt.gcf()
        figure.axes[-1].tick_params(labelsize=9)
        figure.axes[-1].set_ylabel("value of the feature", fontsize=9.5)
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=140, bbox_inches="tight")
        plt.close("all")
    return _data_uri("image/png", picture.getvalue())


def _canvas(width: float, height: float) -> tuple[Canvas, Axes]:
    canvas = Canvas(figsize=(width, height), layout="constrained")
    return canvas, canvas.add_subplot()


def _svg(canvas: Canvas) -> str:
    written = io.BytesIO()
    nothing: dict[str, Any] = {"Date": None, "Creator": None, "Format": None, "Type": None}
    canvas.savefig(written, format="svg", transparent=True, metadata=nothing)
    return _data_uri("image/svg+xml", written.getvalue())


def _data_uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _roc(judged: Judged) -> tuple[Floats, Floats]:
    order = np.argsort(-judged.log_odds, kind="stable")
    ranked = judged.log_odds[order]
    last = np.flatnonzero(np.concatenate([ranked[1:] != ranked[:-1], [True]]))
    found = np.cumsum(judged.y[order])[last] / max(judged.bads, 1)
    refused = np.cumsum(1 - judged.y[order])[last] / max(len(judged.y) - judged.bads, 1)
    return np.concatenate([[0.0], refused]), np.concatenate([[0.0], found])


def _wilson(bads: int, loans: int, z: float = 1.96) -> tuple[float, float]:
    share = bads / loans
    middle = (share + z**2 / (2 * loans)) / (1 + z**2 / loans)
    half = z / (1 + z**2 / loans) * np.sqrt(share * (1 - share) / loans + z**2 / (4 * loans**2))
    return max(float(middle - half), 0.0), min(float(middle + half), 1.0)
