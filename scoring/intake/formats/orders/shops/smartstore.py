"""Naver SmartStore: totals of lines are after the discount, which lists of claims leave out."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from scoring.intake.formats.orders.amounts import Amounts, numbers, sum_of
from scoring.intake.formats.orders.sale_rows import first_filled
from scoring.intake.formats.orders.shops.rules import ShopRules


def amounts_after_discount(cells: pd.DataFrame) -> Amounts:
    """Gross from the line's total, which is after its discount.

    A settlement's base is after the discount too, and names none.
    """
    source = first_filled(cells, ("total", "final_total", "settlement_base"))
    net = numbers(source)
    stated = sum_of(cells, "discount")
    taken = (stated if stated is not None else 0 * net).fillna(0)
    gross = net + taken.where(net >= 0, -taken)
    is_settlement = "total" not in cells and "final_total" not in cells
    told = taken if stated is not None or is_settlement else None
    return Amounts(gross, told, source.where(net.isna(), ""))


def states_status_or_discount(fields: Collection[str]) -> bool:
    """Lists of claims have order days too, but neither the order's status nor its discount."""
    return "ordered_on" in fields and ("status" in fields or "discount_item" in fields)


RULES = ShopRules(amounts=amounts_after_discount, states_orders=states_status_or_discount)
