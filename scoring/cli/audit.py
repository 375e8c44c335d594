"""Commands on the audit chain: checking the store against it, and its head."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scoring.base.errors import InputError, IntegrityError
from scoring.cli.console import open_database, print_json
from scoring.cli.options import AsJson
from scoring.store.anchoring import head_path
from scoring.store.database import Database, last_recorded
from scoring.store.head import Head, head_of, heads_begun_anew, parse_head, read_head, verify_head

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
audit_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(audit_app, name="audit")


@audit_app.command("verify")
def audit_verify(
    head: Annotated[
        str | None,
        typer.Option(
            help="A head kept elsewhere: a file of it, or what `foothold audit head` printed."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check the audit chain, every row of the store against it, and the chain against its head."""
    from scoring.store.verification import verify_store

    database = open_database()
    settings, path = database.settings, head_path(database.settings)
    given = [] if head is None else [(head_given(head), "The head given")]
    # Before the session begins, or a commit meanwhile would be missing from what it sees.
    beside = read_head(path) if path.exists() or not _is_empty(database) else None
    if beside is not None:
        given.append((beside, str(path)))
    with database.reading() as session:
        found = verify_store(session)
        for one, where in given:
            verify_head(session, one, settings, where=where)
        anew = heads_begun_anew(session)
    behind = 0 if beside is None else found.events - beside.sequence
    if as_json:
        print_json(
            found.as_dict()
            | {"behind": behind, "heads_begun_anew": anew, "head_given": head is not None}
            | {"intact": True}
        )
        return
    typer.echo(
        f"The audit chain is intact: {found.events} events. {found.rows} rows, among them "
        f"{found.scores} scores, {found.policies} policies and {found.backgrounds} backgrounds, "
        f"agree with it; {found.superseded} are superseded."
    )
    if head is not None:
        typer.echo("The chain goes on from the head given.")
    if behind:
        typer.echo(
            f"The head beside the store is {behind} events behind, as when the power fails after a "
            "commit. Nothing outside the store answers for those; the next commit signs again."
        )
    if anew:
        typer.echo(
            "The head beside the store was missing or replaced at event "
            f"{', '.join(map(str, anew))}: for what came before, compare a head kept elsewhere."
        )


@audit_app.command("head")
def audit_head(as_json: AsJson = False) -> None:
    """Print the chain's head, signed, on one line: for keeping where the store is not."""
    database = open_database()
    path = head_path(database.settings)
    if _is_empty(database):
        raise IntegrityError("The audit chain is empty yet: there is nothing to keep a head of.")
    beside = read_head(path)
    with database.reading() as session:
        verify_head(session, beside, database.settings, where=str(path))
        head = head_of(session, database.settings)
    typer.echo("" if head is None else head.to_json())


def head_given(head: str) -> Head:
    """A head given as text or as a file's name."""
    if head.lstrip().startswith("{"):
        return parse_head(head, where="What was given with --head")
    path = Path(head)
    if not path.is_file():
        raise InputError(f"There is no file {path}. Give a head's file, or its text.")
    return read_head(path)


def _is_empty(database: Database) -> bool:
    with database.reading() as session:
        return last_recorded(session) is None
