"""What an order line came to: gross, discounts that the seller funds, shipping, fee, refund.

Net sales are gross less discount, so that they are what the goods came to for the seller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from scoring.intake.formats.cell_values import amounts, currency, each
from scoring.intake.formats.declarations import FormatName
from scoring.intake.formats.orders.sale_rows import column, default_currency, first_filled
from scoring.intake.formats.tables import UNIT, Table

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
    """Currency per row: its own column, a sign beside an amount, the header, or the default."""
    told = column(rows, "currency").str.upper().replace({"원": "KRW", "WON": "KRW"})
    price = table.format.columns
    names = [n for n in _MONEY if n in price and n in rows]
    for name in names:
        told = told.where(told != "", each(rows[name], currency))
    units = [UNIT.search(table.used[name].replace(" ", "").casefold()) for name in names]
    codes = [u[1].upper() for u in units if u is not None and len(u[1]) == 3]
    return told.where(told != "", codes[0] if codes else default_currency(table.format))


def numbers(cells: pd.Series[str]) -> pd.Series[float]:
    """Plain text as numbers; NaN where there is none or it is not one."""
    return pd.to_numeric(cells.where(cells != ""), errors="coerce").astype("float64")


def written(values: pd.Series[float]) -> pd.Series[str]:
    """Numbers as the plain form has them; NaN is empty."""
    return values.round(4).map(_text).astype("str")


def order_amounts(name: FormatName, rows: pd.DataFrame) -> Amounts:
    """Gross and discount of each row by its shop's rules."""
    discount = _sum(rows, "discount")
    if name is FormatName.SMARTSTORE:
        # The total of a line is after its discount; a settlement's base is too, and names none.
        source = first_filled(rows, ("total", "final_total", "settlement_base"))
        net = numbers(source)
        taken = (discount if discount is not None else 0 * net).fillna(0)
        gross = net + taken.where(net >= 0, -taken)
        only_net = "total" not in rows and "final_total" not in rows
        told = taken if discount is not None or only_net else None
        return Amounts(gross, told, source.where(net.isna(), ""))
    source = first_filled(rows, ("gross", "sale_amount"))
    gross = numbers(source)
    each_times = numbers(column(rows, "unit_price")) * numbers(column(rows, "quantity"))
    if name is FormatName.CAFE24:
        gross = _not_of_the_whole_order(rows, gross, each_times)
        of_order = _sum(rows, "order_discount")
        if of_order is not None:
            spread = _spread(rows, of_order, gross)
            discount = spread if discount is None else discount.fillna(0) + spread
    unreadable = source.where(gross.isna(), "")
    gross = gross.where(gross.notna() | (unreadable != ""), each_times)
    return Amounts(gross, None if discount is None else discount.fillna(0), unreadable)


def fees(rows: pd.DataFrame) -> pd.Series[float] | None:
    """All that the channel took for a row, however signed; None where the file does not tell."""
    return _sum(rows, "fee")


def shipping_once(rows: pd.DataFrame, lines: pd.Series[str]) -> pd.Series[float] | None:
    """Shipping on the first row of what was shipped together: the others only repeat it."""
    if "shipping" not in rows:
        return None
    group = first_filled(rows, ("shipping_group", "cart", "order"))
    group = group.where(group != "", lines)
    charge = numbers(rows["shipping"]).abs()
    again = pd.DataFrame({"group": group, "charge": charge}).duplicated()
    return charge.where(~again, 0.0)


def order_refunds(rows: pd.DataFrame, net: pd.Series[float], back: pd.Series[bool]) -> pd.Series:
    """What an own shop gave back of orders of which no line was given back whole.

    The refund of an order stands on each of its lines; it is taken from them one after another.
    """
    order = first_filled(rows, ("order", "order_line"))
    stated = numbers(column(rows, "refund")).abs()
    of_order = stated.groupby(order).transform("max").fillna(0)
    varies = stated.groupby(order).transform("nunique") > 1
    before = net.groupby(order).cumsum() - net
    share = (of_order - before).clip(lower=0).clip(upper=net)
    share = share.where(~varies, stated.fillna(0).clip(upper=net))
    return share.where(~back.groupby(order).transform("any"), 0.0)


def _is_amount(name: str) -> bool:
    if name in _NOT_MONEY:
        return False
    return name in _MONEY + _COUNTS or name.startswith(_PREFIXES)


def _sum(rows: pd.DataFrame, prefix: str) -> pd.Series[float] | None:
    names = [n for n in rows.columns if (n == prefix or str(n).startswith(f"{prefix}_"))]
    names = [n for n in names if n not in _NOT_MONEY]
    if not names:
        return None
    values = [numbers(rows[name]).abs().fillna(0) for name in names]
    return pd.concat(values, axis=1).sum(axis=1)


def _not_of_the_whole_order(
    rows: pd.DataFrame, gross: pd.Series[float], each_times: pd.Series[float]
) -> pd.Series[float]:
    """Price times quantity where the amount repeated on all lines is that of their order."""
    order = first_filled(rows, ("order", "order_line"))
    of_order = each_times.groupby(order).transform("sum")
    lines = gross.groupby(order).transform("size")
    same = gross.groupby(order).transform("nunique") == 1
    return gross.where(~((lines > 1) & same & (gross == of_order)), each_times)


def _spread(
    rows: pd.DataFrame, of_order: pd.Series[float], gross: pd.Series[float]
) -> pd.Series[float]:
    """A discount on the order, which each line repeats, in whole units over its lines by price."""
    order = first_filled(rows, ("order", "order_line"))
    stated = of_order.groupby(order).transform("max")
    whole = gross.groupby(order).transform("sum")
    reach = gross.groupby(order).cumsum()
    portion = np.minimum(stated, whole) / whole.where(whole > 0)
    shares = np.floor(reach * portion + 1e-6) - np.floor((reach - gross) * portion + 1e-6)
    return pd.Series(shares, index=rows.index).fillna(0)


def _text(value: float) -> str:
    if value != value:
        return ""
    return str(int(value)) if value == int(value) else f"{value:.4f}".rstrip("0").rstrip(".")
