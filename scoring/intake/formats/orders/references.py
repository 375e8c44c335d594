"""References of order lines: the same line gets the same one from every export."""

from __future__ import annotations

import hashlib
import re
import unicodedata

import pandas as pd

from scoring.intake.formats.cell_values import each, is_damaged_id
from scoring.intake.formats.declarations import FormatName
from scoring.intake.formats.orders.sale_rows import MOMENT, column, digests

DAMAGED_ID = "damaged_id"
_LONGEST = 64
# Without Coupang's number of the shipment: only one of its three files has it.
_PARTS = {
    FormatName.COUPANG: ("order", "option"),
    FormatName.ELEVENST: ("order", "sequence"),
}
_LINE = ("order_line",)
_OF_A_DAMAGED_ROW = (
    *("order_line", "order", "sequence", "bundle", "option", "option_name", "product"),
    *(MOMENT, "quantity"),  # nothing of the buyer: a digest can be tried out
)
_FORMULA_START = re.compile(r"""^[=+\-@'"]+|"$""")
_UNWANTED = re.compile(r"[\s\x00-\x1f\x7f]")
_WHOLE_FLOAT = re.compile(r"([0-9]+)\.0+")


def reference(text: str) -> str:
    """A number as people have it, as a reference: no spaces or bars, not like a formula."""
    written = _UNWANTED.sub("", unicodedata.normalize("NFKC", text))
    written = _FORMULA_START.sub("", written).replace("|", "/")
    whole = _WHOLE_FLOAT.fullmatch(written)
    return shortened(whole[1] if whole else written)


def shortened(text: str) -> str:
    """At most 64 characters; what is longer ends in a digest of the whole."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[:51]}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def line_references(rows: pd.DataFrame, name: FormatName) -> tuple[pd.Series[str], pd.Series[bool]]:
    """References of the rows' order lines, and which stand on a number that lost its digits."""
    parts = list(_PARTS.get(name, _LINE))
    cells = [each(column(rows, part), reference) for part in parts]
    if name is FormatName.COUPANG:
        cells[1] = _options(rows, cells[1])
    joined = cells[0]
    for more in cells[1:]:
        joined = joined.where(more == "", joined + "-" + more)
    if name is FormatName.COUPANG:
        joined = _split_shipments(rows, joined)
    if name is FormatName.ESMPLUS:
        joined = _told_apart(rows, joined)
    damaged = pd.Series(False, index=rows.index)
    for part in parts:
        damaged |= column(rows, part).map(is_damaged_id).astype(bool)
    if damaged.any():
        hurt = rows[damaged]
        joined[damaged] = joined[damaged] + "-" + digests(hurt, _OF_A_DAMAGED_ROW, length=10)
    return each(joined, shortened), damaged


def _options(rows: pd.DataFrame, options: pd.Series[str]) -> pd.Series[str]:
    """Coupang's option numbers; older lists have names alone, of which a digest is kept."""
    names = digests(rows, ("product", "option_name"), length=8)
    named = (column(rows, "product") + column(rows, "option_name")) != ""
    return options.where((options != "") | ~named, names)


def _split_shipments(rows: pd.DataFrame, lines: pd.Series[str]) -> pd.Series[str]:
    """Where one option of an order went in several boxes, those after the first name theirs."""
    if "bundle" not in rows:
        return lines
    boxes = each(rows["bundle"], reference)
    first = boxes.where(boxes != "").groupby(lines).transform("min").fillna("").astype("str")
    return lines.where((boxes == "") | (boxes == first), lines + "-" + boxes)


def _told_apart(rows: pd.DataFrame, lines: pd.Series[str]) -> pd.Series[str]:
    """Where several goods share an order's number, each gets a digest of its own number."""
    for name in ("product", "option"):
        cells = column(rows, name)
        filled = cells.where(cells != "")
        several = (filled.groupby(lines).transform("nunique") > 1) & (cells != "")
        if several.any():
            lines = lines.where(~several, lines + "-" + digests(rows, (name,), length=8))
    return lines
