"""Small expressions that must mean the same on every engine."""

from __future__ import annotations

import ibis.expr.types as ir


def capped(value: ir.NumericValue, most: float) -> ir.NumericValue:
    """A value, or `most` where it is more; missing stays missing.

    SQL's LEAST won't do: of a missing value and a number SQLite gives missing, others the number.
    """
    return (value > most).ifelse(most, value)
