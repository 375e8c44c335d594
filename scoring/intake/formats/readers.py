"""Which reader understands which format."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from scoring.intake.extract import Given, Reading
from scoring.intake.formats.declarations import FormatName
from scoring.intake.formats.tables import Table

_MODULES = {
    FormatName.SMARTSTORE: "orders.marketplace",
    FormatName.ESMPLUS: "orders.marketplace",
    FormatName.COUPANG: "orders.marketplace",
    FormatName.ELEVENST: "orders.marketplace",
    FormatName.CAFE24: "orders.marketplace",
    FormatName.WEBSHOP: "orders.webshop",
    FormatName.ATTENDANCE_GRID: "attendance.grid",
    FormatName.ATTENDANCE_LONG: "attendance.long",
    FormatName.LOAN_INSTALMENTS: "loans.instalments",
    FormatName.LOAN_TRANSACTIONS: "loans.transactions",
    FormatName.BANK_STATEMENT: "bank.statement",
}


def read_table(table: Table, given: Given) -> Reading:
    """A table as its format's reader understands it.

    Raises:
        FileError: a cell can't be understood, or something that must be said was not.
    """
    module = import_module(f"scoring.intake.formats.{_MODULES[table.format.name]}")
    read: Callable[[Table, Given], Reading] = module.read
    return read(table, given)
