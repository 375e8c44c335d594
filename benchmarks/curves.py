"""What the learning curves show: a table, a picture, and where the scorecard falls short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import matplotlib as mpl
import pandas as pd

from benchmarks.learning import EXPERT, SCORECARD, Result

mpl.use("Agg")
import matplotlib.pyplot as plt

BLACK_BOXES = frozenset({"LightGBM"})
"""Learners with interactions, no rivals from this size on; additive ones are rivals at all."""

SMALL = 200
_FIGURES = ("auc", "log_loss", "brier", "ece")
_BETTER = {"auc": 1.0, "log_loss": -1.0}


def summary(results: Sequence[Result]) -> pd.DataFrame:
    """Mean and standard errors by set, size and learner.

    Returns:
        Frame with `set`, `size`, `learner`, `samples`; each figure with `_se` (of its mean over
        samples), `_lead` (the scorecard's mean lead over the learner, positive is better) and
        `_lead_se` (paired over samples); `seconds`, the median.
    """
    frame = pd.DataFrame([asdict(result) for result in results])
    rows = []
    for (name, size), part in frame.groupby(["set", "size"], sort=False):
        ours = part[part["learner"] == SCORECARD].set_index("sample")
        for learner, of_learner in part.groupby("learner", sort=False):
            of_learner = of_learner.set_index("sample").sort_index()
            row = {"set": name, "size": size, "learner": learner, "samples": len(of_learner)}
            for figure in _FIGURES:
                row[figure] = of_learner[figure].mean()
                row[f"{figure}_se"] = of_learner[figure].sem()
                lead = _BETTER.get(figure, -1.0) * (ours[figure] - of_learner[figure])
                row[f"{figure}_lead"] = lead.mean()
                row[f"{figure}_lead_se"] = lead.sem()
            row["seconds"] = of_learner["fit_and_foretell_seconds"].median()
            rows.append(row)
    return pd.DataFrame(rows)


def shortfalls(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the summary that are better than the scorecard by more than one standard error.

    Rivals are all learners up to `SMALL` loans and the additive ones beyond; the expert prior
    alone is one at every size.
    """
    rival = (table["learner"] != SCORECARD) & (
        (table["size"] <= SMALL) | ~table["learner"].isin(BLACK_BOXES)
    )
    behind = pd.Series(False, index=table.index)
    for figure in _BETTER:
        behind |= table[f"{figure}_lead"] < -table[f"{figure}_lead_se"].fillna(0.0) - 1e-12
    return table[rival & behind]


def as_markdown(table: pd.DataFrame) -> str:
    """The summary as tables by set, the best of each row in bold, and the shortfalls below."""
    parts = [
        "# Learning curves",
        "",
        f"Mean over random stratified samples of so many loans, tested on all others of the set: "
        f"AUC / log-loss. Bold: the best AUC and the best log-loss among learners. "
        f"± is one standard error of the scorecard's own mean. Written by `make bench-models`; "
        f"one thread; {int(table['samples'].min())} to {int(table['samples'].max())} samples.",
    ]
    for name, part in table.groupby("set", sort=False):
        learners = list(dict.fromkeys(part["learner"]))
        parts += ["", f"## {name}", "", "| n | " + " | ".join(learners) + " |"]
        parts.append("|---" * (len(learners) + 1) + "|")
        for size, row in part.groupby("size", sort=True):
            row = row.set_index("learner")
            cells = [_cell(row, learner) for learner in learners if learner in row.index]
            parts.append(f"| {size} | " + " | ".join(cells) + " |")
    parts += ["", "## Brier / ECE", ""]
    learners = list(dict.fromkeys(table["learner"]))
    parts += ["| set | n | " + " | ".join(learners) + " |", "|---" * (len(learners) + 2) + "|"]
    for (name, size), row in table.groupby(["set", "size"], sort=False):
        row = row.set_index("learner")
        cells = [
            f"{row.loc[learner, 'brier']:.4f} / {row.loc[learner, 'ece']:.3f}"
            if learner in row.index
            else ""
            for learner in learners
        ]
        parts.append(f"| {name} | {size} | " + " | ".join(cells) + " |")
    return "\n".join([*parts, "", *_short_of(table), "", *_times(table), ""])


def _cell(row: pd.DataFrame, learner: str) -> str:
    rivals = row.drop(index=EXPERT, errors="ignore")
    auc, loss = row.loc[learner, "auc"], row.loc[learner, "log_loss"]
    shown = [f"{auc:.3f}", f"{loss:.3f}"]
    if learner == SCORECARD:
        shown = [f"{auc:.3f} ± {row.loc[learner, 'auc_se']:.3f}", shown[1]]
    if auc >= rivals["auc"].max():
        shown[0] = f"**{shown[0]}**"
    if loss <= rivals["log_loss"].min():
        shown[1] = f"**{shown[1]}**"
    return " / ".join(shown)


def _short_of(table: pd.DataFrame) -> list[str]:
    behind = shortfalls(table)
    lines = [
        "## Where the scorecard falls short",
        "",
        f"Rivals that are better by more than one paired standard error: all learners up to {SMALL}"
        " loans, additive ones beyond, the expert prior at every size. Lead: the scorecard's.",
        "",
        "| set | n | learner | lead in AUC | lead in log-loss |",
        "|---|---|---|---|---|",
    ]
    for _, row in behind.iterrows():
        lines.append(
            f"| {row['set']} | {row['size']} | {row['learner']} "
            f"| {row['auc_lead']:+.4f} ± {row['auc_lead_se']:.4f} "
            f"| {row['log_loss_lead']:+.4f} ± {row['log_loss_lead_se']:.4f} |"
        )
    return lines if len(behind) else [*lines[:2], "Nowhere, on these samples."]


def _times(table: pd.DataFrame) -> list[str]:
    """Seconds to fit and foretell, as ratios to LightGBM (tuning included in both)."""
    learners = [name for name in dict.fromkeys(table["learner"]) if name != "LightGBM"]
    lines = [
        "## Time to fit and foretell, over LightGBM with its tuning",
        "",
        "| set | n | " + " | ".join(learners) + " |",
        "|---" * (len(learners) + 2) + "|",
    ]
    for (name, size), row in table.groupby(["set", "size"], sort=False):
        seconds = row.set_index("learner")["seconds"]
        if "LightGBM" in seconds:
            cells = [
                f"{seconds.get(each, float('nan')) / seconds['LightGBM']:.2f}" for each in learners
            ]
            lines.append(f"| {name} | {size} | " + " | ".join(cells) + " |")
    return lines


def draw(table: pd.DataFrame, path: Path) -> None:
    """Draw AUC and log-loss over the number of loans, one column per set, as PNG."""
    sets = list(dict.fromkeys(table["set"]))
    figure, axes = plt.subplots(
        2, len(sets), figsize=(3.6 * len(sets), 6.4), squeeze=False, constrained_layout=True
    )
    colours = dict(zip(dict.fromkeys(table["learner"]), plt.get_cmap("tab10").colors, strict=False))
    for column, name in enumerate(sets):
        of_set = table[table["set"] == name]
        for line, (measure, label) in enumerate((("auc", "AUC"), ("log_loss", "log-loss"))):
            axis = axes[line][column]
            for learner, part in of_set.groupby("learner", sort=False):
                own = learner == SCORECARD
                axis.errorbar(
                    part["size"],
                    part[measure],
                    part[f"{measure}_se"].fillna(0.0),
                    label=learner,
                    color=colours[learner],
                    linewidth=2.4 if own else 1.1,
                    linestyle="--" if learner == EXPERT else "-",
                    zorder=3 if own else 2,
                )
            sizes = sorted(set(of_set["size"]))
            axis.set_xscale("log")
            axis.minorticks_off()
            axis.set_xticks(sizes, [str(size) for size in sizes], fontsize=8)
            axis.set_title(f"{name}: {label}")
            best = of_set[of_set["learner"] != EXPERT][measure]
            if measure == "log_loss":
                axis.set_ylim(0.95 * best.min(), best.quantile(0.9) * 1.15)
            else:
                axis.set_ylim(max(0.5, best.quantile(0.05) - 0.03), best.max() + 0.01)
            axis.grid(alpha=0.3)
    axes[1][0].set_xlabel("loans trained on")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
