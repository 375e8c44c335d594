"""Rows of an export as order lines: what each tells of its line, in columns that are named here."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import pandas as pd

Text = pd.Series  # of str, empty where nothing is told
Number = pd.Series  # of float, NaN where nothing is told


@dataclass(frozen=True)
class OrderRows:
    """Order lines, an entry per row of the file in each column; index = row of the file.

    Attributes:
        cells: the row's own cells by field, amounts and days cleaned.
        line: reference of the order line.
        channel: shop or market that the order was placed in.
        kind: what a row of a settlement is about: goods, refund, or empty in an order list.
        settlement: what a settlement pays for: goods, refund, advance_back, or empty.
        state: sold, cancelled, returned or unpaid.
        doubt: code of what makes the row suspect; empty where nothing does.
        ordered_on: day of the order, or of what stands nearest to it.
        gross: price of all pieces before discounts, as signed in the file.
        unreadable: the cell of the gross as written, where it is no amount; else empty.
        discount: what the seller took off; None where the file does not tell.
        fee: what the channel took; None where the file does not tell.
        given_back: amount given back of a part of the line; NaN where none, or all of it.
        cause: whose fault it was that something was given back: seller, buyer, platform, or empty.
        buyer: id or name of the buyer; empty where unknown or masked.
        currency: ISO 4217 code.
    """

    cells: pd.DataFrame
    line: Text
    channel: Text
    kind: Text
    settlement: Text
    state: Text
    doubt: Text
    ordered_on: Text
    gross: Number
    unreadable: Text
    discount: Number | None
    fee: Number | None
    given_back: Number
    cause: Text
    buyer: Text
    currency: Text

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def index(self) -> pd.Index:
        """Row of the file, per row."""
        return self.cells.index

    def has(self, *names: str) -> bool:
        """Whether the file has a column for any of these fields."""
        return any(name in self.cells for name in names)

    def text(self, name: str) -> Text:
        """A field's cells; empty where the file has no such column."""
        if name in self.cells:
            return self.cells[name]
        return self.filled_with("")

    def first_text(self, *names: str) -> Text:
        """Per row, the first of several fields that has something."""
        filled = self.filled_with("")
        for name in names:
            filled = filled.where(filled != "", self.text(name))
        return filled

    def filled_with(self, text: str) -> Text:
        """A column with the same text in every row."""
        return pd.Series(text, index=self.index, dtype="str")

    def net(self) -> Number:
        """Price after discounts, as signed in the file."""
        return self.gross if self.discount is None else self.gross - self.discount

    def where(self, chosen: pd.Series[bool]) -> OrderRows:
        """The chosen rows."""
        columns = {name: column[chosen] for name, column in self._columns().items()}
        return replace(self, cells=self.cells[chosen], **columns)

    def frame(self) -> pd.DataFrame:
        """All columns side by side, each under two names: what it belongs to, and its own."""
        told = pd.DataFrame(self._columns(), index=self.index)
        return pd.concat([told, self.cells], axis=1, keys=["told", "cells"])

    def of_frame(self, frame: pd.DataFrame) -> OrderRows:
        """The rows of a frame with the columns that `frame` gave."""
        columns = {name: frame["told", name] for name in self._columns()}
        cells = pd.DataFrame({name: frame["cells", name] for name in self.cells.columns})
        return replace(self, cells=cells, **columns)

    def _columns(self) -> dict[str, pd.Series]:
        named = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "cells"}
        return {name: column for name, column in named.items() if column is not None}
