"""Do the intervals hold? How often 90 % intervals cover the true PD of simulated founders.

    .venv/bin/python -m benchmarks.coverage --samples 200
    .venv/bin/python -m benchmarks.coverage --samples 20 --sizes 50 200

Founders go bad by the process of the sample portfolio (`sample/simulate/process.py`), less the
traits that no record shows, so that the true PD is a function of what the scorecard sees. Writes
`results/coverage.md`. Each sample is kept in `var/benchmarks`, so an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import cast

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.figures import RESULTS
from benchmarks.keeping import (
    KEPT_FOLDER,
    digest,
    keep_line,
    kept_lines,
    learner_versions,
    module_source,
    scorecard_source,
)
from sample.simulate import process
from sample.simulate.process import (
    PROCESS_SOFTNESS,
    PROCESS_THRESHOLDS,
    PROCESS_WEIGHTS,
    intercept,
    riskiness,
    sigmoid,
)
from scoring.models.scorecard import MonotoneScorecard
from training.measures.figures import Floats, Ints

SIZES = (50, 200, 1000, 5000)
LEVEL = 0.9
KEPT = KEPT_FOLDER / "coverage.jsonl"
JUDGED = 200
"""New founders per sample whose intervals are compared with their true PD."""

_BAD_RATE = 0.15
_LOGGED = ("monthly_net_sales_180d", "sales_growth_90d")
_SHARED = 0.5  # part of each behaviour that one trait rules, so that behaviours go together
_MISSING = MappingProxyType({"attended_share": 0.3, "worst_days_past_due_365d": 0.5})
_REACH = 3.0  # softnesses that one standard deviation of a behaviour spans

DIRECTIONS: Mapping[str, int] = {
    name: 1 if softness > 0 else -1 for name, softness in PROCESS_SOFTNESS.items()
}


@dataclass(frozen=True)
class Scenario:
    """What the expert believes, against the truth.

    Attributes:
        name: as shown.
        weights: the expert's, by feature, log-odds from best to worst.
        directions: the expert's.
        demanded: whether the intervals must hold.
    """

    name: str
    weights: Mapping[str, float]
    directions: Mapping[str, int]
    demanded: bool = True


def scenarios() -> tuple[Scenario, ...]:
    """Weights right, twice and half as large as the truth, and one direction turned round."""
    turned = {**DIRECTIONS, "refund_share_365d": -DIRECTIONS["refund_share_365d"]}
    wrong = {
        name: weight * (2.0 if position % 2 else 0.5)
        for position, (name, weight) in enumerate(PROCESS_WEIGHTS.items())
    }
    return (
        Scenario("weights right", PROCESS_WEIGHTS, DIRECTIONS),
        Scenario("weights wrong by a factor of two", wrong, DIRECTIONS),
        Scenario("one direction wrong", PROCESS_WEIGHTS, turned, demanded=False),
    )


def founders(rows: int, rng: np.random.Generator) -> tuple[pd.DataFrame, Floats, Ints]:
    """Return simulated founders, their true PD, and who went bad."""
    frame, odds = _behaviours(rows, rng)
    truth = sigmoid(_intercept() + odds)
    return frame, truth, (rng.random(rows) < truth).astype(np.int64)


@cache
def _intercept() -> float:
    """The log-odds that make the mean true PD of very many founders `_BAD_RATE`."""
    return intercept(_behaviours(100_000, np.random.default_rng(0))[1], bad_rate=_BAD_RATE)


def _behaviours(rows: int, rng: np.random.Generator) -> tuple[pd.DataFrame, Floats]:
    """Behaviours, and the log-odds of going bad without the intercept."""
    trait = rng.normal(size=rows)
    behaviour = {}
    for name, threshold in PROCESS_THRESHOLDS.items():
        own = np.sqrt(1 - _SHARED**2) * rng.normal(size=rows) + _SHARED * trait
        spread = _REACH * PROCESS_SOFTNESS[name] * own
        values = 10 ** (np.log10(threshold) + spread) if name in _LOGGED else threshold + spread
        values[rng.random(rows) < _MISSING.get(name, 0.0)] = np.nan
        behaviour[name] = values
    frame = pd.DataFrame(behaviour)
    odds = np.zeros(rows)
    for name, weight in PROCESS_WEIGHTS.items():
        odds += weight * riskiness(name, frame[name].to_numpy())
    return frame, odds


@dataclass(frozen=True)
class Coverage:
    """How often the intervals held.

    Attributes:
        scenario, size: what was simulated.
        samples: how many.
        covered: share of founders whose true PD lay in the interval, mean over samples.
        error: Monte Carlo standard error of that, over samples.
        below, above: shares of founders whose true PD lay outside, on each side.
        width: mean width of the intervals, in log-odds.
        flagged: share of samples in which a declared direction was flagged as contradicted.
    """

    scenario: Scenario
    size: int
    samples: int
    covered: float
    error: float
    below: float
    above: float
    width: float
    flagged: float


def coverage(
    scenario: Scenario, size: int, samples: int, *, seed: int = 2, kept: Path | None = None
) -> Coverage:
    """Simulate, fit and compare.

    Args:
        scenario: what the expert believes.
        size: founders to fit to.
        samples: how often.
        seed: of the simulation.
        kept: file of samples already measured, added to; None for none.
    """
    source = "" if kept is None else _source(scenario)
    lines = kept_lines(kept) if kept else ()
    known = {line["key"]: cast(list[float], line["found"]) for line in lines}
    found = []
    for sample in range(samples):
        key = f"{source} {scenario.name}, {size}, {seed}, {sample}"
        if key not in known:
            known[key] = _one_sample(scenario, size, [seed, size, sample])
            if kept:
                keep_line(kept, {"key": key, "found": known[key]})
        found.append(known[key])
    mean = np.mean(found, axis=0)
    error = float(np.std(found, axis=0, ddof=1)[0] / np.sqrt(samples))
    return Coverage(scenario, size, samples, *map(float, (mean[0], error, *mean[1:])))


def _source(scenario: Scenario) -> str:
    """A digest of all that a sample's figures depend on; of this file, all but the table."""
    own = inspect.getsource(sys.modules[__name__]).split("def as_markdown(")[0]
    learned = scorecard_source() + module_source(process) + learner_versions()
    return digest(learned + own + repr(scenario))


