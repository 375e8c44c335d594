"""Command that publishes a scorecard: as a table, or in a form that scores elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from scoring.base.errors import InputError
from scoring.cli.console import open_database, print_json
from scoring.cli.options import AsJson
from scoring.governance.registry import find_model_or_champion, load_artefact
from scoring.models.artefact import Artefact
from scoring.parties.lender_policies import policy_in_force
from scoring.parties.lenders import find_lender
from scoring.published.sql import Dialect, scorecard_sql
from scoring.published.table import ScorecardTable, scorecard_table
from scoring.published.variant import CardVariant
from scoring.store.tables import Model

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


class Form(StrEnum):
    """What a scorecard can be written as."""

    HTML = "html"
    CSV = "csv"
    SQL = "sql"
    PMML = "pmml"
    XLSX = "xlsx"
    PNG = "png"


@app.callback()
def _group() -> None:
    """Keep `scorecard` a command of a group."""


@app.command()
def scorecard(
    model: Annotated[
        str, typer.Argument(help="Reference of the model, such as M-0123456789ab, or champion.")
    ],
    form: Annotated[
        Form | None, typer.Option("--format", help="A table in the terminal when left out.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to; stdout when left out.")
    ] = None,
    dialect: Annotated[
        Dialect | None, typer.Option(help="Of --format sql; sqlite when left out.")
    ] = None,
    lender: Annotated[
        str | None,
        typer.Option(
            metavar="LENDER",
            help="The card as this lender is served it now; the plain card when left out.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Publish a scorecard: each feature's bins with points, share, bad rate and WoE.

    SQL, PMML and the spreadsheet give the same score as the API, to the point: to lenders without
    positive only, or to the one that --lender names. A card of positive only has no bad rates.
    PMML's reasons compare with whom the card is centred on, never with applicants at a cut-off.
    """
    if dialect is not None and form is not Form.SQL:
        raise InputError("--dialect is of --format sql; leave it out, or add --format sql.")
    if output is not None and form is None:
        raise InputError("Say with --format what the file is to be: " + ", ".join(Form) + ".")
    if as_json and form is not None:
        raise InputError("--json prints the table; leave out either it or --format.")
    database = open_database()
    with database.reading() as session:
        found = find_model_or_champion(session, model)
        artefact, variant = load_artefact(found), CardVariant.PLAIN
        if lender is not None:
            of = find_lender(session, lender)
            if policy_in_force(session, of.id, at=database.clock()).positive_only:
                artefact, variant = artefact.positive_only, CardVariant.POSITIVE_ONLY
    table = scorecard_table(artefact, model=found.reference, kind=found.kind, variant=variant)
    if as_json:
        print_json(table.as_dict())
    elif form is None:
        from scoring.published.terminal import scorecard_text

        typer.echo(scorecard_text(table))
    elif form in (Form.XLSX, Form.PNG):
        if output is None:
            raise InputError(
                f"A terminal can't show {form.value}: say where to with --output FILE."
            )
        _write(output, _file_writer(form, artefact, table, found))
    else:
        text = _text(form, artefact, table, dialect or Dialect.SQLITE)
        if output is None:
            sys.stdout.write(text)
        else:
            _write(output, lambda path: path.write_text(text, encoding="utf-8"))


def _text(form: Form, artefact: Artefact, table: ScorecardTable, dialect: Dialect) -> str:
    match form:
        case Form.SQL:
            return scorecard_sql(
                artefact, model=table.model, dialect=dialect, variant=table.variant
            )
        case Form.PMML:
            from scoring.published.pmml import scorecard_pmml

            return scorecard_pmml(artefact, model=table.model, variant=table.variant)
        case Form.CSV:
            from scoring.published.csv_text import scorecard_csv

            return scorecard_csv(table)
        case _:
            from scoring.published.html import scorecard_html

            return scorecard_html(table)


def _file_writer(
    form: Form, artefact: Artefact, table: ScorecardTable, model: Model
) -> Callable[[Path], None]:
    if form is Form.PNG:
        from scoring.published.picture import draw_scorecard

        return lambda path: draw_scorecard(path, table)
    from scoring.published.spreadsheet import write_workbook

    return lambda path: write_workbook(path, artefact, table, made_at=model.trained_at)


def _write(output: Path, write: Callable[[Path], object]) -> None:
    """Write a file whole or not at all: it gets its name when it is done.

    Raises:
        InputError: there is no such folder, or it can't be written to.
    """
    try:
        with TemporaryDirectory(dir=output.parent, prefix=".scorecard-") as folder:
            made = Path(folder) / output.name
            write(made)
            os.replace(made, output)
    except OSError as error:
        raise InputError(
            f"{output} can't be written: {error.strerror}. Name a file in a folder that is there "
            "and that you may write to."
        ) from error
    typer.echo(f"Wrote {output}.", err=True)
