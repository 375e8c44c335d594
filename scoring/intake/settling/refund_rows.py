"""What was given back for one order line: records of their own days, never more than once.

A line has at most one refund that follows from its status ("cancelled"), under the natural key
`…|refund`, and one per day that a list of refunds names, under `…|refund|DAY`. What the days
account for is taken off the first, so that an order list and a refund list together tell it once,
whichever comes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scoring.intake.batch import SEPARATOR, Batch
from scoring.records.kinds import RecordKind
from scoring.store.tables.bookkeeping import SET_BY_STORE

REFUND = f"{SEPARATOR}refund"
REFUND_ABOVE_SALE = "refund_above_sale"
Row = dict[str, Any]
_OF_THE_SALE = ("founder_id", "channel", "order_line", "currency", "held")
# Not copied to a refund, whose record would then hang on which file told of the sale first.
_TOLD_OF_SALES_ALONE = {"quantity": 0, "paid_on": None, "settled_on": None, "buyer": None}
_NOT_OF_A_REFUND = SET_BY_STORE | {"source", "import_id", "event_day", "learned_at"}


@dataclass(frozen=True)
class Telling:
    """What a row of a file says of a refund.

    Attributes:
        amount: given back, in minor units; 0 where the row does not say.
        day: as ISO text.
        cause: `seller`, `buyer`, `platform`, or empty.
        inferred: whether the day is the reader's guess.
    """

    amount: int
    day: str
    cause: str
    inferred: bool


class RefundsOfLine:
    """The refunds of one order line, those on file and those of the file so far.

    Attributes:
        key: natural key of the sale.
        dated: what the days account for, in minor units.
    """

    def __init__(self, key: str, on_file: Mapping[str, Row]) -> None:
        self.key = key
        self._rows = dict(on_file)
        self.dated = sum(int(row["refund"]) for name, row in on_file.items() if name != self.whole)

    @property
    def whole(self) -> str:
        """Natural key of the refund that follows from the line's status."""
        return self.key + REFUND

    def of_day(self, day: str) -> str:
        """Natural key of what was given back on a day."""
        return self.key + REFUND + SEPARATOR + day

    def get(self, name: str) -> Row | None:
        """The refund under a natural key."""
        return self._rows.get(name)

    def amount(self, name: str) -> int:
        """What the refund under a natural key comes to; 0 where there is none."""
        return int(self._rows[name]["refund"]) if name in self._rows else 0

    def put(self, name: str, row: Row) -> None:
        """Put a refund under its natural key, in the place of the one there."""
        if name != self.whole:
            self.dated += int(row["refund"]) - self.amount(name)
        self._rows[name] = row

    def drop(self, name: str) -> None:
        """Take a refund away."""
        if name != self.whole:
            self.dated -= self.amount(name)
        self._rows.pop(name, None)

    def comes_above(self, sale: Row, name: str, amount: int) -> bool:
        """Whether more is given back than line and shipping cost, once a refund is of an amount."""
        if not sale.get("gross"):
            return False
        paid = int(sale["gross"]) - int(sale["discount"]) + int(sale["shipping"])
        # What a day accounts for is taken off the refund that has none.
        others = self.dated - (0 if name == self.whole else self.amount(name))
        return amount + others > paid

    def part_known(self, sale: Mapping[str, Any] | None) -> int | None:
        """What was given back so far of a sale on file, where it was a part of it."""
        if sale is None:
            return None
        told = self.amount(self.whole) + self.dated
        return None if told == int(sale["gross"]) - int(sale["discount"]) else told


class Settled:
    """What the refunds of a batch come to.

    Attributes:
        told: by natural key of the sale, what the file says was given back, in minor units.
        taken_back: the row that says so, by natural key of a refund that is to stand no more.
    """

    def __init__(self) -> None:
        self.told: dict[str, int] = {}
        self.taken_back: dict[str, int] = {}
        self._rows: dict[str, tuple[int, Row]] = {}

    def put(self, index: int, row: Row) -> None:
        """Let a refund be as a row of the file says; what the file said of it before is gone."""
        name = str(row["natural_key"])
        self._rows.pop(name, None)
        self.taken_back.pop(name, None)
        self._rows[name] = (index, row)

    def take_back(self, index: int, name: str) -> None:
        """Let a refund be no more."""
        self._rows.pop(name, None)
        self.taken_back[name] = index

    @property
    def rows(self) -> list[tuple[int, Row]]:
        """Refunds as they are to be, each with the index of the row that says so."""
        return list(self._rows.values())


def refund_row(batch: Batch, sale: Mapping[Any, Any], name: str, amount: int, said: Telling) -> Row:
    """A refund in its stored form.

    Args:
        batch: whose row tells of it.
        sale: the sale that it is of, in the stored form.
        name: its natural key.
        amount: what was given back, in minor units.
        said: what the row says of it.
    """
    return {
        **{column: sale[column] for column in _OF_THE_SALE},
        "natural_key": name,
        "event_date": said.day,
        "known_from": said.day,
        "entry": "refund",
        "gross": 0,
        "discount": 0,
        "shipping": 0,
        "fee": 0,
        **_TOLD_OF_SALES_ALONE,
        "refund": amount,
        "refund_cause": said.cause or "buyer",
        "day_inferred": said.inferred,
        "stated_on": _stated_on(batch),
    }


def completed_refund(batch: Batch, row: Row, before: Row | None) -> Row:
    """A refund with what is known of it already where the file does not say."""
    if before is None:
        return row
    row, is_export = dict(row), batch.extract.is_export
    if "refund_cause" in batch.absent:
        row["refund_cause"] = before["refund_cause"]
    if not is_export and batch.kind is RecordKind.SALES:
        return row
    known_day, known_inferred = before["event_date"], bool(before["day_inferred"])
    is_told = row["day_inferred"] and not known_inferred
    is_alike = row["day_inferred"] and known_inferred
    if is_export:
        is_alike = row["day_inferred"] == known_inferred
    if is_told or (is_alike and known_day < row["event_date"]):
        # A day of its own is better than one inferred; of two alike, the earlier file knew.
        row |= {"event_date": known_day, "known_from": known_day, "day_inferred": known_inferred}
    # Whoever names a cause knows more than who names none, which counts as the buyer's.
    if row["refund_cause"] == "buyer":
        row["refund_cause"] = before["refund_cause"]
    elif is_export and before["refund_cause"] != "buyer":
        row["refund_cause"] = max(row["refund_cause"], before["refund_cause"])
    return row


def sale_not_told(batch: Batch, cell: Mapping[Any, str], founder_id: int, currency: str) -> Row:
    """What a refund that names no sale has in the place of one."""
    return {
        "founder_id": founder_id,
        "channel": cell["channel"],
        "order_line": cell["order_line"],
        "currency": currency,
        **_TOLD_OF_SALES_ALONE,
        "stated_on": _stated_on(batch),
        "held": None,
    }


def restated(row: Row, amount: int) -> Row:
    """A refund on file or of the file, of another amount."""
    kept = {name: value for name, value in row.items() if name not in _NOT_OF_A_REFUND}
    return {**kept, "known_from": row["event_date"], "refund": amount}


def _stated_on(batch: Batch) -> str | None:
    stated_on = batch.extract.stated_on
    return None if stated_on is None else stated_on.isoformat()
