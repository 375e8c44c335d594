"""Under which channel a row's order stands: the shop's name, or one of ESM Plus's two markets."""

from __future__ import annotations

import pandas as pd

from scoring.intake.formats.declarations import FormatName, normalised
from scoring.intake.formats.orders.sale_rows import column
from scoring.intake.formats.orders.states import meanings
from scoring.intake.formats.table_rows import titles_above
from scoring.intake.formats.tables import Table

UNTOLD = (
    "The file does not say whether it is of Gmarket or of Auction. Orders that another file has "
    "under one of them would count twice: add a column 판매사이트 to it."
)


def channels(table: Table, rows: pd.DataFrame) -> pd.Series[str]:
    """The format's name; for ESM Plus the market that a column, the account or a title tells."""
    name = table.format.name
    if name is not FormatName.ESMPLUS:
        return pd.Series(name.value, index=rows.index, dtype="str")
    told = meanings(table.format, rows, "site", "")
    account = column(rows, "account").str.upper()
    told = told.where((told != "") | ~account.str.startswith("G_"), "gmarket")
    told = told.where((told != "") | ~account.str.startswith("A_"), "auction")
    return told.where(told != "", _market(table))


def _market(table: Table) -> str:
    """The market that the headers, or the titles above them, name if they name one."""
    headers = [header for header in table.headers if "우수회원" not in header]
    for texts in (headers, titles_above(table)):
        words = normalised("".join(texts))
        sites = {market for word, market in table.format.words["site"].items() if word in words}
        if len(sites) == 1:
            return sites.pop()
    return table.format.name.value
