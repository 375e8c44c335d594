"""Cafe24: own shops, whose exports repeat an order's amounts on each of its lines."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scoring.intake.formats.orders.amounts import (
    Amounts,
    completed,
    numbers,
    price_of_pieces,
    sum_of,
)
from scoring.intake.formats.orders.sale_rows import column, first_filled
from scoring.intake.formats.orders.shops.rules import ShopRules


def amounts_of_lines(cells: pd.DataFrame) -> Amounts:
    """Gross and discount of each line, its share of what is the order's included."""
    source = first_filled(cells, ("gross", "sale_amount"))
    gross = _without_sums_of_orders(cells, numbers(source))
    discount, of_order = sum_of(cells, "discount"), sum_of(cells, "order_discount")
    if of_order is not None:
        share = _spread(cells, of_order, gross)
        discount = share if discount is None else discount + share
    return completed(cells, source=source, gross=gross, discount=discount)


def given_back_of_orders(
    cells: pd.DataFrame, net: pd.Series[float], back: pd.Series[bool]
) -> pd.Series[float]:
    """What was given back of orders of which no line was given back whole.

    The refund of an order stands on each of its lines; it is taken from them one after another.
    """
    if "refund" not in cells:
        return pd.Series(float("nan"), index=cells.index)
    order = _orders(cells)
    stated = numbers(column(cells, "refund")).abs()
    of_order = stated.groupby(order).transform("max").fillna(0)
    is_of_lines = stated.groupby(order).transform("nunique") > 1
    before = net.groupby(order).cumsum() - net
    share = (of_order - before).clip(lower=0).clip(upper=net)
    share = share.where(~is_of_lines, stated.fillna(0).clip(upper=net))
    has_whole_line_back = back.groupby(order).transform("any")
    return share.where(~has_whole_line_back, 0.0)


def _orders(cells: pd.DataFrame) -> pd.Series[str]:
    return first_filled(cells, ("order", "order_line"))


def _without_sums_of_orders(cells: pd.DataFrame, gross: pd.Series[float]) -> pd.Series[float]:
    """Price times quantity where the amount repeated on all lines is that of their order."""
    order, each_times = _orders(cells), price_of_pieces(cells)
    of_order = each_times.groupby(order).transform("sum")
    lines = gross.groupby(order).transform("size")
    is_same = gross.groupby(order).transform("nunique") == 1
    is_sum_of_order = (lines > 1) & is_same & (gross == of_order)
    return gross.where(~is_sum_of_order, each_times)


def _spread(
    cells: pd.DataFrame, of_order: pd.Series[float], gross: pd.Series[float]
) -> pd.Series[float]:
    """A discount on the order, which each line repeats, in whole units over its lines by price."""
    order = _orders(cells)
    stated = of_order.groupby(order).transform("max")
    whole = gross.groupby(order).transform("sum")
    reach = gross.groupby(order).cumsum()
    portion = np.minimum(stated, whole) / whole.where(whole > 0)
    shares = np.floor(reach * portion + 1e-6) - np.floor((reach - gross) * portion + 1e-6)
    return pd.Series(shares, index=cells.index).fillna(0)


RULES = ShopRules(amounts=amounts_of_lines, given_back_of_orders=given_back_of_orders)
