"""Which reader understands which format."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from scoring.records.intake.extract import Given, Reading
from scoring.records.intake.formats.declarations import FormatName
from scoring.records.intake.formats.tables import Table

_MODULES = {
    FormatName.SMARTSTORE: "marketplace",
    FormatName.ESMPLUS: "marketplace",
    FormatName.COUPANG: "marketplace",
    FormatName.ELEVENST: "marketplace",
    FormatName.CAFE24: "marketplace",
    FormatName.WEBSHOP: "webshop",
    FormatName.ATTENDANCE_GRID: "attendance_grid",
    FormatName.ATTENDANCE_LONG: "attendance_long",
    FormatName.LOAN_INSTALMENTS: "loan_instalments",
    FormatName.LOAN_TRANSACTIONS: "loan_transactions",
    FormatName.BANK_STATEMENT: "bank_statement",
}


def read_table(table: Table, given: Given) -> Reading:
    """A table as its format's reader understands it.

    Raises:
        FileError: a cell can't be understood, or something that must be said was not.
    """
    module = import_module(f"scoring.records.intake.formats.{_MODULES[table.format.name]}")
    read: Callable[[Table, Given], Reading] = module.read
    return read(table, given)
