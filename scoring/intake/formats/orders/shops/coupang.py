"""Coupang Wing: a line is an option of an order; settlements pay refunds back in parts."""

from __future__ import annotations

import pandas as pd

from scoring.intake.formats.cell_values import each
from scoring.intake.formats.orders.references import order_reference
from scoring.intake.formats.orders.sale_rows import column, digests
from scoring.intake.formats.orders.shops.rules import PartReferences, ShopRules, joined


def named_by_option(cells: pd.DataFrame, parts: PartReferences) -> pd.Series[str]:
    """Order and option; of an option that went in several boxes, those after the first add theirs.

    The shipment's number by itself can't name a line: only one of Coupang's three files has it.
    """
    order, options = parts
    lines = joined(cells, (order, _options(cells, options)))
    if "bundle" not in cells:
        return lines
    boxes = each(cells["bundle"], order_reference)
    first = boxes.where(boxes != "").groupby(lines).transform("min").fillna("").astype("str")
    return lines.where((boxes == "") | (boxes == first), lines + "-" + boxes)


def _options(cells: pd.DataFrame, options: pd.Series[str]) -> pd.Series[str]:
    """Numbers of options; older lists have names alone, of which a digest is kept."""
    has_name = (column(cells, "product") + column(cells, "option_name")) != ""
    names = digests(cells, ("product", "option_name"), length=8)
    return options.where((options != "") | ~has_name, names)


RULES = ShopRules(
    line_parts=("order", "option"),
    name_lines=named_by_option,
    settles_refunds_in_parts=True,
)
