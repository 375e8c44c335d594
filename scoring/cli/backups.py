"""Commands that copy a store into one file, and put it back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from scoring.base.errors import InputError
from scoring.base.settings import read_settings
from scoring.cli.audit import head_given
from scoring.cli.console import open_database, print_json
from scoring.cli.options import AsJson, Author
from scoring.parties.persons import require_name

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

PassphraseEnv = Annotated[
    str | None,
    typer.Option(help="Name of the environment variable that holds the passphrase."),
]
_SHORTEST = 12


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The backup to write; it may not be there yet.")],
    passphrase_env: PassphraseEnv = None,
    by: Author = "operator",
    as_json: AsJson = False,
) -> None:
    """Copy store, secret and artefacts into one file, while the store serves and is written to."""
    from scoring.store.backup import back_up

    require_name(by)
    database = open_database()
    passphrase = _passphrase(passphrase_env)
    found = back_up(database, file, by=by, passphrase=passphrase)
    if as_json:
        print_json(
            {
                "file": str(found.path),
                "bytes": found.size,
                "encrypted": passphrase is not None,
                "holds_secret": found.holds_secret,
                "members": list(found.members),
                "head": found.head.sequence,
                "at": found.head.at,
            }
        )
        return
    typer.echo(
        f"{found.path} holds {len(found.members)} files ({found.size} bytes), up to "
        f"{found.head.words}."
    )
    if not found.holds_secret:
        typer.echo(
            "The secret is not in it: keep FOOTHOLD_SECRET_KEY apart. It opens nothing else."
        )
    elif passphrase is None:
        typer.echo(
            "It is everybody's records and the secret, readable by you alone, and not encrypted "
            "(--passphrase-env)."
        )
    typer.echo("Keep the chain's head elsewhere too: foothold audit head")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    passphrase_env: PassphraseEnv = None,
    head: Annotated[
        str | None,
        typer.Option(help="The last head that you kept elsewhere (a file, or its text)."),
    ] = None,
    by: Author = "operator",
    as_json: AsJson = False,
) -> None:
    """Put a backup where no store is, check all of it, and end all links to founders' pages."""
    from scoring.store.restoring import restore as restored_from

    require_name(by)
    settings = read_settings()
    if not file.is_file():
        raise InputError(f"There is no file {file}.")
    found = restored_from(
        settings,
        file,
        by=by,
        passphrase=_passphrase(passphrase_env),
        known=None if head is None else head_given(head),
    )
    since = found.lost_from.astimezone(settings.zone)
    if as_json:
        print_json(
            {
                "head": found.head.sequence,
                "lost_from": since.isoformat(),
                "lost_events": found.lost_events,
                "links_ended": True,
            }
        )
        return
    typer.echo(f"The store is restored, up to {found.head.words}. All links and open pages ended.")
    if found.lost_events == 0:
        typer.echo(
            "The head given is no later than the backup: it can't tell what came after, and only a "
            "later one could."
        )
    how_many = f" ({found.lost_events} events)" if found.lost_events else ""
    typer.echo(
        f"What was recorded or decided after {since:%Y-%m-%d %H:%M} ({settings.time_zone}) may be "
        f"lost{how_many}. Consents withdrawn since are among it: ask before you score. So are "
        "revoked keys, disputes and their decisions, and imports: import those files again."
    )


def _passphrase(variable: str | None) -> bytes | None:
    if variable is None:
        return None
    passphrase = os.environ.get(variable, "")
    if len(passphrase) < _SHORTEST:
        raise InputError(
            f"The environment variable {variable} must hold a passphrase of {_SHORTEST} characters "
            "or more."
        )
    return passphrase.encode()
