"""Commands that open Foothold to lenders and founders."""

from __future__ import annotations

from typing import Annotated

import typer

from scoring.cli.console import open_database

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
) -> None:
    """Serve the API and the founders' pages until interrupted."""
    import uvicorn

    from api.app import create_app
    from api.pages.founder.links import is_loopback
    from api.requests import log_to_stderr
    from scoring.features.engines.statements import compile_statements

    database = open_database()
    with database.reading():  # refuses another secret than the store was begun with
        database.settings.secret()
    compile_statements(database.engine.dialect.name)
    log_to_stderr()
    shown = f"[{host}]" if ":" in host else host
    typer.echo(f"Foothold listens on http://{shown}:{port} (Ctrl-C ends it).", err=True)
    if not is_loopback(host):
        typer.echo(
            "Founders' pages open over HTTPS only, since this address can be reached from "
            "elsewhere: put a proxy with a certificate in front.",
            err=True,
        )
    uvicorn.run(
        create_app(database),
        host=host,
        port=port,
        access_log=False,
        log_level="warning",
        server_header=False,
    )


@app.command("founder-link")
def founder_link(
    founder: Annotated[str, typer.Argument(help="Reference of the founder.")],
    base_url: Annotated[
        str, typer.Option(help="Where founders reach this installation; https, or loopback.")
    ] = "http://127.0.0.1:8000",
    by: Annotated[str, typer.Option(help="Who does this, for the audit chain.")] = "operator",
) -> None:
    """Print a link that opens the founder's page once, within seven days."""
    from api.pages.founder.links import make_link

    database = open_database()
    with database.writing() as ledger:
        link = make_link(database, ledger, founder, base_url=base_url, actor=by)
    typer.echo(link)
