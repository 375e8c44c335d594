"""The command that scores a whole portfolio at once."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from scoring.cli.console import open_database, print_json, progress_bar
from scoring.cli.options import AsJson, Author
from scoring.parties.consents import Purpose
from scoring.portfolio.engines import Engine

app = typer.Typer(rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Keep `score-portfolio` a command of a group."""


@app.command("score-portfolio")
def score_portfolio(
    out: Annotated[
        Path, typer.Option(metavar="FILE.parquet", help="A file that is not there yet.")
    ],
    lender: Annotated[str, typer.Option(help="Reference of the lender who gets the scores.")],
    purpose: Annotated[
        Purpose, typer.Option(help="What the founders consent to.")
    ] = Purpose.PORTFOLIO_REVIEW,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="As of the end of this day; the snapshot's if left out."
        ),
    ] = None,
    engine: Annotated[Engine, typer.Option(help="What calculates.")] = Engine.DUCKDB,
    snapshot: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Records to score; those of now if left out."),
    ] = None,
    by: Author = "operator",
    as_json: AsJson = False,
) -> None:
    """Score everybody who consents to it at once, into one Parquet file."""
    from scoring.portfolio.to_file import score_portfolio_to_file

    with progress_bar() as progress:
        run = score_portfolio_to_file(
            open_database(),
            out,
            lender_reference=lender,
            purpose=purpose,
            engine=engine,
            actor=by,
            as_of=as_of.date() if as_of else None,
            snapshot=snapshot,
            progress=progress,
        )
    if as_json:
        print_json(run.as_dict())
        return
    typer.echo(
        f"{run.file}: {run.scored} scored, {run.insufficient} with too thin a file, "
        f"{run.in_default} in default, {run.refused} refused for money in another currency, "
        f"as of {run.as_of}, by model {run.model} on {run.engine}. Run {run.reference}, "
        f"SHA-256 {run.file_digest}."
    )
