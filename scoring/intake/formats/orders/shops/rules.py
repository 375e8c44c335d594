"""What a marketplace may do in its own way, and what holds where it does as all others do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import pandas as pd

from scoring.intake.formats.orders.amounts import Amounts, listed_amounts
from scoring.intake.formats.tables import Table

Cells = pd.DataFrame  # rows of an export, a column of text per field that the file has
PartReferences = Sequence[pd.Series]


@dataclass(frozen=True)
class Channels:
    """Under which channel each row's order stands, and what a reader of the preview must know."""

    names: pd.Series[str]
    notes: tuple[str, ...] = ()


def own_name(table: Table, cells: Cells) -> Channels:
    """The shop is one channel, called as its format is."""
    return Channels(pd.Series(table.format.name.value, index=cells.index, dtype="str"))


def joined(cells: Cells, parts: PartReferences) -> pd.Series[str]:
    """Numbers of an order line one behind the other, as far as a row has them."""
    line, *more = parts
    for part in more:
        line = line.where(part == "", line + "-" + part)
    return line


def has_order_day(fields: Collection[str]) -> bool:
    """A file with days of orders is a list of orders."""
    return "ordered_on" in fields


def nothing_more(cells: Cells, net: pd.Series[float], back: pd.Series[bool]) -> pd.Series[float]:
    """Lines alone tell what was given back of them."""
    return pd.Series(float("nan"), index=cells.index)


@dataclass(frozen=True)
class ShopRules:
    """How a marketplace's exports are read, where shops differ.

    Attributes:
        line_parts: fields whose numbers together name an order line.
        name_lines: the lines' references, from the cells and the reference of each part.
        amounts: gross and discount of each row.
        channels: under which channel each row's order stands.
        states_orders: whether a file with these fields states orders themselves, and does not
            only add to what an order list says.
        given_back_of_orders: amount given back of each line where the shop states it for a whole
            order, from the cells, the lines' net prices and whether each is given back whole; NaN
            or zero where it states none.
        settles_refunds_in_parts: whether several rows of a settlement on one line are one refund.
    """

    line_parts: tuple[str, ...] = ("order_line",)
    name_lines: Callable[[Cells, PartReferences], pd.Series[str]] = joined
    amounts: Callable[[Cells], Amounts] = listed_amounts
    channels: Callable[[Table, Cells], Channels] = own_name
    states_orders: Callable[[Collection[str]], bool] = has_order_day
    given_back_of_orders: Callable[[Cells, pd.Series[float], pd.Series[bool]], pd.Series[float]] = (
        nothing_more
    )
    settles_refunds_in_parts: bool = False
