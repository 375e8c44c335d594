"""The scorecard beside its peers on the Berka loans: AUC on the same folds, and time to fit.

More sets, sample sizes and peers come with the scorecard's own benchmark.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.figures import figure, median_seconds, write_figures
from training.backtest import backtest_berka_beside_peers, berka_training_set
from training.fit import fit_scorecard
from training.peers import all_peers

BERKA = Path(__file__).parents[1] / "data" / "berka"


def main() -> None:
    """Run and write `results/models.jsonl`."""
    result = backtest_berka_beside_peers(BERKA)
    figures = [
        figure(
            f"Berka, 10 x 5-fold AUC, over {peer.name}",
            ours=result.berka_auc,
            baseline=peer.auc.value,
            goal=1 - (peer.standard_error_of_mean or 0.0),
            at_most=False,
        )
        for peer in result.learners[1:]
    ]
    data = berka_training_set(BERKA)
    rows, outcomes = data.X, data.y
    ours = median_seconds(lambda: fit_scorecard(rows, outcomes, currency=data.currency), runs=5)
    ebm = next(peer for peer in all_peers() if peer.name == "EBM")
    theirs = median_seconds(lambda: ebm.fit_and_foretell(rows, outcomes, rows), runs=5)
    figures.append(figure("seconds to fit 354 loans, over EBM", ours=ours, baseline=theirs, goal=1))
    write_figures("models", figures)


if __name__ == "__main__":
    main()
