"""Commands to look at records, correct them, decide disputes and see which lenders must hear."""

from __future__ import annotations

from datetime import date, datetime
from itertools import groupby
from typing import Annotated

import typer

from scoring.base.errors import InputError
from scoring.cli.console import open_database, print_json, print_table, staff_scope
from scoring.cli.options import AsJson, Author, LenderOption
from scoring.records.kinds import RecordKind
from scoring.store.database import Database

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
dispute_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
notices_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(dispute_app, name="dispute")
app.add_typer(notices_app, name="notices")

Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="column=value, as in the plain form; may be given several times."),
]
Retract = Annotated[bool, typer.Option("--retract", help="Nothing stands in its place.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for founder and reviewer to read.")]


@app.command()
def correct(
    kind: RecordKind,
    record: int,
    reason: Reason,
    by: Author,
    settings: Settings = None,
    retract: Retract = False,
    as_json: AsJson = False,
) -> None:
    """Correct one record by hand, or retract it; both the old and the new are kept."""
    from scoring.review.corrections import correct_record, retract_record

    changes = _changes(settings)
    _require_one("--set column=value, or --retract", [bool(changes), retract])
    database = open_database()
    replacement, resting = None, 0
    with database.writing() as ledger:
        if retract:
            resting = retract_record(ledger, kind, record, reason=reason, author=by)
        else:
            replacement = correct_record(
                ledger,
                kind,
                record,
                changes=changes,
                reason=reason,
                author=by,
                zone=database.settings.zone,
            )
    if as_json:
        print_json({"record": record, "replacement": replacement, "retracted_with_it": resting})
    elif replacement is not None:
        typer.echo(f"Record {replacement} of {kind} stands in the place of {record} from now on.")
    else:
        more = f", and {resting} that rested on it" if resting else ""
        typer.echo(f"Record {record} of {kind} was retracted{more}.")


