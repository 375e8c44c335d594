"""A format is its declaration and its reader; a marketplace also its rules: all are found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import scoring.intake.formats
from scoring.intake.formats.declarations import FormatName, read_formats
from scoring.intake.formats.orders import shops

FOLDER = Path(scoring.intake.formats.__file__).parent
FORMATS = read_formats()
MARKETPLACES = [name for name, one in FORMATS.items() if one.reader == "orders.marketplace"]


def test_every_format_but_the_plain_form_is_declared_beside_its_reader() -> None:
    assert set(FormatName) - set(FORMATS) == {FormatName.PLAIN}
    for one in FORMATS.values():
        assert (FOLDER / f"{one.reader.replace('.', '/')}.py").is_file()


@pytest.mark.parametrize("name", MARKETPLACES)
def test_every_marketplace_has_its_rules(name: FormatName) -> None:
    assert set(shops.rules_of(name).line_parts) <= FORMATS[name].columns.keys()


def test_no_marketplace_is_left_over() -> None:
    files = {path.stem for path in (FOLDER / "orders" / "shops").glob("*.py")}
    assert files - {"__init__", "rules"} == set(MARKETPLACES)


def test_no_reader_asks_which_format_it_has() -> None:
    asking = [
        path.name
        for path in FOLDER.rglob("*.py")
        if re.search(r"(is|==|!=|case) FormatName\.", path.read_text(encoding="utf-8"))
    ]
    assert asking == []
