"""Schedules of loans whose ledger tells none, made by their product, rate and term.

Only where whoever imports names the product: nobody guesses how a loan is repaid.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

import pandas as pd
from babel.numbers import get_currency_precision

from scoring.base.errors import InputError
from scoring.intake.extract import Extract
from scoring.intake.formats.tables import Table
from scoring.loans.schedule import Schedule
from scoring.loans.terms import Product, Terms
from scoring.records.kinds import RecordKind

_COLUMNS = ("loan", "number", "due_on", "principal", "interest")


def made_schedules(table: Table, loans: Extract, product: Product, notes: list[str]) -> Extract:
    """Monthly instalments of each loan by its own rate and term, without fees.

    Args:
        table: the ledger.
        loans: as the ledger tells them.
        product: how all of them are repaid.
        notes: what is assumed is said here.

    Raises:
        FileError: a loan's rate or term is missing, or makes no schedule.
    """
    rows: list[tuple[str, str, str, str, str]] = []
    places: list[int] = []
    for index, cells in loans.cells.iterrows():
        place = int(str(index))
        for name in ("months", "annual_rate"):
            if not cells.get(name):
                raise loans.error(
                    table.file.name,
                    place,
                    name,
                    f"is not told, and a schedule of {product} can't be made without it",
                )
        digits = get_currency_precision(str(cells["currency"]))
        try:
            made = Schedule.of(
                Terms(
                    product=product,
                    principal=int(Decimal(str(cells["principal"])).scaleb(digits)),
                    annual_rate=Decimal(str(cells["annual_rate"])),
                    instalments=int(str(cells["months"])),
                    disbursed_on=date.fromisoformat(str(cells["disbursed_on"])),
                )
            )
        except (InputError, InvalidOperation, ValueError) as error:
            raise loans.error(
                table.file.name, place, "months", f"makes no schedule: {error}"
            ) from None
        for due in made.dues:
            principal, interest = (
                f"{Decimal(amount).scaleb(-digits):f}" for amount in (due.principal, due.interest)
            )
            rows.append(
                (str(cells["loan"]), str(due.number), due.due_on.isoformat(), principal, interest)
            )
            places.append(place)
    notes.append(
        f"Instalments were made as monthly ones of {product} from each loan's rate and term, "
        "30/360, without fees; whoever agreed on others sends the schedule."
    )
    return Extract(
        RecordKind.SCHEDULE,
        pd.DataFrame(rows, columns=list(_COLUMNS), dtype="str"),
        headers=loans.headers,
        locate=lambda index, column: loans.place(places[index], column),
    )