@app.command()
def records(
    founder: str,
    kind: Annotated[
        RecordKind | None, typer.Option(help="Only this kind; all when left out.")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="What a score as of the end of this day sees, and what is held back.",
        ),
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option(help="What the store held at this instant, such as 2026-03-01T09:00+09:00."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Superseded records too: by what, when, why and by whom.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List a founder's records, as they are or as they were known."""
    from scoring.parties.founders import find_founder
    from scoring.records.listing import Seen, records_ever, records_standing
    from scoring.records.plain_columns import KINDS

    database = open_database()
    seen = Seen(
        database.settings.zone,
        as_of=_past_day(as_of, database),
        known_at=read_instant(known_at, database),
    )
    kinds = list(KINDS) if kind is None else [kind]
    if not set(kinds) <= set(KINDS):
        raise InputError(f"{kind} are kept with sales: say --kind sales.")
    with database.reading() as session:
        listing = records_ever if everything else records_standing
        found = [
            entry.as_dict()
            for entry in listing(session, find_founder(session, founder), kinds, seen)
        ]
    if as_json:
        print_json({"founder": founder, "records": found})
        return
    for name, entries in groupby(found, key=lambda entry: entry["kind"]):
        rows = list(entries)
        columns = dict.fromkeys(column for entry in rows for column in entry["values"])
        typer.echo(f"{name}: {len(rows)}")
        print_table([_row(entry, list(columns), everything) for entry in rows], leave_out=set())
        typer.echo()
    if not found:
        typer.echo("None.")


@dispute_app.command("open")
def dispute_open(
    founder: str, kind: RecordKind, record: int, reason: Reason, by: Author, as_json: AsJson = False
) -> None:
    """Take a founder's word that a record is wrong: it leaves scoring until decided."""
    from scoring.parties.founders import find_founder
    from scoring.review.disputes import list_disputes, open_dispute

    database = open_database()
    with database.writing() as ledger:
        opened = open_dispute(
            ledger,
            find_founder(ledger.session, founder),
            kind,
            record,
            reason=reason,
            opened_by=by,
        )
        entries = list_disputes(ledger.session, day=database.today, zone=database.settings.zone)
        entry = next(one for one in entries if one.dispute.id == opened.id)
    if as_json:
        print_json(entry.as_dict())
    else:
        typer.echo(
            f"Dispute {opened.id} is open. Record {record} of {kind} is out of scoring; a second "
            f"person decides by {entry.decide_by}: foothold dispute decide {opened.id}"
        )


@dispute_app.command("list")
def dispute_list(
    undecided: Annotated[bool, typer.Option("--open", help="Only undecided ones.")] = False,
    as_json: AsJson = False,
) -> None:
    """List disputes with the last day for their decision."""
    from scoring.review.disputes import list_disputes

    database = open_database()
    with database.reading() as session:
        rows = [
            entry.as_dict()
            for entry in list_disputes(session, day=database.today, zone=database.settings.zone)
            if not undecided or entry.decision is None
        ]
    if as_json:
        print_json({"disputes": rows})
    else:
        print_table(
            [{k: "" if v is None else v for k, v in row.items()} for row in rows], leave_out=set()
        )


@dispute_app.command("decide")
def dispute_decide(
    dispute: int,
    reason: Reason,
    by: Author,
    keep: Annotated[bool, typer.Option("--keep", help="The record stands as it is.")] = False,
    settings: Settings = None,
    retract: Retract = False,
    as_json: AsJson = False,
) -> None:
    """Decide a dispute: keep the record, correct it, or retract it. By a second person."""
    from scoring.review.dispute_decisions import (
        decide_correcting,
        decide_keeping,
        decide_retracting,
    )

    changes = _changes(settings)
    _require_one("--keep, --set column=value, or --retract", [keep, bool(changes), retract])
    database = open_database()
    with database.writing() as ledger:
        if keep:
            done = decide_keeping(ledger, dispute, reason=reason, author=by)
        elif retract:
            done = decide_retracting(ledger, dispute, reason=reason, author=by)
        else:
            done = decide_correcting(
                ledger,
                dispute,
                changes=changes,
                reason=reason,
                author=by,
                zone=database.settings.zone,
            )
    if as_json:
        print_json(
            {
                "dispute": done.dispute,
                "outcome": done.outcome.value,
                "record": done.record,
                "notices": done.notices,
            }
        )
    else:
        typer.echo(
            f"Dispute {done.dispute}: {done.outcome}. Lenders that must hear of it: {done.notices}."
        )


@notices_app.command("list")
def notices_list(lender: LenderOption = None, as_json: AsJson = False) -> None:
    """List notices to lenders whose scores rested on a record that was wrong."""
    from scoring.notices.reading import list_notices
    from scoring.parties.lenders import find_lender

    database = open_database()
    with database.reading() as session:
        to = find_lender(session, lender).reference if lender else None
        found = list_notices(session, staff_scope())
    rows = [
        notice.as_dict(database.settings.zone) for notice in found if to in {None, notice.lender}
    ]
    if as_json:
        print_json({"notices": rows})
    else:
        print_table([{**row, "scores": " ".join(row["scores"])} for row in rows], leave_out=set())


def read_instant(text: str | None, database: Database) -> datetime | None:
    """An instant as typed; without an offset it is in the installation's zone.

    Raises:
        InputError: the text is no instant.
    """
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f'"{text}" is no instant. Write it as 2026-03-01T09:00, or 2026-03-01T09:00+09:00.'
        ) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=database.settings.zone)


def _past_day(given: datetime | None, database: Database) -> date | None:
    if given is not None and given.date() > database.today:
        raise InputError(f"{given.date()} lies in the future (today is {database.today}).")
    return given.date() if given else None


def _changes(settings: list[str] | None) -> dict[str, str]:
    changes: dict[str, str] = {}
    for setting in settings or []:
        name, equals, value = setting.partition("=")
        name = name.strip().lower()
        if not equals or not name:
            raise InputError(f'"{setting}" is no column=value, such as gross=32000.')
        if name in changes:
            raise InputError(f'"{name}" is set twice. Give each column once.')
        changes[name] = value
    return changes


def _require_one(what: str, given: list[bool]) -> None:
    if sum(given) != 1:
        raise InputError(f"Say one of {what}.")


def _row(entry: dict[str, object], columns: list[str], with_history: bool) -> dict[str, object]:
    values, gone = entry["values"], entry["superseded"]
    assert isinstance(values, dict)
    row = {"id": entry["id"], **{name: values.get(name, "") for name in columns}}
    row |= {name: entry[name] or "" for name in ("source", "import")}
    row |= {name: str(entry[name])[:19] + "Z" for name in ("learned_at", "recorded_at")}
    row["held"] = entry["held"] or ""
    if with_history:
        told = gone if isinstance(gone, dict) else {}
        row["superseded_at"] = told["at"][:19] + "Z" if told else ""
        row |= {name: told.get(name) or "" for name in ("by", "author", "reason")}
    return row
