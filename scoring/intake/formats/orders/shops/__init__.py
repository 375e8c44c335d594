"""Marketplaces, a file of rules each, with the declaration of its columns and words beside it.

A new marketplace is `shops/NAME.py` with its `RULES`, `shops/NAME.toml` with the headers and words
of its exports, and its name in `declarations.FormatName`; nothing else names one.
"""

from __future__ import annotations

from importlib import import_module

from scoring.intake.formats.declarations import FormatName
from scoring.intake.formats.orders.shops.rules import ShopRules


def rules_of(name: FormatName) -> ShopRules:
    """The rules of the marketplace of this name."""
    rules = import_module(f"{__name__}.{name.value}").RULES
    assert isinstance(rules, ShopRules)
    return rules
