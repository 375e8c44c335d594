"""11st: a line is the order's number and its place in the order."""

from __future__ import annotations

from scoring.intake.formats.orders.shops.rules import ShopRules

RULES = ShopRules(line_parts=("order", "sequence"))
