"""The command that makes the store."""

from __future__ import annotations

import typer

from scoring.base.settings import read_settings
from scoring.cli.console import print_json
from scoring.cli.options import AsJson
from scoring.store.database import Database

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Keep `init` a command of a group."""


@app.command()
def init(as_json: AsJson = False) -> None:
    """Create the store; one that is there is left as it is."""
    database = Database(read_settings())
    database.migrate()
    database.settings.secret()
    where = database.engine.url.render_as_string(hide_password=True)
    if as_json:
        print_json({"store": where, "data_dir": str(database.settings.data_dir)})
    else:
        typer.echo(f"The store is ready: {where}")
