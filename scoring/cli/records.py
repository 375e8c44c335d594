"""Commands on the store and the records in it."""

from __future__ import annotations

import typer

from scoring.base.settings import read_settings
from scoring.cli.console import open_database, print_json
from scoring.cli.options import AsJson
from scoring.store.database import Database

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
audit_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(audit_app, name="audit")


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


@audit_app.command("verify")
def audit_verify(as_json: AsJson = False) -> None:
    """Check every link of the audit chain, and scores, policies and backgrounds against it."""
    from scoring.store.audit import verify_chain
    from scoring.store.verification import verify_backgrounds, verify_policies, verify_scores

    with open_database().reading() as session:
        count = verify_chain(session)
        scores = verify_scores(session)
        policies = verify_policies(session)
        backgrounds = verify_backgrounds(session)
    if as_json:
        print_json(
            {
                "events": count,
                "scores": scores,
                "policies": policies,
                "backgrounds": backgrounds,
                "intact": True,
            }
        )
    else:
        typer.echo(
            f"The audit chain is intact: {count} events. {scores} scores, {policies} policies and "
            f"{backgrounds} backgrounds agree with it."
        )
