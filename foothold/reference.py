"""All commands and their options as one page: `docs/commands.md` is made of it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import cache
from typing import Any

import typer

from foothold.cli import app

_HEAD = """\
# Commands

Written by `make docs` from the program itself. In a terminal, `foothold COMMAND --help`.
"""
_EVERYWHERE = {"--help"}


@cache
def all_commands() -> dict[str, Any]:
    """Every command that can be called, by its whole name without `foothold`, in the root's order.

    Values are commands of the click that Typer carries inside, which has no public name.
    """
    root: Any = typer.main.get_command(app)
    return dict(_walk(root, ()))


def options_of(command: Any) -> list[str]:
    """The names of a command's options, such as `--by`, without `--help`."""
    return [
        name
        for parameter in command.params
        if parameter.param_type_name == "option"
        for name in (*parameter.opts, *parameter.secondary_opts)
        if name.startswith("--") and name not in _EVERYWHERE
    ]


def commands_page() -> str:
    """The page in Markdown."""
    return "\n".join([_HEAD, *(_section(name, one) for name, one in all_commands().items())])


def _walk(command: Any, names: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    group = hasattr(command, "list_commands")
    if names and (not group or command.invoke_without_command):
        yield " ".join(names), command
    if group:
        context = typer.Context(command, info_name=" ".join(names) or "foothold")
        for name in command.list_commands(context):
            yield from _walk(command.get_command(context, name), (*names, name))


def _section(name: str, command: Any) -> str:
    context = typer.Context(command, info_name=f"foothold {name}")
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [f"## foothold {name}", "", f"`foothold {name} {usage}`".replace(" `", "`"), ""]
    lines += [inspect.cleandoc(command.help or ""), ""]
    described = [
        (parameter, parameter.get_help_record(context))
        for parameter in command.params
        if parameter.name != "help" and not getattr(parameter, "hidden", False)
    ]
    rows = [f"| `{_cell(record[0])}` | {_cell(record[1])} |" for _, record in described if record]
    if rows:
        lines += ["| | |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
