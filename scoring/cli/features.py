"""Commands on features: the catalogue, and a founder's values followed to their records."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from scoring.cli.console import open_database, print_json, print_table
from scoring.cli.options import AsJson

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
_SHOWN = 5  # ids of a table in a line; --json prints all


@app.callback()
def _group() -> None:
    """Commands on features."""


@app.command()
def features(
    founder: Annotated[
        str | None, typer.Argument(help="Whose values; the catalogue when left out.")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="As of the end of this day; today when left out."),
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print docs/features.md.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the features, or a founder's values with the records behind each."""
    if founder is not None:
        _values(founder, as_of, as_json=as_json)
        return
    from scoring.features import all_features
    from scoring.features.guide import guide

    catalogue = [feature.as_dict() for feature in all_features().values()]
    if markdown:
        typer.echo(guide(), nl=False)
    elif as_json:
        print_json(catalogue)
    else:
        columns = ("kind", "name", "unit", "window_days", "direction", "actionable", "at_least")
        print_table(
            [{name: _cell(entry[name]) for name in columns} for entry in catalogue],
            leave_out=set(),
        )


def _values(founder: str, as_of: datetime | None, *, as_json: bool) -> None:
    from scoring.base.errors import InputError, NoChampionError
    from scoring.features.following import follow
    from scoring.governance.registry import champion, load_artefact
    from scoring.parties.founders import find_founder

    database = open_database()
    day = database.today if as_of is None else as_of.date()
    if day > database.today:
        raise InputError(f"{day} lies in the future (today is {database.today}).")
    with database.reading() as session:
        try:
            constants = dict(load_artefact(champion(session)).shrinkage_constants)
        except NoChampionError:
            constants = {}
        followed = follow(
            session,
            find_founder(session, founder).id,
            as_of=day,
            known_at=database.clock(),
            zone=database.settings.zone,
            constants=constants,
        )
    if as_json:
        print_json(
            {
                "founder": founder,
                "as_of": day.isoformat(),
                "features": [each.as_dict() for each in followed],
            }
        )
        return
    print_table(
        [
            {
                "feature": each.feature.name,
                "value": _cell(each.value),
                "observed": _cell(each.observed),
                "records": "; ".join(_told(table, ids) for table, ids in each.records.items()),
            }
            for each in followed
        ],
        leave_out=set(),
    )


def _told(table: str, ids: tuple[int, ...]) -> str:
    if not ids:
        return f"{table} 0"
    more = ", ..." if len(ids) > _SHOWN else ""
    return f"{table} {len(ids)} (ids {', '.join(map(str, ids[:_SHOWN]))}{more})"


def _cell(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"
        case _:
            return str(value)
