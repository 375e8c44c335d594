"""The one currency of each loan of a ledger."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from scoring.intake.formats.currencies import require_one_currency, row_currencies
from scoring.intake.formats.tables import Table


def loan_currencies(table: Table, rows: pd.DataFrame, amounts: Sequence[str]) -> pd.Series[str]:
    """The currency of each row's loan; a row that names none has that of the loan's others.

    Args:
        table: that the rows are of.
        rows: cells as written, with the loan's reference in `loan`.
        amounts: fields of money.

    Raises:
        FileError: a loan is in several currencies, or a row's can't be told with certainty.
    """
    stated = None
    if "currency" in rows:
        said = rows["currency"]
        of_loan = said.where(said != "").groupby(rows["loan"]).transform("first").fillna("")
        stated = said.where(said != "", of_loan).astype("str")
    currencies = row_currencies(table, rows, amounts, stated=stated)
    require_one_currency(table, currencies, rows["loan"], "loan")
    return currencies
