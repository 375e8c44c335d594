"""The map of the house in CONTRIBUTING.md is the house: every room has its line, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("scoring", "training", "sample", "api", "foothold")
MOST_LINES = 400


def _rooms_on_the_map() -> dict[str, str]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = re.search(r"## The house.*?```\n(.*?)```", text, re.DOTALL)
    assert block is not None
    rooms: dict[str, str] = {}
    above: list[str] = []
    for line in block[1].splitlines():
        found = re.match(r"( *)([a-z_]+)/ +(\S.*)", line)
        if found:
            above = [*above[: len(found[1]) // 2], found[2]]
            rooms["/".join(above)] = found[3]
    return rooms


def _rooms() -> set[str]:
    """Folders that hold code."""
    return {
        str(path.parent.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }


def test_every_room_has_a_line_on_the_map() -> None:
    mapped = {room for room in _rooms_on_the_map() if room.split("/")[0] in PACKAGES}
    assert mapped == _rooms()


def test_no_file_stands_loose_under_scoring() -> None:
    assert [path.name for path in (ROOT / "scoring").glob("*.py")] == ["__init__.py"]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_room_is_crowded(package: str) -> None:
    crowded = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / package).rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert crowded == {}
