"""Commands on days that are nobody's fault: founders' pauses, and failures of channels."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from scoring.circumstances.interruptions import (
    PlatformEventKind,
    declare_pause,
    declare_platform_event,
    pauses_as_known,
    platform_events_as_known,
    withdraw_pause,
    withdraw_platform_event,
)
from scoring.cli.console import open_database, print_json, print_table
from scoring.cli.options import AsJson, Author
from scoring.cli.reviewing import Reason, read_instant
from scoring.parties.founders import find_founder
from scoring.store.tables import Pause, PlatformEvent

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
pause_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
platform_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(pause_app, name="pause")
app.add_typer(platform_app, name="platform-event")

FirstDay = Annotated[
    datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day; it has come.")
]
LastDay = Annotated[
    datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day; it may lie ahead.")
]
KnownAt = Annotated[
    str | None,
    typer.Option(help="As the store knew them at this instant, such as 2026-03-01T09:00+09:00."),
]


@pause_app.command("add")
def pause_add(
    founder: str, first_day: FirstDay, last_day: LastDay, by: Author, as_json: AsJson = False
) -> None:
    """Record days in which a founder could not trade; why is never asked."""
    database = open_database()
    with database.writing() as ledger:
        pause = declare_pause(
            ledger,
            find_founder(ledger.session, founder),
            first_day=first_day.date(),
            last_day=last_day.date(),
            author=by,
            zone=database.settings.zone,
        )
        row = _pause(pause)
    if as_json:
        print_json(row)
    else:
        typer.echo(f"Pause {row['id']} of {founder} is on file: {row['from']} to {row['to']}.")


@pause_app.command("list")
def pause_list(founder: str, known_at: KnownAt = None, as_json: AsJson = False) -> None:
    """List a founder's pauses."""
    database = open_database()
    instant = read_instant(known_at, database) or database.clock()
    with database.reading() as session:
        found = pauses_as_known(
            session, find_founder(session, founder).id, as_of_end=instant, known_at=instant
        )
        rows = [_pause(pause) for pause in found]
    if as_json:
        print_json({"founder": founder, "pauses": rows})
    else:
        print_table(rows, leave_out=set())


@pause_app.command("withdraw")
def pause_withdraw(pause: int, reason: Reason, by: Author, as_json: AsJson = False) -> None:
    """Take a pause back, from now on."""
    with open_database().writing() as ledger:
        withdraw_pause(ledger, pause, reason=reason, author=by)
    if as_json:
        print_json({"withdrawn": pause})
    else:
        typer.echo(f"Pause {pause} was withdrawn.")


@platform_app.command("add")
def platform_event_add(
    channel: str,
    kind: Annotated[PlatformEventKind, typer.Option(help="How the channel failed its sellers.")],
    first_day: FirstDay,
    last_day: LastDay,
    by: Author,
    as_json: AsJson = False,
) -> None:
    """Record days on which a channel paid nobody, or was down."""
    database = open_database()
    with database.writing() as ledger:
        event = declare_platform_event(
            ledger,
            channel,
            kind,
            first_day=first_day.date(),
            last_day=last_day.date(),
            author=by,
            zone=database.settings.zone,
        )
        row = _event(event)
    if as_json:
        print_json(row)
    else:
        typer.echo(f"Event {row['id']} is on file: {channel}, {row['from']} to {row['to']}.")


@platform_app.command("list")
def platform_event_list(known_at: KnownAt = None, as_json: AsJson = False) -> None:
    """List platform events."""
    database = open_database()
    instant = read_instant(known_at, database) or database.clock()
    with database.reading() as session:
        found = platform_events_as_known(session, as_of_end=instant, known_at=instant)
        rows = [_event(event) for event in found]
    if as_json:
        print_json({"platform_events": rows})
    else:
        print_table(rows, leave_out=set())


@platform_app.command("withdraw")
def platform_event_withdraw(
    event: int, reason: Reason, by: Author, as_json: AsJson = False
) -> None:
    """Take a platform event back, from now on."""
    with open_database().writing() as ledger:
        withdraw_platform_event(ledger, event, reason=reason, author=by)
    if as_json:
        print_json({"withdrawn": event})
    else:
        typer.echo(f"Platform event {event} was withdrawn.")


def _pause(pause: Pause) -> dict[str, object]:
    return {
        "id": pause.id,
        "from": pause.event_date.isoformat(),
        "to": pause.ends_on.isoformat(),
        "source": pause.source,
        "recorded_at": pause.recorded_at.isoformat(timespec="seconds"),
    }


def _event(event: PlatformEvent) -> dict[str, object]:
    return {
        "id": event.id,
        "channel": event.channel,
        "kind": event.kind,
        "from": event.event_date.isoformat(),
        "to": event.ends_on.isoformat(),
        "by": event.author,
        "recorded_at": event.recorded_at.isoformat(timespec="seconds"),
    }
