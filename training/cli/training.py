"""Commands for the analyst: train, promote, backtest and the sample portfolio.

Results go to stdout, as one JSON object with `--json`; progress goes to stderr.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:  # what is heavy is imported by the commands that need it
    from training.backtest.backtest import BacktestResult
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
    from training.backtest.backtest import backtest_berka, backtest_berka_beside_peers

    with progress_bar() as progress:
        run = backtest_berka_beside_peers if peers else backtest_berka
        result = run(directory, repeats=repeats, progress=progress)
    if as_json:
        print_json(result.as_dict())
    else:
        _print_backtest(result)


@app.command()
def sample(
    directory: Annotated[
        Path | None, typer.Argument(help="Where the files of the portfolio go, in plain columns.")
    ] = None,
    exports: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where exports as shops, banks and programmes write them go, with a README.txt.",
        ),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Last day of the records; yesterday if left out."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides everything but the days.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Write an invented portfolio of some 600 founders, or some founders' files as shops send them.

    The portfolio has plain columns; with --exports, files of the same founders are written in
    every format that can be imported, in several encodings and containers.
    """
    from scoring.base.errors import InputError
    from scoring.cli.console import print_json

    if directory is None and exports is None:
        raise InputError("Say where the files go: foothold sample DIRECTORY, or --exports DIR.")
    shown: dict[str, Any] = {"seed": seed}
    said = []
    if directory is not None:
        last_day = until.date() if until else _yesterday()
        portfolio, sentence = _write_portfolio(directory, seed=seed, until=last_day)
        shown |= portfolio
        said.append(sentence)
    if exports is not None:
        shown["exports"], sentence = _write_exports(exports, seed=seed)
        said.append(sentence)
    if as_json:
        print_json(shown)
    else:
        typer.echo("\n".join([*said, "Everybody in these files is invented."]))


def _write_portfolio(directory: Path, *, seed: int, until: date) -> tuple[dict[str, Any], str]:
    from sample.simulate import write_sample_portfolio
    from scoring.cli.console import progress_bar

    with progress_bar() as progress:
        written = write_sample_portfolio(directory, seed=seed, until=until, progress=progress)
    shown = {
        "directory": str(written.directory),
        "until": written.until.isoformat(),
        "rows": dict(written.counts),
    }
    counts = ", ".join(f"{n:,} {kind.replace('_', ' ')}" for kind, n in written.counts.items())
    return shown, f"Wrote {written.directory}: {counts}."


def _write_exports(folder: Path, *, seed: int) -> tuple[dict[str, Any], str]:
    from sample.exports import write_exports

    folder.mkdir(parents=True, exist_ok=True)
    written = write_exports(folder, seed)
    formats = dict.fromkeys(one.format_name.value for one in written)
    shown = {
        "directory": str(folder),
        "files": [
            {
                "file": str(one.path.relative_to(folder)),
                "format": one.format_name.value,
                "founder": one.founder,
            }
            for one in written
        ],
    }
    return shown, (
        f"Wrote {folder}: {len(written)} files in {len(formats)} formats. "
        "README.txt there says what each is and how to import it."
    )


def _yesterday() -> date:
    from scoring.base.calendar import today
    from scoring.base.settings import Settings

    return today(datetime.now(UTC), Settings().zone) - timedelta(days=1)


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
    said = figures.get("calibration")
    if said is None:  # trained before there was any
        return
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
