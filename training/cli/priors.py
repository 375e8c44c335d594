"""Commands on the expert's scorecard: show it, and tell which weights the score hangs on."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import pandas as pd

    from training.data.dataset import TrainingSet
    from training.validation.elicitation import Elicited
    from training.validation.sensitivity import SensitivityReport

app = typer.Typer(rich_markup_mode=None)
priors_app = typer.Typer(help="The expert's scorecard, and which weights the score hangs on.")
app.add_typer(priors_app, name="priors")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Currency = Annotated[str, typer.Option(metavar="CODE", help="Of cut points in money, such as KRW.")]


class Format(StrEnum):
    """How a table is written."""

    TEXT = "text"
    HTML = "html"


@app.callback()
def _group() -> None:
    """Commands on the expert's scorecard."""


@priors_app.callback(invoke_without_command=True)
def priors(
    ctx: typer.Context,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Show beside it what outcomes made of the weights."),
    ] = None,
    currency: Currency = "KRW",
    written: Annotated[Format, typer.Option("--format", help="Text, or one HTML page.")] = (
        Format.TEXT
    ),
    as_json: AsJson = False,
) -> None:
    """Show the expert's scorecard: weights, confidence, cuts, whose word and why."""
    if ctx.invoked_subcommand is not None:
        return
    from scoring.cli.console import open_database, print_json
    from scoring.features import all_features
    from scoring.governance.registry import find_model, load_artefact
    from scoring.models.priors import read_priors
    from training.validation.elicitation import as_html, elicited

    said = read_priors()
    artefact = None
    if model is not None:
        with open_database().reading() as session:
            artefact = load_artefact(find_model(session, model))
        currency = artefact.currency
    entries = elicited(said, all_features(), currency=currency, model=artefact)
    title = f"The expert's scorecard, {said.version}: {said.who}"
    if as_json:
        print_json(
            {
                "version": said.version,
                "who": said.who,
                "currency": currency,
                "base_rate": {"bad": said.base_rate.bad, "good": said.base_rate.good},
                "model": model,
                "features": [entry.as_dict() for entry in entries],
            }
        )
    elif written is Format.HTML:
        typer.echo(as_html(entries, title=title, model=model), nl=False)
    else:
        _print_entries(entries, title=title, model=model)


@priors_app.command("sensitivity")
def sensitivity(
    refit: Annotated[
        bool,
        typer.Option("--refit", help="Fit anew for every change, three times per feature."),
    ] = False,
    currency: Currency = "KRW",
    as_json: AsJson = False,
) -> None:
    """Tell what each weight halved, doubled or taken out does to the scores of the population.

    Of the expert's card it is exact. Outcomes move the weights: with --refit, the card is fitted
    to them anew for every change, which takes minutes.
    """
    from scoring.base.settings import read_settings
    from scoring.cli.console import print_json, progress_bar
    from training.data.dataset import has_outcomes
    from training.fit.shaping import Shaping
    from training.validation.sensitivity import expert_sensitivity, fitted_sensitivity

    shaping = Shaping(read_settings().attendance_cap)
    data = _training_set()
    learnable = data is not None and has_outcomes(data.y)
    if not learnable:
        _refuse_refit(refit)
    with progress_bar() as progress:
        if data is None:
            report = expert_sensitivity(
                _nobody(), currency=currency, shaping=shaping, progress=progress
            )
        elif refit:
            report = fitted_sensitivity(
                data.X, data.y, currency=data.currency, shaping=shaping, progress=progress
            )
        else:
            seen = data.X if learnable else data.population
            report = expert_sensitivity(
                seen, currency=data.currency, shaping=shaping, progress=progress
            )
    if as_json:
        print_json(report.as_dict())
    else:
        _print_sensitivity(report, have_moved=learnable and not refit)


def _training_set() -> TrainingSet | None:
    """What a model would be trained on now; None where there is no store yet."""
    from scoring.base.settings import read_settings
    from scoring.cli.console import open_database
    from scoring.store.database import Database
    from training.data.dataset import training_set_on_file

    if not Database(read_settings()).exists:
        return None
    return training_set_on_file(open_database())


def _nobody() -> pd.DataFrame:
    import pandas as pd

    from scoring.base.settings import DeploymentProfile
    from scoring.features import features_for

    return pd.DataFrame(columns=list(features_for(DeploymentProfile.RESEARCH_SANDBOX)), dtype=float)


def _refuse_refit(refit: bool) -> None:
    from scoring.base.errors import InputError

    if refit:
        raise InputError(
            "There is no outcome to fit to yet, so the expert's card is the model, and what its "
            "weights do is exact without a refit. Leave out --refit."
        )


def _print_entries(entries: list[Elicited], *, title: str, model: str | None) -> None:
    from scoring.cli.console import print_table

    typer.echo(f"{title}\nPoints are from a feature's worst to its best bin; 20 double the odds.\n")
    rows: list[dict[str, object]] = []
    for entry in entries:
        cuts = "none in this currency"
        if entry.cuts is not None:
            cuts = " ".join(f"{cut:g}" if abs(cut) < 1e6 else f"{cut:.0f}" for cut in entry.cuts)
        rows.append(
            {
                "feature": entry.feature,
                "direction": entry.direction,
                "points": f"{entry.weight_points:g}",
                "on the model": "" if entry.model_points is None else entry.model_points,
                "confidence": entry.confidence,
                "bins begin above": cuts,
                "why": entry.why,
            }
        )
    print_table(rows, leave_out=set() if model else {"on the model"})


def _print_sensitivity(report: SensitivityReport, *, have_moved: bool) -> None:
    from scoring.cli.console import print_table

    whose = f"{report.rows:,} files"
    if report.population == "sample_of_bins":
        whose = f"{report.rows:,} files drawn from the bins, for there is nobody yet"
    typer.echo(
        f"Each weight halved, doubled and taken out, on {whose}. Points: mean absolute change; "
        "band: share of files in another band; rank: Spearman's correlation of scores before and "
        "after.\n"
    )
    rows: list[dict[str, object]] = []
    for each in report.features:
        row: dict[str, object] = {"feature": each.feature, "weight": f"{each.weight_points:g}"}
        for name, found in (
            ("halved", each.halved),
            ("doubled", each.doubled),
            ("taken out", each.taken_out),
        ):
            row[f"{name}: points"] = f"{found.mean_points:.1f}"
            row[f"{name}: band"] = f"{found.band_share:.0%}"
            row[f"{name}: rank"] = f"{found.rank_correlation:.3f}"
        rows.append(row)
    print_table(rows, leave_out=set())
    if have_moved:
        typer.echo(
            "\nThis is the expert's card on these files, exactly. Outcomes have moved the weights "
            "since: --refit fits the card anew for every change, which takes minutes."
        )
