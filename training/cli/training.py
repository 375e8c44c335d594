"""Commands for the analyst: train, promote and backtest.

Results go to stdout, as one JSON object with `--json`; progress goes to stderr.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:  # what is heavy is imported by the commands that need it
    from training.backtest.cross_validation import BacktestResult
    from training.candidate import Candidate

app = typer.Typer(no_args_is_help=True, help="Train, promote and test models.")
backtest_app = typer.Typer(no_args_is_help=True, help="Test the whole way on real loans.")
app.add_typer(backtest_app, name="backtest")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does this; kept with it.")]


@app.command()
def train(
    by: By,
    currency: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Of a model without any records yet, such as KRW."),
    ] = None,
    bad_days: Annotated[
        int, typer.Option(min=1, help="A loan is bad from so many days past due.")
    ] = 90,
    window_months: Annotated[
        int, typer.Option(min=1, help="Within so many months from its first day due.")
    ] = 12,
    snapshot: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Records to train on, as `foothold snapshot` wrote them."),
    ] = None,
    attendance_cap: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Of the score range for attendance, above 0 up to 1 (no cap); 0.2 unless set.",
        ),
    ] = None,
    hand: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml", help="Bins, weights and shapes that an analyst sets by hand."
        ),
    ] = None,
    central_tendency: Annotated[
        float | None,
        typer.Option(
            metavar="PD",
            help="Mean PD of the population, such as 0.08; what the outcomes say if left out.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train a candidate on what is on file, or in a snapshot, and write its report."""
    from scoring.cli.console import open_database, print_json, progress_bar
    from training.candidate import train_candidate
    from training.data.labels import OutcomeDefinition

    definition = OutcomeDefinition.of(bad_days=bad_days, window_months=window_months)
    with progress_bar() as progress:
        candidate = train_candidate(
            open_database(),
            by=_name(by),
            currency=currency,
            definition=definition,
            snapshot=snapshot,
            attendance_cap=attendance_cap,
            hand=hand,
            central_tendency=central_tendency,
            progress=progress,
        )
    if as_json:
        print_json(candidate.as_dict())
    else:
        _print_candidate(candidate)


@app.command()
def promote(
    model: Annotated[str, typer.Argument(help="Reference of the model, such as M-0123456789ab.")],
    by: By,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why this model.")],
    as_json: AsJson = False,
) -> None:
    """Make a model champion; whoever trained it may not."""
    from scoring.cli.console import open_database, print_json
    from scoring.governance.registry import promote_model

    with open_database().writing() as ledger:
        promoted = promote_model(ledger, model, by=_name(by), reason=reason)
        shown = {"model": promoted.reference, "promoted_by": _name(by), "reason": reason}
    if as_json:
        print_json(shown)
    else:
        typer.echo(f"{shown['model']} is champion now; scores are given by it.")


@backtest_app.command()
def berka(
    directory: Annotated[Path, typer.Argument(help="Folder with the Berka files: data/berka.")],
    peers: Annotated[
        bool, typer.Option("--peers/--no-peers", help="Beside logistic, LightGBM and EBM.")
    ] = True,
    repeats: Annotated[int, typer.Option(min=1, help="Repeats of the cross-validation.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Cross-validate on 354 real loans of a Czech bank (PKDD'99)."""
    from scoring.cli.console import print_json, progress_bar
    from training.backtest.cross_validation import backtest_berka, backtest_berka_beside_peers

    with progress_bar() as progress:
        run = backtest_berka_beside_peers if peers else backtest_berka
        result = run(directory, repeats=repeats, progress=progress)
    if as_json:
        print_json(result.as_dict())
    else:
        _print_backtest(result)


def _name(by: str) -> str:
    from scoring.base.errors import InputError

    name = " ".join(by.split())
    if not 0 < len(name) <= 120:
        raise InputError("--by needs the name of the person who does this, up to 120 characters.")
    return name


def _print_candidate(candidate: Candidate) -> None:
    figures = candidate.figures
    typer.echo(f"Model             {candidate.reference} ({candidate.kind}, {candidate.currency})")
    typer.echo(f"Trained by        {candidate.trained_by}")
    if candidate.known:
        typer.echo("Known already     figures and report are those of its first training")
    typer.echo(f"Outcomes          {figures['labels']}, {figures['bads']} of them bad")
    for name, label in (("out_of_time", "Out of time"), ("cross_validation", "Cross-validation")):
        found = figures[name]
        shown = f"AUC {_figure(found['auc'])}"
        if found["auc"]["value"] is not None:
            shown += f", {found['bads']} bad of {found['labels']}"
        typer.echo(f"{label:<18}{shown}")
        free = figures.get("without_hand", {}).get(name)
        if free is not None:
            typer.echo(f"{'  without hand':<18}AUC {_figure(free['auc'])}")
    _print_calibration(figures)
    typer.echo(f"Report            {candidate.report}")
    command = f"foothold promote {candidate.reference} --by NAME --reason TEXT"
    typer.echo(f"A second person may now run: {command}")


def _print_calibration(figures: Mapping[str, Any]) -> None:
    said = figures["calibration"]
    text = f"slope {said['slope']:.3f}, intercept {said['intercept']:+.3f}"
    if not said["labels"]:
        text = "the prior's own PD, for lack of outcomes"
    if said["central_tendency"] is not None:
        text += f"; anchored to a mean PD of {said['central_tendency']:.1%}"
    typer.echo(f"Calibration       {text}")


def _figure(figure: Mapping[str, Any] | None) -> str:
    if figure is None:
        return ""
    if figure["value"] is None:
        return f"not known ({figure['reason']})"
    if figure["low"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def _print_backtest(result: BacktestResult) -> None:
    from rich.table import Table

    from scoring.cli.console import stdout

    found = result.as_dict()
    table = Table(
        title=f"Berka: {result.loans} loans, {result.bads} bad; "
        f"{result.repeats} x {result.folds}-fold cross-validation, 95 % bootstrap intervals",
        title_justify="left",
    )
    later = f"AUC 1998 after 1997 ({result.bads_out_of_time} bad: no claim)"
    for heading in ("", "AUC", "log-loss", "AUC less ours", "standard error", later):
        table.add_column(heading, justify="left" if heading in ("", later) else "right")
    for learner in found["learners"]:
        error = learner.get("standard_error_of_mean", math.nan)
        table.add_row(
            learner["name"],
            _figure(learner["auc"]),
            _figure(learner["log_loss"]),
            _figure(learner.get("auc_difference")),
            "" if math.isnan(error) else f"{error:.4f}",
            _figure(learner["auc_1998_after_1997"]),
        )
    stdout.print(table)
    if len(result.learners) > 1:
        better = ", ".join(result.better_peers) or "none"
        stdout.print(f"Peers better by more than one standard error: {better}.")
