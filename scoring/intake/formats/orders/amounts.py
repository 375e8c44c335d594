"""What an order line came to: gross, discounts that the seller funds, shipping, fee, refund.

Net sales are gross less discount, so that they are what the goods came to for the seller.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from scoring.intake.formats.cell_values import amounts
from scoring.intake.formats.currencies import row_currencies
from scoring.intake.formats.orders.sale_rows import column, first_filled
from scoring.intake.formats.tables import Table

_MONEY = ("total", "final_total", "settlement_base", "gross", "sale_amount", "unit_price", "refund")
_PREFIXES = ("discount", "order_discount", "fee", "shipping")
_COUNTS = ("quantity", "claimed_quantity")
_NOT_MONEY = ("shipping_group",)


@dataclass(frozen=True)
class Amounts:
    """Amounts per row as numbers, signed as the file has them; NaN where it has none.

    Attributes:
        gross: before discounts.
        discount: what the seller took off; None where the file does not tell.
        unreadable: the gross cell as written, where it is no amount; else empty.
    """

    gross: pd.Series[float]
    discount: pd.Series[float] | None
    unreadable: pd.Series[str]


def clean_amounts(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with their amounts and counts as plain text."""
    names = [name for name in rows.columns if _is_amount(str(name))]
    return rows.assign(**{name: amounts(rows[name]) for name in names})


def currencies(table: Table, rows: pd.DataFrame) -> pd.Series[str]:
    """Currency of each row, by all that its amounts say of it.

    Raises:
        FileError: it can't be told with certainty.
    """
    names = [str(name) for name in rows.columns if _is_amount(str(name)) and name not in _COUNTS]
    return row_currencies(table, rows, names)


def numbers(cells: pd.Series[str]) -> pd.Series[float]:
    """Plain text as numbers; NaN where there is none or it is not one."""
    return pd.to_numeric(cells.where(cells != ""), errors="coerce").astype("float64")


def written(values: pd.Series[float]) -> pd.Series[str]:
    """Numbers as the plain form has them; NaN is empty."""
    return values.round(4).map(_text).astype("str")


def listed_amounts(rows: pd.DataFrame) -> Amounts:
    """Gross as the file lists it, else price times quantity; all discounts of the seller."""
    source = first_filled(rows, ("gross", "sale_amount"))
    return completed(rows, source=source, gross=numbers(source), discount=sum_of(rows, "discount"))


def completed(
    rows: pd.DataFrame,
    *,
    source: pd.Series[str],
    gross: pd.Series[float],
    discount: pd.Series[float] | None,
) -> Amounts:
    """The amounts, with price times quantity where the file has no gross.

    Args:
        rows: the export's cells.
        source: the cell that each gross was read from.
        gross: NaN where there is none or it is no amount.
        discount: None where the file does not tell.
    """
    unreadable = source.where(gross.isna(), "")
    is_missing = gross.isna() & (unreadable == "")
    return Amounts(gross.where(~is_missing, price_of_pieces(rows)), discount, unreadable)


def price_of_pieces(rows: pd.DataFrame) -> pd.Series[float]:
    """Price of one piece times quantity."""
    return numbers(column(rows, "unit_price")) * numbers(column(rows, "quantity"))


def sum_of(rows: pd.DataFrame, prefix: str) -> pd.Series[float] | None:
    """All amounts of one sort added up, however signed; None where the file has none of them."""
    names = [n for n in rows.columns if (n == prefix or str(n).startswith(f"{prefix}_"))]
    names = [n for n in names if n not in _NOT_MONEY]
    if not names:
        return None
    values = [numbers(rows[name]).abs().fillna(0) for name in names]
    return pd.concat(values, axis=1).sum(axis=1)


def fees(rows: pd.DataFrame) -> pd.Series[float] | None:
    """All that the channel took for a row, however signed; None where the file does not tell."""
    return sum_of(rows, "fee")


def shipping_once(rows: pd.DataFrame, lines: pd.Series[str]) -> pd.Series[float] | None:
    """Shipping on the first row of what was shipped together: the others only repeat it."""
    if "shipping" not in rows:
        return None
    group = first_filled(rows, ("shipping_group", "cart", "order"))
    group = group.where(group != "", lines)
    charge = numbers(rows["shipping"]).abs()
    again = pd.DataFrame({"group": group, "charge": charge}).duplicated()
    return charge.where(~again, 0.0)


def _is_amount(name: str) -> bool:
    if name in _NOT_MONEY:
        return False
    return name in _MONEY + _COUNTS or name.startswith(_PREFIXES)


def _text(value: float) -> str:
    if value != value:
        return ""
    return str(int(value)) if value == int(value) else f"{value:.4f}".rstrip("0").rstrip(".")
