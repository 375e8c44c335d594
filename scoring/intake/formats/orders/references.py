"""References of order lines: the same line gets the same one from every export."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence

import pandas as pd

from scoring.intake.formats.cell_values import each, is_damaged_id
from scoring.intake.formats.orders.sale_rows import MOMENT, column, digests
from scoring.intake.formats.table_rows import LONGEST_REFERENCE

DAMAGED_ID = "damaged_id"
NameLines = Callable[[pd.DataFrame, Sequence[pd.Series]], pd.Series]
_OF_A_DAMAGED_ROW = (
    *("order_line", "order", "sequence", "bundle", "option", "option_name", "product"),
    *(MOMENT, "quantity"),  # nothing of the buyer: a digest can be tried out
)
_FORMULA_START = re.compile(r"""^[=+\-@'"]+|"$""")
_UNWANTED = re.compile(r"[\s\x00-\x1f\x7f]")
_WHOLE_FLOAT = re.compile(r"([0-9]+)\.0+")


def order_reference(text: str) -> str:
    """A number as people have it, as a reference: no spaces or bars, not like a formula."""
    written = _UNWANTED.sub("", unicodedata.normalize("NFKC", text))
    written = _FORMULA_START.sub("", written).replace("|", "/")
    whole = _WHOLE_FLOAT.fullmatch(written)
    return shortened(whole[1] if whole else written)


def shortened(text: str) -> str:
    """At most 64 characters; what is longer ends in a digest of the whole, and stays its own.

    Shops' own numbers are longer where an order, an option and a shipment name a line together.
    """
    if len(text) <= LONGEST_REFERENCE:
        return text
    return f"{text[:51]}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def line_references(
    rows: pd.DataFrame, parts: Sequence[str], name_lines: NameLines
) -> tuple[pd.Series[str], pd.Series[bool]]:
    """References of the rows' order lines, and which stand on a number that lost its digits.

    Args:
        rows: the export's cells.
        parts: fields whose numbers together name a line.
        name_lines: the shop's way of making one reference of its parts' references.
    """
    lines = name_lines(rows, [each(column(rows, part), order_reference) for part in parts])
    damaged = pd.Series(False, index=rows.index)
    for part in parts:
        damaged |= column(rows, part).map(is_damaged_id).astype(bool)
    if damaged.any():
        hurt = rows[damaged]
        lines[damaged] = lines[damaged] + "-" + digests(hurt, _OF_A_DAMAGED_ROW, length=10)
    return each(lines, shortened), damaged
