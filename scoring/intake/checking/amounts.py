"""Amounts as text, in minor units of their currency."""

from __future__ import annotations

import numpy as np
import pandas as pd
from babel.numbers import get_currency_precision


def minor_units(amounts: pd.Series[str], currencies: pd.Series[str]) -> pd.Series[int]:
    """Amounts as integers of the currency's minor unit; an empty cell is 0.

    Raises:
        ValueError: an amount has more decimals than its currency; `args` holds index and text.
    """
    written = amounts.where(amounts != "", "0").astype("str")
    is_negative = written.str.startswith("-").to_numpy(dtype=bool)
    with_point = written.str.contains(".", regex=False).to_numpy(dtype=bool)
    whole = written.str.replace(r"^-|[.].*$", "", regex=True).astype("int64").to_numpy()
    values = np.zeros(len(amounts), dtype="int64")
    for code in currencies.unique():
        digits = get_currency_precision(code)
        chosen = (currencies == code).to_numpy(dtype=bool)
        values[chosen] = whole[chosen] * 10**digits
        pointed = chosen & with_point
        if not pointed.any():
            continue
        decimals = written[pointed].str.replace(r"^[^.]*[.]", "", regex=True).str.rstrip("0")
        too_fine = decimals.index[decimals.str.len() > digits]
        if len(too_fine):
            first = too_fine[0]
            raise ValueError(int(first), f'"{amounts[first]}" has more decimals than {code} has')
        if digits:
            values[pointed] += decimals.str.pad(digits, side="right", fillchar="0").astype("int64")
    values[is_negative] *= -1
    return pd.Series(values, index=amounts.index, dtype="int64")
