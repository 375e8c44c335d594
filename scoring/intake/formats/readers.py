"""Each format's reader, as its declaration names it; loaded when the first such file comes."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from scoring.intake.extract import Given, Reading
from scoring.intake.formats.tables import Table


def read_table(table: Table, given: Given) -> Reading:
    """A table as its format's reader understands it.

    Raises:
        FileError: a cell can't be understood, or something that must be said was not.
    """
    module = import_module(f"scoring.intake.formats.{table.format.reader}")
    read: Callable[[Table, Given], Reading] = module.read
    return read(table, given)
