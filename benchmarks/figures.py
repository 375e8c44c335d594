"""How a benchmark writes its figures: one JSON line each, the file replaced as a whole."""

from __future__ import annotations

import json
import math
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def figure(
    name: str, *, ours: float | None, baseline: float | None, goal: float, at_most: bool = True
) -> dict[str, object]:
    """One figure; `ratio` is ours over baseline and holds at most (or at least) the goal.

    What could not be measured is None; the ratio is then NaN, and the figure is not written.
    """
    ratio = ours / baseline if ours is not None and baseline else math.nan
    return {
        "name": name,
        "ours": ours,
        "baseline": baseline,
        "ratio": ratio,
        "goal": goal,
        "holds": ratio <= goal if at_most else ratio >= goal,
    }


def write_figures(name: str, figures: list[dict[str, object]]) -> None:
    """Replace `benchmarks/results/NAME.jsonl` and show the figures.

    JSON has no NaN: a figure that is not a number is left out and named on standard error.
    """
    RESULTS.mkdir(exist_ok=True)
    lines = ""
    for entry in figures:
        if all(math.isfinite(v) for v in entry.values() if isinstance(v, float)):
            lines += json.dumps(entry, allow_nan=False) + "\n"
        else:
            print(f"left out, not a number: {entry['name']}", file=sys.stderr)
    (RESULTS / f"{name}.jsonl").write_text(lines)
    print(lines, end="")


def peak_mebibytes() -> float:
    """Peak memory of this process's own program; `ru_maxrss` would hold its parent's as well."""
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1024


def median_seconds(work: Callable[[], object], *, runs: int = 15) -> float:
    """Median wall-clock time of a call, after one that is not counted."""
    work()
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)
