"""Commands on snapshots of the records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from scoring.cli.console import open_database, print_json, progress_bar
from scoring.cli.options import AsJson, Author
from scoring.cli.reviewing import read_instant
from scoring.store.snapshots import Snapshot, verify_snapshot, write_snapshot


class WriteUnlessNamed(TyperGroup):
    """`foothold snapshot DIR` writes: the command may be left out."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command in front of a folder or an option of its."""
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = ["write", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
snapshot_app = typer.Typer(cls=WriteUnlessNamed, no_args_is_help=True, rich_markup_mode=None)
app.add_typer(snapshot_app, name="snapshot")


@snapshot_app.command("write")
def write(
    directory: Annotated[Path, typer.Argument(help="A folder that is not there yet.")],
    known_at: Annotated[
        str | None,
        typer.Option(help="As the store knew it at this instant, such as 2026-03-01T09:00+09:00."),
    ] = None,
    by: Author = "operator",
    as_json: AsJson = False,
) -> None:
    """Write the records as known at a moment as Parquet files, with a manifest and one digest."""
    database = open_database()
    with progress_bar() as progress:
        snapshot = write_snapshot(
            database,
            directory,
            actor=by,
            known_at=read_instant(known_at, database),
            progress=progress,
        )
    _show(snapshot, as_json, "Wrote")


@snapshot_app.command("verify")
def verify(directory: Path, as_json: AsJson = False) -> None:
    """Compare every file of a snapshot with its manifest, and the manifest with its digest."""
    with progress_bar() as progress:
        snapshot = verify_snapshot(directory, progress)
    _show(snapshot, as_json, "Intact:")


def _show(snapshot: Snapshot, as_json: bool, said: str) -> None:
    shown: dict[str, Any] = {
        "directory": str(snapshot.directory),
        "digest": snapshot.digest,
        "known_at": snapshot.known_at.isoformat(),
        "buckets": snapshot.buckets,
        "records": snapshot.rows,
    }
    if as_json:
        print_json(shown)
    else:
        typer.echo(
            f"{said} {snapshot.directory}: {sum(snapshot.rows.values())} records as known at "
            f"{shown['known_at']}. SHA-256 {snapshot.digest}."
        )