def _one_sample(scenario: Scenario, size: int, seed: list[int]) -> list[float]:
    """Shares covered, below and above; mean width in log-odds; whether a direction was flagged."""
    rng = np.random.default_rng(seed)
    X, _, y = founders(size, rng)
    unseen, truth, _ = founders(JUDGED, rng)
    model = MonotoneScorecard(dict(scenario.directions), dict(scenario.weights))
    model.fit(X, y if y.min(initial=1) == 0 else None)
    interval = model.interval(unseen, LEVEL)
    low, high = interval["low"].to_numpy(), interval["high"].to_numpy()
    width = np.log(high / (1 - high)) - np.log(low / (1 - low))
    shares = (
        np.mean((low <= truth) & (truth <= high)),
        np.mean(truth < low),
        np.mean(truth > high),
    )
    return [*map(float, shares), float(width.mean()), float(bool(model.contradicted_directions_))]


def as_markdown(results: Sequence[Coverage]) -> str:
    """The table."""
    lines = [
        "# Coverage of 90 % intervals",
        "",
        f"Share of {JUDGED} new simulated founders per sample whose true PD lies in the interval, "
        "± its Monte Carlo standard error over samples. Demanded: 85 % to 95 %. Below and above: "
        "true PD under or over the interval. Flagged: samples in which outcomes speak against a "
        "declared direction. Written by `python -m benchmarks.coverage`.",
        "",
        "| expert | n | samples | covered | below | above | width, log-odds | flagged | holds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for r in results:
        holds = "yes" if 0.85 <= r.covered <= 0.95 else "**no**"
        lines.append(
            f"| {r.scenario.name} | {r.size} | {r.samples} | {r.covered:.3f} ± {r.error:.3f} "
            f"| {r.below:.3f} | {r.above:.3f} | {r.width:.2f} | {r.flagged:.2f} "
            f"| {holds if r.scenario.demanded else 'not demanded'} |"
        )
    return "\n".join([*lines, ""])


def main() -> None:
    """Run and write `results/coverage.md`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    asked = parser.parse_args()
    results = []
    RESULTS.mkdir(exist_ok=True)
    with threadpool_limits(1):
        for scenario in scenarios():
            for size in asked.sizes:
                results.append(coverage(scenario, size, asked.samples, kept=KEPT))
                print(as_markdown(results[-1:]).splitlines()[-1], flush=True)
                (RESULTS / "coverage.md").write_text(as_markdown(results), encoding="utf-8")


if __name__ == "__main__":
    main()
