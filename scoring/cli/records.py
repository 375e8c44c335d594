"""Commands on the store and the records in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select

from scoring.cli.options import AsJson, Author
from scoring.console import open_database, print_json, print_table, progress_bar
from scoring.records.database import Database
from scoring.records.intake.forms import RecordKind
from scoring.settings import read_settings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
audit_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(audit_app, name="audit")


@app.command()
def init(as_json: AsJson = False) -> None:
    """Create the store, or bring its schema up to date; records are kept."""
    database = Database(read_settings())
    database.migrate()
    database.settings.secret()
    where = database.engine.url.render_as_string(hide_password=True)
    if as_json:
        print_json({"store": where, "data_dir": str(database.settings.data_dir)})
    else:
        typer.echo(f"The store is ready: {where}")


@app.command("import")
def import_records(
    file: Path,
    kind: Annotated[
        RecordKind | None, typer.Option(help="Record kind; recognised by the columns if left out.")
    ] = None,
    learned: Annotated[
        str,
        typer.Option(
            help="When such records are learned: live (on arrival), or a number of days after "
            "the event day, for a backfill."
        ),
    ] = "live",
    source: Annotated[
        str | None, typer.Option(help="Where the records come from; part of what names a record.")
    ] = None,
    by: Author = "operator",
    as_json: AsJson = False,
) -> None:
    """Import a CSV or Parquet file of records: all of it, or nothing."""
    from scoring.records.intake.importing import Learned, import_file

    database = open_database()
    with progress_bar() as progress:
        receipt = import_file(
            database,
            file,
            kind=kind,
            learned=Learned.parse(learned),
            source=source,
            author=by,
            progress=progress,
        )
    if as_json:
        print_json(receipt.as_dict())
        return
    typer.echo(
        f"{receipt.file}: {receipt.kind}, {receipt.rows} rows from {receipt.first_day} to "
        f"{receipt.last_day}; {receipt.added} records added, {receipt.repeated} known already, "
        f"{receipt.corrected} corrected; learned {receipt.learned}. Receipt {receipt.import_id}."
    )
    if receipt.ignored_columns:
        typer.echo(f"Columns not read or stored: {', '.join(receipt.ignored_columns)}.")


@app.command()
def imports(as_json: AsJson = False) -> None:
    """List import receipts."""
    from scoring.records.tables import Import

    with open_database().reading() as session:
        rows = [
            {
                "id": entry.id,
                "kind": entry.kind,
                "source": entry.source,
                "learned": entry.learned,
                "rows": entry.rows,
                "added": entry.added,
                "repeated": entry.repeated,
                "corrected": entry.corrected,
                "by": entry.author,
                "at": entry.imported_at.isoformat(timespec="seconds"),
                "file_digest": entry.file_digest,
            }
            for entry in session.scalars(select(Import).order_by(Import.id))
        ]
    if as_json:
        print_json({"imports": rows})
    else:
        print_table(rows, leave_out={"file_digest"})


@audit_app.command("verify")
def audit_verify(as_json: AsJson = False) -> None:
    """Check every link of the audit chain."""
    from scoring.records.audit import verify_chain
    from scoring.score import verify_scores

    with open_database().reading() as session:
        count = verify_chain(session)
        scores = verify_scores(session)
    if as_json:
        print_json({"events": count, "scores": scores, "intact": True})
    else:
        typer.echo(f"The audit chain is intact: {count} events, and {scores} scores agree with it.")
