"""Commands that bring files in: import and its preview, receipts."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from scoring.base.errors import ImportedForAnotherError, InputError
from scoring.base.settings import read_settings
from scoring.cli.console import open_database, print_json, print_table, progress_bar
from scoring.cli.options import AsJson, Author
from scoring.cli.reviewing import Reason
from scoring.intake.day_order import DayOrder
from scoring.intake.formats.declarations import FormatName
from scoring.loans.terms import Product
from scoring.records.kinds import RecordKind

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
imports_app = typer.Typer(rich_markup_mode=None)
app.add_typer(imports_app, name="imports")


@app.command("import")
def import_records_of(
    file: Path,
    founder: Annotated[
        str | None, typer.Option(help="Whose shop or account the file is of, by reference.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be imported; nothing is stored.")
    ] = False,
    format_name: Annotated[
        FormatName | None,
        typer.Option("--format", help="Format of the file; recognised by its content if left out."),
    ] = None,
    kind: Annotated[
        RecordKind | None,
        typer.Option(help="Record kind of a file in the plain form; recognised if left out."),
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
    programme: Annotated[
        str | None, typer.Option(help="Programme that an attendance sheet is of, by reference.")
    ] = None,
    year: Annotated[
        int | None, typer.Option(help="Year of days that are written without one.")
    ] = None,
    dates: Annotated[
        DayOrder | None,
        typer.Option(
            help="Order of year, month and day in the file, where its days don't show it."
        ),
    ] = None,
    session_hours: Annotated[
        float, typer.Option(help="Hours of a session, where the sheet does not say.")
    ] = 2.0,
    lender: Annotated[
        str | None, typer.Option(help="Lender that a loan ledger is of, by reference.")
    ] = None,
    product: Annotated[
        Product | None,
        typer.Option(
            help="How the loans of a ledger by transaction are repaid: their instalments are then "
            "made from each loan's rate and term. Without it they give no label."
        ),
    ] = None,
    reported_through: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="The last day that a file of loans covers: after it nothing is known, and no "
            "arrears grow. The day of the import if left out.",
        ),
    ] = None,
    partial: Annotated[
        bool,
        typer.Option(
            "--partial",
            help="The file covers the loans alone that it names, not all of its source.",
        ),
    ] = False,
    password_env: Annotated[
        str | None,
        typer.Option(help="Name of the environment variable that holds the file's password."),
    ] = None,
    again_for_another: Annotated[
        bool,
        typer.Option(
            "--again-for-another",
            help="Import a file for this founder, programme, lender or source as well, though it "
            "was imported for another before.",
        ),
    ] = False,
    by: Author = "operator",
    as_json: AsJson = False,
) -> None:
    """Import a file as people have it: all of it, or nothing. See what it holds with --dry-run."""
    from scoring.intake.importing import (
        Request,
        import_records,
        preview_records,
        preview_without_store,
    )
    from scoring.intake.learned_at import Learned
    from scoring.intake.telling.previews import preview_lines
    from scoring.store.database import Database

    request = Request(
        kind=kind,
        format_name=format_name,
        founder=founder,
        programme=programme,
        year=year,
        dates=dates,
        session_hours=session_hours,
        lender=lender,
        product=product,
        reported_through=reported_through.date() if reported_through else None,
        is_partial=partial,
        learned=Learned.parse(learned),
        source=source,
        author=by,
        password=_password(password_env),
        again_for_another=again_for_another,
    )
    settings = read_settings()
    if dry_run and not Database(settings).exists:
        receipt = preview_without_store(file, request, settings)
    else:
        database = open_database()
        run = preview_records if dry_run else import_records
        try:
            with progress_bar() as progress:
                receipt = run(database, file, request, progress=progress)
        except ImportedForAnotherError as question:
            _ask(question)
            agreed = replace(request, again_for_another=True)
            with progress_bar() as progress:
                receipt = run(database, file, agreed, progress=progress)
    for line in preview_lines(receipt):
        typer.echo(line, err=as_json)
    if as_json:
        print_json(receipt.as_dict())


@imports_app.callback(invoke_without_command=True)
def imports(context: typer.Context, as_json: AsJson = False) -> None:
    """List import receipts."""
    from scoring.intake.telling.receipts import list_receipts

    if context.invoked_subcommand is not None:
        return
    with open_database().reading() as session:
        rows = list_receipts(session)
    if as_json:
        print_json({"imports": rows})
    else:
        print_table(rows, leave_out={"file_digest", "added", "corrected", "left_out"})


@imports_app.command("withdraw")
def imports_withdraw(receipt: int, reason: Reason, by: Author, as_json: AsJson = False) -> None:
    """Withdraw an import whole: its records stand no more, what they superseded stands again."""
    from dataclasses import asdict

    from scoring.review.withdrawals import withdraw_import

    with open_database().writing() as ledger:
        done = withdraw_import(ledger, receipt, reason=reason, author=by)
    if as_json:
        print_json(asdict(done))
    else:
        typer.echo(
            f"Import {receipt} was withdrawn: {done.retracted} records retracted, {done.restored} "
            f"restored, {done.no_longer_waiting} rows no longer wait. What another file merely "
            "repeated comes back when that file is imported again."
        )


def _ask(question: ImportedForAnotherError) -> None:
    """Ask whether a file belongs to both; where nobody is there to answer, end with status 2."""
    typer.echo(f"foothold: {question}", err=True)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise typer.Exit(2)
    if not typer.confirm("Import it for this one as well?", err=True):
        raise typer.Exit(1)


def _password(variable: str | None) -> str | None:
    if variable is None:
        return None
    password = os.environ.get(variable)
    if not password:
        raise InputError(
            f"--password-env names {variable}, and that variable is not set. Set it to the "
            "file's password and run the command again."
        )
    return password
