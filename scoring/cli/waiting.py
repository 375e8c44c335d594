"""Commands on rows and records that wait for a decision: quarantine, suspects, people's names."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scoring.base.errors import InputError
from scoring.cli.console import open_database, print_json, print_table
from scoring.cli.options import AsJson, Author
from scoring.cli.reviewing import Reason
from scoring.parties.founders import find_founder
from scoring.records.kinds import RecordKind
from scoring.review.suspects import Choice

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
people_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
quarantine_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
suspect_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(people_app, name="people")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(suspect_app, name="suspect")

OfImport = Annotated[
    int | None, typer.Option("--import", help="Only what this import brought, by its receipt.")
]
Kind = Annotated[RecordKind | None, typer.Argument(help="Kind of the records; not with --import.")]
Ids = Annotated[list[int] | None, typer.Argument(help="Records, by id.")]


@people_app.command("map")
def people_map(
    mapping: Annotated[
        Path, typer.Argument(help="List with the columns founder, and id or name and phone.")
    ],
    by: Author,
    source: Annotated[
        str | None,
        typer.Option(help="Source in which the ids hold; in every file when left out."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say which person of your files is which founder; only keyed hashes of it are kept."""
    from scoring.review.mapping import map_people

    database = open_database()
    with database.writing() as ledger:
        done = map_people(database, ledger, mapping, source=source, author=by)
    rows = done.rows
    if as_json:
        print_json(
            {
                "names": done.names,
                "stored": rows.stored,
                "suspect": rows.suspect,
                "still_waiting": rows.still_waiting,
                "refused": list(rows.refused),
            }
        )
        return
    typer.echo(f"{done.names} names are new. {rows.stored} rows that waited are stored.")
    for refused in rows.refused:
        typer.echo(f"Still in quarantine: {refused}")


@people_app.command("list")
def people_list(as_json: AsJson = False) -> None:
    """List how files name founders: of what kind each name is, never the name."""
    from scoring.parties.aliases import standing_aliases

    with open_database().reading() as session:
        rows: list[dict[str, object]] = [
            {
                "id": alias.id,
                "founder": alias.founder,
                "recognised_by": alias.kind,
                "source": alias.source or "",
                "by": alias.author,
            }
            for alias in standing_aliases(session)
        ]
    if as_json:
        print_json({"people": rows})
    else:
        print_table(rows, leave_out=set())


@people_app.command("withdraw")
def people_withdraw(alias: int, by: Author, as_json: AsJson = False) -> None:
    """Let a name stand no more; records that came in by it stay until they are corrected."""
    from scoring.parties.aliases import withdraw_alias

    with open_database().writing() as ledger:
        withdraw_alias(ledger, alias, author=by)
    if as_json:
        print_json({"withdrawn": alias})
    else:
        typer.echo(f"Name {alias} stands no more.")


@quarantine_app.command("list")
def quarantine_list(of_import: OfImport = None, as_json: AsJson = False) -> None:
    """List rows that wait, why, and what they tell."""
    from scoring.review.waiting import list_waiting

    with open_database().reading() as session:
        rows = list_waiting(session, import_id=of_import)
    if as_json:
        print_json({"quarantine": rows})
        return
    print_table(
        [
            {
                **{name: "" if row[name] is None else row[name] for name in row},
                "values": ", ".join(f"{name}={cell}" for name, cell in row["values"].items()),
            }
            for row in rows
        ],
        leave_out=set(),
    )


@quarantine_app.command("resolve")
def quarantine_resolve(
    row: int,
    founder: Annotated[str, typer.Option(help="Whose the row is, by reference.")],
    by: Author,
    everywhere: Annotated[
        bool,
        typer.Option("--all", help="Every row that names the same person, in later files too."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say whose a row is, and store it; the file need not be imported again."""
    from scoring.review.waiting import resolve_row

    database = open_database()
    with database.writing() as ledger:
        owner = find_founder(ledger.session, founder)
        done = resolve_row(database, ledger, row, owner, everywhere=everywhere, author=by)
    if as_json:
        print_json(
            {
                "stored": done.stored,
                "suspect": done.suspect,
                "still_waiting": done.still_waiting,
                "refused": list(done.refused),
            }
        )
        return
    typer.echo(f"{done.stored} rows are stored as {founder}'s; {done.still_waiting} wait on.")
    for refused in done.refused:
        typer.echo(f"Still in quarantine: {refused}")


@quarantine_app.command("dismiss")
def quarantine_dismiss(
    rows: list[int], reason: Reason, by: Author, as_json: AsJson = False
) -> None:
    """Let rows wait no more; they never become records."""
    from scoring.review.waiting import dismiss_rows

    with open_database().writing() as ledger:
        count = dismiss_rows(ledger, rows, reason=reason, author=by)
    if as_json:
        print_json({"dismissed": count})
    else:
        typer.echo(f"Dismissed: {count}.")


@suspect_app.command("list")
def suspect_list(
    of_import: OfImport = None,
    founder: Annotated[str | None, typer.Option(help="Only this founder's.")] = None,
    as_json: AsJson = False,
) -> None:
    """List records that a doubt holds back from scoring."""
    from scoring.review.suspects import list_suspects

    with open_database().reading() as session:
        found = list_suspects(
            session,
            import_id=of_import,
            founder=find_founder(session, founder) if founder else None,
        )
        rows = [suspect.as_dict() for suspect in found]
    if as_json:
        print_json({"suspects": rows})
        return
    print_table(
        [
            {**row, "values": ", ".join(f"{k}={v}" for k, v in row["values"].items() if v)}
            for row in rows
        ],
        leave_out=set(),
    )


@suspect_app.command("confirm")
def suspect_confirm(
    by: Author,
    kind: Kind = None,
    records: Ids = None,
    of_import: OfImport = None,
    as_json: AsJson = False,
) -> None:
    """Let doubtful records count from now on, with the refunds held for the same doubt."""
    from scoring.review.suspects import confirm_suspects

    choice = _choice(kind, records, of_import)
    with open_database().writing() as ledger:
        count = confirm_suspects(ledger, choice, author=by)
    if as_json:
        print_json({"confirmed": count})
    else:
        typer.echo(f"Confirmed: {count} records count from now on.")


@suspect_app.command("reject")
def suspect_reject(
    reason: Reason,
    by: Author,
    kind: Kind = None,
    records: Ids = None,
    of_import: OfImport = None,
    as_json: AsJson = False,
) -> None:
    """Retract doubtful records: they never count, and are kept with the reason."""
    from scoring.review.suspects import reject_suspects

    choice = _choice(kind, records, of_import)
    with open_database().writing() as ledger:
        count = reject_suspects(ledger, choice, reason=reason, author=by)
    if as_json:
        print_json({"rejected": count})
    else:
        typer.echo(f"Rejected: {count} records.")


def _choice(kind: RecordKind | None, ids: list[int] | None, of_import: int | None) -> Choice:
    if (of_import is None) == (kind is None):
        raise InputError("Say which: a kind and ids of records, or --import N.")
    return Choice(kind=kind, ids=ids or (), import_id=of_import)
