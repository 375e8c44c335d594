"""Small expressions that must mean the same on every engine."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from scoring.features.catalogue import Ratio

# Each argument stands in the result once: SQL has no names for parts of an expression, so one that
# stood there twice would double the statement each time that such expressions are nested. For the
# same reason caps of ratios are applied when they are finished.


def share(part: ir.NumericValue, whole: ir.NumericValue) -> ir.FloatingValue:
    """Part over whole; missing where the whole is zero, negative or missing.

    Both are made floats first: PostgreSQL would divide exact decimals, and others integers. Of a
    missing value and zero the greater is missing on SQLite and zero on others: no whole, both.
    """
    positive = ibis.greatest(whole, 0).cast("float64").nullif(0)
    quotient: ir.FloatingValue = part.cast("float64") / positive
    return quotient


def weighed(value: ir.NumericValue, denominator: ir.NumericValue) -> Ratio:
    """A ratio of what is no count (money, hours), weighed by how many records it rests on."""
    count = denominator.cast("float64")
    return Ratio(value * count, count)


def at_most(value: ir.NumericValue, most: float) -> ir.NumericValue:
    """A value that is never missing, or `most` where it is more.

    Not for what may be missing: of a missing value and a number SQLite gives missing, others the
    number.
    """
    return ibis.least(value, most)


def at_least(value: ir.NumericValue, least: float) -> ir.NumericValue:
    """A value that is never missing, or `least` where it is less."""
    return ibis.greatest(value, least)
