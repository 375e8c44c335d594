"""`foothold hand`: what an analyst set in a model, and what it changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from training.validation.hand_beside import Change

app = typer.Typer(no_args_is_help=True, help="The analyst's hand.")


@app.callback()
def _group() -> None:
    """The analyst's hand; a group, for one command alone would not be found by its name."""


@app.command()
def hand(
    model: Annotated[
        str, typer.Argument(help="Reference of the model, such as M-0123456789ab, or champion.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what was set by hand in a model, by whom and why, beside the free fit."""
    import json
    from dataclasses import asdict

    from scoring.cli.console import open_database, print_json
    from scoring.governance.registry import find_model_or_champion, load_artefact
    from training.validation.hand_beside import changes_by_hand

    with open_database().reading() as session:
        found = find_model_or_champion(session, model)
        artefact, figures = load_artefact(found), json.loads(found.figures)
    told = changes_by_hand(artefact)
    if as_json:
        shown = {
            "model": found.reference,
            "block_caps": [cap.as_dict() for cap in artefact.block_caps],
            "changes": [asdict(change) for change in told],
            "figures": beside(figures),
        }
        print_json(shown)
        return
    for cap in artefact.block_caps:
        typer.echo(
            f"{cap.block}: {cap.block_range} of {cap.range} points, at most "
            f"{cap.share:.3g} of them; scaled by {cap.factor:g}"
            + (f" from {cap.block_range_before} of {cap.range_before}" if cap.binds else "")
        )
    if not told:
        typer.echo(f"Nothing in {model} was set by hand.")
    for name, pair in beside(figures).items():
        without, with_hand = pair["without_hand"], pair["with_hand"]
        if without is not None and with_hand is not None:
            typer.echo(f"{name}: {without:.4f} without the hand, {with_hand:.4f} with it")
    for change in told:
        _print(change)


def beside(figures: Mapping[str, Any]) -> dict[str, dict[str, float | None]]:
    """AUC and log-loss without and with the hand; empty where there is none."""
    free = figures.get("without_hand")
    if free is None:
        return {}
    return {
        f"{figure} {part}": {
            "without_hand": free[part][figure]["value"],
            "with_hand": figures[part][figure]["value"],
        }
        for part in ("out_of_time", "cross_validation")
        for figure in ("auc", "log_loss")
    }


def _signed(points: int) -> str:
    return f"{points:+d}" if points else "0"


def _print(change: Change) -> None:
    typer.echo("")
    typer.echo(f"{change.name}: {change.what or 'fitted again'}")
    if change.author is not None:
        typer.echo(f"  {change.author}: {change.reason}")
    width = max((len(line.label) for line in change.bins), default=0)
    if change.bins:
        typer.echo(f"  {'':<{width}}  free  by hand")
    for line in change.bins:
        moved = line.after - line.before
        typer.echo(
            f"  {line.label:<{width}}  {_signed(line.before):>4}  {_signed(line.after):>7}"
            + (f"  ({moved:+d})" if moved else "")
        )
    if not change.bins:
        typer.echo("  No points changed.")
