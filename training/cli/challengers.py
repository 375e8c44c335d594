"""Commands on challengers: train and compare, list, explain a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from training.challengers.challenger import Learner

if TYPE_CHECKING:
    from training.measures.figures import Figure
    from training.validation.validate import Validation

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
challengers_app = typer.Typer(
    no_args_is_help=True, help="Train other ways of learning and compare them; never promoted."
)
app.add_typer(challengers_app, name="challengers")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does this; kept with it.")]


@app.callback()
def _group() -> None:
    """Commands on challengers."""


@challengers_app.command("train")
def train(
    by: By,
    learner: Annotated[
        list[Learner] | None,
        typer.Option(
            "--learner", help="Which; repeat for several. All that are installed if none."
        ),
    ] = None,
    snapshot: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Records to train on, as `foothold snapshot` wrote them."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train challengers on the loans that `train` takes, judged on the same splits."""
    from importlib.util import find_spec

    from scoring.cli.console import open_database, print_json, print_table, progress_bar
    from training.challengers.comparison import train_challengers

    learners = learner or [each for each in Learner if find_spec(each.package) is not None]
    with progress_bar() as progress:
        compared = train_challengers(
            open_database(), learners, by=by, snapshot=snapshot, progress=progress
        )
    if as_json:
        print_json([each.as_dict() for each in compared])
        return
    print_table(
        [
            {
                "": each.name,
                "challenger": each.reference or "",
                "AUC out of time": _validated(each.out_of_time, "auc"),
                "AUC": _validated(each.cross_validation, "auc"),
                "log-loss": _validated(each.cross_validation, "log_loss"),
                "scorecard's lead in AUC": _figure(each.auc_lead),
                "lead in log-loss": _figure(each.log_loss_lead),
            }
            for each in compared
        ],
        leave_out=set(),
    )
    typer.echo("AUC and log-loss are cross-validated where not said otherwise; 95 % intervals.")


@challengers_app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List challengers with the figures of their training."""
    from scoring.cli.console import open_database, print_json, print_table
    from training.challengers.kept import list_challengers

    with open_database().reading() as session:
        noted = list_challengers(session)
    if as_json:
        print_json(noted)
        return
    print_table(
        [
            {
                "challenger": each["challenger"],
                "learner": each["learner"],
                "trained by": each["trained_by"],
                "trained at": each["trained_at"],
                **{name: _number(figure) for name, figure in each["figures"].items()},
            }
            for each in noted
        ],
        leave_out=set(),
    )


@challengers_app.command("explain")
def explain_(
    challenger: Annotated[str, typer.Argument(help="Reference, such as C-0123456789ab.")],
    founder: Annotated[str, typer.Argument(help="Whose file.")],
    by: By,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="As of the end of this day; today when left out."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Explain a founder's file by a challenger, in the scorecard's reason codes."""
    from scoring.cli.console import open_database, print_json, print_table
    from scoring.reasons.texts import texts
    from training.challengers.explanation import explain

    day = as_of.date() if as_of else None
    found = explain(open_database(), challenger, founder, as_of=day, by=by).as_dict()
    if as_json:
        print_json({"challenger": challenger, "founder": founder, **found})
        return
    typer.echo(f"PD {found['pd']:.1%}, against {found['base_pd']:.1%} at the mean log-odds")
    typer.echo("A challenger says this of any file, also of one that is too thin for a score.")
    rows: list[dict[str, object]] = [
        {
            "reason": each["code"],
            "points": f"{each['points']:+.1f}",
            "": texts().groups[each["code"]].title.en,
        }
        for side in ("against", "for")
        for each in found["reasons"][side]
    ]
    print_table(rows, leave_out=set())


def _validated(validation: Validation | None, name: str) -> str:
    return "-" if validation is None else _figure(validation.figures[name])


def _figure(figure: Figure | None) -> str:
    if figure is None:
        return ""
    if figure.value is None or figure.low is None or figure.high is None:
        return _number(figure.value)
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _number(value: Any) -> str:
    return "-" if value is None else f"{value:.3f}"
