"""What the documentation says of commands is what the program has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from foothold.cli import COMMANDS
from foothold.reference import all_commands, commands_page, options_of

ROOT = Path(__file__).parents[1]
BY_HAND = sorted(
    path
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    if path.name not in {"commands.md", "features.md"}
)
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)


def _calls(path: Path) -> Iterator[tuple[str, str]]:
    """Every `foothold …` of a page's code, as typed up to the end of its line."""
    for code in _CODE.findall(path.read_text(encoding="utf-8")):
        joined = code.strip("`").replace("\\\n", " ")
        for line in joined.splitlines():
            for match in re.finditer(r"(?<![\w./-])foothold ([a-z][^|`#]*)", line):
                yield path.name, match[1].strip()


CALLS = sorted({call for path in BY_HAND for call in _calls(path)})


def _command_of(typed: str) -> str | None:
    """The longest command that what was typed begins with."""
    words = typed.split()
    names = all_commands()
    for length in range(min(3, len(words)), 0, -1):
        name = " ".join(words[:length])
        if name in names:
            return name
    shortened = {"snapshot": "snapshot write"}  # `foothold snapshot DIR` writes
    if words[0] in shortened:
        return shortened[words[0]]
    return words[0] if words[0] in COMMANDS and len(words) == 1 else None


@pytest.mark.parametrize(("page", "typed"), CALLS)
def test_every_command_in_the_documentation_exists(page: str, typed: str) -> None:
    name = _command_of(typed)
    assert name is not None, f"{page}: there is no command `foothold {typed}`"
    command = all_commands().get(name)
    if command is None:  # the name of a group alone
        return
    named = set(re.findall(r"(?<= )--[a-z][a-z-]*", typed))
    assert named <= {*options_of(command), "--help"}, f"{page}: `foothold {typed}`"


@pytest.mark.parametrize("name", sorted(all_commands()))
def test_every_command_is_explained_in_a_guide(name: str) -> None:
    """Beside the reference, which is made of the program and so names all of them."""
    explained = {_command_of(typed) for _, typed in CALLS}
    assert name in explained, f"`foothold {name}` stands in no guide under docs/"


def test_the_reference_of_commands_is_that_of_the_program() -> None:
    written = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert written == commands_page(), "Run `make docs` and commit docs/commands.md."


@pytest.mark.parametrize("path", BY_HAND, ids=lambda path: path.name)
def test_every_link_of_a_page_leads_to_a_file(path: Path) -> None:
    text = _CODE.sub("", path.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"
