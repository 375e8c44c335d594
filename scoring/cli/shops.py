"""Commands on what intake compares with: since when a shop sells, when a programme meets."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from scoring.circumstances.programmes import declare_calendar, list_calendars, read_calendar
from scoring.circumstances.shops import declare_shop, list_shops, sales_before
from scoring.cli.console import open_database, print_json, print_table
from scoring.cli.options import AsJson, Author
from scoring.parties.founders import find_founder

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
shop_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
programme_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(shop_app, name="shop")
app.add_typer(programme_app, name="programme")


@shop_app.command("add")
def shop_add(
    founder: str,
    channel: str,
    opened: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day of trade.")],
    by: Author,
    as_json: AsJson = False,
) -> None:
    """Record since when a founder sells on a channel; earlier orders will be suspect."""
    database = open_database()
    with database.writing() as ledger:
        shop = declare_shop(
            ledger,
            find_founder(ledger.session, founder),
            channel,
            opened_on=opened.date(),
            today=database.today,
            author=by,
        )
        before = sales_before(ledger.session, shop)
    if as_json:
        told = {"founder": founder, "channel": channel, "opened_on": str(opened.date())}
        print_json({**told, "sales_before": before})
        return
    typer.echo(f"{founder} sells on {channel} since {opened.date()}.")
    if before:
        typer.echo(
            f"{before} sales on file lie before that day and count as they are. Look at them with "
            f"`foothold records {founder} --kind sales`, and correct or dispute what is wrong."
        )


@shop_app.command("list")
def shop_list(as_json: AsJson = False) -> None:
    """List since when founders sell on which channel."""
    with open_database().reading() as session:
        rows = list_shops(session)
    if as_json:
        print_json({"shops": rows})
    else:
        print_table(rows, leave_out=set())


@programme_app.command("calendar")
def programme_calendar(
    programme: str,
    file: Annotated[Path, typer.Argument(help='List of session days, with a column "held_on".')],
    by: Author,
    as_json: AsJson = False,
) -> None:
    """Record the days on which a programme meets; attendance on others will be suspect."""
    days = read_calendar(file)
    with open_database().writing() as ledger:
        _, new = declare_calendar(ledger, programme, days, author=by)
    if as_json:
        print_json({"programme": programme, "new_days": new})
    else:
        typer.echo(f"{programme}: {new} session days are new.")


@programme_app.command("list")
def programme_list(as_json: AsJson = False) -> None:
    """List programmes that declared their session days."""
    with open_database().reading() as session:
        rows = list_calendars(session)
    if as_json:
        print_json({"programmes": rows})
    else:
        print_table(rows, leave_out=set())
