"""The scorecard beside its peers: learning curves on every set that is here, and times.

    make bench-models
    .venv/bin/python -m benchmarks.models --quick
    .venv/bin/python -m benchmarks.models --sets hmeq --sizes 200 500 --samples 4

Writes `results/learning.md`, `results/learning.png` and `results/models.jsonl`. What has been
measured is kept in `var/benchmarks`, so an interrupted run goes on.
"""

from __future__ import annotations

import argparse

from benchmarks.curves import as_markdown, draw, shortfalls, summary
from benchmarks.figures import RESULTS, write_figures
from benchmarks.learning import SIZES, learning_curves
from benchmarks.sets import sets_present
from benchmarks.speed import speed_figures

_QUICK_SIZES = (50, 200)
_QUICK_SAMPLES = 2
_LARGE = 1000


def main() -> None:
    """Run what was asked for."""
    asked = _arguments()
    sizes = _QUICK_SIZES if asked.quick else tuple(asked.sizes)
    samples = _QUICK_SAMPLES if asked.quick else asked.samples
    few = [size for size in sizes if size < _LARGE]
    many = [size for size in sizes if size >= _LARGE]
    results = [
        *learning_curves(sets=asked.sets, sizes=few, samples=samples),
        *learning_curves(sets=asked.sets, sizes=many, samples=asked.large_samples or samples),
    ]
    table = summary(results)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "learning.md").write_text(as_markdown(table), encoding="utf-8")
    draw(table, RESULTS / "learning.png")
    behind = shortfalls(table)
    print(behind.to_string() if len(behind) else "nowhere behind a rival")
    if not asked.no_speed:
        write_figures("models", speed_figures(quick=asked.quick))


def _arguments() -> argparse.Namespace:
    present = tuple(sets_present())
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=10, help="random samples per set and size")
    parser.add_argument(
        "--large-samples",
        type=int,
        help=f"the same from {_LARGE} loans on, where they are to differ",
    )
    parser.add_argument("--sets", nargs="+", choices=present, default=present)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, help="loans to train on")
    parser.add_argument("--quick", action="store_true", help="two samples of 50 and of 200 loans")
    parser.add_argument("--no-speed", action="store_true", help="learning curves only")
    return parser.parse_args()


if __name__ == "__main__":
    main()
