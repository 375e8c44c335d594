"""Command that shows which files can be read, and under which names their columns are known."""

from __future__ import annotations

from typing import Annotated

import typer

from scoring.base.settings import read_settings
from scoring.cli.console import print_json, print_table
from scoring.cli.options import AsJson
from scoring.intake.formats.declarations import Format, FormatName, read_formats
from scoring.records.forms import FORMS

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _root() -> None:
    """Keep the command under its name, though it is the only one here."""


@app.command()
def formats(
    name: Annotated[
        FormatName | None, typer.Argument(help="Show this one's columns and words.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the formats that can be read, or one format's columns under all their names.

    Names and words of your own go into formats.toml in the data directory.
    """
    known = read_formats(read_settings().data_dir)
    chosen = list(FormatName) if name is None else [name]
    described = [_described(one, known.get(one)) for one in chosen]
    if as_json:
        print_json({"formats": described})
    elif name is None:
        print_table(described, leave_out={"columns", "words", "needs", "unread"})
    else:
        _print_one(described[0])


def _described(name: FormatName, known: Format | None) -> dict[str, object]:
    if known is None:  # the plain form: its columns are those of the record kinds
        columns = {kind.value: list(form.names) for kind, form in FORMS.items()}
        return {
            "format": name.value,
            "title": "Foothold's plain form",
            "kind": "any",
            "needs": [],
            "columns": columns,
            "words": {},
        }
    return {
        "format": name.value,
        "title": known.title,
        "kind": known.kind,
        "needs": list(known.needs),
        "columns": {field: list(names) for field, names in known.columns.items()},
        "words": {field: dict(words) for field, words in known.words.items()},
    }


def _print_one(described: dict[str, object]) -> None:
    typer.echo(f"{described['format']}: {described['title']}; tells of {described['kind']}")
    columns, words = described["columns"], described["words"]
    assert isinstance(columns, dict)
    assert isinstance(words, dict)
    for field, names in columns.items():
        typer.echo(f"  {field}: {', '.join(names)}")
    for field, meanings in words.items():
        typer.echo(f"words of {field}:")
        by_meaning: dict[str, list[str]] = {}
        for word, meaning in meanings.items():
            by_meaning.setdefault(meaning, []).append(word)
        for meaning, own in by_meaning.items():
            typer.echo(f"  {meaning}: {', '.join(own)}")
